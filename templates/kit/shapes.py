"""Shape items: geometry, paint, trims and groups. Only what the open renderer draws exactly (no merge paths, stars, repeaters)."""

import math
from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from kit.keys import Animated, Json, Number, keys, prop, tidy

Point: TypeAlias = tuple[Number, Number]


class Slot(NamedTuple):
    """A colour of the template that people choose: `key` is the slot, `value` the designed colour."""

    key: str
    value: str


Colour: TypeAlias = Slot | str


def rgb(colour: Colour) -> list[Number]:
    """`#rrggbb` as three numbers 0–1."""
    text = colour.value if isinstance(colour, Slot) else colour
    return [tidy(int(text[i : i + 2], 16) / 255) for i in (1, 3, 5)]


def colour_prop(colour: Colour) -> Json:
    """A colour property, with its slot id when it is a slot."""
    out: Json = {"a": 0, "k": [*rgb(colour), 1]}
    if isinstance(colour, Slot):
        out["sid"] = colour.key
    return out


def rect(width: Animated, height: Number = 0, *, radius: Animated = 0, at: Animated = (0, 0)) -> Json:
    """A rectangle around `at`; `width` may be an animated (width, height)."""
    size: Animated = (width, height) if isinstance(width, int | float) else width
    return {"ty": "rc", "d": 1, "s": prop(size), "p": prop(at), "r": prop(radius)}


def ellipse(width: Animated, height: Number | None = None, *, at: Animated = (0, 0)) -> Json:
    """An ellipse around `at`; a circle when `height` is left out; `width` may be an animated (width, height)."""
    size: Animated = (width, width if height is None else height) if isinstance(width, int | float) else width
    return {"ty": "el", "d": 1, "s": prop(size), "p": prop(at)}


def path(
    points: Sequence[Point],
    *,
    closed: bool = True,
    into: Sequence[Point] | None = None,
    out: Sequence[Point] | None = None,
) -> Json:
    """A path through `points`; tangents `into` and `out` relative to them (none: straight lines)."""
    zero: list[Point] = [(0, 0)] * len(points)
    return {
        "ty": "sh",
        "ks": {
            "a": 0,
            "k": {
                "c": closed,
                "v": [[tidy(x), tidy(y)] for x, y in points],
                "i": [[tidy(x), tidy(y)] for x, y in into or zero],
                "o": [[tidy(x), tidy(y)] for x, y in out or zero],
            },
        },
    }


_ROUND = 0.5523
"""How long a Bézier tangent is for a quarter of a circle of radius 1."""


def round_path(width: Number, height: Number, radius: Number, *, top: Number | None = None, at: Point = (0, 0)) -> Json:
    """A rectangle with round corners as a path, around `at`; `top` is the upper corners' radius where it differs."""
    w, h, r, q = width / 2, height / 2, radius, radius if top is None else top
    points = [(-w, q - h), (q - w, -h), (w - q, -h), (w, q - h), (w, h - r), (w - r, h), (r - w, h), (-w, h - r)]
    a, b = q * _ROUND, r * _ROUND
    into = [(0, 0), (-a, 0), (0, 0), (0, -a), (0, 0), (b, 0), (0, 0), (0, b)]
    out = [(0, -a), (0, 0), (a, 0), (0, 0), (0, b), (0, 0), (-b, 0), (0, 0)]
    return path([(x + at[0], y + at[1]) for x, y in points], into=into, out=out)


def line(*points: Point) -> Json:
    """An open polyline."""
    return path(points, closed=False)


def arc(radius: Number, start: Number, end: Number, *, at: Point = (0, 0)) -> Json:
    """An open arc of a circle from `start` to `end` degrees (clockwise, 0 = right)."""
    steps = max(1, math.ceil(abs(end - start) / 60))
    step = math.radians((end - start) / steps)
    k = 4 / 3 * math.tan(step / 4) * radius
    points, into, out = [], [], []
    for i in range(steps + 1):
        a = math.radians(start) + step * i
        points.append((at[0] + radius * math.cos(a), at[1] + radius * math.sin(a)))
        tangent = (-math.sin(a) * k, math.cos(a) * k)
        into.append((0, 0) if i == 0 else (-tangent[0], -tangent[1]))
        out.append((0, 0) if i == steps else tangent)
    return path(points, closed=False, into=into, out=out)


def burst(points: int, outer: Number, inner: Number) -> Json:
    """A star or seal as a plain path, first tip up."""
    return path(
        [
            (
                (outer if i % 2 == 0 else inner) * math.sin(math.pi * i / points),
                -(outer if i % 2 == 0 else inner) * math.cos(math.pi * i / points),
            )
            for i in range(points * 2)
        ]
    )


def fill(colour: Colour, opacity: Animated = 100, *, even_odd: bool = False) -> Json:
    """A plain fill; `even_odd` leaves out what two of the group's paths share."""
    return {"ty": "fl", "c": colour_prop(colour), "o": prop(opacity), "r": 2 if even_odd else 1}


def stroke(colour: Colour, width: Animated, opacity: Animated = 100, *, dash: Sequence[Number] = ()) -> Json:
    """A stroke with round caps and joins; `dash` is (dash, gap) in px."""
    out: Json = {"ty": "st", "c": colour_prop(colour), "o": prop(opacity), "w": prop(width), "lc": 2, "lj": 2}
    if dash:
        # Without names of their own lottie-web refuses the whole scene.
        out["d"] = [
            {"n": name[0], "nm": name, "v": prop(value)} for name, value in zip(("dash", "gap"), dash, strict=True)
        ]
    return out


def gradient(
    stops: Sequence[tuple[Number, Colour, Number]],
    start: Point,
    end: Point,
    *,
    radial: bool = False,
    opacity: Animated = 100,
) -> Json:
    """A gradient fill from `start` to `end` (radial: centre to rim); stops are (offset 0–1, colour, opacity 0–1)."""
    colours: list[Number] = []
    alphas: list[Number] = []
    sids: dict[str, str] = {}
    for i, (offset, colour, alpha) in enumerate(stops):
        colours += [tidy(offset), *rgb(colour)]
        alphas += [tidy(offset), tidy(alpha)]
        if isinstance(colour, Slot):
            sids[str(i)] = colour.key
    if all(stop[2] == 1 for stop in stops):
        alphas = []
    out: Json = {
        "ty": "gf",
        "o": prop(opacity),
        "r": 1,
        "t": 2 if radial else 1,
        "s": prop(start),
        "e": prop(end),
        "g": {"p": len(stops), "k": {"a": 0, "k": colours + alphas}},
    }
    if sids:
        out["sids"] = sids
    return out


def trim(start: Animated = 0, end: Animated = 100, offset: Animated = 0) -> Json:
    """Trims the paths before it in its group to `start`–`end` percent, turned by `offset` degrees."""
    return {"ty": "tm", "s": prop(start), "e": prop(end), "o": prop(offset), "m": 1}


def draw_on(frame: Number, length: Number = 24, **kwargs: Animated) -> Json:
    """A trim that draws a line on from `frame` on."""
    return trim(end=keys((frame, 0), (frame + length, 100)), **kwargs)


def group(
    *items: Json,
    name: str = "",
    at: Animated = (0, 0),
    scale: Animated = (100, 100),
    rotate: Animated = 0,
    opacity: Animated = 100,
    anchor: Point = (0, 0),
) -> Json:
    """Items under one transform; `name` is what a colour binding's `shape` names."""
    transform: Json = {
        "ty": "tr",
        "p": prop(at),
        "a": prop(anchor),
        "s": prop(scale),
        "r": prop(rotate),
        "o": prop(opacity),
    }
    return {"ty": "gr", "nm": name or "group", "it": [*items, transform]}
