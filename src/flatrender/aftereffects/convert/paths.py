"""Shapes of shape layers and masks: vertices and handles, with and without keyframes."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from flatrender.aftereffects.convert.context import Json, Place, rounded_all
from flatrender.aftereffects.convert.easing import axes, in_handle, out_handle
from flatrender.aftereffects.convert.values import holds, note_expression, static

if TYPE_CHECKING:
    from py_aep.models.properties.property import Property
    from py_aep.models.properties.shape import Shape


def path(prop: Property, place: Place) -> Json | None:
    """Convert a path; None when it has no outline."""
    note_expression(prop, place)
    keys = [key for key in prop.keyframes if key.value is not None]
    if not keys:
        return None if prop.value is None else static(bezier(prop.value))
    if len(keys) == 1:
        return static(bezier(keys[0].value))
    frames: list[Json] = []
    for start, end in itertools.pairwise(keys):
        key: Json = {"t": place.frame(start.time), "s": [bezier(start.value)]}
        if holds(start, end):
            frames.append(key | {"h": 1})
            continue
        # A path's speed counts whole changes a second: on average one in the time of the segment.
        average = 1 / (end.time - start.time)
        key["o"] = axes([out_handle(start.out_temporal_ease[0], average)], single=True)
        key["i"] = axes([in_handle(end.in_temporal_ease[0], average)], single=True)
        frames.append(key)
    frames.append({"t": place.frame(keys[-1].time), "s": [bezier(keys[-1].value)], "h": 1})
    if len({len(key.value.vertices) for key in keys}) > 1:
        place.note("approximate", "path.vertices", "the number of points changes between keys; the outline jumps there")
    return {"a": 1, "k": frames}


def bezier(shape: Shape) -> Json:
    """Return a Lottie Bézier: vertices, and handles relative to them (px)."""
    return {
        "i": [rounded_all(point) for point in _points(shape.in_tangents)],
        "o": [rounded_all(point) for point in _points(shape.out_tangents)],
        "v": [rounded_all(point) for point in _points(shape.vertices)],
        "c": bool(shape.closed),
    }


def _points(points: Any) -> list[list[float]]:
    return [[float(x), float(y)] for x, y in points]
