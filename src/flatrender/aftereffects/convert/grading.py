"""What the colour effects of After Effects make of a colour.

Each takes the values of the effect's parameters and returns a function of red, green and blue from 0 to 1. Levels and curves are After Effects' own
arithmetic; what is only near is said where the effect is read.
"""

from __future__ import annotations

import colorsys
import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Rgb = tuple[float, float, float]
LUMA = (0.299, 0.587, 0.114)
"""Weights of ITU-R BT.601, by which After Effects judges the lightness of a colour."""
_LINEAR = 2.2
"""The exponent between stored and linear light that Exposure counts with."""


def clipped(color: Sequence[float]) -> Rgb:
    """Return a colour with its parts between 0 and 1."""
    red, green, blue = (min(max(part, 0.0), 1.0) for part in color[:3])
    return red, green, blue


def luma(color: Rgb) -> float:
    """Return the lightness of a colour."""
    return sum(part * weight for part, weight in zip(color, LUMA, strict=True))


def mixed(one: Sequence[float], other: Sequence[float], share: float) -> Rgb:
    """Return a colour between two: `share` of the other."""
    red, green, blue = (a + (b - a) * share for a, b in zip(one[:3], other[:3], strict=True))
    return red, green, blue


def per_part(change: Callable[[float], float], parts: Sequence[int] = (0, 1, 2)) -> Callable[[Rgb], Rgb]:
    """Return a function that changes some of red, green and blue alike."""
    return lambda color: clipped([change(part) if index in parts else part for index, part in enumerate(color)])


def inverted(parts: Sequence[int], keep: float) -> Callable[[Rgb], Rgb]:
    """Invert: `keep` of the original stays, 0 to 1."""
    return per_part(lambda part: (1 - part) * (1 - keep) + part * keep, parts)


def levelled(
    black: float, white: float, gamma: float, low: float, high: float, parts: Sequence[int]
) -> Callable[[Rgb], Rgb]:
    """Levels: input black and white, gamma, output black and white, 0 to 1."""

    def change(part: float) -> float:
        span = white - black
        inside = min(max((part - black) / span, 0.0), 1.0) if span else float(part >= black)
        return low + (high - low) * math.pow(inside, 1 / max(gamma, 0.01))

    return per_part(change, parts)


def exposed(stops: float, offset: float, gamma: float) -> Callable[[Rgb], Rgb]:
    """Exposure: stops, offset and gamma correction, in linear light."""

    def change(part: float) -> float:
        light: float = max(part**_LINEAR * 2.0**stops + offset, 0.0)
        return math.pow(light, 1 / max(gamma, 0.01) / _LINEAR)

    return per_part(change)


def contrasted(brightness: float, contrast: float) -> Callable[[Rgb], Rgb]:
    """Brightness & Contrast, -1 to 1 each."""
    slope = 1 + contrast if contrast <= 0 else 1 / max(1 - contrast, 0.01)
    return per_part(lambda part: (part + brightness - 0.5) * slope + 0.5)


def shifted(hue: float, saturation: float, lightness: float) -> Callable[[Rgb], Rgb]:
    """Hue/Saturation: hue in turns, saturation and lightness -1 to 1."""

    def change(color: Rgb) -> Rgb:
        own_hue, light, amount = colorsys.rgb_to_hls(*clipped(color))
        amount = amount * (1 + saturation) if saturation <= 0 else min(amount / max(1 - saturation, 0.01), 1.0)
        return lightened(colorsys.hls_to_rgb((own_hue + hue) % 1, light, amount), lightness)

    return change


def colorized(hue: float, saturation: float, lightness: float) -> Callable[[Rgb], Rgb]:
    """Hue/Saturation's colorize: hue in turns, saturation 0 to 1, lightness -1 to 1."""

    def change(color: Rgb) -> Rgb:
        return lightened(colorsys.hls_to_rgb(hue % 1, luma(clipped(color)), saturation), lightness)

    return change


def lightened(color: Rgb, lightness: float) -> Rgb:
    """Move a colour towards white (above 0) or black (below)."""
    return mixed(color, (1, 1, 1), lightness) if lightness > 0 else mixed(color, (0, 0, 0), -lightness)


def greyed(weights: Sequence[float], tint: Rgb | None) -> Callable[[Rgb], Rgb]:
    """Black & White: weights of reds, yellows, greens, cyans, blues and magentas, 1 being as light as it is; `tint` colours the greys."""

    def change(color: Rgb) -> Rgb:
        parts = clipped(color)
        low, middle, high = sorted(range(3), key=lambda index: parts[index])
        primary = (weights[0], weights[2], weights[4])[high]
        secondary = {0: weights[3], 1: weights[5], 2: weights[1]}[low]
        grey = parts[low] + (parts[high] - parts[middle]) * primary + (parts[middle] - parts[low]) * secondary
        grey = min(max(grey, 0.0), 1.0)
        if tint is None:
            return grey, grey, grey
        hue, _, saturation = colorsys.rgb_to_hls(*tint)
        return colorsys.hls_to_rgb(hue, grey, saturation)

    return change


def mapped(tables: Sequence[Sequence[int]]) -> Callable[[Rgb], Rgb]:
    """Curves: 256 levels for all parts, then for red, green and blue."""

    def read(table: Sequence[int], part: float) -> float:
        place = min(max(part, 0.0), 1.0) * 255
        low = int(place)
        return (table[low] + (table[min(low + 1, 255)] - table[low]) * (place - low)) / 255

    master, *own = tables
    return lambda color: clipped([read(table, read(master, part)) for table, part in zip(own, color, strict=True)])
