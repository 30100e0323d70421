"""The transform of a layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flatrender.aftereffects.convert.context import Json, Place, Tree
from flatrender.aftereffects.convert.values import convert, is_animated, scalar, static, vector

if TYPE_CHECKING:
    from py_aep.models.properties.property import Property


def layer_transform(group: Tree, place: Place, *, three_d: bool, aspect: float = 1) -> Json:
    """Convert anchor point, position, scale, rotation and opacity. Position and anchor in px, scale and opacity in percent, rotation in degrees.

    `aspect`: how wide a pixel of the layer's source is in the composition's pixels.

    A layer in space that lies flat is drawn exactly; turned or moved in depth it is noted as not drawn.
    """
    here = place.inside("Transform")
    made: Json = {
        "o": scalar(group["ADBE Opacity"], here),
        "r": _rotation(group, here, three_d=three_d),
        "p": position(group, here),
        "a": vector(group["ADBE Anchor Point"], here),
        "s": convert(group["ADBE Scale"], here, lambda value: [float(value[0]) * aspect, float(value[1])]),
    }
    if three_d:
        _note_depth(group, here)
    return made


def position(group: Tree, place: Place) -> Json:
    """Convert the position, in one or with separated dimensions."""
    whole = group["ADBE Position"]
    if not getattr(whole, "dimensions_separated", False):
        return vector(whole, place)
    x, y = scalar(group["ADBE Position_0"], place), scalar(group["ADBE Position_1"], place)
    if x["a"] == 0 and y["a"] == 0:
        return static([x["k"], y["k"]])
    return {"s": True, "x": x, "y": y}


def _rotation(group: Tree, place: Place, *, three_d: bool) -> Json:
    turn = group["ADBE Rotate Z"]
    if three_d:
        around = float(group["ADBE Orientation"].value[2])
        if around:
            return convert(turn, place, lambda value: [float(value) + around])
    return scalar(turn, place)


def _note_depth(group: Tree, place: Place) -> None:
    turned = [group["ADBE Rotate X"], group["ADBE Rotate Y"], group["ADBE Orientation"]]
    tilted = any(_moves(prop) or any(_numbers(prop.value)[:2]) for prop in turned)
    whole = group["ADBE Position"]
    depth = group["ADBE Position_2"] if getattr(whole, "dimensions_separated", False) else whole
    deep = any(_numbers(key.value)[-1] for key in depth.keyframes) or bool(_numbers(depth.value)[-1])
    if tilted:
        place.note("not_drawn", "layer.3d", "the layer is turned in space; it is drawn flat")
    elif deep:
        place.note(
            "not_drawn", "layer.3d", "the layer lies in front of or behind the picture; it is drawn at its depth zero"
        )


def _moves(prop: Property) -> bool:
    return is_animated(prop) and any(key.value != prop.keyframes[0].value for key in prop.keyframes)


def _numbers(value: Any) -> list[float]:
    return [float(number) for number in value] if isinstance(value, (list, tuple)) else [float(value)]
