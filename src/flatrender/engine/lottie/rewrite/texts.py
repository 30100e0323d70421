"""Text with the file's own glyphs: where ThorVG places a line otherwise."""

from __future__ import annotations

from flatrender.engine.lottie.document import Json, is_number
from flatrender.engine.lottie.rewrite.notes import Note, named
from flatrender.engine.lottie.walk import TEXT, text_documents

_SHARE = {1: 1.0, 2: 0.5}
"""How much of a line's width lies before its anchor: right-aligned, centred."""


def align_tracked(layer: Json, notes: list[Note]) -> None:
    """Move aligned lines by the tracking after their last letter, which ThorVG counts into their width and other players do not."""
    if layer.get("ty") != TEXT:
        return
    done = False
    for document in text_documents(layer):
        tracking, size, share = document.get("tr"), document.get("s"), _SHARE.get(document.get("j") or 0)
        if not is_number(tracking) or not tracking or not is_number(size) or share is None:
            continue
        position = document.get("ps")
        x, y = position[:2] if isinstance(position, list) and len(position) >= 2 else (0, 0)
        document["ps"] = [x + tracking / 1000 * size * share, y]
        done = True
    if done:
        notes.append(Note(feature="text", detail="tracking after the last letter is left out", layer=named(layer)))
