"""Expressions as keyframes: no renderer evaluates them, so that film and preview show the same."""

from __future__ import annotations

from flatrender.engine.lottie.baking import answer_for, evaluate_expressions, scripted_places, write_keys
from flatrender.engine.lottie.document import Json
from flatrender.engine.lottie.rewrite.notes import Note


def write_expressions(lottie: Json, notes: list[Note]) -> None:
    """Write what expressions give as keyframes; a property whose expression cannot be evaluated keeps its own."""
    answers = evaluate_expressions(lottie)
    for place, prop in list(scripted_places(lottie)):
        answer = answer_for(answers, place)
        if answer is None:
            del prop["x"]  # a control: those that look at it have done so
            continue
        write_keys(prop, answer)
        detail = (
            "an expression that cannot be evaluated is left out" if answer.error else "an expression is written out"
        )
        notes.append(Note(feature="expression", detail=detail))
