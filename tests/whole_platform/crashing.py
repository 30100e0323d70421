"""Animations of the public corpus that kill or hang the renderer, and how they must end: the code, and words of the message."""

from pathlib import Path

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus" / "lottie"
FILMS = {
    "crash_dna.json": ("engine_crashed", "renderer died"),
    "hang_infinite_loop.json": ("engine_timeout", "took longer than"),
}
WATCHDOG_S = 20
"""What drawing one frame may take (docs/engine.md)."""
