"""The transform of a layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flatrender.aftereffects.convert.context import Json, Place, Tree
from flatrender.aftereffects.convert.space import is_deep, is_tilted
from flatrender.aftereffects.convert.values import convert, scalar, static, vector

if TYPE_CHECKING:
    from flatrender.aftereffects.convert.space import View


def layer_transform(group: Tree, place: Place, *, three_d: bool, aspect: float = 1, view: View | None = None) -> Json:
    """Convert anchor point, position, scale, rotation and opacity. Position and anchor in px, scale and opacity in percent, rotation in degrees.

    `aspect`: how wide a pixel of the layer's source is in the composition's pixels. `view`: how the layer is seen if it lies in space and
    nothing hangs on it. Parallel to the picture it is drawn as it is seen; turned out of that plane it is noted as not drawn.
    """
    here = place.inside("Transform")
    made: Json = {
        "o": scalar(group["ADBE Opacity"], here),
        "r": _rotation(group, here, three_d=three_d),
        "p": position(group, here),
        "a": vector(group["ADBE Anchor Point"], here),
        "s": convert(group["ADBE Scale"], here, lambda value: [float(value[0]) * aspect, float(value[1])]),
    }
    if three_d and is_tilted(group):
        here.note("not_drawn", "layer.3d", "the layer is turned in space; it is drawn flat")
    elif three_d and view is not None:
        made["p"], made["s"] = view.seen(group, aspect, here)
        here.note("exact", "layer.3d", "the layer is drawn as large and where the camera sees it")
    elif three_d and is_deep(group):
        detail = "the layer lies in front of or behind the picture; it is drawn at its depth zero"
        here.note("not_drawn", "layer.3d", detail)
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
