"""Text animators: what range selectors do to each letter of a text, by After Effects' rules as lottie-web plays them.

Letters are numbered in reading order, so the first letter of a Persian text is the first to move. Where a selector counts characters
(`r` 2) the numbers are taken as shares of the text that the designer saw: another text is revealed as wholly as that was.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flatrender.engine.lazy import LazyModule
from flatrender.engine.lottie.document import Json, is_number
from flatrender.engine.lottie.sampling import bezier_ease, sample, sample_times
from flatrender.engine.lottie.walk import dicts

if TYPE_CHECKING:
    import numpy as np

    from flatrender.engine.lottie.sampling import Floats
else:
    np = LazyModule("numpy")  # it takes a quarter of a second to load, and few scenes need it

_INDEX = 2
_CHARACTERS, _INKED, _WORDS, _LINES = 1, 2, 3, 4
_RAMP_UP, _RAMP_DOWN, _TRIANGLE, _ROUND, _SMOOTH = 2, 3, 4, 5, 6
# Properties of an animator that are drawn, with what leaves a letter as it is.
_NEUTRAL: dict[str, list[float]] = {
    "p": [0, 0], "a": [0, 0], "s": [100, 100], "r": [0], "rx": [0], "ry": [0], "sk": [0], "sa": [0], "o": [100],
    "t": [0], "fc": [0, 0, 0], "sc": [0, 0, 0], "sw": [0], "fo": [100], "so": [100], "fh": [0], "fs": [0], "fb": [0],
}  # fmt: skip
_SHIFTS = frozenset({"fh", "fs", "fb"})
_MAX_CELLS = 300_000  # times × letters: a long text is sampled more coarsely


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
    changed: frozenset[str]
    """The animators' properties that are changed, as Lottie names them; the others' values are the same for all letters at all times."""


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
    designed: str | None,
    fill: Sequence[float] | None,
    stroke: Sequence[float] | None,
    stroke_width: float,
) -> Motion:
    """Return how the letters move. `designed` is the text that the designer saw, None for this one; the colours are those of the text."""
    animators = animators_of(layer)
    times = sample_times([prop for a in animators for part in (a["s"], a["a"]) for prop in part.values()])
    if len(times) * len(letters) > _MAX_CELLS:
        times = np.linspace(times[0], times[-1], max(2, _MAX_CELLS // len(letters)))
    shape = (len(times), len(letters))
    changed = {key for animator in animators for key in animator["a"] if key in _NEUTRAL}
    mixed: dict[str, Floats] = {}
    still = {"sw": [stroke_width], "fc": list(fill or ())[:3], "sc": list(stroke or ())[:3]}
    for key, rest in _NEUTRAL.items():
        value = np.broadcast_to(np.array(still.get(key) or rest, dtype=float), (*shape, len(rest)))
        mixed[key] = value.copy() if key in changed or (key == "fc" and changed & _SHIFTS) else value
    for number, animator in enumerate(animators):
        wanted = animator["a"]
        values = {key: sample(wanted[key], times, rest) for key, rest in _NEUTRAL.items() if key in wanted}
        _mix(mixed, values, _amounts(animator["s"], letters, times, designed, seed=number))
    return Motion(
        times=times,
        position=mixed["p"],
        anchor=mixed["a"],
        scale=mixed["s"] * np.cos(np.radians(np.concatenate([mixed["ry"], mixed["rx"]], axis=2))),
        rotation=mixed["r"][..., 0],
        skew=mixed["sk"][..., 0],
        skew_axis=mixed["sa"][..., 0],
        opacity=np.clip(mixed["o"][..., 0], 0, 100),
        tracking=mixed["t"][..., 0],
        fill=mixed["fc"] if changed & {"fc", *_SHIFTS} else None,
        stroke=mixed["sc"] if "sc" in changed else None,
        stroke_width=np.maximum(mixed["sw"][..., 0], 0) if "sw" in changed else None,
        fill_opacity=np.clip(mixed["fo"][..., 0], 0, 100),
        stroke_opacity=np.clip(mixed["so"][..., 0], 0, 100),
        changed=frozenset(changed),
    )


def _mix(mixed: dict[str, Floats], values: dict[str, Floats], amount: Floats) -> None:
    """Add what one animator does: scales multiply, opacities and colours go towards its own, everything else adds up."""
    wide = amount[:, :, None]
    for key, value in values.items():
        each = value[:, None, :]
        if key == "s":
            mixed[key] *= 1 + (each / 100 - 1) * wide
        elif key in ("fc", "sc", "o", "fo", "so"):
            mixed[key] += (each - mixed[key]) * wide
        elif key not in _SHIFTS:
            mixed[key] += each * wide
    if values.keys() & _SHIFTS:
        mixed["fc"] = _shift_color(mixed["fc"], values, amount)


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
    shifted: Floats = np.stack(parts, axis=2)
    return shifted


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


def _length(text: str, based: int) -> int:
    return sum(char not in "\r\n\x03" and (based == _CHARACTERS or char != " ") for char in text)


def _amounts(selector: Json, letters: Sequence[Letter], times: Floats, designed: str | None, *, seed: int) -> Floats:
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
        before = total if designed is None else _length(designed, based)
        unit = total / before if before and based in (_CHARACTERS, _INKED) else 1.0
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
            covered: Floats = np.clip(np.minimum(index + 1, end) - np.maximum(index, start), 0, 1)
            return covered


def _eased(amount: Floats, low: Floats, high: Floats) -> Floats:
    if not low.any() and not high.any():
        return amount
    out = np.empty_like(amount)
    shares, rows = np.unique(np.stack([low, high], axis=1) / 100, axis=0, return_inverse=True)
    for number, (ease_low, ease_high) in enumerate(shares):
        leaving = (ease_low, 0.0) if ease_low > 0 else (0.0, -ease_low)
        arriving = (1 - ease_high, 1.0) if ease_high > 0 else (1.0, 1 + ease_high)
        chosen = rows.reshape(-1) == number
        out[chosen] = bezier_ease(amount[chosen], leaving, arriving)
    return out


def _smoothed(amount: Floats, smoothness: Floats) -> Floats:
    share = np.maximum(smoothness / 100, 1e-8)
    if (share == 1).all():
        return amount
    out: Floats = np.clip((amount - (0.5 - share / 2)) / share, 0, 1)
    return out
