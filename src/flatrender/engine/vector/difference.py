"""How different two colours look: CIEDE2000 (CIE 142-2001; formulas as in Sharma, Wu, Dalal, “The CIEDE2000 color-difference formula”, 2005)."""

from __future__ import annotations

import math

Lab = tuple[float, float, float]
"""CIE 1976 L*a*b*: lightness 0 to 100, and two colour axes (about -128 to 127)."""

_WHITE = (0.95047, 1.0, 1.08883)  # D65, 2° observer
_KNEE = (6 / 29) ** 3
_FAR = 25.0**7


def to_lab(color: str) -> Lab:
    """Return a colour `#rrggbb` (sRGB, IEC 61966-2-1) in CIELAB under D65."""

    def light(at: int) -> float:
        value = int(color[at : at + 2], 16) / 255
        return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)

    red, green, blue = light(1), light(3), light(5)
    x = 0.4124564 * red + 0.3575761 * green + 0.1804375 * blue
    y = 0.2126729 * red + 0.7151522 * green + 0.0721750 * blue
    z = 0.0193339 * red + 0.1191920 * green + 0.9503041 * blue

    def bent(value: float) -> float:
        return math.cbrt(value) if value > _KNEE else value * (29 / 6) ** 2 / 3 + 4 / 29

    fx, fy, fz = (bent(part / white) for part, white in zip((x, y, z), _WHITE, strict=True))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def ciede2000(one: Lab, other: Lab) -> float:
    """Return ΔE00 of two colours: about 1 is the least that can be seen side by side, 100 is black to white."""
    chroma = (math.hypot(one[1], one[2]) + math.hypot(other[1], other[2])) / 2
    stretch = 1.5 - 0.5 * math.sqrt(chroma**7 / (chroma**7 + _FAR))
    chroma1, chroma2 = math.hypot(one[1] * stretch, one[2]), math.hypot(other[1] * stretch, other[2])
    hue1, hue2 = _hue(one[2], one[1] * stretch), _hue(other[2], other[1] * stretch)

    turn = 0.0 if chroma1 * chroma2 == 0 else (hue2 - hue1 + 180) % 360 - 180
    if turn == -180 and hue2 > hue1:
        turn = 180.0
    delta_l, delta_c = other[0] - one[0], chroma2 - chroma1
    delta_h = 2 * math.sqrt(chroma1 * chroma2) * math.sin(math.radians(turn / 2))

    lightness, chroma = (one[0] + other[0]) / 2, (chroma1 + chroma2) / 2
    hue = _mean_hue(hue1, hue2) if chroma1 * chroma2 else hue1 + hue2
    weight = 1 - 0.17 * _cos(hue - 30) + 0.24 * _cos(2 * hue) + 0.32 * _cos(3 * hue + 6) - 0.20 * _cos(4 * hue - 63)
    scale_l = 1 + 0.015 * (lightness - 50) ** 2 / math.sqrt(20 + (lightness - 50) ** 2)
    scale_c, scale_h = 1 + 0.045 * chroma, 1 + 0.015 * chroma * weight
    rotation = -2 * math.sqrt(chroma**7 / (chroma**7 + _FAR))
    rotation *= math.sin(math.radians(60 * math.exp(-(((hue - 275) / 25) ** 2))))
    lighter, stronger, turned = delta_l / scale_l, delta_c / scale_c, delta_h / scale_h
    return math.sqrt(max(0.0, lighter**2 + stronger**2 + turned**2 + rotation * stronger * turned))


def difference(one: str, other: str) -> float:
    """Return ΔE00 of two colours `#rrggbb`."""
    return ciede2000(to_lab(one), to_lab(other))


def _hue(b: float, a: float) -> float:
    return math.degrees(math.atan2(b, a)) % 360 if a or b else 0.0


def _mean_hue(one: float, other: float) -> float:
    total = one + other
    if abs(one - other) <= 180:
        return total / 2
    return (total + 360) / 2 if total < 360 else (total - 360) / 2


def _cos(degrees: float) -> float:
    return math.cos(math.radians(degrees))
