"""Masks of a layer."""

from __future__ import annotations

from typing import Any

from py_aep.enums import MaskMode

from flatrender.aftereffects.convert.context import Json, Place, Tree
from flatrender.aftereffects.convert.paths import path
from flatrender.aftereffects.convert.values import scalar, vector

_MODES = {
    MaskMode.NONE: "n",
    MaskMode.ADD: "a",
    MaskMode.SUBTRACT: "s",
    MaskMode.INTERSECT: "i",
    MaskMode.LIGHTEN: "l",
    MaskMode.DARKEN: "d",
    MaskMode.DIFFERENCE: "f",
}


def layer_masks(group: Tree | None, place: Place) -> list[Json]:
    """Convert the masks in their order; those that do not cut (mode none) are left out."""
    masks: list[Json] = []
    for mask in group or ():
        mode = _MODES.get(mask.mask_mode)
        if mode is None or mode == "n" or not mask.enabled:
            continue
        here = place.inside(mask.name)
        outline = path(mask["ADBE Mask Shape"], here)
        if outline is None:
            continue
        made: Json = {
            "inv": bool(mask.inverted),
            "mode": mode,
            "pt": outline,
            "o": scalar(mask["ADBE Mask Opacity"], here),
            "x": scalar(mask["ADBE Mask Offset"], here),
            "nm": mask.name,
        }
        feather = vector(mask["ADBE Mask Feather"], here)
        if feather["a"] or any(feather["k"]):
            made["f"] = feather
        _note_edge(mask, here)
        masks.append(made)
    return masks


def _note_edge(mask: Any, place: Place) -> None:
    shapes = [mask["ADBE Mask Shape"].value, *(key.value for key in mask["ADBE Mask Shape"].keyframes)]
    if any(getattr(shape, "feather_points", None) for shape in shapes if shape is not None):
        place.note("not_drawn", "mask.variable_feather", "the mask's edge, softer in places, is drawn hard")
