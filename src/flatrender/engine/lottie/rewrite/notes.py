"""What was rewritten."""

from __future__ import annotations

import msgspec

from flatrender.engine.lottie.document import Json


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """One rewrite: `feature` as in the compatibility report, and the layer's name."""

    feature: str
    detail: str
    layer: str | None = None


def named(layer: Json) -> str | None:
    """Return a layer's name when it has one."""
    name = layer.get("nm")
    return name if isinstance(name, str) else None
