"""Projects with one layer style or one soft mask each, and what must become of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from py_aep.enums import MaskMode
from py_aep.models.properties.shape import Shape

from .features import BLUE, GREEN, RED, WHITE, Feature, filled, square
from .making import add_comp

_BLACK = (0, 0, 0)


def _styled(name: str, *, shape: bool = False, nested: bool = False, **settings: Any) -> Callable[[Any, Any], None]:
    """A red square of 20 px with a layer style; the library cannot switch a style on in a file, so that it is said in memory."""

    def make(project: Any, comp: Any) -> None:
        if shape:
            filled(comp)
            layer = comp.layers[0]
        elif nested:
            inner = add_comp(project, "Inner")
            square(inner)
            layer = comp.add(inner)
        else:
            layer = square(comp)
        style = layer.layer_styles[f"{name}/enabled"]
        for setting, value in settings.items():
            style[f"{name}/{setting}"].value = value
        style.__dict__["enabled"] = layer.layer_styles.__dict__["enabled"] = True

    return make


def _soft(
    *masks: tuple[float, float, MaskMode, bool], shape: bool = False, keyed: bool = False
) -> Callable[[Any, Any], None]:
    """A red square of 20 px cut by masks from x to x of its own pixels, each with a feather of 12 px."""

    def make(_: Any, comp: Any) -> None:
        if shape:
            filled(comp)
        layer = comp.layers[0] if shape else square(comp)
        corner = -10 if shape else 0
        for left, right, mode, inverted in masks:
            mask = layer.masks.add_property("ADBE Mask Atom")
            corners = [[left, -9], [right, -9], [right, 29], [left, 29]]
            mask["ADBE Mask Shape"].value = Shape(vertices=[[x + corner, y + corner] for x, y in corners], closed=True)
            mask.mask_mode, mask.inverted = mode, inverted
            if keyed:
                mask["ADBE Mask Feather"].set_value_at_time(0, [0, 0])
                mask["ADBE Mask Feather"].set_value_at_time(0.8, [8, 8])
            else:
                mask["ADBE Mask Feather"].value = [12, 12]

    return make


_ADD, _SUBTRACT, _INTERSECT = MaskMode.ADD, MaskMode.SUBTRACT, MaskMode.INTERSECT
_LEFT, _RIGHT = ((41, 32, RED), (56, 32, WHITE)), ((41, 32, WHITE), (56, 32, RED))

EDGE_FEATURES: tuple[Feature, ...] = (
    Feature(name="style drop shadow", make=_styled("dropShadow", distance=8, opacity=100, blur=0, localLightingAngle=180),
            shows=((48, 32, RED), (62, 32, _BLACK), (34, 32, WHITE)), named="style.dropShadow"),
    Feature(name="style drop shadow of a composition", make=_styled("dropShadow", nested=True, distance=8, opacity=100, blur=0, localLightingAngle=180),
            shows=((48, 32, RED), (62, 32, _BLACK)), named="style.dropShadow"),
    Feature(name="style outer glow", make=_styled("outerGlow", blur=8), shows=((48, 32, RED), (20, 32, WHITE)), named="style.outerGlow"),
    Feature(name="style colour overlay", make=_styled("solidFill", color=[0, 0, 1, 1]), shows=((48, 32, BLUE), (36, 32, WHITE))),
    Feature(name="style colour overlay, half", make=_styled("solidFill", color=[0, 0, 1, 1], opacity=50), shows=((48, 32, (128, 0, 128)),)),
    Feature(name="style colour overlay on a shape", make=_styled("solidFill", shape=True, color=[0, 1, 0, 1]), shows=((48, 32, GREEN), (36, 32, WHITE))),
    Feature(name="style colour overlay, multiplied", make=_styled("solidFill", mode2=5), named="style.solidFill"),
    Feature(name="style stroke", make=_styled("frameFX", size=4, color=[0, 0, 1, 1]),
            shows=((48, 32, RED), (36, 32, BLUE), (48, 20, BLUE), (31, 32, WHITE)), named="style.frameFX"),
    Feature(name="style stroke inside", make=_styled("frameFX", style=2), named="style.frameFX"),
    Feature(name="style gradient overlay", make=_styled("gradientFill"), named="style.gradientFill"),
    Feature(name="style shadow spread", make=_styled("dropShadow", chokeMatte=50), named="dropShadow/chokeMatte"),
    *(Feature(name=f"style {name}", make=_styled(name),
            named=f"style.{name}") for name in ("innerShadow", "innerGlow", "bevelEmboss", "chromeFX", "patternFill")),
    Feature(name="soft mask", make=_soft((-9, 10, _ADD, False)), shows=(*_LEFT, (48, 32, (255, 148, 148))), named="mask.feather"),
    Feature(name="soft mask inverted", make=_soft((-9, 10, _ADD, True)), shows=_RIGHT, named="mask.feather"),
    Feature(name="soft mask subtracted", make=_soft((-9, 10, _SUBTRACT, False)), shows=_RIGHT, named="mask.feather"),
    Feature(name="soft mask intersected", make=_soft((-9, 10, _INTERSECT, False)), shows=_LEFT, named="mask.feather"),
    Feature(name="two soft masks", make=_soft((-9, 6, _ADD, False), (14, 29, _ADD, False)),
            shows=((39, 32, RED), (49, 50, WHITE), (57, 32, RED)), named="mask.feather"),
    Feature(name="a soft mask without another", make=_soft((-9, 29, _ADD, False), (-9, 10, _SUBTRACT, False)), shows=_RIGHT, named="mask.feather"),
    Feature(name="soft mask on a shape", make=_soft((-9, 10, _ADD, False), shape=True), shows=_LEFT, named="mask.feather"),
    Feature(name="soft masks on a shape", make=_soft((-9, 29, _ADD, False), (-9, 10, _SUBTRACT, False), shape=True), shows=_RIGHT, named="mask.feather"),
    Feature(name="soft mask, keyed", make=_soft((-9, 10, _ADD, False), keyed=True), shows=((44, 32, RED), (52, 32, WHITE)), named="mask.feather"),
    Feature(name="soft mask, difference", make=_soft((-9, 10, MaskMode.DIFFERENCE, False)), named="mask.feather"),
)  # fmt: skip
