"""Gradients of fills and strokes."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from flatrender.aftereffects.convert.context import Json, Place, Tree, rounded_all
from flatrender.aftereffects.convert.played import played
from flatrender.aftereffects.convert.values import scalar, static, vector

if TYPE_CHECKING:
    from collections.abc import Sequence

    from py_aep.models.properties.gradient import Gradient

_RADIAL = 2


def gradient_fields(group: Tree, place: Place) -> Json:
    """Return the gradient's type, end points (px) and stops."""
    kind = int(group["ADBE Vector Grad Type"].value)
    fields: Json = {
        "t": kind,
        "s": vector(group["ADBE Vector Grad Start Pt"], place),
        "e": vector(group["ADBE Vector Grad End Pt"], place),
        "g": _stops(group, place),
    }
    if kind == _RADIAL:
        fields["h"] = scalar(group["ADBE Vector Grad HiLite Length"], place)
        fields["a"] = scalar(group["ADBE Vector Grad HiLite Angle"], place)
    return fields


def _stops(group: Tree, place: Place) -> Json:
    prop = group["ADBE Vector Grad Colors"]
    if not prop.keyframes:
        numbers, count = gradient_numbers(prop.value)
        return {"p": count, "k": static(numbers)}
    made = [(key, *gradient_numbers(key.value)) for key in played(prop.keyframes)]
    counts = {(count, len(numbers)) for _, numbers, count in made}
    if len(counts) > 1:
        place.note(
            "approximate", "gradient.stops", "the number of stops changes between keys; the first key's are drawn"
        )
        return {"p": made[0][2], "k": static(made[0][1])}
    keys: list[Json] = []
    for key, numbers, _ in made:
        handle = {"o": {"x": 1 / 6, "y": 1 / 6}, "i": {"x": 5 / 6, "y": 5 / 6}}
        keys.append({"t": place.frame(key.time), "s": numbers, **handle})
    if any(start.out_temporal_ease[0].influence > 17 for start in prop.keyframes[:-1]):  # linear has 16.67
        place.note("approximate", "gradient.ease", "the colours of the gradient change at an even speed")
    return {"p": made[0][2], "k": {"a": 1, "k": keys}}


def gradient_numbers(gradient: Gradient) -> tuple[list[float], int]:
    """Return a gradient's stops as the Lottie counts them, and how many have a colour."""
    colors = _with_midpoints([(stop.offset, stop.midpoint, list(stop.color)) for stop in gradient.color_stops])
    alphas = _with_midpoints([(stop.offset, stop.midpoint, [stop.alpha]) for stop in gradient.alpha_stops])
    numbers: list[float] = [number for offset, values in colors for number in (offset, *values)]
    if any(values[0] < 1 for _, values in alphas):
        numbers += [number for offset, values in alphas for number in (offset, *values)]
    return rounded_all(numbers), len(colors)


def _with_midpoints(stops: Sequence[tuple[float, float, list[float]]]) -> list[tuple[float, list[Any]]]:
    ordered = sorted(stops, key=lambda stop: stop[0])
    made: list[tuple[float, list[Any]]] = []
    for (offset, midpoint, values), (after, _, following) in itertools.pairwise(ordered):
        made.append((offset, values))
        if abs(midpoint - 0.5) > 0.005 and after > offset:  # half way is where a plain gradient has it
            half = [(a + b) / 2 for a, b in zip(values, following, strict=True)]
            made.append((offset + (after - offset) * midpoint, half))
    made.append((ordered[-1][0], ordered[-1][2]))
    return made
