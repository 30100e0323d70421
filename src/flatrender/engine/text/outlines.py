"""Outlines: contours of glyphs, moved, scaled, and united where they overlap."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pathops

Contour = tuple[tuple[float, ...], ...]
"""One closed contour: the start (x, y), then cubics (x1, y1, x2, y2, x, y)."""

Matrix = tuple[float, float, float, float, float, float]
"""An affine map (xx, yx, xy, yy, dx, dy): x' = xx·x + xy·y + dx, y' = yx·x + yy·y + dy."""

IDENTITY: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)

# Booleans of outlines with many thousands of segments take seconds; such outlines are drawn as they are.
_MAX_SEGMENTS = 6000


def multiply(outer: Matrix, inner: Matrix) -> Matrix:
    """Return the map that applies `inner` first, then `outer`."""
    a, b, c, d, e, f = outer
    p, q, r, s, u, v = inner
    return (a * p + c * q, b * p + d * q, a * r + c * s, b * r + d * s, a * u + c * v + e, b * u + d * v + f)


def transform(contours: Iterable[Contour], matrix: Matrix) -> tuple[Contour, ...]:
    """Return the contours under an affine map."""
    a, b, c, d, e, f = matrix
    return tuple(
        tuple(
            tuple(
                value
                for i in range(0, len(point), 2)
                for value in (a * point[i] + c * point[i + 1] + e, b * point[i] + d * point[i + 1] + f)
            )
            for point in contour
        )
        for contour in contours
    )


def unite(contours: Iterable[Contour]) -> tuple[Contour, ...]:
    """Return outlines of the same ink (non-zero winding) without overlaps; what cannot be united comes back as it was."""
    given = tuple(contours)
    if sum(map(len, given)) > _MAX_SEGMENTS:
        return given
    path = _path(given)
    try:
        path.simplify(fix_winding=True)
        return _contours(path)
    except pathops.PathOpsError:
        return given


def intersect(one: Iterable[Contour], other: Iterable[Contour]) -> tuple[Contour, ...]:
    """Return outlines of the ink that both have; `one` itself where that cannot be found."""
    given = tuple(one)
    try:
        return _contours(pathops.op(_path(given), _path(other), pathops.PathOp.INTERSECTION, fix_winding=True))
    except pathops.PathOpsError:
        return given


def _path(contours: Iterable[Contour]) -> Any:
    path = pathops.Path(fillType=pathops.FillType.WINDING)
    for contour in contours:
        x, y = contour[0]
        path.moveTo(x, y)
        for x1, y1, x2, y2, x3, y3 in contour[1:]:
            if (x1, y1) == (x, y) and (x2, y2) == (x3, y3):
                path.lineTo(x3, y3)
            else:
                path.cubicTo(x1, y1, x2, y2, x3, y3)
            x, y = x3, y3
        path.close()
    return path


def _contours(path: Any) -> tuple[Contour, ...]:
    path.convertConicsToQuads()
    return tuple(_read(path))


def _read(path: Any) -> Iterator[Contour]:
    current: list[tuple[float, ...]] = []
    x = y = 0.0
    for verb, points in path:
        if verb == pathops.PathVerb.MOVE:
            if len(current) > 1:
                yield tuple(current)
            ((x, y),) = points
            current = [(x, y)]
            continue
        if verb == pathops.PathVerb.LINE:
            ((x3, y3),) = points
            current.append((x, y, x3, y3, x3, y3))
        elif verb == pathops.PathVerb.QUAD:
            (cx, cy), (x3, y3) = points
            current.append(
                (x + (cx - x) * 2 / 3, y + (cy - y) * 2 / 3, x3 + (cx - x3) * 2 / 3, y3 + (cy - y3) * 2 / 3, x3, y3)
            )
        elif verb == pathops.PathVerb.CUBIC:
            (x1, y1), (x2, y2), (x3, y3) = points
            current.append((x1, y1, x2, y2, x3, y3))
        else:
            continue
        x, y = x3, y3
    if len(current) > 1:
        yield tuple(current)
