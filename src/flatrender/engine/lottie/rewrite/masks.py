"""Masks whose combination ThorVG evaluates in another order.

After Effects combines a layer's masks one after the other, from the top: what the masks so far show, plus, minus or within the next. ThorVG
evaluates the chain from its end: the first with (the second with (the third …)). Both agree for one mask, for two of the usual modes and
for sums. Every other chain becomes a track matte, built from shapes in the order of After Effects.
"""

from __future__ import annotations

from collections.abc import Sequence

from flatrender.engine.lottie.document import Json, layer_lists
from flatrender.engine.lottie.rewrite.notes import Note, named
from flatrender.engine.lottie.rewrite.timing import moves, scalar
from flatrender.engine.lottie.rewrite.wrapping import Wrapped, add_comp, comp_layer, placed, still
from flatrender.engine.lottie.walk import IMAGE, PRECOMP, SHAPE, SOLID, TEXT, dicts

_ALPHA, _INVERTED = 1, 2
_MAX_MASKS = 40
_DRAWN = (PRECOMP, SOLID, IMAGE, SHAPE, TEXT)


def combine_masks(lottie: Json, notes: list[Note]) -> None:
    """Turn the chains that ThorVG draws otherwise into mattes; drop masks that are switched off."""
    for layers in list(layer_lists(lottie)):
        for layer in list(layers):
            if not isinstance(layer, dict) or layer.get("ty") not in _DRAWN:
                continue
            masks = [mask for mask in dicts(layer.get("masksProperties")) if mask.get("mode") != "n"]
            if (
                draws_right(masks)
                or len(masks) > _MAX_MASKS
                or not all(isinstance(mask.get("pt"), dict) for mask in masks)
            ):
                continue
            if any(mask.get("mode") == "f" for mask in masks):
                continue  # an exclusive union has no form as mattes
            _to_matte(lottie, layers, layer, masks)
            notes.append(Note(feature="mask", detail="several masks are drawn as a matte", layer=named(layer)))


def draws_right(masks: Sequence[Json]) -> bool:
    """Whether ThorVG combines these masks (those switched off left out) as After Effects does."""
    kinds = [(mask.get("mode"), mask.get("inv") is True) for mask in masks]
    if len(kinds) <= 1:
        return kinds != [("i", True)]
    if all(kind == ("a", False) for kind in kinds):
        return True
    if all(kind == ("s", False) for kind in kinds):
        opacities = {scalar(mask.get("o"), 100) for mask in masks}
        return len(opacities) == 1 and None not in opacities and not any(_expands(mask) for mask in masks)
    return len(kinds) == 2 and kinds[0] == ("a", False) and kinds[1][0] != "f" and kinds[1] != ("i", True)


def _expands(mask: Json) -> bool:
    return scalar(mask.get("x"), 0) != 0


def _to_matte(lottie: Json, siblings: list[Json], layer: Json, masks: Sequence[Json]) -> None:
    layer.pop("masksProperties", None)
    layer.pop("hasMask", None)
    wrapped = Wrapped(lottie, siblings, layer)
    builder = _Coverage(lottie, wrapped)
    for at, mask in enumerate(masks):
        builder.combine(mask, first=at == 0)
    source = builder.source()
    wrapped.layers.insert(0, source)
    wrapped.inner.update(tt=_ALPHA, ind=2)


class _Coverage:
    """What masks show, as white shapes: layers from the top down, in the coordinates of the precomposition."""

    def __init__(self, lottie: Json, wrapped: Wrapped) -> None:
        self._lottie = lottie
        self._wrapped = wrapped
        self._stack: list[Json] = []

    def combine(self, mask: Json, *, first: bool) -> None:
        mode, inverted = mask.get("mode"), mask.get("inv") is True
        if mode in ("s", "i", "d"):
            ground = [self._everything()] if first else self._stack
            if mode != "s" and first:
                self._stack = [self._shown(mask)] if not inverted else self._within(mask, ground, _INVERTED)
                return
            outside = (mode == "s") != inverted
            self._stack = self._within(mask, ground, _INVERTED if outside else _ALPHA)
        else:
            top = self._within(mask, [self._everything()], _INVERTED) if inverted else [self._shown(mask)]
            self._stack = [*top, *self._stack]

    def source(self) -> Json:
        layer = self._group(self._stack) if len(self._stack) > 1 or "tt" in self._stack[0] else self._stack[0]
        layer.update(td=1, ind=1)
        return layer

    def _within(self, mask: Json, stack: list[Json], kind: int) -> list[Json]:
        ground = self._group(stack) if len(stack) > 1 else stack[0]
        ground["tt"] = kind
        source = self._shown(mask)
        source["td"] = 1
        return [self._group([source, ground])]

    def _group(self, layers: list[Json]) -> Json:
        key = add_comp(self._lottie, layers)
        return comp_layer(key, self._wrapped.width, self._wrapped.height, self._wrapped.inner)

    def _shape(self, items: list[Json], opacity: Json) -> Json:
        shift = self._wrapped.shift
        inner = self._wrapped.inner
        white: Json = {"ty": "fl", "c": still([1, 1, 1, 1]), "o": opacity, "r": 1}
        return {
            "ty": SHAPE, "nm": "flatrender", "ks": placed(shift, shift), "ip": inner["ip"], "op": inner["op"], "st": 0, "sr": 1, "bm": 0,
            "shapes": [*items, white],
        }  # fmt: skip

    def _shown(self, mask: Json) -> Json:
        opacity = mask["o"] if isinstance(mask.get("o"), dict) else still(100)
        items: list[Json] = [{"ty": "sh", "ks": mask["pt"]}]
        expansion = mask.get("x")
        if isinstance(expansion, dict) and _expands(mask) and not moves(expansion):
            items.append({"ty": "op", "a": still(expansion.get("k")), "lj": 2, "ml": still(4)})
        return self._shape(items, opacity)

    def _everything(self) -> Json:
        width, height, shift = self._wrapped.width, self._wrapped.height, self._wrapped.shift
        middle = [width / 2 - shift, height / 2 - shift]
        box = {"ty": "rc", "d": 1, "p": still(middle), "s": still([width, height]), "r": still(0)}
        return self._shape([box], still(100))
