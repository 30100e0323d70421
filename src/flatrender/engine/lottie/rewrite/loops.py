"""Loop expressions as keyframes.

`loopOut` is by far the most used expression, and repeats keyframes that are there: writing them out needs no script engine, keeps every ease
and curve, and shows the same in every player. Semantics: After Effects' expression reference, `loopOut(type, numKeyframes)`.
"""

from __future__ import annotations

import re
from typing import Any

from flatrender.engine.lottie.document import Json, is_number
from flatrender.engine.lottie.rewrite.notes import Note, named
from flatrender.engine.lottie.walk import objects

_CALL = r"""(?:thisProperty\.)?loopOut\(\s*
    (?:(?P<quote>['"])(?P<kind>cycle|pingpong|offset)(?P=quote)\s*(?:,\s*(?P<count>\d{1,4})\s*)?)?\)\s*;?\s*"""
_LOOP = re.compile(r"\s*var\ \$bm_rt;\s*\$bm_rt\s*=\s*" + _CALL, re.VERBOSE)
_GUARDED = re.compile(
    r"\s*var\ \$bm_rt;\s*if\s*\((?:thisProperty\.)?numKeys\s*>\s*1\)\s*\{\s*\$bm_rt\s*=\s*"
    + _CALL
    + r"\}\s*else\s*\{\s*\$bm_rt\s*=\s*value;?\s*\}\s*;?\s*",
    re.VERBOSE,
)
_MAX_FRAMES = 4000
_JUMP = 0.001
"""Frames that a jump from the end of a cycle to its start takes."""


def unroll_loops(layer: Json, until: float, notes: list[Note]) -> None:
    """Write loops out to the layer's end; `until` is the animation's, for a layer that says none."""
    last = layer.get("op", until)
    if not is_number(last):
        return
    for holder in objects(layer):
        expression = holder.get("x")
        if not isinstance(expression, str) or "loop" not in expression:
            continue
        found = _LOOP.fullmatch(expression) or _GUARDED.fullmatch(expression)
        if found is None:
            continue
        spans = _spans(holder.get("k"))
        if spans is None:
            continue
        count = int(found["count"] or 0)
        kind = found["kind"] or "cycle"
        done = _after(spans, kind, count, last)
        if done is not None:
            del holder["x"]
            holder["k"] = done
            notes.append(Note(feature="expression", detail="a loop is written out as keyframes", layer=named(layer)))


def is_simple_loop(expression: str) -> bool:
    """Whether the expression is nothing but a loop that `unroll_loops` writes out."""
    return (_LOOP.fullmatch(expression) or _GUARDED.fullmatch(expression)) is not None


class _Span:
    """The way from one keyframe to the next."""

    def __init__(self, frame: Json, start: Any, end: Any, begin: float, until: float) -> None:
        self.frame, self.start, self.end, self.begin, self.until = frame, start, end, begin, until

    def keyframe(self, at: float, offset: list[float] | None) -> Json:
        kept: Json = {key: self.frame[key] for key in ("i", "o", "to", "ti", "h", "n") if key in self.frame}
        return {"t": at, "s": _moved(self.start, offset), **kept}

    def reversed(self) -> _Span:
        frame: Json = {}
        if self.frame.get("h") == 1:
            return _Span({"h": 1}, self.start, self.start, self.begin, self.until)
        if "i" in self.frame and "o" in self.frame:
            frame = {"o": _mirrored(self.frame["i"]), "i": _mirrored(self.frame["o"])}
        if "to" in self.frame and "ti" in self.frame:
            frame.update(to=self.frame["ti"], ti=self.frame["to"])
        return _Span(frame, self.end, self.start, self.begin, self.until)


def _spans(frames: object) -> list[_Span] | None:
    if (
        not isinstance(frames, list)
        or len(frames) < 2
        or not all(isinstance(f, dict) and is_number(f.get("t")) for f in frames)
    ):
        return None
    spans = []
    for at in range(len(frames) - 1):
        start = frames[at].get("s")
        end = frames[at + 1].get("s", frames[at].get("e"))
        if frames[at].get("e") is not None and "s" not in frames[at + 1]:
            end = frames[at]["e"]
        if start is None or end is None or frames[at + 1]["t"] <= frames[at]["t"]:
            return None
        spans.append(_Span(frames[at], start, end, frames[at]["t"], frames[at + 1]["t"]))
    return spans


def _mirrored(handle: object) -> object:
    if not isinstance(handle, dict):
        return handle
    return {
        axis: [1 - part for part in value if is_number(part)] if isinstance(value, list) else 1 - value
        for axis, value in handle.items()
        if is_number(value) or isinstance(value, list)
    }


def _moved(value: Any, offset: list[float] | None) -> Any:
    if not offset:
        return value
    if isinstance(value, list):
        return [part + step for part, step in zip(value, offset, strict=False)]
    return value + offset[0]


def _difference(spans: list[_Span]) -> list[float] | None:
    """Return how far a whole cycle moves the value; None when it is no number."""
    start, end = spans[0].start, spans[-1].end
    start, end = (v if isinstance(v, list) else [v] for v in (start, end))
    values = [v if isinstance(v, list) else [v] for span in spans for v in (span.start, span.end)]
    if any(len(value) != len(start) or not all(is_number(v) for v in value) for value in values):
        return None
    return [b - a for a, b in zip(start, end, strict=True)]


def _after(spans: list[_Span], kind: str, count: int, until: float) -> list[Json] | None:
    looped = spans[-count:] if 0 < count < len(spans) else spans
    frames: list[Json] = []
    _write(frames, spans, 0.0, None)
    cycle = looped[-1].until - looped[0].begin
    rounds = int((until - looped[-1].until) / cycle) + 1 if until > looped[-1].until else 0
    if len(spans) + rounds * len(looped) > _MAX_FRAMES:
        return None
    moved = _difference(looped) if kind == "offset" else None
    if kind == "offset" and moved is None:
        return None
    for number in range(1, rounds + 1):
        back = kind == "pingpong" and number % 2 == 1
        shown = _back(looped) if back else looped
        offset = [number * part for part in moved] if moved is not None else None
        _write(frames, shown, number * cycle, offset)
    _finish(frames)
    return frames


def _back(spans: list[_Span]) -> list[_Span]:
    """Return the spans as they are run through from the end to the start, over the same time."""
    first, last = spans[0].begin, spans[-1].until
    turned = []
    for span in reversed(spans):
        back = span.reversed()
        back.begin, back.until = first + last - span.until, first + last - span.begin
        turned.append(back)
    return turned


def _write(frames: list[Json], spans: list[_Span], shift: float, offset: list[float] | None) -> None:
    for span in spans:
        made = span.keyframe(span.begin + shift, offset)
        if frames and "_end" in frames[-1]:
            end = frames[-1].pop("_end")
            if end != made["s"] and frames[-1].get("h") != 1:
                frames.append({"t": made["t"] - _JUMP, "s": end, "h": 1})
        made["_end"] = _moved(span.end, offset)
        made["_until"] = span.until + shift
        for older in frames[-2:]:
            older.pop("_until", None)
        frames.append(made)


def _finish(frames: list[Json]) -> None:
    last = frames[-1]
    end, until = last.pop("_end"), last.pop("_until")
    frames.append({"t": until, "s": end})
