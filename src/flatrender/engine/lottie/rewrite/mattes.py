"""Matte sources that are hidden or shown at other times than what they matte: ThorVG forgets the matte where it has no source."""

from __future__ import annotations

from typing import Any

from flatrender.engine.lottie.document import Json, is_number
from flatrender.engine.lottie.rewrite.notes import Note, named

_INVERTED = (2, 4)


def open_hidden_mattes(layers: list[Any], notes: list[Note]) -> None:
    """Make a hidden matte source a visible one that shows nothing; show what is matted only while its source is there.

    What an inverted matte leaves is shown whole while the source is not there.
    """
    for at, layer in enumerate(layers):
        if not isinstance(layer, dict) or not layer.get("tt"):
            continue
        source = source_of(layers, at, layer)
        if source is not None and layer["tt"] not in _INVERTED:
            _shorten(layer, source, notes)
        if source is not None and source.get("hd") is True:
            source["hd"] = False
            transform = source.get("ks")
            source["ks"] = {**(transform if isinstance(transform, dict) else {}), "o": {"a": 0, "k": 0}}
            notes.append(Note(feature="matte", detail="a hidden matte source shows nothing", layer=named(source)))


def _shorten(layer: Json, source: Json, notes: list[Note]) -> None:
    if not all(is_number(one.get(key)) for one in (layer, source) for key in ("ip", "op")):
        return
    first, last = max(layer["ip"], source["ip"]), min(layer["op"], source["op"])
    if (first, last) != (layer["ip"], layer["op"]):
        layer["ip"], layer["op"] = first, max(first, last)
        notes.append(Note(feature="matte", detail="shown only as long as its matte", layer=named(layer)))


def source_of(layers: list[Any], at: int, layer: Json) -> Json | None:
    """Return the source of the matte of a layer, the one of number `at`."""
    if "tp" in layer:
        return next((other for other in layers if isinstance(other, dict) and other.get("ind") == layer["tp"]), None)
    above = layers[at - 1] if at else None
    return above if isinstance(above, dict) else None
