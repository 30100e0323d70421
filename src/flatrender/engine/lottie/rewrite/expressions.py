"""Expressions that the renderer's script engine gets wrong or dies of."""

from __future__ import annotations

import re
from collections.abc import Iterator

from flatrender.engine.lottie.document import Json
from flatrender.engine.lottie.rewrite.notes import Note, named
from flatrender.engine.lottie.walk import objects

_DEADLY = re.compile(
    r"""\b(?:nearestKey|velocity|velocityAtTime|toComp|fromComp|toWorld|fromWorld|toCompVec|fromCompVec|sampleImage|sourceRectAtTime
    |pointOnPath|tangentOnPath|normalOnPath|createPath)\b|\bpoints\s*\(|'ADBE\ """,
    re.VERBOSE,
)
_OWN_SCALE = re.compile(
    r"\b(?:value|valueAtTime|loop(?:In|Out)(?:Duration)?|opacity|key|smooth|temporalWiggle|wiggle)\b"
)
_FADING = ("tr", "fl", "st", "gf", "gs")


def is_refused(expression: str) -> bool:
    """Whether the renderer must not see the expression: it uses functions on which the renderer crashes."""
    return _DEADLY.search(expression) is not None


def tame_expressions(layer: Json, notes: list[Note]) -> None:
    """Take out expressions that kill the renderer (their property keeps its keyframes), and give opacities in the renderer's measure."""
    for node in objects(layer):
        code = node.get("x")
        if isinstance(code, str) and "k" in node and is_refused(code):
            del node["x"]
            detail = "an expression that the renderer cannot evaluate is left out"
            notes.append(Note(feature="expression", detail=detail, layer=named(layer)))
    for prop in _opacities(layer):
        code = prop.get("x")
        # ThorVG 1.0 takes an opacity's result as 0 to 255, and gives scripts the property's own value in that measure; 1.1 counts to 100.
        if isinstance(code, str) and "$bm_rt" in code and not _OWN_SCALE.search(code):
            prop["k"], prop["a"] = 100, 0
            prop["x"] = code + "\n$bm_rt = $bm_rt * (value > 100.5 ? 2.55 : 1);"
            detail = "an opacity's expression is given in the renderer's measure"
            notes.append(Note(feature="expression", detail=detail, layer=named(layer)))


def _opacities(layer: Json) -> Iterator[Json]:
    transform = layer.get("ks")
    holders = [transform] if isinstance(transform, dict) else []
    holders += [item for item in objects(layer.get("shapes")) if item.get("ty") in _FADING]
    for holder in holders:
        prop = holder.get("o")
        if isinstance(prop, dict):
            yield prop
