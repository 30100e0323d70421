"""The keys of a property in the order in which the composition plays them.

After Effects counts the ease of a key in seconds of its layer. A layer whose time is stretched plays them slower or faster, one that is stretched
by less than nothing plays them from the last to the first: what leaves a key there is what came to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from py_aep.models.properties.keyframe import Keyframe


class PlayedKey(msgspec.Struct, frozen=True):
    """A key as the composition comes by it."""

    time: float
    """Seconds of the composition."""
    value: Any
    in_temporal_ease: Sequence[Any]
    out_temporal_ease: Sequence[Any]
    in_interpolation_type: Any
    out_interpolation_type: Any
    in_spatial_tangent: Sequence[float] | None
    out_spatial_tangent: Sequence[float] | None


def played(keys: Sequence[Keyframe]) -> list[PlayedKey]:
    """Return the keys as they are played: from the last to the first in a layer that runs backwards."""
    backwards = len(keys) > 1 and keys[-1].time < keys[0].time
    return [_backwards(key) for key in reversed(keys)] if backwards else [_forwards(key) for key in keys]


def texts_played(keys: Sequence[Keyframe]) -> list[tuple[float, Any]]:
    """Return from when (seconds of the composition) which value is held: of a property that jumps from key to key."""
    if len(keys) > 1 and keys[-1].time < keys[0].time:
        values = [key.value for key in reversed(keys)]
        # Each is held until its key comes by, and what the first key held before it for the rest.
        times = [0.0, *(key.time for key in reversed(keys))]
        return list(zip(times, [*values, values[-1]], strict=True))
    return [(key.time, key.value) for key in keys]


def _forwards(key: Keyframe) -> PlayedKey:
    return PlayedKey(
        key.time,
        key.value,
        key.in_temporal_ease,
        key.out_temporal_ease,
        key.in_interpolation_type,
        key.out_interpolation_type,
        key.in_spatial_tangent,
        key.out_spatial_tangent,
    )


def _backwards(key: Keyframe) -> PlayedKey:
    return PlayedKey(
        key.time,
        key.value,
        key.out_temporal_ease,
        key.in_temporal_ease,
        key.out_interpolation_type,
        key.in_interpolation_type,
        key.out_spatial_tangent,
        key.in_spatial_tangent,
    )
