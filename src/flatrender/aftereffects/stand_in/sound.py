"""The sound of a composition's own audio layers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flatrender.aftereffects.footage_files import find_footage
from flatrender.engine.sound.track import TrackSpec

if TYPE_CHECKING:
    from py_aep.models.items.composition import CompItem

_MAX_DEPTH = 64
_MAX_TRACKS = 64


def sound_tracks(comp: CompItem, project: Path, *, begins_s: float, ends_s: float) -> list[TrackSpec]:
    """Return what sounds between two times of the composition, in seconds from its start; also of compositions in it, at most 64 tracks.

    Layers that show a picture too are left to the engine, which takes their sound from the clip.
    """
    tracks = []
    for layer, shift, least, most in _audible(comp, 0.0, begins_s, ends_s, 0):
        found = find_footage(str(layer.source.file or ""), project.parent)
        speed = 100.0 / float(layer.stretch or 100.0)
        starts = max(least, shift + float(layer.in_point))
        stops = min(most, shift + float(layer.out_point))
        if found is None or stops <= starts or not 0.25 <= speed <= 4:
            continue
        offset = max(0.0, (starts - shift - float(layer.start_time)) * speed)
        tracks.append(
            TrackSpec(
                kind="sfx",
                path=found,
                start_s=starts - begins_s,
                offset_s=offset,
                end_s=offset + (stops - starts) * speed,
                speed=speed,
                volume=_volume(layer),
            )
        )
    return tracks[:_MAX_TRACKS]


def _audible(
    comp: CompItem, shift: float, least: float, most: float, depth: int
) -> Iterator[tuple[Any, float, float, float]]:
    """Give each layer that only sounds, with where its composition's start lies and the times in which it is heard."""
    for layer in comp.layers:
        source = getattr(layer, "source", None)
        if source is None or not getattr(layer, "audio_enabled", False):
            continue
        if hasattr(source, "layers"):
            if depth < _MAX_DEPTH:
                begins = max(least, shift + float(layer.in_point))
                ends = min(most, shift + float(layer.out_point))
                yield from _audible(source, shift + float(layer.start_time), begins, ends, depth + 1)
        elif getattr(source, "file", None) and not source.width:
            yield layer, shift, least, most


def _volume(layer: Any) -> float:
    """Audio Levels are decibels, left and right; the louder side counts. Keyframes: the value at the layer's beginning."""
    try:
        levels = layer["ADBE Audio Group"]["ADBE Audio Levels"].value
    except (KeyError, AttributeError, TypeError):
        return 1.0
    loudest = max(float(level) for level in levels)
    return min(4.0, 10 ** (loudest / 20)) if loudest > -48 else 0.0  # After Effects' slider ends at -48 dB: silence
