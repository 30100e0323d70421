"""Shapes of shape layers and masks: vertices and handles, with and without keyframes."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from py_aep.enums import KeyframeInterpolationType

from flatrender.aftereffects.convert.context import Json, Place, rounded, rounded_all
from flatrender.aftereffects.convert.easing import axes, in_handle, out_handle
from flatrender.aftereffects.convert.played import PlayedKey, played
from flatrender.aftereffects.convert.values import MOMENT, expression_values, holds, static

if TYPE_CHECKING:
    from collections.abc import Sequence

    from py_aep.models.properties.shape import Shape


def path(prop: Any, place: Place, *, backwards: bool = False) -> Json | None:
    """Convert a path; None when it has no outline. `backwards` turns its direction, for which a Lottie path has no field that players read."""
    evaluated = expression_values(prop, place)
    if evaluated:
        return _spoken(evaluated, backwards=backwards)
    keys = [key for key in played(prop.keyframes) if key.value is not None]
    if not keys:
        return None if prop.value is None else static(bezier(prop.value, backwards=backwards))
    if len(keys) == 1:
        return static(bezier(keys[0].value, backwards=backwards))
    frames: list[Json] = []
    for start, end in itertools.pairwise(keys):
        key: Json = {"t": place.frame(start.time), "s": [bezier(start.value, backwards=backwards)]}
        if holds(start, end):
            frames.append(key | {"h": 1})
            if place.stretch < 0:
                coming = [bezier(end.value, backwards=backwards)]
                frames.append({"t": rounded(key["t"] + MOMENT), "s": coming, "h": 1})
            continue
        first, second = _path_handles(start, end)
        key["o"], key["i"] = axes([first], single=True), axes([second], single=True)
        frames.append(key)
    frames.append({"t": place.frame(keys[-1].time), "s": [bezier(keys[-1].value, backwards=backwards)], "h": 1})
    if len({len(key.value.vertices) for key in keys}) > 1:
        place.note("approximate", "path.vertices", "the number of points changes between keys; the outline jumps there")
    return {"a": 1, "k": frames}


def _spoken(paths: Sequence[Any], *, backwards: bool) -> Json:
    """Return what an expression gives at each frame (one path: at all of them)."""
    shapes = [_lottie(path["i"], path["o"], path["v"], closed=path["c"], backwards=backwards) for path in paths]
    if len(shapes) == 1:
        return static(shapes[0])
    straight: Json = {"o": {"x": 1 / 6, "y": 1 / 6}, "i": {"x": 5 / 6, "y": 5 / 6}}
    return {
        "a": 1,
        "k": [
            {"t": frame, "s": [shape], **straight}
            for frame, shape in enumerate(shapes)
            if not (0 < frame < len(shapes) - 1 and shapes[frame - 1] == shape == shapes[frame + 1])
        ],
    }


def _path_handles(start: PlayedKey, end: PlayedKey) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the two control points of a path's segment.

    A path has no size that a speed could be a rate of: its ease counts in the slope of the chord, so that 1 is even. A straight side lies on
    the diagonal; between two eased sides a handle that leaves the unit square is shortened along its own slope, as After Effects does.
    """
    straight = KeyframeInterpolationType.LINEAR
    out_straight, in_straight = start.out_interpolation_type == straight, end.in_interpolation_type == straight
    x1, y1 = out_handle(start.out_temporal_ease[0], 1.0)
    x2, y2 = in_handle(end.in_temporal_ease[0], 1.0)
    if out_straight:
        y1 = x1
    if in_straight:
        y2 = x2
    if not (out_straight or in_straight):
        if y1 > 1:
            x1, y1 = x1 / y1, 1.0
        if y2 < 0:
            x2, y2 = 1 - (1 - x2) / (1 - y2), 0.0
        y1, y2 = max(y1, 0.0), min(y2, 1.0)
    return (x1, y1), (x2, y2)


def bezier(shape: Shape, *, backwards: bool = False) -> Json:
    """Return a Lottie Bézier: vertices, and handles relative to them (px). Turned round, it still begins at its first vertex."""
    return _lottie(shape.in_tangents, shape.out_tangents, shape.vertices, closed=shape.closed, backwards=backwards)


def _lottie(into: Any, out: Any, vertices: Any, *, closed: bool, backwards: bool) -> Json:
    into, out, vertices = _points(into), _points(out), _points(vertices)
    if backwards:
        into, out = out, into
        into, out, vertices = (points[:1] + points[:0:-1] for points in (into, out, vertices))
    return {
        "i": [rounded_all(point) for point in into],
        "o": [rounded_all(point) for point in out],
        "v": [rounded_all(point) for point in vertices],
        "c": bool(closed),
    }


def _points(points: Any) -> list[list[float]]:
    return [[float(x), float(y)] for x, y in points]
