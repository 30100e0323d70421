"""Keyframes whose components ease differently: ThorVG eases all of them as the first."""

from __future__ import annotations

from flatrender.engine.lottie.document import Json
from flatrender.engine.lottie.rewrite.notes import Note, named
from flatrender.engine.lottie.rewrite.timing import MAX_BAKED, handles, keyframes, sampler, written
from flatrender.engine.lottie.walk import objects

_ALIKE = 0.01  # ThorVG keeps two decimals of a handle


def split_easing(layer: Json, notes: list[Note]) -> None:
    """Write such properties out frame by frame."""
    for holder in objects(layer):
        for key, prop in holder.items():
            if type(prop) is not dict or type(prop.get("k")) is not list:
                continue
            frames = keyframes(prop)
            if frames is None or not any(_differs(frame) for frame in frames):
                continue
            values = sampler(prop, (0.0,))
            first, last = frames[0]["t"], frames[-1]["t"]
            if values is None or last - first > MAX_BAKED:
                continue
            steps = int(last - first)
            moments = sorted({*(float(frame["t"]) for frame in frames), *(first + step for step in range(steps + 1))})
            holds = {float(frame["t"]) for frame in frames if frame.get("h") == 1}
            if holds:
                continue
            holder[key] = {**prop, **written(moments, [values(moment) for moment in moments])}
            notes.append(
                Note(feature="easing", detail="axes that ease apart are written frame by frame", layer=named(layer))
            )


def _differs(frame: Json) -> bool:
    parts = frame.get("s")
    ins, outs = frame.get("i"), frame.get("o")
    if not isinstance(parts, list) or not isinstance(ins, dict) or not isinstance(outs, dict):
        return False
    if not isinstance(ins.get("x"), list) or len(ins["x"]) < 2:
        return False
    end = frame.get("e")
    first = handles(frame, 0)
    for part in range(1, min(len(parts), len(ins["x"]), 2)):
        if isinstance(end, list) and part < len(end) and end[part] == parts[part]:
            continue
        if any(abs(one - other) > _ALIKE for one, other in zip(first, handles(frame, part), strict=True)):
            return True
    return False
