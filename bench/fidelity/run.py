"""Drawing files with the engine and comparing them with lottie-web's pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import numpy as np

from flatrender.engine.compatibility import Report, compatibility
from flatrender.engine.errors import EngineError
from flatrender.engine.lottie.document import Json, parse_lottie
from flatrender.engine.raster.pool import RasterLimits, WorkerPool
from flatrender.engine.resolve import resolve_scene
from flatrender.engine.template import load_template

from .reference import Reference, browser_page, keep, kept
from .ssim import Pixels, ssim

WIDTH = 400
"""Pixels across; the height follows from the file's shape, rounded, at least eleven."""
ENOUGH = 0.95
_WHITE = (255, 255, 255)
SHARES = (0.0, 0.25, 0.5, 0.75)
MIDDLE = 2
"""Where the middle frame is in `SHARES`."""


class Compared(msgspec.Struct, frozen=True):
    """One file: its similarity at each of `SHARES`, or the code of the error that kept it from being drawn."""

    name: str
    report: Report
    features: tuple[str, ...]
    similar: tuple[float, ...] = ()
    error: str = ""

    @property
    def middle(self) -> float:
        """The similarity of the middle frame; 0 when it could not be drawn."""
        return self.similar[MIDDLE] if self.similar else 0.0


def compare(paths: Sequence[Path], chromium: str) -> Iterator[Compared]:
    """Compare each file in turn; a browser starts when the first picture is not kept yet."""
    limits = RasterLimits(frame_s=10, load_s=10)
    pending = [path for path in paths if kept(path.read_bytes(), *_asked(path)) is None]
    if pending:
        with browser_page(chromium) as reference:
            for path in pending:
                _draw_reference(reference, path)
    with WorkerPool(1, limits=limits) as pool:
        for path in paths:
            yield _compared(path, pool)


def _asked(path: Path) -> tuple[list[float], int, int]:
    lottie = parse_lottie(path.read_bytes(), path.name)
    frames = lottie["op"] - lottie["ip"]
    return [int(frames * share) for share in SHARES], WIDTH, max(11, round(WIDTH * lottie["h"] / lottie["w"]))


def _draw_reference(reference: Reference, path: Path) -> None:
    data = path.read_bytes()
    at, width, height = _asked(path)
    keep(data, at, reference.frames(data, at, width, height))


def _compared(path: Path, pool: WorkerPool) -> Compared:
    data = path.read_bytes()
    lottie = parse_lottie(data, path.name)
    report, features = compatibility(lottie), features_of(lottie)
    at, width, height = _asked(path)
    references = kept(data, at, width, height) or []
    try:
        drawn = draw(data, at, width, height, pool, folder=path)
    except EngineError as error:
        return Compared(path.name, report, features, error=error.code)
    similar = tuple(ssim(one, other) for one, other in zip(references, drawn, strict=True))
    return Compared(path.name, report, features, similar)


def draw(
    data: bytes, at: Sequence[float], width: int, height: int, pool: WorkerPool, folder: Path | None = None
) -> list[Pixels]:
    """Draw frames of a bare Lottie on white as the engine does for people: loaded, resolved, drawn in a worker. Raises EngineError."""
    template = load_template(folder if folder is not None else data)
    scene = resolve_scene(template, template.scenes[0].key, locale="en")
    pictures = []
    for frame in at:
        drawn = pool.draw(scene, frame, width=width, height=height, background=_WHITE)
        pictures.append(np.frombuffer(drawn, np.uint8).reshape(height, width, 4)[:, :, 2::-1])
    return pictures


def features_of(lottie: Json) -> tuple[str, ...]:
    """Name the features that a file uses, for the table."""
    found: set[str] = set()
    waiting: list[object] = [lottie.get("layers"), lottie.get("assets")]
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            waiting.extend(node)
        elif isinstance(node, dict):
            found.update(_named(node))
            waiting.extend(value for value in node.values() if isinstance(value, dict | list))
    return tuple(sorted(found))


_ITEMS = {
    "gf": "gradients", "gs": "gradients", "sr": "polystars", "rp": "repeaters", "tm": "trim paths", "rd": "round corners",
    "mm": "merge paths", "op": "offset paths", "pb": "pucker and bloat", "zz": "zig zag",
}  # fmt: skip
_LAYERS = {0: "precompositions", 1: "solids", 2: "images", 3: "nulls", 5: "text"}


def _named(node: Json) -> Iterator[str]:
    kind = node.get("ty")
    if isinstance(kind, str) and kind in _ITEMS:
        yield _ITEMS[kind]
    if isinstance(kind, int) and kind in _LAYERS and "ks" in node:
        yield _LAYERS[kind]
    for key, name in (("masksProperties", "masks"), ("ef", "effects"), ("sy", "layer styles")):
        if node.get(key) and "ks" in node:
            yield name
    if node.get("tt"):
        yield "mattes"
    if node.get("bm") and ("ks" in node or kind == "gr"):
        yield "blend modes"
    if isinstance(node.get("x"), str) and "k" in node:
        yield "expressions"
    if "tm" in node and "ks" in node:
        yield "time remap"
    if node.get("ddd") == 1:
        yield "three dimensions"
    if node.get("d") and kind in ("st", "gs"):
        yield "dashes"
