"""Which parts of a composition are covered by something opaque, wholly and all the time: what is known without drawing.

Only the plain case is seen: still, axis-aligned rectangles of one opaque colour, and still shapes above them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from flatrender.engine.lottie.document import Json, is_number
from flatrender.engine.lottie.rewrite.timing import constant, scalar
from flatrender.engine.lottie.rewrite.wrapping import own_size
from flatrender.engine.lottie.walk import IMAGE, PRECOMP, SHAPE, SOLID, dicts

_PLAIN = frozenset({"gr", "sh", "rc", "el", "fl", "st", "gf", "gs", "tr", "tm", "mm"})
"""Items that paint no more than what the paths and their strokes cover."""
_MITER = 4.0
_SLACK = 1 / 20_000
"""Of a composition's longer side: a fifth of a pixel at 4K. Programs round to a thousandth of a pixel at several depths."""


class Box(NamedTuple):
    """An axis-aligned rectangle."""

    left: float
    top: float
    right: float
    bottom: float

    def holds(self, other: Box, slack: float) -> bool:
        """Whether the other lies inside, or sticks out by no more than `slack`."""
        ends = (other.left - self.left, other.top - self.top, self.right - other.right, self.bottom - other.bottom)
        return min(ends) >= -slack


class _Scaling(NamedTuple):
    """x and y scaled, then moved."""

    scale: tuple[float, float]
    move: tuple[float, float]

    def box(self, box: Box) -> Box:
        xs = sorted(x * self.scale[0] + self.move[0] for x in (box.left, box.right))
        ys = sorted(y * self.scale[1] + self.move[1] for y in (box.top, box.bottom))
        return Box(xs[0], ys[0], xs[1], ys[1])


def stands_on_ground(layer: Json, below: Sequence[Json], size: Box, lottie: Json) -> bool:
    """Whether the layer is seen only where one of the layers below it is opaque. `size` is the composition, beyond which nothing is seen."""
    grounds = [ground for other in below if _spans(other, layer) for ground in [opaque_box(other)] if ground]
    slack = _SLACK * max(size.right - size.left, size.bottom - size.top)
    if any(ground.holds(size, slack) for ground in grounds):
        return True
    bounds = _bounds(layer, lottie) if grounds else None
    return bounds is not None and any(ground.holds(bounds, slack) for ground in grounds)


def opaque_box(layer: Json, *, alone: bool = False) -> Box | None:
    """Return the rectangle that the layer covers without a gap while it is shown, as far as is known; with `alone` it paints nothing else."""
    place = _place(layer)
    if place is None or not _is_whole(layer) or scalar(_transform(layer).get("o"), 100) != 100:
        return None
    if layer.get("ty") == SOLID:
        size = (layer.get("sw"), layer.get("sh"))
        return place.box(Box(0, 0, *size)) if is_number(size[0]) and is_number(size[1]) else None  # type: ignore[arg-type]  # both are
    shapes = dicts(layer.get("shapes"))
    if layer.get("ty") != SHAPE or any(item.get("ty") not in ("gr", "rc", "sh", "fl") for item in _shown(shapes)):
        return None
    found = list(_filled_boxes(shapes))
    if alone and len(found) != 1:
        return None
    boxes = [place.box(box) for box in found if box is not None]
    return max(boxes, key=lambda box: (box.right - box.left) * (box.bottom - box.top), default=None)


def _filled_boxes(items: Sequence[Json]) -> Iterator[Box | None]:
    """Give the rectangle of each group that is nothing but one, filled, and None for anything else that may paint."""
    shown = _shown(items)
    groups = [item for item in shown if item.get("ty") == "gr"]
    if groups and len(groups) < len(shown) - sum(item.get("ty") == "tr" for item in shown):
        yield None  # a fill beside groups paints them too
        return
    if groups:
        own = _group_place(shown)
        for group in groups:
            for box in _filled_boxes(dicts(group.get("it"))):
                yield None if box is None or own is None or group.get("bm") else own.box(box)
        return
    paths = [item for item in shown if item.get("ty") in ("sh", "rc", "el")]
    paints = [item for item in shown if item.get("ty") not in ("sh", "rc", "el", "tr")]
    own, box = _group_place(shown), _rectangle(paths[0]) if len(paths) == 1 else None
    if own is None or box is None or len(paints) != 1 or not _is_opaque_fill(paints[0]):
        yield None
        return
    yield own.box(box)


def _is_opaque_fill(item: Json) -> bool:
    color = item.get("c")
    if item.get("ty") != "fl" or item.get("bm") or scalar(item.get("o"), 100) != 100 or not isinstance(color, dict):
        return False
    value = color.get("k")
    return not (isinstance(value, list) and len(value) > 3 and is_number(value[3]) and value[3] < 1)


def _rectangle(item: Json) -> Box | None:
    if item.get("ty") == "rc":
        size, middle = constant(item.get("s"), ()), constant(item.get("p"), (0.0, 0.0))
        if not size or middle is None or len(size) < 2 or len(middle) < 2 or scalar(item.get("r"), 0) != 0:
            return None
        return Box(middle[0] - size[0] / 2, middle[1] - size[1] / 2, middle[0] + size[0] / 2, middle[1] + size[1] / 2)
    points = _still_path(item)
    if points is None:
        return None
    vertices, handles, closed = points
    if len(vertices) != 4 or not closed or any(any(handle) for handle in handles):
        return None
    sides = [(a[0] == b[0], a[1] == b[1]) for a, b in zip(vertices, [*vertices[1:], vertices[0]], strict=True)]
    if sides not in ([(True, False), (False, True)] * 2, [(False, True), (True, False)] * 2):
        return None
    return _around(vertices)


_Points = list[tuple[float, float]]


def _still_path(item: Json) -> tuple[_Points, _Points, bool] | None:
    """Return a still path's corners, its handles (relative to the corners, first those before) and whether it is closed."""
    held = item.get("ks")
    path = held.get("k") if isinstance(held, dict) and not isinstance(held.get("x"), str) else None
    if item.get("ty") != "sh" or not isinstance(path, dict):
        return None
    lists = [_pairs(path.get(key)) for key in ("v", "i", "o")]
    vertices, before, after = lists
    if not vertices or before is None or after is None or not len(vertices) == len(before) == len(after):
        return None
    return vertices, [*before, *after], path.get("c") is True


def _pairs(value: object) -> _Points | None:
    if not isinstance(value, list):
        return None
    if not all(
        isinstance(pair, list) and len(pair) >= 2 and is_number(pair[0]) and is_number(pair[1]) for pair in value
    ):
        return None
    return [(pair[0], pair[1]) for pair in value]


def _around(points: Sequence[tuple[float, float]]) -> Box:
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return Box(min(xs), min(ys), max(xs), max(ys))


def _bounds(layer: Json, lottie: Json) -> Box | None:
    """Return a box that holds all that the layer shows at any time; None when that is not known."""
    place = _place(layer)
    if place is None or any(effect.get("en", 1) for effect in dicts(layer.get("ef"))) or layer.get("sy"):
        return None
    if layer.get("ty") in (PRECOMP, IMAGE, SOLID):
        size = own_size(lottie, layer)
        return place.box(Box(0, 0, *size)) if size else None
    inside = _painted(dicts(layer.get("shapes"))) if layer.get("ty") == SHAPE else None
    return place.box(inside) if inside else None


def _painted(items: Sequence[Json]) -> Box | None:
    shown = _shown(items)
    own = _group_place(shown)
    if own is None or any(item.get("ty") not in _PLAIN for item in shown):
        return None
    boxes: list[Box] = []
    for item in shown:
        box = _path_bounds(item)
        if box is not None:
            boxes.append(box)
        elif item.get("ty") in ("gr", "sh", "rc", "el"):
            return None
    if not boxes:
        return None
    wide = 0.0
    for stroke in (item for item in shown if item.get("ty") in ("st", "gs")):
        width = scalar(stroke.get("w"), 0)
        miter = stroke.get("ml", _MITER)
        if width is None or not is_number(miter):
            return None
        wide = max(wide, width / 2 * max(1.0, miter, _MITER))
    whole = _around([corner for box in boxes for corner in ((box.left, box.top), (box.right, box.bottom))])
    return own.box(Box(whole.left - wide, whole.top - wide, whole.right + wide, whole.bottom + wide))


def _path_bounds(item: Json) -> Box | None:
    match item.get("ty"):
        case "gr":
            return _painted(dicts(item.get("it")))
        case "rc" | "el":
            size, middle = constant(item.get("s"), ()), constant(item.get("p"), (0.0, 0.0))
            if not size or middle is None or len(size) < 2 or len(middle) < 2:
                return None
            half = (abs(size[0]) / 2, abs(size[1]) / 2)
            return Box(middle[0] - half[0], middle[1] - half[1], middle[0] + half[0], middle[1] + half[1])
        case "sh":
            points = _still_path(item)
            if points is None:
                return None
            vertices, handles, _ = points
            corners = [*vertices, *vertices]
            bent = [(x + dx, y + dy) for (x, y), (dx, dy) in zip(corners, handles, strict=True)]
            return _around([*vertices, *bent])
    return None


def _shown(items: Sequence[Json]) -> list[Json]:
    return [item for item in items if item.get("hd") is not True]


def _group_place(items: Sequence[Json]) -> _Scaling | None:
    transforms = [item for item in items if item.get("ty") == "tr"]
    if not transforms:
        return _Scaling((1, 1), (0, 0))
    if len(transforms) > 1 or scalar(transforms[0].get("o"), 100) != 100:
        return None
    return _scaling(transforms[0])


def _transform(layer: Json) -> Json:
    transform = layer.get("ks")
    return transform if isinstance(transform, dict) else {}


def _place(layer: Json) -> _Scaling | None:
    if layer.get("parent") is not None or layer.get("ddd") or layer.get("ao"):
        return None
    return _scaling(_transform(layer))


def _scaling(transform: Json) -> _Scaling | None:
    """Return a transform that stands still and does not turn."""
    if scalar(transform.get("r"), 0) != 0 or scalar(transform.get("sk"), 0) != 0 or "rz" in transform:
        return None
    place, anchor = constant(transform.get("p"), (0.0, 0.0)), constant(transform.get("a"), (0.0, 0.0))
    scale = constant(transform.get("s"), (100.0, 100.0))
    if place is None or anchor is None or scale is None or min(len(place), len(anchor), len(scale)) < 2:
        return None
    across, down = scale[0] / 100, scale[1] / 100
    values = (across, down, place[0] - anchor[0] * across, place[1] - anchor[1] * down)
    return _Scaling(values[:2], values[2:]) if all(map(math.isfinite, values)) else None


def _is_whole(layer: Json) -> bool:
    """Whether nothing takes a part of the layer away, or mixes it with what is below."""
    if layer.get("hd") is True or layer.get("bm") or layer.get("tt") or layer.get("sy") or layer.get("td"):
        return False
    return not dicts(layer.get("masksProperties")) and not any(effect.get("en", 1) for effect in dicts(layer.get("ef")))


def _spans(other: Json, layer: Json) -> bool:
    """Whether the other is shown as long as the layer."""
    times = [one.get(key) for one in (other, layer) for key in ("ip", "op")]
    return all(is_number(time) for time in times) and times[0] <= times[2] and times[1] >= times[3]  # type: ignore[operator]  # numbers
