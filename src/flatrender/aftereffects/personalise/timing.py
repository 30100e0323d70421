"""The duration and work area of a composition."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import msgspec

from flatrender.aftereffects.personalise.errors import PersonaliseError

if TYPE_CHECKING:
    from py_aep.models.items.composition import CompItem

    from flatrender.aftereffects.personalise.report import Notes

MAX_SECONDS = 10_800.0


class Timing(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How long a composition is, in s; what is None stays."""

    duration_s: float | None = None
    """Layers that lasted to the end last to the new end, as far as what they show does."""
    work_area_start_s: float | None = None
    work_area_duration_s: float | None = None


def write_timing(comp: CompItem, timing: Timing, notes: Notes) -> None:
    """Set a composition's duration and work area, in whole frames. Raises PersonaliseError `value_invalid`."""
    frame = 1 / comp.frame_rate
    if timing.duration_s is not None:
        seconds = _checked(timing.duration_s, frame, MAX_SECONDS, "duration", comp)
        before = float(comp.duration)
        lasting = [layer for layer in comp.layers if layer.out_point >= before - frame / 2]
        comp.duration = seconds
        for layer in lasting:
            layer.out_point = float(comp.duration)
        if timing.work_area_duration_s is None and timing.work_area_start_s is None:
            comp.work_area_start = 0.0
            comp.work_area_duration = comp.duration
        notes.change(f"{comp.name} › duration", before, float(comp.duration))
    if timing.work_area_start_s is not None or timing.work_area_duration_s is not None:
        before = float(comp.work_area_start)
        start = timing.work_area_start_s if timing.work_area_start_s is not None else before
        start = _checked(start, 0.0, comp.duration - frame, "work area's start", comp)
        lasts = timing.work_area_duration_s
        lasts = min(float(comp.work_area_duration), comp.duration - start) if lasts is None else lasts
        lasts = _checked(lasts, frame, comp.duration - start + frame / 2, "work area's duration", comp)
        comp.work_area_start = start
        comp.work_area_duration = min(lasts, comp.duration - comp.work_area_start)
        notes.change(f"{comp.name} › work area", before, [float(comp.work_area_start), float(comp.work_area_duration)])


def _checked(value: float, low: float, high: float, what: str, comp: CompItem) -> float:
    if not math.isfinite(value) or not low - 1e-9 <= value <= high + 1e-9:
        raise PersonaliseError(f"the {what} is {value!r} s; give {low:g} to {high:g} s", where=comp.name)
    return value
