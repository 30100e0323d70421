"""Text animators: what range selectors do to each letter of a text, by After Effects' rules as lottie-web plays them.

Letters are numbered in reading order, so the first letter of a Persian text is the first to move. Where a selector counts characters
(`r` 2) the numbers are taken as shares of the text that the designer saw: another text is revealed as wholly as that was.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from flatrender.engine.lottie.document import Json, is_number
from flatrender.engine.lottie.sampling import Floats, bezier_ease, sample, sample_times
from flatrender.engine.lottie.walk import dicts

_INDEX = 2
_CHARACTERS, _INKED, _WORDS, _LINES = 1, 2, 3, 4
_RAMP_UP, _RAMP_DOWN, _TRIANGLE, _ROUND, _SMOOTH = 2, 3, 4, 5, 6
# Properties of an animator that are drawn, with what leaves a letter as it is.
_NEUTRAL: dict[str, list[float]] = {
    "p": [0, 0], "a": [0, 0], "s": [100, 100], "r": [0], "rx": [0], "ry": [0], "sk": [0], "sa": [0], "o": [100],
    "t": [0], "fc": [0, 0, 0], "sc": [0, 0, 0], "sw": [0], "fo": [100], "so": [100], "fh": [0], "fs": [0], "fb": [0],
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Letter:
    """Where a letter stands among the others, in reading order."""

    space: bool
    word: int
    line: int


@dataclass(frozen=True, slots=True)
class Motion:
    """What animators do to the letters of a text at some times. Arrays are times × letters (× components)."""

    times: Floats
    """Frames of the layer's composition, ascending; before the first and after the last nothing moves."""
    position: Floats
    anchor: Floats
    scale: Floats
    """Percent."""
    rotation: Floats
    """Degrees, clockwise."""
    skew: Floats
    skew_axis: Floats
    opacity: Floats
    """Percent."""
    tracking: Floats
    """px added before the letter, in the direction of reading."""
    fill: Floats | None
    """Red, green, blue, 0 to 1."""
    stroke: Floats | None
    stroke_width: Floats | None
    fill_opacity: Floats
    stroke_opacity: Floats


def animators_of(layer: Json) -> list[Json]:
    """Return the layer's text animators that have a range selector and something to change."""
    text = layer.get("t")
    found = dicts(text.get("a")) if isinstance(text, dict) else []
    return [a for a in found if isinstance(a.get("s"), dict) and isinstance(a.get("a"), dict)]


def can_be_played(layer: Json) -> bool:
    """Whether the layer's animators hold nothing but ranges: no expression selectors, no expressions."""
    return all(
        animator["s"].get("t", 0) == 0
        and not any(
            isinstance(prop, dict) and isinstance(prop.get("x"), str)
            for prop in (*animator["s"].values(), *animator["a"].values())
        )
        for animator in animators_of(layer)
    )


def by_parts(layer: Json) -> int:
    """Return what moves as one: 1 single letters, 3 whole words, 4 whole lines."""
    animators = animators_of(layer)
    text = layer["t"]
    more = text.get("m")
    grouping = more.get("g") if isinstance(more, dict) else None
    least = min((_based(animator["s"]) for animator in animators), default=_CHARACTERS)
    if least < _WORDS or any("t" in animator["a"] for animator in animators):
        return _CHARACTERS
    turns = any(key in animator["a"] for animator in animators for key in ("s", "r", "rx", "ry", "sk"))
    if turns and grouping != least - 1:  # groupings: 1 letters, 2 words, 3 lines
        return _CHARACTERS
    return least


def play(
    layer: Json,
    letters: Sequence[Letter],
    *,
    designed: int,
    fill: Sequence[float] | None,
    stroke: Sequence[float] | None,
    stroke_width: float,
) -> Motion:
    """Return how the letters move. `designed` is the number of letters of the designer's text; the colours are those of the text."""
    animators = animators_of(layer)
    times = sample_times([prop for a in animators for part in (a["s"], a["a"]) for prop in part.values()])
    shape = (len(times), len(letters))
    count = (*shape, 2)
    position, anchor = np.zeros(count), np.zeros(count)
    scale = np.full(count, 100.0)
    rotation, skew, skew_axis, tracking = (np.zeros(shape) for _ in range(4))
    opacity, fill_opacity, stroke_opacity = (np.full(shape, 100.0) for _ in range(3))
    colors = {"fc": fill, "sc": stroke}
    painted = {
        key: np.tile(np.array(color[:3], dtype=float), (*shape, 1)) if color is not None else None
        for key, color in colors.items()
    }
    widths = np.full(shape, float(stroke_width))
    changed: set[str] = set()
    for number, animator in enumerate(animators):
        wanted = animator["a"]
        values = {key: sample(wanted[key], times, default) for key, default in _NEUTRAL.items() if key in wanted}
        changed |= values.keys()
        amount = _amounts(animator["s"], letters, times, designed, seed=number)
        wide = amount[:, :, None]
        for key, value in values.items():
            each = value[:, None, :]
            match key:
                case "p":
                    position += each * wide
                case "a":
                    anchor += each * wide
                case "s":
                    scale *= 1 + (each / 100 - 1) * wide
                case "r":
                    rotation += value * amount
                case "rx":
                    scale[:, :, 1] *= np.cos(np.radians(value * amount))
                case "ry":
                    scale[:, :, 0] *= np.cos(np.radians(value * amount))
                case "sk":
                    skew += value * amount
                case "sa":
                    skew_axis += value * amount
                case "o":
                    opacity *= 1 + (value / 100 - 1) * amount
                case "fo":
                    fill_opacity *= 1 + (value / 100 - 1) * amount
                case "so":
                    stroke_opacity *= 1 + (value / 100 - 1) * amount
                case "t":
                    tracking += value * amount
                case "sw":
                    widths += value * amount
                case "fc" | "sc":
                    old = painted[key]
                    if old is not None:
                        painted[key] = old + (each - old) * wide
        if painted["fc"] is not None and values.keys() & {"fh", "fs", "fb"}:
            painted["fc"] = _shift_color(painted["fc"], values, amount)
    return Motion(
        times, position, anchor, scale, rotation, skew, skew_axis,
        np.clip(opacity, 0, 100), tracking,
        painted["fc"] if changed & {"fc", "fh", "fs", "fb"} else None,
        painted["sc"] if "sc" in changed else None,
        np.maximum(widths, 0) if "sw" in changed else None,
        np.clip(fill_opacity, 0, 100), np.clip(stroke_opacity, 0, 100),
    )  # fmt: skip


def _shift_color(colors: Floats, values: dict[str, Floats], amount: Floats) -> Floats:
    """Turn hue (degrees) and add saturation and brightness (percent), in hue, saturation and value as lottie-web does."""
    top, bottom = colors.max(axis=2), colors.min(axis=2)
    spread = top - bottom
    safe = np.where(spread > 0, spread, 1)
    r, g, b = colors[..., 0], colors[..., 1], colors[..., 2]
    hue = np.where(top == r, (g - b) / safe % 6, np.where(top == g, (b - r) / safe + 2, (r - g) / safe + 4)) / 6
    hue = np.where(spread > 0, hue, 0)
    saturation = np.where(top > 0, spread / np.where(top > 0, top, 1), 0)
    none = np.zeros((len(amount), 1))
    hue = (hue + values.get("fh", none) / 360 * amount) % 1
    saturation = np.clip(saturation + values.get("fs", none) / 100 * amount, 0, 1)
    value = np.clip(top + values.get("fb", none) / 100 * amount, 0, 1)
    parts = []
    for offset in (5, 3, 1):
        k = (offset + hue * 6) % 6
        parts.append(value - value * saturation * np.clip(np.minimum(k, 4 - k), 0, 1))
    return np.stack(parts, axis=2)


def _based(selector: Json) -> int:
    based = selector.get("b", _CHARACTERS)
    return int(based) if is_number(based) and _CHARACTERS <= based <= _LINES else _CHARACTERS


def _numbers(based: int, letters: Sequence[Letter]) -> tuple[list[int], int]:
    """Return each letter's number among what the selector counts, and how many there are."""
    if based == _WORDS:
        return [letter.word for letter in letters], max((letter.word for letter in letters), default=-1) + 1
    if based == _LINES:
        return [letter.line for letter in letters], max((letter.line for letter in letters), default=-1) + 1
    numbers: list[int] = []
    count = 0
    for letter in letters:
        numbers.append(count)
        count += based == _CHARACTERS or not letter.space
    return numbers, count


def _amounts(selector: Json, letters: Sequence[Letter], times: Floats, designed: int, *, seed: int) -> Floats:
    """Return how far the selector reaches each letter, times × letters, usually 0 to 1."""
    based = _based(selector)
    numbers, total = _numbers(based, letters)
    if selector.get("rn") == 1:
        order = list(range(total))
        random.Random(f"{seed}:{total}").shuffle(order)  # noqa: S311  # the same order at every resolving, no secret
        numbers = [order[n] if n < total else n for n in numbers]
    index = np.array(numbers, dtype=float)[None, :]
    by_number = selector.get("r") == _INDEX
    if by_number:
        unit = total / max(designed, 1) if based in (_CHARACTERS, _INKED) else 1.0
        whole = total / unit
    else:
        unit, whole = total / 100, 100.0

    def read(key: str, default: float) -> Floats:
        return sample(selector.get(key), times, [default])

    offset = read("o", 0) * unit
    one, other = read("s", 0) * unit + offset, read("e", whole) * unit + offset
    start, end = np.minimum(one, other), np.maximum(one, other)
    kind = selector.get("sh", 1)
    amount = _shape(int(kind) if is_number(kind) else 1, index, start, end)
    amount = _eased(amount, read("ne", 0)[:, 0], read("xe", 0)[:, 0])
    if kind == 1 or not is_number(kind):
        amount = _smoothed(amount, read("sm", 100))
    reached: Floats = amount * read("a", 100) / 100
    return reached


def _shape(kind: int, index: Floats, start: Floats, end: Floats) -> Floats:
    span = end - start
    empty = span == 0
    safe = np.where(empty, 1, span)
    ramp = np.clip((index + 0.5 - start) / safe, 0, 1)
    match kind:
        case 2:
            return np.where(empty, index >= end, ramp)
        case 3:
            return np.where(empty, index < end, 1 - ramp)
        case 4:
            return np.where(empty, 0, 1 - np.abs(2 * ramp - 1))
        case 5:
            return np.where(empty, 0, np.sqrt(np.maximum(1 - (2 * ramp - 1) ** 2, 0)))
        case 6:
            return np.where(empty, 0, (1 - np.cos(2 * np.pi * ramp)) / 2)
        case _:
            covered = np.minimum(index + 1, end) - np.maximum(index, start)
            return np.clip(covered, 0, 1)


def _eased(amount: Floats, low: Floats, high: Floats) -> Floats:
    if not low.any() and not high.any():
        return amount
    out = np.empty_like(amount)
    for row, (ease_low, ease_high) in enumerate(zip(low / 100, high / 100, strict=True)):
        leaving = (ease_low, 0.0) if ease_low > 0 else (0.0, -ease_low)
        arriving = (1 - ease_high, 1.0) if ease_high > 0 else (1.0, 1 + ease_high)
        out[row] = bezier_ease(amount[row], leaving, arriving)
    return out


def _smoothed(amount: Floats, smoothness: Floats) -> Floats:
    share = np.maximum(smoothness / 100, 1e-8)
    if (share == 1).all():
        return amount
    out: Floats = np.clip((amount - (0.5 - share / 2)) / share, 0, 1)
    return out
