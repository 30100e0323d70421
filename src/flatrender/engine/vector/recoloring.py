"""What a group of shapes takes its colour from, and the colour that it has under a palette. Browsers do the same (docs/svg-previews.md)."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from flatrender.engine.lottie.color import adjusted


class ColorRule(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A group's colour, from a colour slot: first mixed, then shaded. Without `slot` the colour is the traced one whatever the palette."""

    slot: str | None = None
    toward: str | None = None
    """A slot or `#rrggbb` that is mixed in as layers over each other are: in sRGB."""
    amount: float = 0.0
    """How much of `toward`, 0 to 1."""
    lighten: float = 0.0
    """Oklab lightness added, -1 to 1."""
    chroma: float = 1.0
    """Factor of the colourfulness, 0 to 4."""
    hue: float = 0.0
    """Degrees by which the hue turns, -180 to 180."""


def recolored(color: str, rule: ColorRule, palette: Mapping[str, str]) -> str:
    """Return the group's colour (`#rrggbb`) under a palette; `color` is the traced one, which stays where the palette lacks the slot."""
    if rule.slot is None or rule.slot not in palette:
        return color
    found = palette[rule.slot]
    if rule.toward is not None:
        found = blended(found, palette.get(rule.toward, rule.toward), rule.amount)
    if rule.lighten or rule.chroma != 1 or rule.hue:
        found = adjusted(found, lightness=rule.lighten, chroma=rule.chroma, hue=rule.hue)
    return found


def blended(one: str, other: str, amount: float) -> str:
    """Return the colour `amount` (0 to 1) of the way from one to the other, channel by channel in sRGB. A colour that is none is `one`."""
    if len(other) != 7 or not other.startswith("#"):
        return one
    return "#" + "".join(f"{_between(one, other, at, amount):02x}" for at in (1, 3, 5))


def _between(one: str, other: str, at: int, amount: float) -> int:
    first, last = int(one[at : at + 2], 16), int(other[at : at + 2], 16)
    # Halves go up, as Math.round does in browsers.
    return int(first + (last - first) * amount + 0.5)
