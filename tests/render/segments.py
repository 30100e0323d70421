"""Work taken by hand, and segments as a misbehaving node could make them."""

import hashlib
import json
import time
from pathlib import Path
from typing import Any

import msgspec

from flatrender.engine.film.segments import render_segment
from flatrender.engine.raster.pool import WorkerPool
from flatrender.node.drawing import film_settings, resolved
from flatrender.protocol.work import Assignment, SegmentTask
from tests.engine_film.conftest import BITS, rectangle
from tests.render.farm import HandNode


def showing(numbers: list[int | None]) -> bytes:
    """Return a scene whose frames show these numbers as `numbered` does; None is black."""
    frames, width, height = len(numbers), 192, 108

    def switched(values: list[int]) -> dict[str, Any]:
        keys: list[dict[str, Any]] = [
            {"t": n, "s": [100 * value], "h": 1} for n, value in enumerate(values) if n == 0 or value != values[n - 1]
        ]
        return {"a": 0, "k": keys[0]["s"][0]} if len(keys) == 1 else {"a": 1, "k": keys}

    bits = [
        rectangle(bit * 16, 0, 16, height, switched([(n or 0) >> bit & 1 for n in numbers]), frames, (0, 0, 0))
        for bit in range(BITS)
    ]
    black = rectangle(0, 0, width, height, switched([int(n is None) for n in numbers]), frames, (0, 0, 0))
    white = rectangle(0, 0, width, height, {"a": 0, "k": 100}, frames, (1, 1, 1))
    scene = {
        "v": "5.7.0", "fr": 30, "ip": 0, "op": frames, "w": width, "h": height, "assets": [],
        "layers": [dict(layer, ind=index + 1) for index, layer in enumerate([black, *bits, white])],
    }  # fmt: skip
    return json.dumps(scene).encode()


def drawn(work: Assignment, lottie: bytes, folder: Path, pool: WorkerPool) -> bytes:
    """Return the segment that an assignment asks for, but of another scene."""
    task = work.task
    assert isinstance(task, SegmentTask)
    settings = film_settings(task)
    out = folder / f"{work.lease.id}-{work.lease.epoch}{settings.segment_suffix}"
    # The pool knows scenes by their hash.
    scene = msgspec.structs.replace(resolved(task, lottie), sha256=hashlib.sha256(lottie).hexdigest())
    render_segment(scene, task.first, task.last, settings, out, pool=pool)
    return out.read_bytes()


async def taken(node: HandNode, within_s: float = 60) -> Assignment:
    """Take the next chunk as soon as there is one."""
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        work = await node.claim()
        if work is not None:
            return work
    raise AssertionError("there was nothing to do")
