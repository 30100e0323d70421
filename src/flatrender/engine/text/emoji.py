"""Emoji sequences (UTS #51): which characters of a text are one picture."""

from __future__ import annotations

import re

from uniseg.emoji import emoji_presentation, extended_pictographic

_PICTURE = "[\u00a9\u00ae\u203c-\u3299\U0001f000-\U0001fbff]"
_PERSON = f"{_PICTURE}(?:\ufe0f|\ufe0e|[\U0001f3fb-\U0001f3ff])?\u20e3?(?:[\U000e0020-\U000e007e]+\U000e007f)?"
_SEQUENCE = re.compile(
    f"[\U0001f1e6-\U0001f1ff]{{2}}|[0-9#*]\ufe0f?\u20e3|{_PERSON}(?:\u200d{_PERSON})*",
)
_ASKS = re.compile("[\ufe0f\u200d\u20e3\U0001f1e6-\U0001f1ff\U0001f3fb-\U0001f3ff]")
_TEXT_STYLE = "\ufe0e"


def emoji_spans(text: str) -> list[tuple[int, int]]:
    """Return the spans (start, end) that are to be shown as pictures, in order: by default (Emoji_Presentation) or because the text asks."""
    spans: list[tuple[int, int]] = []
    for match in _SEQUENCE.finditer(text):
        sequence = match[0]
        if _TEXT_STYLE in sequence:
            continue
        first = sequence[0]
        if _ASKS.search(sequence) or (extended_pictographic(first) and emoji_presentation(first)):
            spans.append(match.span())
    return spans
