"""FlatRender: motion-design templates into videos.

The engine's public names (`load_template`, `resolve_scene`, `render_film` and the others of `flatrender.engine`), and those for After Effects
projects, can be imported from here.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flatrender.aftereffects.apart import convert_apart as convert_apart
    from flatrender.aftereffects.apart import inspect_apart as inspect_apart
    from flatrender.aftereffects.apart import template_apart as template_apart
    from flatrender.aftereffects.errors import ProjectError as ProjectError
    from flatrender.aftereffects.fields import SuggestedField as SuggestedField
    from flatrender.aftereffects.lottie_file import write_lottie as write_lottie
    from flatrender.aftereffects.personalise import PersonaliseError as PersonaliseError
    from flatrender.aftereffects.personalise import personalise_apart as personalise_apart
    from flatrender.engine import KINDS as KINDS
    from flatrender.engine import EngineError as EngineError
    from flatrender.engine import FilmProgress as FilmProgress
    from flatrender.engine import FilmReport as FilmReport
    from flatrender.engine import FilmSettings as FilmSettings
    from flatrender.engine import RasterLimits as RasterLimits
    from flatrender.engine import RenderError as RenderError
    from flatrender.engine import ResolvedScene as ResolvedScene
    from flatrender.engine import SceneWarning as SceneWarning
    from flatrender.engine import Source as Source
    from flatrender.engine import SpriteSheet as SpriteSheet
    from flatrender.engine import Store as Store
    from flatrender.engine import StoreInfo as StoreInfo
    from flatrender.engine import Template as Template
    from flatrender.engine import TemplateError as TemplateError
    from flatrender.engine import TemplateReport as TemplateReport
    from flatrender.engine import TrackSpec as TrackSpec
    from flatrender.engine import Transition as Transition
    from flatrender.engine import ValueRefused as ValueRefused
    from flatrender.engine import WorkerPool as WorkerPool
    from flatrender.engine import derive_film as derive_film
    from flatrender.engine import inspect_template as inspect_template
    from flatrender.engine import kind_for as kind_for
    from flatrender.engine import load_template as load_template
    from flatrender.engine import make_sprite_sheet as make_sprite_sheet
    from flatrender.engine import mix_sound as mix_sound
    from flatrender.engine import open_film as open_film
    from flatrender.engine import render_film as render_film
    from flatrender.engine import render_still as render_still
    from flatrender.engine import resolve_kept as resolve_kept
    from flatrender.engine import resolve_scene as resolve_scene
    from flatrender.engine import take_poster as take_poster
    from flatrender.engine import take_still as take_still
    from flatrender.engine import template_transition as template_transition

__version__ = "0.1.0"

_PROJECTS = {
    "PersonaliseError": "personalise",
    "ProjectError": "errors",
    "SuggestedField": "fields",
    "convert_apart": "apart",
    "inspect_apart": "apart",
    "personalise_apart": "personalise",
    "template_apart": "apart",
    "write_lottie": "lottie_file",
}
"""Public names about After Effects projects, and the modules of `flatrender.aftereffects` that have them."""


def __getattr__(name: str) -> Any:
    # Not imported above: a server that asks for the version must not load what draws.
    if name.startswith("_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name in _PROJECTS:
        return getattr(importlib.import_module(f"flatrender.aftereffects.{_PROJECTS[name]}"), name)
    engine = importlib.import_module("flatrender.engine")
    if name not in engine.__all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(engine, name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_PROJECTS, *importlib.import_module("flatrender.engine").__all__])
