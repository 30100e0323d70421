"""Blend modes against a composition's own ground.

A composition is transparent where nothing is drawn, and a blended layer shows there as it is. ThorVG blends into whatever the canvas holds,
the film's background included, unless a scene of its own lies between.
"""

from __future__ import annotations

from flatrender.engine.lottie.document import Json
from flatrender.engine.lottie.rewrite.notes import Note


def isolate_blends(_lottie: Json, _notes: list[Note]) -> None:
    """Placed here for the order."""
