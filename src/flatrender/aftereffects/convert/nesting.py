"""Layers put into compositions of their own, where one Lottie layer cannot say what After Effects does in steps.

After Effects draws a layer's source, then its masks, its effects one after the other, then its transform; a shape or text layer is transformed first and
its effects see the composition's pixels. A step that the Lottie has no effect for is drawn in a composition that holds the picture so far.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from flatrender.aftereffects.convert.values import static

if TYPE_CHECKING:
    from collections.abc import Callable

    from flatrender.aftereffects.convert.context import Json

PRECOMPOSITION, SOLID, IMAGE, NULL, SHAPE, TEXT = range(6)
ALPHA, ALPHA_INVERTED, LUMA, LUMA_INVERTED = 1, 2, 3, 4
_CONTENT = (
    "ty",
    "shapes",
    "t",
    "refId",
    "w",
    "h",
    "sw",
    "sh",
    "sc",
    "tm",
    "sr",
    "st",
    "hasMask",
    "masksProperties",
    "ef",
)
"""What a layer shows before its transform."""
_PLACE = ("parent", "ks", "ao", "ddd")


def resting(x: float = 0, y: float = 0, opacity: float = 100) -> Json:
    """Return a transform that only moves, px, and fades, percent."""
    return {"o": static(opacity), "r": static(0), "p": static([x, y]), "a": static([0, 0]), "s": static([100, 100])}


class Composition:
    """The layers of a composition that is being converted, and where further compositions go."""

    def __init__(
        self,
        layers: list[Json],
        size: tuple[int, int],
        assets: dict[Any, Json],
        add: Callable[[str, list[Json]], str],
        source: Callable[[int], Json | None],
    ) -> None:
        self.layers = layers
        """The topmost first."""
        self.width, self.height = size
        self.assets = assets
        self.add = add
        """Adds a composition, by name and layers, and returns its asset's id."""
        self.source = source
        """What the layer with this number shows, before its masks, effects and transform; None for no layer, shapes and texts."""

    def size_of(self, layer: Json) -> tuple[float, float] | None:
        """Return the size of what a layer shows, px; None for shapes and texts, which have the composition's."""
        if layer["ty"] == SOLID:
            return layer["sw"], layer["sh"]
        if layer["ty"] == PRECOMPOSITION:
            return layer["w"], layer["h"]
        if layer["ty"] == IMAGE:
            for asset in self.assets.values():
                if asset["id"] == layer["refId"]:
                    return asset["w"], asset["h"]
        return None

    def free_index(self) -> int:
        """Return an `ind` that no layer has."""
        return max((layer["ind"] for layer in self.layers), default=0) + 1

    def clones(self, layer: Json) -> list[Json]:
        """Return nulls that move as the layer's ancestors do, with their `ind`, for a composition of their own."""
        by_index = {other["ind"]: other for other in self.layers}
        made: list[Json] = []
        parent = layer.get("parent")
        while parent is not None and parent in by_index and all(other["ind"] != parent for other in made):
            made.append(as_null(by_index[parent]))
            parent = by_index[parent].get("parent")
        return made


def as_null(layer: Json) -> Json:
    """Return a null that moves as the layer does."""
    kept = {key: layer[key] for key in ("ind", "nm", "ip", "op", *_PLACE) if key in layer}
    return {**kept, "ty": NULL, "st": 0, "sr": 1, "bm": 0}


class Picture:
    """A layer as it is drawn so far. Steps that need a composition of their own call `nest`."""

    def __init__(self, composition: Composition, layer: Json) -> None:
        self.composition = composition
        self.layer = layer
        """What stands in the composition."""
        size = composition.size_of(layer)
        self.after_transform = size is None
        """Whether effects see the composition's pixels: shapes and texts."""
        self.width: float
        self.height: float
        self.width, self.height = size or (composition.width, composition.height)
        """Of the space in which effects count, px."""
        self.shift = 0.0
        """Where the origin of the effects' space lies in the composition that was made last, px."""
        self.before = 0.0
        """Where it lies in the picture inside of that composition, px."""

    def nest(self, name: str = "", margin: float = 0) -> list[Json]:
        """Put what is drawn so far into a composition and return its layers: the picture alone, `ind` 1; more may be added above.

        `margin` widens the composition on each side, for a step that draws outside of the layer; its origin then lies at (`shift`, `shift`).
        """
        outer = self.layer
        margin = 0 if self.after_transform else margin
        inner: Json = {key: outer.pop(key) for key in _CONTENT if key in outer}
        self.before = self.shift
        shift, margin = margin, margin + self.shift
        clones: list[Json] = []
        if self.after_transform:
            clones = self._moved_inside(inner)
            self.after_transform = False
        else:
            inner["ks"] = resting(shift, shift)
        inner.update(nm=outer["nm"], ip=outer["ip"], op=outer["op"], bm=0, ind=1)
        inner.setdefault("st", 0)
        inner.setdefault("sr", 1)
        layers = [inner, *clones]
        reference = self.composition.add(name or str(outer["nm"]), layers)
        width, height = self.width + 2 * margin, self.height + 2 * margin
        if shift:
            moved_back(outer["ks"], shift)
        outer.update(ty=PRECOMPOSITION, refId=reference, w=width, h=height, st=0, sr=1)
        self.shift = margin
        return layers

    def _moved_inside(self, inner: Json) -> list[Json]:
        """Let the inner layer be transformed, by its ancestors too, and the outer one stand still; what hangs on it hangs on a null instead."""
        outer, composition = self.layer, self.composition
        clones = composition.clones(outer)
        if any(other.get("parent") == outer["ind"] for other in composition.layers):
            holder = as_null(outer) | {"ind": composition.free_index()}
            for other in composition.layers:
                if other.get("parent") == outer["ind"]:
                    other["parent"] = holder["ind"]
            composition.layers.append(holder)
        shown = dict(outer["ks"])
        inner["ks"] = {**shown, "o": static(100)}
        outer["ks"] = {**resting(), "o": shown["o"]}
        if outer.pop("ao", 0):
            inner["ao"] = 1
        parent = outer.pop("parent", None)
        if parent is not None:
            for number, clone in enumerate(clones, start=2):
                clone["ind"] = number
                clone.pop("parent", None)
                if number <= len(clones):
                    clone["parent"] = number + 1
            inner["parent"] = 2
        return clones

    def widen(self, reach: float) -> None:
        """Make room for an effect that draws so far beyond the layer, px, where a composition would cut it."""
        cut = self.layer["ty"] == PRECOMPOSITION or bool(self.layer.get("masksProperties"))
        if reach > 0 and cut and not self.after_transform:
            self.nest(margin=math.ceil(reach))

    def frames(self) -> tuple[float, float]:
        """Return the frames at which the layer is seen: the first, and the one after the last."""
        return self.layer["ip"], self.layer["op"]

    def shape(self, items: list[Json], **more: Any) -> Json:
        """Return a shape layer for the composition that `nest` made, in the space of the effects."""
        first, last = self.frames()
        return {
            "ty": SHAPE, "nm": "drawn", "ddd": 0, "ks": resting(self.shift, self.shift), "ip": first, "op": last, "st": 0, "sr": 1, "bm": 0,
            "shapes": items, **more,
        }  # fmt: skip

    def matte(self, layers: list[Json], matte: Json, kind: int = ALPHA) -> None:
        """Let `matte` cut the topmost of the layers that `nest` returned."""
        index = max(layer["ind"] for layer in layers) + 1
        matte.update(ind=index, td=1)
        layers[0].update(tt=kind, tp=index)
        layers.insert(0, matte)


def moved_back(transform: Json, shift: float) -> None:
    """Move the anchor point by the shift of the content."""
    anchor = transform["a"]
    if not anchor["a"]:
        anchor["k"] = [part + shift for part in anchor["k"]]
        return
    for key in anchor["k"]:
        if "s" in key:
            key["s"] = [part + shift for part in key["s"]]


def rectangle(x: Any, y: Any, width: Any, height: Any) -> Json:
    """Return a still rectangle with its left top corner at a point, px."""
    return {
        "ty": "rc",
        "d": 1,
        "p": static([x + width / 2, y + height / 2]),
        "s": static([width, height]),
        "r": static(0),
    }


def paint(color: list[float], opacity: Json | None = None) -> Json:
    """Return a fill of one colour."""
    return {"ty": "fl", "c": static([*color[:3], 1]), "o": opacity or static(100), "r": 1}


def grouped(items: list[Json], **transform: Json) -> Json:
    """Return a group with a transform."""
    own = {
        "ty": "tr", "p": static([0, 0]), "a": static([0, 0]), "s": static([100, 100]), "r": static(0), "o": static(100), "sk": static(0), "sa": static(0),
    }  # fmt: skip
    return {"ty": "gr", "it": [*items, own | transform], "nm": "drawn"}
