"""Drawing converted compositions with the engine, and comparing what is drawn."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
from bench.fidelity.ssim import ssim

from flatrender.aftereffects.convert import Conversion, convert_composition
from flatrender.engine.raster.pool import WorkerPool
from flatrender.engine.resolve import resolve_scene
from flatrender.engine.template import load_template

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus"
PROJECTS = CORPUS / "aep"
Pixels = npt.NDArray[np.uint8]
GROUNDS = ((255, 255, 255), (0, 0, 0))
"""A picture on both of them shows its transparency too."""


def encoded(conversion: Conversion) -> bytes:
    """Return the Lottie file."""
    return msgspec.json.encode(conversion.lottie)


def frames(
    pool: WorkerPool,
    lottie: bytes,
    numbers: Sequence[float],
    *,
    width: int,
    height: int,
    ground: tuple[int, int, int] = (255, 255, 255),
) -> list[Pixels]:
    """Draw frames, counted from the animation's first, on a ground: red, green and blue."""
    scene = resolve_scene(load_template(lottie), "main")
    drawn = []
    for number in numbers:
        pixels = pool.draw(scene, number, width=width, height=height, background=ground)
        picture = np.frombuffer(pixels, np.uint8).reshape(height, width, 4)
        drawn.append(np.ascontiguousarray(picture[..., 2::-1]))
    return drawn


def first_frame(pool: WorkerPool, comp: Any, frame: float = 0) -> Pixels:
    """Convert a composition and draw one frame of it at its own size on white."""
    lottie = encoded(convert_composition(comp))
    return frames(pool, lottie, [frame], width=int(comp.width), height=int(comp.height))[0]


def similarity(
    pool: WorkerPool, one: bytes, other: bytes, numbers: Sequence[float], *, width: int, height: int
) -> list[float]:
    """Return, for each frame, the lower similarity of both animations on white and on black."""
    found: list[list[float]] = []
    for ground in GROUNDS:
        ours = frames(pool, one, numbers, width=width, height=height, ground=ground)
        theirs = frames(pool, other, numbers, width=width, height=height, ground=ground)
        found.append([ssim(a, b) for a, b in zip(ours, theirs, strict=True)])
    return [min(pair) for pair in zip(*found, strict=True)]
