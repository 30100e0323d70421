"""Values written into a copy of an After Effects project, which a plain `aerender` renders: no script runs in After Effects.

Knows the project's object model and the fields. Must not know HTTP, databases or services.
"""

from flatrender.aftereffects.personalise.apart import personalise_apart
from flatrender.aftereffects.personalise.errors import PersonaliseError
from flatrender.aftereffects.personalise.given import checked_values
from flatrender.aftereffects.personalise.personalise import personalise
from flatrender.aftereffects.personalise.queue import RenderOrder
from flatrender.aftereffects.personalise.report import Change, Note, PersonaliseReport
from flatrender.aftereffects.personalise.scenes import ScenePart
from flatrender.aftereffects.personalise.timing import Timing

__all__ = [
    "Change",
    "Note",
    "PersonaliseError",
    "PersonaliseReport",
    "RenderOrder",
    "ScenePart",
    "Timing",
    "checked_values",
    "personalise",
    "personalise_apart",
]
