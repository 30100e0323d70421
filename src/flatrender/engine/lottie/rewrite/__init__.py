"""Lottie in forms that ThorVG draws as designed.

`rewrite_for_engine` changes only what ThorVG 1.0 and 1.1 are known to draw otherwise than After Effects and lottie-web, so that the native
renderer and the browser's show the same picture. What each part mends, and how it was found, is in docs/fidelity.md.
"""

from flatrender.engine.lottie.rewrite.notes import Note
from flatrender.engine.lottie.rewrite.run import rewrite_for_engine

__all__ = ["Note", "rewrite_for_engine"]
