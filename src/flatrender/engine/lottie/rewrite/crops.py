"""Mattes that only crop: a still, opaque rectangle. ThorVG draws a matted layer and its matte into two buffers of the canvas' size, and a clip into none."""

from __future__ import annotations

from typing import Any

from flatrender.engine.lottie.document import Json, is_number, layer_lists
from flatrender.engine.lottie.rewrite.grounds import Box, opaque_box
from flatrender.engine.lottie.rewrite.mattes import source_of
from flatrender.engine.lottie.rewrite.notes import Note, named
from flatrender.engine.lottie.rewrite.wrapping import add_comp, comp_layer, still

_ALPHA = 1


def crop_instead_of_matting(lottie: Json, notes: list[Note]) -> None:
    """Put each layer that such a matte crops into a precomposition with a mask of that shape."""
    for layers in list(layer_lists(lottie)):
        for at, layer in enumerate(list(layers)):
            if not isinstance(layer, dict) or layer.get("tt") != _ALPHA or not _can_move(layer, layers):
                continue
            source = source_of(layers, at, layer)
            box = _crop(source, layer) if source is not None else None
            if source is None or box is None or _others_use(source, layer, layers):
                continue
            crop = _cropped(lottie, layer, box)
            layers[at] = crop
            # Where it was: a layer's number among its siblings says which layer is another's matte.
            source.update(hd=True, td=0)
            notes.append(Note(feature="matte", detail="a matte that only crops is a mask", layer=named(layer)))


def _crop(source: Json, layer: Json) -> Box | None:
    # `opaque_box` refuses sources of mattes: as grounds they would not be seen.
    box = opaque_box({**source, "td": 0}, alone=True) if source.get("td") else None
    times = [one.get(key) for one in (source, layer) for key in ("ip", "op")]
    if box is None or min(box.left, box.top) < 0 or not all(is_number(time) for time in times):
        return None
    return box if times[0] <= times[2] and times[1] >= times[3] else None  # type: ignore[operator]  # numbers


def _can_move(layer: Json, layers: list[Any]) -> bool:
    """Whether the layer can leave its siblings: it hangs on none and none hangs on it."""
    if layer.get("bm") or layer.get("ddd") or layer.get("parent") is not None or layer.get("td"):
        return False
    own = layer.get("ind")
    return own is None or not any(
        isinstance(other, dict) and own in (other.get("parent"), other.get("tp")) for other in layers
    )


def _others_use(source: Json, layer: Json, layers: list[Any]) -> bool:
    own = source.get("ind")
    for at, other in enumerate(layers):
        if not isinstance(other, dict) or other is layer:
            continue
        if own is not None and own in (other.get("parent"), other.get("tp")):
            return True
        if other.get("tt") and source_of(layers, at, other) is source:
            return True
    return False


def _cropped(lottie: Json, layer: Json, box: Box) -> Json:
    inside = {key: value for key, value in layer.items() if key not in ("tt", "tp")}
    key = add_comp(lottie, [inside])
    corners = [[box.left, box.top], [box.right, box.top], [box.right, box.bottom], [box.left, box.bottom]]
    nothing = [[0, 0]] * 4
    outline = {"i": nothing, "o": nothing, "v": corners, "c": True}
    mask = {"inv": False, "mode": "a", "pt": still(outline), "o": still(100), "x": still(0)}
    number = {"ind": layer["ind"]} if "ind" in layer else {}
    return comp_layer(key, box.right, box.bottom, layer, **number, hasMask=True, masksProperties=[mask])
