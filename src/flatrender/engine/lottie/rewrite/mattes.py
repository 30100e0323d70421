"""Hidden matte sources: players use them as mattes of nothing, ThorVG forgets the matte."""

from __future__ import annotations

from typing import Any

from flatrender.engine.lottie.document import Json
from flatrender.engine.lottie.rewrite.notes import Note, named


def open_hidden_mattes(layers: list[Any], notes: list[Note]) -> None:
    """Make a hidden matte source a visible one that shows nothing."""
    for at, layer in enumerate(layers):
        if not isinstance(layer, dict) or not layer.get("tt"):
            continue
        source = _source(layers, at, layer)
        if source is not None and source.get("hd") is True:
            source["hd"] = False
            transform = source.get("ks")
            source["ks"] = {**(transform if isinstance(transform, dict) else {}), "o": {"a": 0, "k": 0}}
            notes.append(Note(feature="matte", detail="a hidden matte source shows nothing", layer=named(source)))


def _source(layers: list[Any], at: int, layer: Json) -> Json | None:
    if "tp" in layer:
        return next((other for other in layers if isinstance(other, dict) and other.get("ind") == layer["tp"]), None)
    above = layers[at - 1] if at else None
    return above if isinstance(above, dict) else None
