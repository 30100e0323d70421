"""Which colour slot a traced colour belongs to: the slot itself, a mixture of two, a tint or shade, or none."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from flatrender.engine.lottie.color import to_oklab
from flatrender.engine.vector.difference import difference
from flatrender.engine.vector.recoloring import ColorRule, blended, recolored

SAME = 2.5
"""ΔE00 up to which a colour is the slot's own."""
MIXED = 4.0
"""ΔE00 up to which a colour is taken for a mixture."""
NEAR = 10.0
"""ΔE00 up to which a colour is taken for a variation of the slot nearest to it."""
_GROUNDS = ("#ffffff", "#000000")
_ALIKE = 0.5
"""Mixtures that explain a colour this much worse than the best one still may be meant, ΔE00."""
_RARE = 0.75
"""What speaks against a mixture with a colour that covers a tenth of the picture, ΔE00; with a hundredth, twice that."""
_UNSEEN = 1.5
"""The most that speaks against a mixture with a colour that the picture hardly shows."""
_MIXING = 1.5
"""What a mixture must be better by than a slot alone, ΔE00; a mixture with white or black, and the farther the more, twice that."""


def rule_for(color: str, palette: Mapping[str, str], shown: Mapping[str, float] | None = None) -> ColorRule:
    """Return what a traced colour follows, when the picture was drawn with `palette` (slot → `#rrggbb`, in the template's order).

    `shown` says how much of the picture (0 to 1) has each slot's own colour: of rules that explain a colour equally, the one is meant whose
    slots can be seen.
    """
    candidates = sorted(_candidates(color, palette), key=lambda found: found[1])
    if not candidates:
        return ColorRule()
    best, least = candidates[0]
    if best.toward is None or shown is None:
        return best
    alike = [found for found in candidates if found[0].toward is not None and found[1] <= least + _ALIKE]
    return min(alike, key=lambda found: found[1] + _unlikely(found[0], shown))[0]


def _unlikely(rule: ColorRule, shown: Mapping[str, float]) -> float:
    """Return what speaks against a rule, in ΔE00."""
    slots = [slot for slot in (rule.slot, rule.toward) if slot is not None and not slot.startswith("#")]
    return sum(min(_UNSEEN, -_RARE * math.log10(max(shown.get(slot, 0.0), 1e-6))) for slot in slots)


def variation_of(color: str, slot: str, palette: Mapping[str, str]) -> ColorRule:
    """Return the rule by which a colour follows one slot and keeps its shading: the difference in lightness, colourfulness and hue stays."""
    base = palette[slot]
    if difference(color, base) <= SAME:
        return ColorRule(slot=slot)
    light, a, b = to_oklab(color)
    light0, a0, b0 = to_oklab(base)
    chroma, chroma0 = math.hypot(a, b), math.hypot(a0, b0)
    # A grey has no hue to turn and no colourfulness to multiply.
    colorful = chroma0 > 0.01
    turn = math.degrees(math.atan2(b, a) - math.atan2(b0, a0)) if colorful and chroma > 0.01 else 0.0
    return ColorRule(
        slot=slot,
        lighten=round(light - light0, 4),
        chroma=round(min(4.0, chroma / chroma0), 4) if colorful else 1.0,
        hue=round((turn + 180) % 360 - 180, 2),
    )


def _candidates(color: str, palette: Mapping[str, str]) -> Iterator[tuple[ColorRule, float]]:
    slots = list(palette)
    for slot in slots:
        away = difference(color, palette[slot])
        if away <= SAME:
            yield ColorRule(slot=slot), away
        elif away <= NEAR:
            yield variation_of(color, slot, palette), away
    for number, slot in enumerate(slots):
        for toward in slots[number + 1 :]:
            yield from _mixture(color, slot, toward, palette, extra=_MIXING)
        for ground in _GROUNDS:
            yield from _mixture(color, slot, ground, palette, extra=2 * _MIXING)


def _mixture(
    color: str, slot: str, toward: str, palette: Mapping[str, str], *, extra: float
) -> Iterator[tuple[ColorRule, float]]:
    one, other = _channels(palette[slot]), _channels(palette.get(toward, toward))
    span = [b - a for a, b in zip(one, other, strict=True)]
    length = sum(part * part for part in span)
    if length < 400:  # two colours that are nearly one say nothing about what is between them
        return
    along = sum((c - a) * s for c, a, s in zip(_channels(color), one, span, strict=True)) / length
    if not 0.02 <= along <= 0.98:
        return
    rule = ColorRule(slot=slot, toward=toward, amount=round(along, 4))
    away = difference(color, blended(palette[slot], palette.get(toward, toward), rule.amount))
    if toward.startswith("#"):
        extra *= 0.5 + along
    if away <= MIXED:
        yield rule, away + extra


def _channels(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


__all__ = ["ColorRule", "recolored", "rule_for", "variation_of"]
