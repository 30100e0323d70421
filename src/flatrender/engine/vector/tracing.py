"""A picture as a drawing whose colours follow a template's: decoded and traced in a process with limits, then mapped here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from flatrender.engine.errors import EngineError
from flatrender.engine.helper import HelperFailedError, Helpers
from flatrender.engine.vector.drawing import MAX_GROUPS, Drawing, from_svg
from flatrender.engine.vector.mapping import rule_for
from flatrender.engine.vector.recoloring import ColorRule
from flatrender.engine.vector.trace_messages import Answer, RefusedAnswer, TraceQuestion

Detail = Literal["low", "medium", "high"]

TRACER = "vtracer/0.6"
MAX_PICTURE_BYTES = 32 << 20
MIN_COLORS, MAX_COLORS = 2, MAX_GROUPS * 2 // 3
"""Of what is drawn; pictures that the scene shows have half as many again."""
DEADLINE_S = 60.0
"""Seconds that tracing one picture may take."""

_helpers = Helpers("flatrender.engine.vector.trace_child", most=1)
_answers: msgspec.msgpack.Decoder[Answer] = msgspec.msgpack.Decoder(Answer)


class TracerFailed(EngineError):
    """The tracer died or took too long: of the machine or of the picture, which only another try tells."""

    code = "tracer_failed"


class TraceRefused(EngineError):
    """The picture cannot be traced. Codes: `picture_invalid`, `picture_too_detailed`."""

    code = "picture_invalid"


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """Shapes of one colour."""

    color: str
    """As traced, `#rrggbb`."""
    share: float
    """Of the picture that it covers, 0 to 1."""
    pictured: bool
    """Whether it belongs to a picture that the scene shows (a photograph, a logo) rather than to what the template draws."""
    rule: ColorRule


class Traced(msgspec.Struct, frozen=True, kw_only=True):
    """A traced picture."""

    drawing: Drawing
    groups: tuple[Group, ...]
    """Of the drawing, the one that covers most first."""
    reduced: bool
    """Whether it shows less detail than was asked for, which would have been too large."""


def trace(data: bytes, palette: Mapping[str, str], *, colors: int = 24, detail: Detail = "medium") -> Traced:
    """Trace a picture (PNG, JPEG, WebP, AVIF, HEIC, GIF or SVG) that was drawn with `palette` (slot → `#rrggbb`, in the template's order).

    May be called from many threads; one picture is traced at a time. Raises TraceRefused and TracerFailed.
    """
    if len(data) > MAX_PICTURE_BYTES:
        raise TraceRefused(f"the picture has {len(data)} bytes; at most {MAX_PICTURE_BYTES >> 20} MB are traced")
    if not MIN_COLORS <= colors <= MAX_COLORS:
        raise ValueError(f"{colors} colours; {MIN_COLORS} to {MAX_COLORS} can be asked for")
    question = TraceQuestion(data=data, colors=colors, detail=detail, seeds=list(palette.values()))
    try:
        raw = _helpers.ask(msgspec.msgpack.encode(question), deadline_s=DEADLINE_S)
    except HelperFailedError as error:
        raise TracerFailed(f"the picture could not be traced: {error}") from error
    answer = _answers.decode(raw)
    if isinstance(answer, RefusedAnswer):
        raise TraceRefused(answer.reason, code="picture_too_detailed" if answer.too_detailed else "picture_invalid")
    drawing, _ = from_svg(answer.svg)
    shown: dict[str, float] = {}
    for color, share, pictured in zip(drawing.colors, answer.shares, answer.pictured, strict=True):
        own = None if pictured else rule_for(color, palette)
        if own is not None and own.slot is not None and own == ColorRule(slot=own.slot):
            shown[own.slot] = shown.get(own.slot, 0.0) + share
    return Traced(
        drawing=drawing,
        groups=tuple(
            Group(
                color=color,
                share=share,
                pictured=pictured,
                rule=ColorRule() if pictured else rule_for(color, palette, shown),
            )
            for color, share, pictured in zip(drawing.colors, answer.shares, answer.pictured, strict=True)
        ),
        reduced=answer.reduced,
    )
