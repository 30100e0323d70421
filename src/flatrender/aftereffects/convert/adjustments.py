"""Adjustment layers: what lies below one is drawn again with its effects, where and while it reaches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flatrender.aftereffects.convert.nesting import (
    ALPHA,
    NULL,
    PRECOMPOSITION,
    Composition,
    Picture,
    as_null,
    paint,
    rectangle,
    resting,
)
from flatrender.aftereffects.convert.values import static

if TYPE_CHECKING:
    from collections.abc import Callable

    from flatrender.aftereffects.convert.context import Json

_NEAR = 0.5
"""Px by which an adjustment layer may miss the composition's edges and still count as covering it."""


def adjust(
    composition: Composition, layer: Json, size: tuple[float, float] | None, draw: Callable[[Picture], None]
) -> bool:
    """Draw the layers below `layer`, an adjustment layer without its effects, with `draw`; False when nothing lies below.

    `size` is that of the layer's solid, px; None for a shape layer, which then reaches where its shapes are.
    """
    index = composition.layers.index(layer)
    above, below = composition.layers[:index], composition.layers[index + 1 :]
    if not any(other["ty"] != NULL for other in below):
        return False
    inside = _with_what_they_need(below, [*above, layer])
    above = _with_what_they_need(above, below)
    kept = [as_null(layer)] if any(other.get("parent") == layer["ind"] for other in (*above, *below)) else []
    reference = composition.add(f"below {layer['nm']}", inside)
    first = min(other["ip"] for other in below)
    last = max(other["op"] for other in below)
    whole: Json = {
        "ty": PRECOMPOSITION, "ddd": 0, "refId": reference, "w": composition.width, "h": composition.height, "ks": resting(),
        "st": 0, "sr": 1, "bm": 0,
    }  # fmt: skip
    opacity = layer["ks"]["o"]
    partly = not _covers(layer, size, composition)
    adjusted = {
        **whole, "nm": layer["nm"], "ind": composition.free_index(), "ks": resting() | {"o": opacity},
        "ip": layer["ip"], "op": layer["op"], "bm": layer["bm"],
    }  # fmt: skip
    numbers = iter(range(adjusted["ind"] + 1, adjusted["ind"] + 4))
    spans = [(first, last)] if partly or opacity != static(100) else [(first, layer["ip"]), (layer["op"], last)]
    plain = [
        {**whole, "nm": "drawn", "ind": next(numbers), "ip": start, "op": end} for start, end in spans if end > start
    ]
    composition.layers[:] = [*above, adjusted, *plain, *kept]
    if partly:
        matte = _reach(layer, size) | {"ind": next(numbers), "td": 1}
        composition.layers.insert(len(above), matte)
    picture = Picture(composition, adjusted)
    draw(picture)
    if partly:
        if adjusted.get("ef"):
            picture.nest()
        adjusted.update(tt=ALPHA, tp=matte["ind"])
    return True


def _with_what_they_need(layers: list[Json], others: list[Json]) -> list[Json]:
    """Return the layers with those of the others that they hang on, as nulls, and those that matte them."""
    by_index = {other["ind"]: other for other in others}
    made = list(layers)
    waiting = list(layers)
    while waiting:
        layer = waiting.pop()
        matte = by_index.pop(layer["tp"], None) if "tp" in layer else None
        if matte is not None:
            source = {**matte, "td": 1}
            made.insert(made.index(layer), source)
            waiting.append(source)
        parent = by_index.pop(layer["parent"], None) if "parent" in layer else None
        if parent is not None:
            null = as_null(parent)
            made.append(null)
            waiting.append(null)
    return made


def _covers(layer: Json, size: tuple[float, float] | None, composition: Composition) -> bool:
    """Say whether a solid covers the whole composition, unmoved and uncut."""
    transform: dict[str, Any] = layer["ks"]
    if size is None or "parent" in layer or layer.get("masksProperties") or "tt" in layer:
        return False
    if any(transform[key].get("a") or transform[key].get("s") is True for key in ("p", "a", "s", "r")):
        return False
    if transform["r"]["k"] % 360:
        return False
    for axis, room in ((0, composition.width), (1, composition.height)):
        scale = transform["s"]["k"][axis] / 100
        start = transform["p"]["k"][axis] - transform["a"]["k"][axis] * scale
        ends = sorted((start, start + size[axis] * scale))
        if ends[0] > _NEAR or ends[1] < room - _NEAR:
            return False
    return True


def _reach(layer: Json, size: tuple[float, float] | None) -> Json:
    """Return where the adjustment layer reaches, as a layer whose transparency says it."""
    kept = {key: value for key, value in layer.items() if key not in {"ind", "tp", "tt", "ef", "bm"}}
    made = {**kept, "nm": "drawn", "bm": 0, "ks": layer["ks"] | {"o": static(100)}}
    if size is not None:
        made.update(ty=4, shapes=[rectangle(0, 0, *size), paint([1, 1, 1])])
    return made
