"""Effects of layers that are masked or matted too.

After Effects masks a layer, then applies its effects, then mattes it. ThorVG colours, and shadows, what the masks and mattes hide as well.
"""

from __future__ import annotations

from flatrender.engine.lottie.document import Json, layer_lists
from flatrender.engine.lottie.rewrite.effects import BLUR, DRAWN_EFFECTS
from flatrender.engine.lottie.rewrite.notes import Note, named
from flatrender.engine.lottie.rewrite.wrapping import Wrapped
from flatrender.engine.lottie.walk import IMAGE, PRECOMP, SHAPE, SOLID, TEXT, dicts

_DRAWN = (PRECOMP, SOLID, IMAGE, SHAPE, TEXT)


def separate_effects(lottie: Json, notes: list[Note]) -> None:
    """Put the masked contents of such a layer, and what its effects make of them, into precompositions of their own."""
    for layers in list(layer_lists(lottie)):
        for layer in list(layers):
            if not isinstance(layer, dict) or layer.get("ty") not in _DRAWN:
                continue
            drawn = [effect.get("ty") for effect in dicts(layer.get("ef")) if effect.get("en", 1) != 0]
            if not any(isinstance(kind, int) and kind in DRAWN_EFFECTS and kind != BLUR for kind in drawn):
                continue
            masked = any(mask.get("mode") != "n" for mask in dicts(layer.get("masksProperties")))
            if masked:
                inner = Wrapped(lottie, layers, layer, roomy=True).inner
                inner["masksProperties"] = layer.pop("masksProperties")
                inner["hasMask"] = layer.pop("hasMask", True)
            if layer.get("tt"):
                Wrapped(lottie, layers, layer, roomy=True).inner["ef"] = layer.pop("ef")
            if masked or layer.get("tt"):
                notes.append(Note(feature="effect", detail="masks, effects and mattes one by one", layer=named(layer)))
