"""By how much the scenes of a film overlap where one gives way to the next. Pure."""

from collections.abc import Sequence


def scene_room(lengths: Sequence[int], index: int) -> int:
    """Return how many frames a scene of `lengths` can share with one neighbour: all but one, or less than half when it has two."""
    return (lengths[index] - 1) // (1 if index in (0, len(lengths) - 1) else 2)


def overlap_frames(lengths: Sequence[int], wanted: Sequence[int]) -> list[int]:
    """Return the overlap in frames of each scene with the next, so that every scene keeps at least one frame of its own.

    `lengths` are the scenes' frames, at least 1; `wanted` the overlaps asked for, one fewer, 0 for a cut.
    """
    return [
        min(asked, scene_room(lengths, index), scene_room(lengths, index + 1)) for index, asked in enumerate(wanted)
    ]
