"""Colour arithmetic: lightness and chroma in Oklab, contrast by WCAG. Colours are `#rrggbb` (sRGB)."""

from __future__ import annotations

import math
from collections.abc import Iterable

Lab = tuple[float, float, float]
"""Oklab: lightness 0 to 1, and the two colour axes a and b (about -0.4 to 0.4)."""

_STEPS = 24


def _channels(color: str) -> tuple[float, float, float]:
    """Red, green and blue as light, 0 to 1 (IEC 61966-2-1 decoding)."""

    def linear(part: str) -> float:
        value = int(part, 16) / 255
        return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)

    return linear(color[1:3]), linear(color[3:5]), linear(color[5:7])


def luminance(color: str) -> float:
    """Relative luminance, 0 to 1 (WCAG 2.2)."""
    red, green, blue = _channels(color)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 to 21 (WCAG 2.2)."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def to_oklab(color: str) -> Lab:
    """Return a colour in Oklab (Björn Ottosson, “A perceptual color space for image processing”, 2020)."""
    red, green, blue = _channels(color)
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    middle = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    return (
        0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short,
    )


def _to_light(lab: Lab) -> tuple[float, float, float]:
    lightness, a, b = lab
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short,
    )


def from_oklab(lab: Lab) -> str:
    """Return the colour as `#rrggbb`; one that no screen shows loses chroma, not lightness or hue, until it can be shown."""
    lightness = min(max(lab[0], 0.0), 1.0)
    low, high = 0.0, 1.0
    if not _shown((lightness, lab[1], lab[2])):
        for _ in range(_STEPS):
            share = (low + high) / 2
            low, high = (share, high) if _shown((lightness, lab[1] * share, lab[2] * share)) else (low, share)
        lab = (lightness, lab[1] * low, lab[2] * low)
    light = _to_light((lightness, lab[1], lab[2]))
    return "#" + "".join(f"{_byte(value):02x}" for value in light)


def _shown(lab: Lab) -> bool:
    return all(-1e-4 <= value <= 1 + 1e-4 for value in _to_light(lab))


def _byte(value: float) -> int:
    value = min(max(value, 0.0), 1.0)
    coded = 12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055
    return round(255 * coded)


def adjusted(color: str, *, lightness: float = 0.0, chroma: float = 1.0, hue: float = 0.0) -> str:
    """Return the colour with lightness added (-1 to 1), chroma multiplied and hue turned (degrees)."""
    light, a, b = to_oklab(color)
    angle = math.radians(hue)
    turned = (a * math.cos(angle) - b * math.sin(angle), a * math.sin(angle) + b * math.cos(angle))
    return from_oklab((light + lightness, turned[0] * chroma, turned[1] * chroma))


def mixed(one: str, other: str, amount: float) -> str:
    """Return the colour `amount` (0 to 1) of the way from one colour to the other, in Oklab."""
    return from_oklab(
        tuple(a + (b - a) * amount for a, b in zip(to_oklab(one), to_oklab(other), strict=True))  # type: ignore[arg-type]
    )


def most_readable(ground: str, candidates: Iterable[str]) -> str:
    """Return the candidate with the greatest contrast to the ground, the first of equals."""
    return max(candidates, key=lambda color: contrast(ground, color))


def readable(color: str, ground: str, ratio: float) -> str:
    """Return the colour, lighter or darker until its contrast to `ground` is at least `ratio`, whichever way is shorter.

    Where the ratio (1 to 21) cannot be had, black or white, whichever contrasts more.
    """
    if contrast(color, ground) >= ratio:
        return color
    start, a, b = to_oklab(color)
    found: list[tuple[float, str]] = []
    for end in (0.0, 1.0):
        if contrast("#000000" if end == 0 else "#ffffff", ground) < ratio:
            continue
        near, far = start, end
        for _ in range(_STEPS):
            middle = (near + far) / 2
            good = contrast(from_oklab((middle, a, b)), ground) >= ratio
            near, far = (near, middle) if good else (middle, far)
        found.append((abs(far - start), from_oklab((far, a, b))))
    return min(found)[1] if found else most_readable(ground, ("#ffffff", "#000000"))
