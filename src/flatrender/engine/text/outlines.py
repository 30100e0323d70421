"""Outlines: contours of glyphs, moved, scaled, and united where they overlap."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import pathops
from fontTools.cu2qu import curve_to_quadratic

from flatrender.engine.lazy import LazyModule

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
else:
    np = LazyModule("numpy")  # it takes a quarter of a second to load, and few scenes need it

Contour = tuple[tuple[float, ...], ...]
"""One closed contour: the start (x, y), then cubics (x1, y1, x2, y2, x, y)."""

Matrix = tuple[float, float, float, float, float, float]
"""An affine map (xx, yx, xy, yy, dx, dy): x' = xx·x + xy·y + dx, y' = yx·x + yy·y + dy."""

IDENTITY: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)

# Booleans of outlines with many thousands of segments take seconds; such outlines are drawn as they are.
_MAX_SEGMENTS = 6000
# Of the outline's greater side: how far a quadratic curve may be from the cubic that it stands for.
_CURVE_ERROR = 2e-4
# Scan lines on which a union is checked, and the ink (of the outline's width) that it may lose or gain on one.
_SCANS = 40
_SCAN_ERROR = 0.004
_PARTS = 8
"""Straight pieces by which a curve is measured."""


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
    """Return outlines of the same ink (non-zero winding) without overlaps; what cannot be united surely comes back as it was."""
    given = tuple(contours)
    if sum(map(len, given)) > _MAX_SEGMENTS:
        return given
    path = _path(given)
    try:
        path.simplify(fix_winding=True)
        united = _contours(path)
    except pathops.PathOpsError:
        return given
    return united if _same_ink(given, united) else given


def _same_ink(one: tuple[Contour, ...], other: tuple[Contour, ...]) -> bool:
    """Whether two outlines cover the same lengths of horizontal lines: booleans of curves go wrong at times, and then lose whole letters."""
    edges, others = _edges(one), _edges(other)
    if not len(edges) or not len(others):
        return len(edges) == len(others)
    low, high = edges[:, 1].min(), edges[:, 1].max()
    wide = edges[:, 0].max() - edges[:, 0].min()
    # Off whole and half shares of the height, where fonts have their horizontal edges.
    scans = low + (high - low) * (np.arange(_SCANS) + 0.4637) / _SCANS
    return all(abs(_covered(edges, y) - _covered(others, y)) <= _SCAN_ERROR * wide for y in scans)


def _edges(contours: tuple[Contour, ...]) -> NDArray[np.float64]:
    """Return contours as straight edges (x, y, x', y')."""
    rings = []
    for contour in contours:
        curves = np.array(contour[1:])
        starts = np.array([contour[0], *(point[-2:] for point in contour[1:-1])])
        p0, p1, p2, p3 = (part[:, None, :] for part in (starts, curves[:, 0:2], curves[:, 2:4], curves[:, 4:6]))
        step = np.linspace(0, 1, _PARTS + 1)[1:, None]
        rest = 1 - step
        points = rest**3 * p0 + 3 * rest**2 * step * p1 + 3 * rest * step**2 * p2 + step**3 * p3
        ring = np.concatenate([starts[:1], points.reshape(-1, 2)])
        rings.append(np.concatenate([ring, np.roll(ring, -1, axis=0)], axis=1))
    return np.concatenate(rings) if rings else np.empty((0, 4))


def _covered(edges: NDArray[np.float64], y: float) -> float:
    """Return the length of the horizontal line at `y` that is inside, by non-zero winding."""
    above = edges[:, 1] > y
    crossing = edges[above != (edges[:, 3] > y)]
    if not len(crossing):
        return 0.0
    at = crossing[:, 0] + (y - crossing[:, 1]) / (crossing[:, 3] - crossing[:, 1]) * (crossing[:, 2] - crossing[:, 0])
    order = np.argsort(at)
    winding = np.cumsum(np.where(crossing[order, 1] > y, -1, 1))
    return float(np.diff(at[order])[winding[:-1] != 0].sum())


def intersect(one: Iterable[Contour], other: Iterable[Contour]) -> tuple[Contour, ...]:
    """Return outlines of the ink that both have; `one` itself where that cannot be found."""
    given, inside = tuple(one), tuple(other)
    if sum(map(len, given)) + sum(map(len, inside)) > _MAX_SEGMENTS:
        return given
    try:
        return _contours(pathops.op(_path(given), _path(inside), pathops.PathOp.INTERSECTION, fix_winding=True))
    except pathops.PathOpsError:
        return given


def _path(contours: Iterable[Contour]) -> Any:
    """Return contours as a path of lines and quadratics: booleans of cubics are the ones that go wrong most."""
    path = pathops.Path(fillType=pathops.FillType.WINDING)
    given = tuple(contours)
    xs = [x for contour in given for point in contour for x in point[::2]]
    ys = [y for contour in given for point in contour for y in point[1::2]]
    error = _CURVE_ERROR * max(max(xs, default=1) - min(xs, default=0), max(ys, default=1) - min(ys, default=0))
    for contour in given:
        x, y = contour[0]
        path.moveTo(x, y)
        for x1, y1, x2, y2, x3, y3 in contour[1:]:
            qx, qy = (3 * x1 - x) / 2, (3 * y1 - y) / 2
            if (x1, y1) == (x, y) and (x2, y2) == (x3, y3):
                path.lineTo(x3, y3)
            elif abs(3 * x2 - x3 - 2 * qx) < error and abs(3 * y2 - y3 - 2 * qy) < error:
                path.quadTo(qx, qy, x3, y3)  # the cubic was a quadratic, raised
            else:
                _add_quadratics(path, ((x, y), (x1, y1), (x2, y2), (x3, y3)), error)
            x, y = x3, y3
        path.close()
    return path


def _add_quadratics(path: Any, cubic: tuple[tuple[float, float], ...], error: float) -> None:
    spline = curve_to_quadratic(cubic, error)
    for index in range(1, len(spline) - 1):
        cx, cy = spline[index]
        if index < len(spline) - 2:
            nx, ny = spline[index + 1]
            path.quadTo(cx, cy, (cx + nx) / 2, (cy + ny) / 2)
        else:
            path.quadTo(cx, cy, *spline[-1])


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
