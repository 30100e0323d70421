"""What no part of the conversion reads: every other setting that was changed is named, so that nothing is left out in silence.

The walk goes by what the conversion reads, not by what it does not: a property that a future After Effects adds is named without being known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from py_aep.enums import PropertyValueType

from flatrender.aftereffects.convert.effects import READ_PARAMETERS
from flatrender.aftereffects.convert.styles import DRAWN_STYLES, READ_STYLE_SETTINGS

if TYPE_CHECKING:
    from flatrender.aftereffects.convert.context import Place, Tree

_MOVING = frozenset(
    {
        "ADBE Anchor Point", "ADBE Position", "ADBE Position_0", "ADBE Position_1", "ADBE Scale", "ADBE Rotate Z", "ADBE Opacity",
        "ADBE Time Remapping", "ADBE Text Document",
        "ADBE Mask Shape", "ADBE Mask Opacity", "ADBE Mask Offset", "ADBE Mask Feather",
        "ADBE Vector Position", "ADBE Vector Anchor", "ADBE Vector Scale", "ADBE Vector Rotation", "ADBE Vector Group Opacity",
        "ADBE Vector Skew", "ADBE Vector Skew Axis", "ADBE Vector Shape", "ADBE Vector Ellipse Size", "ADBE Vector Ellipse Position",
        "ADBE Vector Rect Size", "ADBE Vector Rect Position", "ADBE Vector Rect Roundness", "ADBE Vector Star Points",
        "ADBE Vector Star Position", "ADBE Vector Star Rotation", "ADBE Vector Star Outer Radius", "ADBE Vector Star Outer Roundess",
        "ADBE Vector Star Inner Radius", "ADBE Vector Star Inner Roundess", "ADBE Vector Fill Color", "ADBE Vector Fill Opacity",
        "ADBE Vector Stroke Color", "ADBE Vector Stroke Opacity", "ADBE Vector Stroke Width", "ADBE Vector Stroke Offset",
        "ADBE Vector Stroke Dash 1", "ADBE Vector Stroke Gap 1", "ADBE Vector Stroke Dash 2", "ADBE Vector Stroke Gap 2",
        "ADBE Vector Stroke Dash 3", "ADBE Vector Stroke Gap 3", "ADBE Vector Trim Start", "ADBE Vector Trim End",
        "ADBE Vector Trim Offset", "ADBE Vector RoundCorner Radius", "ADBE Vector Offset Amount", "ADBE Vector PuckerBloat Amount",
        "ADBE Vector Twist Angle", "ADBE Vector Twist Center", "ADBE Vector Zigzag Size", "ADBE Vector Zigzag Detail",
        "ADBE Vector Repeater Copies", "ADBE Vector Repeater Offset", "ADBE Vector Repeater Position", "ADBE Vector Repeater Anchor",
        "ADBE Vector Repeater Scale", "ADBE Vector Repeater Rotation", "ADBE Vector Repeater Opacity 1",
        "ADBE Vector Repeater Opacity 2", "ADBE Vector Grad Start Pt", "ADBE Vector Grad End Pt", "ADBE Vector Grad Colors",
        "ADBE Vector Grad HiLite Length", "ADBE Vector Grad HiLite Angle",
    }
)  # fmt: skip
"""Read with keys; an expression on them is noted where they are read."""
_READ = READ_PARAMETERS | READ_STYLE_SETTINGS | {"ADBE Global Angle2", "ADBE Audio Levels"}
_STILL = frozenset(
    {
        "ADBE Vector Shape Direction", "ADBE Vector Star Type", "ADBE Vector Fill Rule", "ADBE Vector Stroke Line Cap",
        "ADBE Vector Stroke Line Join", "ADBE Vector Stroke Miter Limit", "ADBE Vector Merge Type", "ADBE Vector Trim Type",
        "ADBE Vector Offset Line Join", "ADBE Vector Offset Miter Limit", "ADBE Vector Zigzag Points", "ADBE Vector Repeater Order",
        "ADBE Vector Composite Order", "ADBE Vector Blend Mode", "ADBE Vector Grad Type",
    }
)  # fmt: skip
"""Read as they are at the start."""
_SPACE = frozenset({"ADBE Rotate X", "ADBE Rotate Y", "ADBE Orientation", "ADBE Position_2"})
"""Noted with the transform where the layer lies in space, without effect elsewhere."""
_SILENT = frozenset(
    {
        "ADBE Marker", "ADBE MTrackers", "ADBE Layer Sets", "ADBE Data Group", "ADBE Text Animators", "ADBE Camera Options Group",
        "ADBE Light Options Group", "ADBE Envir Appear in Reflect", "ADBE Layer Source Alternate",
    }
)  # fmt: skip
"""Shows nothing in the picture, or noted as a whole."""
_IN_SPACE = frozenset(
    {
        "ADBE Material Options Group", "ADBE Plane Options Group", "ADBE Extrsn Options Group", "ADBE Vector Materials Group",
        "ADBE 3D Text Options Group",
    }
)  # fmt: skip
"""Groups without effect on a layer that does not lie in space."""
_NOT_DRAWN_GROUPS = {"ADBE Vector Stroke Taper", "ADBE Vector Stroke Wave"}
"""Noted whole by the shapes."""


def note_rest(layer: Any, place: Place, drawn_effects: frozenset[str], drawn_shapes: frozenset[str]) -> None:
    """Note every changed setting of a drawn layer that the conversion does not read. `drawn_…`: the kinds that it draws."""
    three_d = bool(getattr(layer, "three_d_layer", False))
    for part in layer:
        name = part.match_name
        if name in _SILENT or (name in _IN_SPACE and not three_d):
            continue
        if name == "ADBE Effect Parade":
            if getattr(layer, "effects_active", True):
                _effects(part, place, drawn_effects)
        elif name == "ADBE Layer Styles":
            _styles(part, place)
        elif name == "ADBE Root Vectors Group":
            _shapes(part, place.inside("Contents"), drawn_shapes)
        elif name == "ADBE Mask Parade":
            for mask in part:
                _group(mask, place.inside(mask.name))
        elif name == "ADBE Time Remapping":
            continue
        else:
            _node(part, place)


def _effects(parade: Tree, place: Place, drawn: frozenset[str]) -> None:
    for effect in parade:
        if getattr(effect, "enabled", True) and effect.match_name in drawn:
            _group(effect, place.inside(effect.name))


def _styles(styles: Tree, place: Place) -> None:
    for style in styles:
        drawn = style.match_name in DRAWN_STYLES and getattr(style, "enabled", False)
        if drawn or style.match_name == "ADBE Blend Options Group":
            _group(style, place.inside(style.name))


def _shapes(group: Tree, place: Place, drawn: frozenset[str]) -> None:
    for part in group:
        if not getattr(part, "enabled", True) or part.match_name not in drawn:
            continue
        here = place.inside(part.name)
        for inner in part:
            if inner.match_name == "ADBE Vectors Group":
                _shapes(inner, here, drawn)
            elif inner.match_name not in _NOT_DRAWN_GROUPS | _IN_SPACE:
                _node(inner, here)


def _group(group: Tree, place: Place) -> None:
    for part in group:
        if part.match_name not in _SILENT:
            _node(part, place)


def _node(part: Any, place: Place) -> None:
    if hasattr(part, "properties"):
        _group(part, place.inside(part.name))
        return
    name = part.match_name
    if name in _MOVING or name in _SPACE or name in _READ:
        return
    changed = _changed(part)
    if not changed:
        return
    where = place.inside(part.name or name)
    if name in _STILL:
        if _moves(part):
            where.note(
                "approximate", f"property.{name}", "the setting changes over time; it is drawn as it is at the start"
            )
        return
    where.note(
        "not_drawn", f"property.{name}", f"the setting {part.name or name!r} was changed and is drawn as if it were not"
    )


def _moves(prop: Any) -> bool:
    keys = prop.keyframes
    return any(key.value != keys[0].value for key in keys) or bool(prop.expression and prop.expression_enabled)


def _changed(prop: Any) -> bool:
    if prop.property_value_type == PropertyValueType.NO_VALUE:
        return False
    if prop.keyframes or (prop.expression and prop.expression_enabled):
        return True
    if prop.expression:  # a switched-off expression counts as a change for After Effects and changes nothing
        return prop.default_value is not None and prop.value != prop.default_value
    return bool(prop.is_modified)
