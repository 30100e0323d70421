"""The contents of a shape layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flatrender.aftereffects.convert.context import Json, Place, Tree
from flatrender.aftereffects.convert.gradients import gradient_fields
from flatrender.aftereffects.convert.paths import path
from flatrender.aftereffects.convert.values import color, scalar, static, vector

if TYPE_CHECKING:
    from collections.abc import Callable


_NORMAL_BLEND = 1
_REVERSED = 3
"""Direction of a path, in both forms."""
_ABOVE = 2
"""Composite order: over what was painted before in the same group."""


def shape_items(group: Tree, place: Place) -> list[Json]:
    """Convert the items of a contents group, the topmost first as in both forms."""
    items: list[Json] = []
    for part in group:
        if not getattr(part, "enabled", True):
            continue
        here = place.inside(part.name)
        make = _ITEMS.get(part.match_name)
        if make is None:
            if part.match_name not in _SILENT:
                here.note("not_drawn", f"shape.{part.match_name}", f"{part.name!r} is not drawn")
            continue
        item = make(part, here)
        if item is not None:
            items.append({**item, "nm": part.name, "mn": part.match_name})
    return items


_SILENT = {"ADBE Vector Materials Group"}


def _group(group: Tree, place: Place) -> Json:
    items = shape_items(group["ADBE Vectors Group"], place)
    items.append(_group_transform(group["ADBE Vector Transform Group"], place))
    _note_blend(group, place)
    return {"ty": "gr", "it": items, "np": len(items) - 1}


def _group_transform(group: Tree, place: Place) -> Json:
    here = place.inside("Transform")
    return {
        "ty": "tr",
        "p": vector(group["ADBE Vector Position"], here),
        "a": vector(group["ADBE Vector Anchor"], here),
        "s": vector(group["ADBE Vector Scale"], here),
        "r": scalar(group["ADBE Vector Rotation"], here),
        "o": scalar(group["ADBE Vector Group Opacity"], here),
        "sk": scalar(group["ADBE Vector Skew"], here),
        "sa": scalar(group["ADBE Vector Skew Axis"], here),
        "nm": "Transform",
    }


def _path(group: Tree, place: Place) -> Json | None:
    outline = path(group["ADBE Vector Shape"], place, backwards=_direction(group) == _REVERSED)
    return None if outline is None else {"ty": "sh", "ks": outline, "d": 1}


def _ellipse(group: Tree, place: Place) -> Json:
    return {
        "ty": "el",
        "d": _direction(group),
        "s": vector(group["ADBE Vector Ellipse Size"], place),
        "p": vector(group["ADBE Vector Ellipse Position"], place),
    }


def _rectangle(group: Tree, place: Place) -> Json:
    return {
        "ty": "rc",
        "d": _direction(group),
        "s": vector(group["ADBE Vector Rect Size"], place),
        "p": vector(group["ADBE Vector Rect Position"], place),
        "r": scalar(group["ADBE Vector Rect Roundness"], place),
    }


def _star(group: Tree, place: Place) -> Json:
    kind = int(group["ADBE Vector Star Type"].value)
    star: Json = {
        "ty": "sr",
        "sy": kind,
        "d": _direction(group),
        "pt": scalar(group["ADBE Vector Star Points"], place),
        "p": vector(group["ADBE Vector Star Position"], place),
        "r": scalar(group["ADBE Vector Star Rotation"], place),
        "or": scalar(group["ADBE Vector Star Outer Radius"], place),
        "os": scalar(group["ADBE Vector Star Outer Roundess"], place),
    }
    if kind == 1:
        star["ir"] = scalar(group["ADBE Vector Star Inner Radius"], place)
        star["is"] = scalar(group["ADBE Vector Star Inner Roundess"], place)
    return star


def _fill(group: Tree, place: Place) -> Json:
    _note_paint(group, place)
    return {
        "ty": "fl",
        "c": color(group["ADBE Vector Fill Color"], place),
        "o": scalar(group["ADBE Vector Fill Opacity"], place),
        "r": int(group["ADBE Vector Fill Rule"].value),
    }


def _gradient_fill(group: Tree, place: Place) -> Json:
    _note_paint(group, place)
    return {
        "ty": "gf",
        "o": scalar(group["ADBE Vector Fill Opacity"], place),
        "r": int(group["ADBE Vector Fill Rule"].value),
        **gradient_fields(group, place),
    }


def _stroke(group: Tree, place: Place) -> Json:
    return {"ty": "st", "c": color(group["ADBE Vector Stroke Color"], place), **_stroke_fields(group, place)}


def _gradient_stroke(group: Tree, place: Place) -> Json:
    return {"ty": "gs", **_stroke_fields(group, place), **gradient_fields(group, place)}


def _stroke_fields(group: Tree, place: Place) -> Json:
    _note_paint(group, place)
    fields: Json = {
        "o": scalar(group["ADBE Vector Stroke Opacity"], place),
        "w": scalar(group["ADBE Vector Stroke Width"], place),
        "lc": int(group["ADBE Vector Stroke Line Cap"].value),
        "lj": int(group["ADBE Vector Stroke Line Join"].value),
        "ml": float(group["ADBE Vector Stroke Miter Limit"].value),
    }
    dashes = _dashes(group["ADBE Vector Stroke Dashes"], place.inside("Dashes"))
    if dashes:
        fields["d"] = dashes
    _note_stroke_extras(group, place)
    return fields


def _dashes(group: Tree, place: Place) -> list[Json]:
    dashes: list[Json] = []
    for part in group:
        kind = {"Dash": "d", "Gap": "g"}.get(part.match_name.removeprefix("ADBE Vector Stroke ").split(" ")[0])
        if kind is not None and _is_stored(part):
            dashes.append({"n": kind, "nm": part.name, "v": scalar(part, place)})
    if dashes:
        dashes.append({"n": "o", "nm": "offset", "v": scalar(group["ADBE Vector Stroke Offset"], place)})
    return dashes


def _is_stored(part: Any) -> bool:
    """Say whether the file holds the property; the object model also offers every dash that could be added."""
    return not part._tdsb.synthetic  # noqa: SLF001  # the library tells it nowhere else


def _note_stroke_extras(group: Tree, place: Place) -> None:
    for name in ("ADBE Vector Stroke Taper", "ADBE Vector Stroke Wave"):
        try:
            extra = group[name]
        except KeyError:
            continue
        if any(getattr(part, "keyframes", None) or getattr(part, "is_modified", False) for part in extra):
            place.note("not_drawn", f"shape.{name}", f"the {extra.name.lower()} of the stroke is not drawn")


def _merge(group: Tree, _: Place) -> Json:
    return {"ty": "mm", "mm": int(group["ADBE Vector Merge Type"].value)}


def _trim(group: Tree, place: Place) -> Json:
    return {
        "ty": "tm",
        "s": scalar(group["ADBE Vector Trim Start"], place),
        "e": scalar(group["ADBE Vector Trim End"], place),
        "o": scalar(group["ADBE Vector Trim Offset"], place),
        "m": int(group["ADBE Vector Trim Type"].value),
    }


def _round_corners(group: Tree, place: Place) -> Json:
    return {"ty": "rd", "r": scalar(group["ADBE Vector RoundCorner Radius"], place)}


def _offset_paths(group: Tree, place: Place) -> Json:
    return {
        "ty": "op",
        "a": scalar(group["ADBE Vector Offset Amount"], place),
        "lj": int(group["ADBE Vector Offset Line Join"].value),
        "ml": static(float(group["ADBE Vector Offset Miter Limit"].value)),
    }


def _pucker_bloat(group: Tree, place: Place) -> Json:
    return {"ty": "pb", "a": scalar(group["ADBE Vector PuckerBloat Amount"], place)}


def _twist(group: Tree, place: Place) -> Json:
    return {
        "ty": "tw",
        "a": scalar(group["ADBE Vector Twist Angle"], place),
        "c": vector(group["ADBE Vector Twist Center"], place),
    }


def _zig_zag(group: Tree, place: Place) -> Json:
    return {
        "ty": "zz",
        "s": scalar(group["ADBE Vector Zigzag Size"], place),
        "r": scalar(group["ADBE Vector Zigzag Detail"], place),
        "pt": static(int(group["ADBE Vector Zigzag Points"].value)),
    }


def _repeater(group: Tree, place: Place) -> Json:
    transform = group["ADBE Vector Repeater Transform"]
    here = place.inside("Transform")
    return {
        "ty": "rp",
        "c": scalar(group["ADBE Vector Repeater Copies"], place),
        "o": scalar(group["ADBE Vector Repeater Offset"], place),
        "m": int(group["ADBE Vector Repeater Order"].value),
        "tr": {
            "ty": "tr",
            "p": vector(transform["ADBE Vector Repeater Position"], here),
            "a": vector(transform["ADBE Vector Repeater Anchor"], here),
            "s": vector(transform["ADBE Vector Repeater Scale"], here),
            "r": scalar(transform["ADBE Vector Repeater Rotation"], here),
            "so": scalar(transform["ADBE Vector Repeater Opacity 1"], here),
            "eo": scalar(transform["ADBE Vector Repeater Opacity 2"], here),
            "nm": "Transform",
        },
    }


def _direction(group: Tree) -> int:
    return _REVERSED if int(group["ADBE Vector Shape Direction"].value) == _REVERSED else 1


def _note_paint(group: Tree, place: Place) -> None:
    _note_blend(group, place)
    if int(group["ADBE Vector Composite Order"].value) == _ABOVE:
        place.note("approximate", "shape.composite_order", "is painted below the paints before it, not above them")


def _note_blend(group: Tree, place: Place) -> None:
    if int(group["ADBE Vector Blend Mode"].value) != _NORMAL_BLEND:
        place.note("not_drawn", "shape.blend_mode", "the blend mode of a part of a shape layer is drawn as normal")


_ITEMS: dict[str, Callable[[Tree, Place], Json | None]] = {
    "ADBE Vector Group": _group,
    "ADBE Vector Shape - Group": _path,
    "ADBE Vector Shape - Ellipse": _ellipse,
    "ADBE Vector Shape - Rect": _rectangle,
    "ADBE Vector Shape - Star": _star,
    "ADBE Vector Graphic - Fill": _fill,
    "ADBE Vector Graphic - G-Fill": _gradient_fill,
    "ADBE Vector Graphic - Stroke": _stroke,
    "ADBE Vector Graphic - G-Stroke": _gradient_stroke,
    "ADBE Vector Filter - Merge": _merge,
    "ADBE Vector Filter - Trim": _trim,
    "ADBE Vector Filter - RC": _round_corners,
    "ADBE Vector Filter - Offset": _offset_paths,
    "ADBE Vector Filter - PB": _pucker_bloat,
    "ADBE Vector Filter - Twist": _twist,
    "ADBE Vector Filter - Zigzag": _zig_zag,
    "ADBE Vector Filter - Repeater": _repeater,
}
DRAWN_SHAPES = frozenset(_ITEMS)
"""Match names of the parts of a shape layer that are converted."""
