"""How many frames a scene lasts: as designed, as asked for, or as its words, clips and voice need."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from flatrender.engine.clips.model import clip_of
from flatrender.engine.errors import ValueRefused
from flatrender.engine.lottie.document import MAX_FRAMES, Json, is_number
from flatrender.engine.lottie.walk import dicts
from flatrender.engine.template.model import Field
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


def clip_seconds(rule: Duration, fields: Iterable[Field], lottie: Json) -> float | None:
    """Return when the last of the followed clips ends, in seconds from the scene's beginning; None when no clip is shown.

    A clip is followed in layers of the scene itself, not in those of its compositions.
    """
    followed = {
        name
        for field in fields
        if field.type == "image" and (not rule.fields or field.key in rule.fields)
        for binding in field.bindings
        if binding.property == "image"
        for name in binding.targets()
    }
    clips = {asset["id"]: clip_of(asset) for asset in dicts(lottie.get("assets")) if isinstance(asset.get("id"), str)}
    ends: list[float] = []
    for layer in dicts(lottie["layers"]):
        clip = clips.get(layer["refId"]) if isinstance(layer.get("refId"), str) else None
        if clip is not None and layer.get("nm") in followed:
            began = layer["ip"] - lottie["ip"] if is_number(layer.get("ip")) else 0
            ends.append(began / lottie["fr"] + (clip.end - clip.start) / clip.options.clip.speed)
    return max(ends, default=None)


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
