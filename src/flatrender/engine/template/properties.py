"""What each binding property takes, and how a value goes into it."""

from __future__ import annotations

from typing import Any, Literal, get_args

from flatrender.engine.lottie.document import is_number
from flatrender.engine.template.model import FieldType, Property

Kind = Literal[
    "text", "font", "image", "visible", "color", "slot", "switch", "composition", "number", "vector", "any_number"
]
"""`any_number`: one number or several, as the property found has them."""

Adjust = Literal["percent", "turn", "rest", "grow"]
"""How a moving property takes a value: multiplied by percent; the value added; shifted, or scaled, so that it has the value at the
snapshot frame. A still property is replaced in every case."""

NAMES: tuple[str, ...] = get_args(Property)
_VECTORS = ("anchor", "position", "gradient.start", "gradient.end", "size")
_KINDS: dict[str, Kind] = {
    "text": "text",
    "font": "font",
    "image": "image",
    "visible": "visible",
    "color": "color",
    "tint": "color",
    "slot": "slot",
    "switch": "switch",
    "composition": "composition",
    "text.color": "color",
    "text.stroke_color": "color",
    "fill.color": "color",
    "stroke.color": "color",
    "gradient.color": "color",
    "sid": "any_number",
    "effect": "any_number",
    "path": "any_number",
    "scale": "any_number",
    "group.scale": "any_number",
}
_ALWAYS: dict[str, tuple[Kind, ...]] = {
    "text": ("text", "visible"),
    "textarea": ("text", "visible"),
    "date": ("text", "visible"),
    "image": ("image", "visible"),
    "color": ("color", "slot"),
    "number": ("text", "number", "any_number", "visible"),
    "slider": ("text", "number", "any_number", "visible"),
    "checkbox": ("visible",),
    "dropdown": ("visible", "text"),
    "font": ("font",),
}


def kind_of(name: str) -> Kind:
    """Return what a property takes."""
    if name in _KINDS:
        return _KINDS[name]
    return "vector" if name.endswith(_VECTORS) and not name.startswith("text") else "number"


def adjust_of(name: str) -> Adjust:
    """Return how a moving property takes a number."""
    base = name.rsplit(".", 1)[0] if name.endswith((".x", ".y")) else name
    if base.endswith(("opacity", "scale")):
        return "percent"
    if base in ("rotation", "group.rotation", "star.rotation", "trim.offset"):
        return "turn"
    if base.endswith(("width", "size", "roundness", "radius", "points")):
        return "grow"
    return "rest"


def takes(name: str, field_type: FieldType, *, mapped: bool) -> bool:
    """Whether a field of the type may be bound to the property; `mapped` when the binding says what each value stands for."""
    kind = kind_of(name)
    if field_type == "color" and kind == "any_number":
        return name in ("effect", "path", "sid")
    if mapped and field_type in ("checkbox", "dropdown"):
        return True
    return kind in _ALWAYS[field_type]


def allowed(field_type: FieldType) -> list[str]:
    """Return the properties that a field of the type may be bound to."""
    return [name for name in NAMES if takes(name, field_type, mapped=True)]


def is_vector(value: Any) -> bool:
    """Whether the value is a list of one to four numbers."""
    return isinstance(value, list) and 1 <= len(value) <= 4 and all(is_number(v) for v in value)
