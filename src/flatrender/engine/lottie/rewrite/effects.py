"""Effects whose figures ThorVG reads otherwise, and those of early files, which say not that they are on."""

from __future__ import annotations

from flatrender.engine.lottie.document import Json, is_number
from flatrender.engine.lottie.rewrite.notes import Note, named
from flatrender.engine.lottie.rewrite.timing import keyframes
from flatrender.engine.lottie.walk import dicts

DRAWN_EFFECTS = (20, 21, 22, 23, 25, 29)
"""Tint, fill, stroke along masks, tritone, drop shadow, gaussian blur."""
_DROP_SHADOW, BLUR = 25, 29
_SOFTNESS = 4
_SIGMA = 0.25 / 0.3
"""lottie-web blurs a shadow by a quarter of its softness, ThorVG by three tenths."""


def fit_effects(layer: Json, notes: list[Note]) -> None:
    """Adapt the softness of drop shadows; switch on what does not say that it is off."""
    for effect in dicts(layer.get("ef")):
        if "en" not in effect and effect.get("ty") in DRAWN_EFFECTS:
            rest = dict(effect)
            effect.clear()
            effect.update(ty=rest.pop("ty"), en=1, **rest)
            notes.append(Note(feature="effect", detail="an effect of an early file is on", layer=named(layer)))
        controls = effect.get("ef")
        if effect.get("ty") != _DROP_SHADOW or not isinstance(controls, list) or len(controls) <= _SOFTNESS:
            continue
        softness = controls[_SOFTNESS]
        if isinstance(softness, dict) and _scale(softness.get("v")):
            notes.append(Note(feature="drop shadow", detail="its softness is measured anew", layer=named(layer)))


def _scale(prop: object) -> bool:
    if not isinstance(prop, dict):
        return False
    done = False
    for holder, key in [(prop, "k"), *((frame, key) for frame in keyframes(prop) or [] for key in ("s", "e"))]:
        value = holder.get(key)
        if is_number(value) and value:
            holder[key] = value * _SIGMA
            done = True
        elif isinstance(value, list) and all(is_number(part) for part in value):
            holder[key] = [part * _SIGMA for part in value]
            done = True
    return done
