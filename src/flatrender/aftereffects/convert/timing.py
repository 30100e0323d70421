"""The time of layers that show a source with a time of its own: start, stretch, reversal and time remapping."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flatrender.aftereffects.convert.context import rounded
from flatrender.aftereffects.convert.values import scalar

if TYPE_CHECKING:
    from flatrender.aftereffects.convert.context import Json, Place

_INSTANT = 1e-3
"""Seconds between moments that count as the same."""
_STRAIGHT: Json = {"o": {"x": [1 / 6], "y": [1 / 6]}, "i": {"x": [5 / 6], "y": [5 / 6]}}


def layer_time(layer: Any, place: Place) -> Json:
    """Return what a nested composition's layer says of its time: `st` (frame), `sr`, and `tm` (s) where it is remapped or runs backwards."""
    stretch = float(layer.stretch) / 100
    if layer.time_remap_enabled:
        return {"sr": 1, "tm": scalar(layer["ADBE Time Remapping"], place)}
    if stretch > 0:
        return {"sr": rounded(stretch)}
    first, last = sorted((layer.in_point, layer.out_point))
    ends = [
        {"t": place.frame(moment), "s": [rounded(max((moment - layer.start_time) / stretch, 0))], **_STRAIGHT}
        for moment in (first, last)
    ]
    return {"sr": 1, "tm": {"a": 1, "k": ends}}


def plays_from_its_start(layer: Any) -> bool:
    """Say whether a layer of footage shows the footage's first moment when it is first seen, and goes on evenly."""
    if layer.time_remap_enabled:
        return False
    return abs(float(layer.stretch) - 100) < _INSTANT and abs(layer.in_point - layer.start_time) < _INSTANT
