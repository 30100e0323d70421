"""Masks with a soft edge: no player draws their feather, so the layer is cut by a matte of blurred shapes instead."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from flatrender.aftereffects.convert.nesting import (
    ALPHA,
    ALPHA_INVERTED,
    PRECOMPOSITION,
    moved_back,
    paint,
    rectangle,
    resting,
)
from flatrender.aftereffects.convert.values import static

if TYPE_CHECKING:
    from flatrender.aftereffects.convert.context import Json, Place
    from flatrender.aftereffects.convert.nesting import Picture

_BLUR = 29
_SIGMA = 0.3
"""Standard deviation of a Gaussian blur of blurriness 1, px."""
_FEATHER = 0.25
"""Standard deviation of a feather of 1 px: nearly all of a feathered edge lies within the feather, half of it on each side of the mask."""
_BOTH, _ACROSS, _DOWN = 1, 2, 3
_DRAWN = frozenset("asi")


def is_soft(layer: Json) -> bool:
    """Say whether one of the layer's masks has a feather."""
    return any("f" in mask for mask in layer.get("masksProperties", ()))


def cut_softly(picture: Picture, place: Place) -> None:
    """Cut the picture by its masks, one of which is soft; in modes that no matte can say it keeps them, hard, and that is noted."""
    masks: list[Json] = picture.layer["masksProperties"]
    if any(mask["mode"] not in _DRAWN for mask in masks):
        place.note("not_drawn", "mask.feather", "soft masks in the modes lighten, darken and difference are drawn hard")
        return
    place.note("approximate", "mask.feather", "the soft edge of a mask fades a little otherwise")
    after, frames = picture.after_transform, picture.frames()
    space = _Space(picture, frames)
    coverage: list[Json] = []
    for mask in masks:
        shown = space.shown(mask)
        inverted = mask["inv"] is True
        if mask["mode"] == "a":
            added = space.within([space.everything()], shown, ALPHA_INVERTED) if inverted else shown
            coverage = [added, *coverage]
            continue
        ground = coverage or [space.everything()]
        outside = (mask["mode"] == "s") != inverted
        coverage = [space.within(ground, shown, ALPHA_INVERTED if outside else ALPHA)]
    del picture.layer["masksProperties"], picture.layer["hasMask"]
    matte = coverage[0] if len(coverage) == 1 and "tt" not in coverage[0] else space.grouped(coverage)
    layers = picture.nest()
    if after:
        # The masks lie in the layer's own space and move with it.
        inner = layers[0]
        matte["ks"] = copy.deepcopy(inner["ks"]) | {"o": static(100)}
        if matte["ty"] == PRECOMPOSITION:
            moved_back(matte["ks"], space.reach)
        for key in ("parent", "ao"):
            if key in inner:
                matte[key] = inner[key]
    picture.matte(layers, matte)


class _Space:
    """Makes the layers of a matte."""

    def __init__(self, picture: Picture, frames: tuple[float, float]) -> None:
        self._picture = picture
        self._frames = frames
        # A composition shows nothing above and left of its origin, where the space of a shape or text layer has half of its picture.
        self.reach = 2.0 * max(picture.width, picture.height) if picture.after_transform else 0.0
        """Px between the origin of a composition of the matte and that of the layer's space."""
        self._size = (picture.width + 2 * self.reach, picture.height + 2 * self.reach)

    def _layer(self, items: list[Json]) -> Json:
        first, last = self._frames
        return {
            "ty": 4, "nm": "drawn", "ddd": 0, "ks": resting(), "ip": first, "op": last, "st": 0, "sr": 1, "bm": 0, "shapes": items, "ind": 1,
        }  # fmt: skip

    def everything(self) -> Json:
        """Return a layer that covers the space."""
        return self._layer([rectangle(-self.reach, -self.reach, *self._size), paint([1, 1, 1])])

    def shown(self, mask: Json) -> Json:
        """Return a mask as a white shape, blurred by its feather."""
        items: list[Json] = [{"ty": "sh", "ks": mask["pt"], "d": 1}]
        expansion = mask["x"]
        if expansion["a"] or expansion["k"]:
            items.append({"ty": "op", "a": expansion, "lj": 2, "ml": static(4)})
        made = self._layer([*items, paint([1, 1, 1], mask["o"])])
        feather = mask.get("f")
        if feather is not None:
            made["ef"] = [_blur(feather)]
        return made

    def within(self, ground: list[Json], shape: Json, kind: int) -> Json:
        """Return what of the ground lies within the shape, or outside of it."""
        cut = self.grouped(ground) if len(ground) > 1 or "tt" in ground[0] else ground[0]
        cut.update(tt=kind, tp=2, ind=1)
        shape.update(td=1, ind=2)
        return self.grouped([shape, cut])

    def grouped(self, layers: list[Json]) -> Json:
        """Return a composition of the layers as one layer."""
        if self.reach:
            for layer in layers:
                layer["ks"] = resting(self.reach, self.reach)
        for number, layer in enumerate(layers, start=1):
            if "tp" not in layer and not layer.get("td"):
                layer["ind"] = number
        first, last = self._frames
        reference = self._picture.composition.add("mask", layers)
        return {
            "ty": PRECOMPOSITION, "nm": "drawn", "ddd": 0, "refId": reference, "w": self._size[0], "h": self._size[1],
            "ks": resting() | {"a": static([self.reach, self.reach])}, "ip": first, "op": last, "st": 0, "sr": 1, "bm": 0, "ind": 1,
        }  # fmt: skip


def _blur(feather: Json) -> Json:
    values: list[Any] = [key["s"] for key in feather["k"]] if feather["a"] else [feather["k"]]
    across, down = (max(float(value[axis]) for value in values) for axis in (0, 1))
    axis = 1 if across == 0 else 0
    dimensions = _DOWN if across == 0 else _ACROSS if down == 0 else _BOTH
    factor = _FEATHER / _SIGMA
    if feather["a"]:
        strength: Json = {"a": 1, "k": [key | {"s": [key["s"][axis] * factor]} for key in feather["k"]]}
    else:
        strength = static(feather["k"][axis] * factor)
    return {
        "ty": _BLUR, "nm": "feather", "mn": "ADBE Gaussian Blur 2", "en": 1,
        "ef": [{"ty": 0, "v": strength}, {"ty": 7, "v": static(dimensions)}, {"ty": 7, "v": static(0)}],
    }  # fmt: skip
