"""Keys in the order that ThorVG's parser needs: it reads in one pass, and some keys decide how others are read."""

from __future__ import annotations

from flatrender.engine.lottie.document import Json
from flatrender.engine.lottie.walk import dicts, shape_items


def order_keys(layer: Json) -> None:
    """Put first: a layer's `ddd` (before its transform), an effect's `ty`, a mask's `inv` (before its mode), a gradient's `p` (before its stops)."""
    _first(layer, "ddd", before="ks")
    for mask in dicts(layer.get("masksProperties")):
        _first(mask, "inv", before="mode")
    for effect in dicts(layer.get("ef")):
        _first(effect, "ty", before="ef")
        for key in ("nm", "mn", "ix", "en"):
            _first(effect, key, before="ef")
        _first(effect, "ty")
    for item in shape_items(layer):
        if item.get("ty") in ("gf", "gs") and isinstance(item.get("g"), dict):
            _first(item["g"], "p", before="k")


def _first(holder: Json, key: str, before: str | None = None) -> None:
    if key not in holder or (before is not None and before not in holder):
        return
    keys = list(holder)
    if keys.index(key) > (keys.index(before) if before is not None else 0):
        value = holder.pop(key)
        rest = dict(holder)
        holder.clear()
        holder[key] = value
        holder.update(rest)
