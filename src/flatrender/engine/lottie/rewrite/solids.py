"""Solid layers that fade: ThorVG multiplies a solid's opacity twice, once into its colour and once into its layer."""

from __future__ import annotations

import re

from flatrender.engine.lottie.document import Json, is_number
from flatrender.engine.lottie.edit import rgb_of_hex
from flatrender.engine.lottie.rewrite.notes import Note, named
from flatrender.engine.lottie.rewrite.timing import scalar
from flatrender.engine.lottie.walk import SHAPE, SOLID


def redraw_solids(layer: Json, notes: list[Note]) -> None:
    """Make a solid whose opacity is not a hundred a shape layer with a rectangle."""
    color = layer.get("sc")
    transform = layer.get("ks")
    if layer.get("ty") != SOLID or not isinstance(color, str) or not isinstance(transform, dict):
        return
    width, height = layer.get("sw"), layer.get("sh")
    if scalar(transform.get("o"), 100) in (100, 0) or not re.fullmatch("#[0-9a-fA-F]{6}", color):
        return
    if not is_number(width) or not is_number(height):
        return
    layer["ty"] = SHAPE
    for key in ("sc", "sw", "sh"):
        del layer[key]
    layer["shapes"] = [
        {
            "ty": "rc",
            "d": 1,
            "p": {"a": 0, "k": [width / 2, height / 2]},
            "s": {"a": 0, "k": [width, height]},
            "r": {"a": 0, "k": 0},
        },
        {"ty": "fl", "c": {"a": 0, "k": [*rgb_of_hex(color), 1]}, "o": {"a": 0, "k": 100}, "r": 1},
    ]
    notes.append(Note(feature="solid opacity", detail="a fading solid is drawn as a rectangle", layer=named(layer)))
