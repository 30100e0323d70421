"""What a person can change in a composition of a project.

Knows the project's object model, the designers' naming convention and the template's fields. Must not know how values are written or drawn.
"""

from flatrender.aftereffects.fields.model import ProjectPlace, Step, SuggestedField, layer_at, property_at
from flatrender.aftereffects.fields.suggest import suggest_fields

__all__ = ["ProjectPlace", "Step", "SuggestedField", "layer_at", "property_at", "suggest_fields"]
