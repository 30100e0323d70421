"""A picture in few colours: template colours first, then those that say most; the soft edges between two areas belong to one of them.

In the tracing process only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Labels = NDArray[np.int16]

TRANSPARENT = -1
_SEED_NEAR = 0.02
"""Oklab distance within which a pixel counts for a template colour."""
_SEED_SHARE = 0.0004
"""Share of the picture that a template colour needs to be a colour of its own."""
_STEP = 8
"""Difference (of 255), and the tolerance, from which two neighbouring pixels are of two areas."""
_ROUNDS = 10
_MANY = 20_000

# Björn Ottosson, “A perceptual color space for image processing”, 2020.
_TO_CONES = np.array(
    [[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566], [0.0883024619, 0.2817188376, 0.6299787005]]
)  # fmt: skip
_TO_LAB = np.array(
    [[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099], [0.0259040371, 0.7827717662, -0.8086757660]]
)  # fmt: skip
_LIGHT = np.where(np.arange(256) <= 10, np.arange(256) / 255 / 12.92, ((np.arange(256) / 255 + 0.055) / 1.055) ** 2.4)


def oklab(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return sRGB values (…, 3) in Oklab."""
    cones: NDArray[np.float64] = np.cbrt(_LIGHT[pixels] @ _TO_CONES.T)
    lab: NDArray[np.float32] = (cones @ _TO_LAB.T).astype(np.float32)
    return lab


def rgb(color: str) -> tuple[int, int, int]:
    """Return `#rrggbb` as three values of 0 to 255."""
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


class Tolerance(NamedTuple):
    """How exactly colours are taken."""

    same: float
    """Oklab distance below which two colours are one."""
    made: float
    """Oklab distance up to which a colour is one of the template's, or a mixture of them."""
    level: int
    """Difference (of 255) up to which a pixel still lies between its neighbours."""


EXACT = Tolerance(0.012, 0.008, 2)
LOSSY = Tolerance(0.02, 0.01, 4)
"""For JPEG and the like, whose areas of one colour have several."""


def quantized(
    pixels: Pixels,
    layers: Sequence[NDArray[np.bool_]],
    *,
    colors: Sequence[int],
    seeds: Sequence[str],
    tolerance: Tolerance = EXACT,
) -> tuple[Labels, list[list[str]]]:
    """Return for each pixel (rows × columns × 3, sRGB) the number of its colour, and each layer's colours as `#rrggbb`.

    `layers` are masks that do not overlap, each with at most so many `colors` of its own; numbers go on from one to the next. The first
    one's have among them those of `seeds` that it shows, as they are. What is in no layer is TRANSPARENT. The same picture always gives
    the same answer.
    """
    soft = _soft_edges(pixels, tolerance.level)
    labels: Labels = np.full(pixels.shape[:2], TRANSPARENT, np.int16)
    centers: list[Pixels] = []
    owners: list[int] = []
    for number, (layer, most) in enumerate(zip(layers, colors, strict=True)):
        if not layer.any():
            continue
        inside = pixels[layer]
        bins, weights, where = histogram(inside, np.where(soft[layer], 0.1, 1.0))
        own = _centers(bins, weights, colors=most, seeds=seeds if number == 0 else (), same=tolerance.same)
        labels[layer] = _nearest(oklab(bins), oklab(own))[where] + len(owners)
        centers.append(own)
        owners += [number] * len(own)
    if not centers:
        return labels, [[] for _ in layers]
    palette = np.concatenate(centers)
    solid = labels != TRANSPARENT
    _settle_edges(labels, pixels, oklab(palette), soft & solid, solid)
    used = np.unique(labels[solid])
    numbers = np.full(len(palette) + 1, TRANSPARENT, np.int16)
    numbers[used] = np.arange(len(used), dtype=np.int16)
    named = ["#{:02x}{:02x}{:02x}".format(*palette[number]) for number in used]
    return numbers[labels], [
        [name for name, n in zip(named, used, strict=True) if owners[n] == number] for number in range(len(layers))
    ]


def histogram(pixels: Pixels, weight: NDArray[np.float64]) -> tuple[Pixels, NDArray[np.float64], NDArray[np.intp]]:
    """Return the colours that occur (of pixels, … × 3: means of bins of 4 levels a channel), how much of each, and each pixel's bin.

    A picture with very many colours has bins of 8 levels.
    """
    flat = pixels.reshape(-1, 3).astype(np.int64)
    for levels in (2, 3):
        key = ((flat[:, 0] >> levels) << 16) | ((flat[:, 1] >> levels) << 8) | (flat[:, 2] >> levels)
        kinds, where = np.unique(key, return_inverse=True)
        if len(kinds) <= _MANY:
            break
    count = np.bincount(where)
    means = np.stack([np.bincount(where, flat[:, part]) / count for part in range(3)], axis=1)
    amounts: NDArray[np.float64] = np.bincount(where, weight.reshape(-1)).astype(np.float64)
    return np.rint(means).astype(np.uint8), amounts, where


def _centers(bins: Pixels, weights: NDArray[np.float64], *, colors: int, seeds: Sequence[str], same: float) -> Pixels:
    """Return the colours: seeds that occur, then always the one that the rest of the picture is farthest from, moved to its pixels' mean."""
    lab = oklab(bins)
    total = max(weights.sum(), 1.0)
    found: list[NDArray[np.uint8]] = []
    for seed in dict.fromkeys(seeds):
        color = np.array(rgb(seed), np.uint8)
        near = np.linalg.norm(lab - oklab(color), axis=1) < _SEED_NEAR
        if weights[near].sum() >= _SEED_SHARE * total and len(found) < colors:
            found.append(color)
    kept = len(found)
    distance = np.full(len(bins), np.inf, np.float64)
    for color in found:
        distance = np.minimum(distance, np.linalg.norm(lab - oklab(color), axis=1))
    while len(found) < colors:
        gain = np.where(distance < same, 0.0, weights * np.minimum(distance, 1.0) ** 2)
        best = int(gain.argmax())
        if gain[best] <= 0:
            break
        found.append(bins[best])
        distance = np.minimum(distance, np.linalg.norm(lab - lab[best], axis=1))
    centers = np.array(found or [np.zeros(3, np.uint8)], np.uint8)
    for _ in range(_ROUNDS):
        owner = _nearest(lab, oklab(centers))
        mass = np.bincount(owner, weights, len(centers))
        moved = centers.copy()
        for part in range(3):
            mean = np.bincount(owner, weights * bins[:, part], len(centers)) / np.maximum(mass, 1e-9)
            moved[kept:, part] = np.where(mass > 0, np.rint(mean), centers[:, part])[kept:]
        if (moved == centers).all():
            break
        centers = moved
    return _distinct(centers)


def _distinct(centers: Pixels) -> Pixels:
    _, first = np.unique(centers, axis=0, return_index=True)
    return centers[np.sort(first)]


def _nearest(lab: NDArray[np.float32], palette: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return the nearest palette colour of each."""
    best = np.full(len(lab), np.inf, np.float32)
    owner = np.zeros(len(lab), np.int64)
    for number, color in enumerate(palette):
        away = ((lab - color) ** 2).sum(axis=1)
        closer = away < best
        best[closer], owner[closer] = away[closer], number
    return owner


_ACROSS = ((0, 1), (1, 0), (1, 1), (1, -1))


def _soft_edges(pixels: Pixels, level: int) -> NDArray[np.bool_]:
    """Return which pixels lie between their neighbours: the colour of an edge that was drawn smoothly, which no area has."""
    values = pixels.astype(np.int16)
    padded = np.pad(values, ((1, 1), (1, 1), (0, 0)), "edge")
    rows, columns = pixels.shape[:2]
    soft = np.zeros((rows, columns), bool)
    for down, right in _ACROSS:
        before = padded[1 - down : 1 - down + rows, 1 - right : 1 - right + columns]
        after = padded[1 + down : 1 + down + rows, 1 + right : 1 + right + columns]
        low, high = np.minimum(before, after), np.maximum(before, after)
        between = ((values >= low - level) & (values <= high + level)).all(axis=2)
        step = _STEP + level
        apart = (np.abs(values - before).max(axis=2) > step) & (np.abs(values - after).max(axis=2) > step)
        soft |= between & apart
    return soft


def _settle_edges(
    labels: Labels, pixels: Pixels, palette: NDArray[np.float32], soft: NDArray[np.bool_], solid: NDArray[np.bool_]
) -> None:
    """Give each pixel of a soft edge the nearest of the colours around it (5 × 5) that are no soft edge themselves."""
    rows, columns = np.nonzero(soft)
    if len(rows) == 0:
        return
    own = oklab(pixels[rows, columns])
    best = np.full(len(rows), np.inf, np.float32)
    chosen = labels[rows, columns].copy()
    settled = ~soft & solid
    for down in (-2, -1, 0, 1, 2):
        for right in (-2, -1, 0, 1, 2):
            y, x = rows + down, columns + right
            inside = (y >= 0) & (y < labels.shape[0]) & (x >= 0) & (x < labels.shape[1])
            y, x = y.clip(0, labels.shape[0] - 1), x.clip(0, labels.shape[1] - 1)
            candidate = labels[y, x]
            away = ((own - palette[candidate]) ** 2).sum(axis=1)
            closer = inside & settled[y, x] & (away < best)
            best[closer], chosen[closer] = away[closer], candidate[closer]
    labels[rows, columns] = chosen
