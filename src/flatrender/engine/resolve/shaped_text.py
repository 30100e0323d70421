"""A text layer whose texts are set becomes a shape layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flatrender.engine.lottie.animators import animators_of, by_parts, play
from flatrender.engine.lottie.document import Json, is_number
from flatrender.engine.lottie.sampling import sample, sample_times
from flatrender.engine.lottie.walk import SHAPE, dicts
from flatrender.engine.resolve.lettering import (
    Inked,
    Paint,
    Pivot,
    color_of,
    moving_shapes,
    shown_between,
    still_shapes,
)
from flatrender.engine.resolve.letters import Align


@dataclass(frozen=True, slots=True)
class ShapedText:
    """One text document as letters."""

    document: Json
    letters: list[Inked]
    align: Align
    size: float
    """Font size, px."""
    designed: str | None
    """The text that the designer saw; None when it is this one."""


def follows_path(layer: Json) -> bool:
    """Whether the text runs along a mask."""
    text = layer.get("t")
    path = text.get("p") if isinstance(text, dict) else None
    return isinstance(path, dict) and "m" in path


def paint_of(document: Json) -> Paint:
    """Return what a text document's letters are painted with."""
    width = document.get("sw")
    stroked = is_number(width) and width > 0
    return Paint(
        fill=color_of(document.get("fc")),
        stroke=color_of(document.get("sc")) if stroked else None,
        stroke_width=float(width) if is_number(width) and stroked else 0.0,
        stroke_over_fill=document.get("of") is not False,
    )


def become_shapes(layer: Json, texts: Sequence[ShapedText]) -> None:
    """Make the text layer a shape layer; texts that follow each other in time are shown each in its own."""
    starts = [frame.get("t", 0) for frame in dicts(layer["t"]["d"].get("k")) if isinstance(frame.get("s"), dict)]
    starts = [float(start) if is_number(start) else 0.0 for start in starts]
    shapes: list[Json] = []
    for index, text in enumerate(texts):
        made = _shapes(layer, text)
        if len(texts) > 1:
            start = starts[index] if index else None
            end = starts[index + 1] if index + 1 < len(texts) else None
            made = [shown_between(made, start, end)] if made else []
        shapes.extend(made)
    layer["ty"] = SHAPE
    layer["shapes"] = shapes
    del layer["t"]


def _shapes(layer: Json, text: ShapedText) -> list[Json]:
    paint = paint_of(text.document)
    if not text.letters:
        return []
    if not animators_of(layer):
        return still_shapes(text.letters, paint)
    strokes = any("sw" in animator["a"] or "sc" in animator["a"] for animator in animators_of(layer))
    if paint.stroke is None and strokes:
        color = color_of(text.document.get("sc")) or (0.0, 0.0, 0.0)
        paint = Paint(paint.fill, color, paint.stroke_width, paint.stroke_over_fill)
    motion = play(
        layer,
        [letter.place for letter in text.letters],
        designed=text.designed,
        fill=paint.fill,
        stroke=paint.stroke,
        stroke_width=paint.stroke_width,
    )
    return moving_shapes(
        text.letters,
        paint,
        motion,
        pivot=_pivot(layer),
        parts=by_parts(layer),
        size=text.size,
        align=text.align,
    )


def _pivot(layer: Json) -> Pivot:
    more = layer["t"].get("m")
    more = more if isinstance(more, dict) else {}
    grouping = more.get("g")
    alignment = more.get("a")
    across, down = sample(alignment, sample_times([alignment])[:1], [0, 0])[0]
    return Pivot(int(grouping) if is_number(grouping) else 1, float(across), float(down))
