"""Blend modes against a composition's own ground.

A composition is transparent where nothing is drawn, and a blended layer shows there as it is. ThorVG blends into whatever the canvas holds,
the film's background included, unless the composition is drawn into a buffer of its own. It does that for a masked layer; a single mask it
would turn into a clip, which needs no buffer, except where the layer has effects, be they switched off.

A buffer of its own takes longer to draw than many a composition. It is not needed where all that blends stands on something opaque.
"""

from __future__ import annotations

from typing import Any

from flatrender.engine.lottie.document import Json, is_number
from flatrender.engine.lottie.rewrite.grounds import Box, stands_on_ground
from flatrender.engine.lottie.rewrite.notes import Note, named
from flatrender.engine.lottie.rewrite.wrapping import add_comp, comp_layer, still
from flatrender.engine.lottie.walk import PRECOMP, dicts, shape_items

_OFF: Json = {"ty": 20, "nm": "flatrender", "en": 0, "ef": []}


def isolate_blends(lottie: Json, notes: list[Note]) -> None:
    """Give every composition in which something blends a buffer of its own."""
    blended = {
        str(asset.get("id")): dicts(asset.get("layers"))
        for asset in dicts(lottie.get("assets"))
        if _blending(asset.get("layers"))
    }
    holders = [lottie["layers"], *(asset.get("layers") for asset in dicts(lottie.get("assets")))]
    for layers in holders:
        for layer in dicts(layers):
            inside = blended.get(str(layer.get("refId"))) if layer.get("ty") == PRECOMP else None
            if inside is not None and not layer.get("bm") and not _all_on_ground(inside, layer, lottie):
                _isolate(layer)
                notes.append(Note(feature="blend mode", detail="a composition is drawn by itself", layer=named(layer)))
    if _blending(lottie["layers"]) and not _all_on_ground(dicts(lottie["layers"]), lottie, lottie):
        key = add_comp(lottie, lottie["layers"])
        whole = comp_layer(key, lottie["w"], lottie["h"], lottie, ind=1)
        _isolate(whole)
        lottie["layers"] = [whole]
        notes.append(Note(feature="blend mode", detail="the animation is drawn by itself"))


def _blending(layers: object) -> list[int]:
    """Return the layers' numbers that blend with what is below, or of which a group does."""
    return [
        number
        for number, layer in enumerate(dicts(layers))
        if layer.get("hd") is not True
        and (layer.get("bm") or any(item.get("bm") for item in shape_items(layer) if item.get("ty") == "gr"))
    ]


def _all_on_ground(layers: list[Json], size: Json, lottie: Json) -> bool:
    """Whether all that blends in a composition, `w` by `h` of `size`, meets something opaque everywhere."""
    width, height = size.get("w"), size.get("h")
    if not is_number(width) or not is_number(height):
        return False
    whole = Box(0, 0, width, height)
    return all(stands_on_ground(layers[number], layers[number + 1 :], whole, lottie) for number in _blending(layers))


def _isolate(layer: Json) -> None:
    if layer.get("tt") or len([mask for mask in dicts(layer.get("masksProperties")) if mask.get("mode") != "n"]) > 1:
        return  # drawn into a buffer already
    effects: list[Any] = layer["ef"] if isinstance(layer.get("ef"), list) else []
    if any(effect.get("en", 1) for effect in dicts(effects)):
        return
    layer["ef"] = [*effects, {**_OFF}]
    if not dicts(layer.get("masksProperties")):
        width, height = layer.get("w", 0), layer.get("h", 0)
        corners = [[0, 0], [width, 0], [width, height], [0, height]]
        nothing = [[0, 0]] * 4
        outline = {"i": nothing, "o": nothing, "v": corners, "c": True}
        layer["hasMask"] = True
        layer["masksProperties"] = [{"inv": False, "mode": "a", "pt": still(outline), "o": still(100), "x": still(0)}]
