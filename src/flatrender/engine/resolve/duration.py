"""How many frames a scene lasts: as designed, as asked for, or as its words, clips and voice need."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from flatrender.engine.errors import ValueRefused
from flatrender.engine.lottie.document import MAX_FRAMES
from flatrender.engine.template.rules import Duration

TEXT_TYPES = ("text", "textarea")


def reading_seconds(rule: Duration, texts: Iterable[str]) -> float:
    """Return the seconds that reading the texts takes by the rule: words are apart by white space, characters are letters without their marks."""
    words = characters = 0
    for text in texts:
        words += len(text.split())
        characters += sum(1 for c in text if not c.isspace() and unicodedata.category(c)[0] not in "MC")
    return rule.base_seconds + rule.seconds_per_word * words + rule.seconds_per_character * characters


def followed_texts(rule: Duration, fields: Iterable[tuple[str, str]], values: Mapping[str, Any]) -> list[str]:
    """Return the texts that a rule follows, of (key, type) of a scene's own fields and the values by key."""
    return [
        str(values[key])
        for key, kind in fields
        if kind in TEXT_TYPES and (not rule.fields or key in rule.fields) and isinstance(values.get(key), str)
    ]


def content_frames(
    rule: Duration | None,
    *,
    designed: int,
    fps: float,
    texts: Iterable[str] = (),
    clip_seconds: float | None = None,
    voice_seconds: float | None = None,
) -> int:
    """Return how long a scene lasts by itself, in frames.

    `clip_seconds` is the length of the longest clip followed, `voice_seconds` that of the words spoken over the scene; without them such a
    scene lasts as designed. Never shorter than `min_frames` (without it, than designed), never longer than `max_frames`.
    """
    if rule is None or rule.mode in ("fixed", "stretch"):
        return designed
    if rule.mode == "follow_text":
        seconds: float | None = reading_seconds(rule, texts)
    else:
        followed = clip_seconds if rule.mode == "follow_clip" else voice_seconds
        seconds = None if followed is None else followed + rule.padding_seconds
    if seconds is None:
        return designed
    # A thousandth of a frame more or less is rounding, not content.
    wanted = math.ceil(min(seconds * fps, MAX_FRAMES) - 1e-3)
    low = designed if rule.min_frames is None else rule.min_frames
    high = MAX_FRAMES if rule.max_frames is None else rule.max_frames
    return max(1, min(max(wanted, low), high))


def asked_frames(rule: Duration | None, frames: object, *, designed: int, where: str) -> int:
    """Return a length that was asked for; raises ValueRefused `value_out_of_range` when the scene cannot have it."""
    low, high = 1, MAX_FRAMES
    if rule is not None and rule.mode == "fixed":
        low = high = designed
    elif rule is not None:
        low, high = rule.min_frames or 1, rule.max_frames or MAX_FRAMES
    if isinstance(frames, bool) or not isinstance(frames, int) or not low <= frames <= high:
        raise ValueRefused(
            f"{str(frames)[:40]} frames; this scene lasts {low} to {high}"
            if low != high
            else f"{str(frames)[:40]} frames; this scene always lasts {low}",
            code="value_out_of_range",
            where=where,
        )
    return frames
