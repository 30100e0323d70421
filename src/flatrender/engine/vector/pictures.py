"""Where a scene shows pictures: areas whose colours cannot come from the template's. They keep their colours when the rest is recoloured.

In the tracing process only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flatrender.engine.vector.quantize import EXACT, Pixels, Tolerance, histogram, oklab, rgb

_CELL = 4
"""Pixels a side of the cells by which areas are found."""
_STEP = 24
"""Difference (of 255) of two neighbouring cells from which they are of two areas."""
_FOREIGN = 0.03
"""Share of an area's colours that the template cannot make, from which it is a picture: measured, drawn areas have up to 0.004, pictures from 0.05."""
_FOREIGN_LARGE = 0.2
"""The same for an area of more than half of the scene: a ground that a picture lies on without an edge is not one."""
_SMALL = 40
"""Cells of an area that says nothing by itself; it belongs to the pictures that are around it."""
_LEAST = 0.5
"""Share of the scene that must be of the template's colours for the rest to say anything."""


def picture_areas(pixels: Pixels, colors: Sequence[str], tolerance: Tolerance = EXACT) -> NDArray[np.bool_] | None:
    """Return which pixels (of rows × columns × 3, sRGB) belong to pictures; None when the scene was not drawn with these colours."""
    if not colors:
        return None
    bins, _, where = histogram(pixels, np.ones(pixels.shape[:2]))
    slots = np.array([rgb(color) for color in dict.fromkeys(colors)], np.float64)
    lab = oklab(bins)
    pure = np.full(len(bins), np.inf)
    for slot in slots:
        pure = np.minimum(pure, np.linalg.norm(lab - oklab(slot.astype(np.uint8)), axis=1))
    made = pure.copy()
    for mixture in _mixtures(bins.astype(np.float64), slots):
        made = np.minimum(made, np.linalg.norm(lab - oklab(np.rint(mixture).astype(np.uint8)), axis=1))
    shape = pixels.shape[:2]
    is_pure = (pure <= tolerance.made)[where].reshape(shape)
    foreign = (made > tolerance.made)[where].reshape(shape)
    if foreign.mean() > 1 - _LEAST:
        return None
    means = np.stack([_shares(pixels[:, :, part]) for part in range(3)], axis=2)
    cells = _areas(_shares(is_pure) < 0.5, _shares(foreign), means)
    wide = np.repeat(np.repeat(cells, _CELL, axis=0), _CELL, axis=1)[: shape[0], : shape[1]]
    return wide & ~is_pure


def _mixtures(colors: NDArray[np.float64], slots: NDArray[np.float64]) -> Iterator[NDArray[np.float64]]:
    """Give for each mixture of two or three template colours (and of one with some white or black) the nearest to each colour."""
    pairs = [(a, b, 1.0) for a, b in combinations(slots, 2)]
    pairs += [(a, np.full(3, ground), 0.4) for a in slots for ground in (0.0, 255.0)]
    for a, b, most in pairs:
        span = b - a
        length = span @ span
        if length >= 1:
            yield a + np.clip((colors - a) @ span / length, 0, most)[:, None] * span
    for a, b, c in combinations(slots, 3):
        sides = np.stack([b - a, c - a], axis=1)
        if abs(np.linalg.det(sides.T @ sides)) < 1e4:
            continue
        shares = (colors - a) @ np.linalg.pinv(sides).T
        third = np.minimum(shares.min(axis=1), 1 - shares.sum(axis=1))
        # Little of the third: much of each of three is rather the grey of a photograph.
        inside = (third >= 0) & (third <= 0.25)
        yield np.where(inside[:, None], (a + shares @ sides.T).clip(0, 255), a)


def _shares(mask: NDArray[Any]) -> NDArray[np.float64]:
    """Return the mean of each cell: of a mask the share of its pixels that are in it."""
    rows, columns = (-(-side // _CELL) for side in mask.shape)
    padded = np.pad(
        mask.astype(np.float64), ((0, rows * _CELL - mask.shape[0]), (0, columns * _CELL - mask.shape[1])), "edge"
    )
    shares: NDArray[np.float64] = padded.reshape(rows, _CELL, columns, _CELL).mean(axis=(1, 3))
    return shares


def _areas(connected: NDArray[np.bool_], foreign: NDArray[np.float64], means: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return the cells of the areas that are pictures; an area is what is connected by sides without a step in colour."""
    found = np.zeros_like(connected)
    small = np.zeros_like(connected)
    across = (np.abs(np.diff(means, axis=1)).max(axis=2) <= _STEP) & connected[:, 1:] & connected[:, :-1]
    down = (np.abs(np.diff(means, axis=0)).max(axis=2) <= _STEP) & connected[1:] & connected[:-1]
    right, below = np.pad(across, ((0, 0), (0, 1))).tolist(), np.pad(down, ((0, 1), (0, 0))).tolist()
    left_over = connected.tolist()
    for row, column in np.argwhere(connected).tolist():
        if left_over[row][column]:
            area = _area(left_over, right, below, row, column)
            where = tuple(np.array(area).T)
            least = _FOREIGN_LARGE if len(area) > connected.size / 2 else _FOREIGN
            if foreign[where].mean() >= least and len(area) >= 4:
                found[where] = True
            elif len(area) < _SMALL:
                small[where] = True
    for _ in range(3):
        around = sum(
            np.pad(found, 1)[1 + y : 1 + y + found.shape[0], 1 + x : 1 + x + found.shape[1]].astype(np.int8)
            for y in (-1, 0, 1)
            for x in (-1, 0, 1)
        )
        found |= small & (around >= 3)
    return found


def _area(
    left_over: list[list[bool]], right: list[list[bool]], below: list[list[bool]], row: int, column: int
) -> list[tuple[int, int]]:
    """Return the cells that are connected with this one, and take them out of what is left over."""
    left_over[row][column] = False
    area = [(row, column)]
    for y, x in area:  # grows while it is walked through
        for v, u, joined in (
            (y, x + 1, right[y][x]),
            (y + 1, x, below[y][x]),
            (y, x - 1, x > 0 and right[y][x - 1]),
            (y - 1, x, y > 0 and below[y - 1][x]),
        ):
            if joined and left_over[v][u]:
                left_over[v][u] = False
                area.append((v, u))
    return area
