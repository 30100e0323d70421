"""The small picture of what the node drew last, which comes with a result for the farm's dashboard. Now and then, so that it costs nothing worth measuring."""

import io
import logging
import threading
import time
from pathlib import Path

import av
from PIL import Image

from flatrender.engine.film.plan import lottie_frames
from flatrender.engine.film.settings import exact_rate
from flatrender.engine.raster.pool import WorkerPool
from flatrender.engine.scene import ResolvedScene
from flatrender.engine.still import render_still
from flatrender.protocol.work import SegmentTask, Task

log = logging.getLogger(__name__)

EVERY_S = 5.0
LONGER_SIDE = 320
MAX_BYTES = 24 * 1024
QUALITIES = (80, 60, 40, 20)


class LastPicture:
    """Makes the pictures of one node. May be used from several threads."""

    def __init__(self, pool: WorkerPool) -> None:
        self._pool = pool
        self._lock = threading.Lock()
        self._next = 0.0

    def of(self, task: Task, output: Path, scene: ResolvedScene | None, cancel: threading.Event) -> bytes | None:
        """Return a small JPEG of the last frame of a piece of work that is done; None when one was made a moment ago or it could not be made.

        `scene` is what ThorVG drew; None where another engine did. Never raises: a picture is worth no work.
        """
        with self._lock:
            if time.monotonic() < self._next:
                return None
            self._next = time.monotonic() + EVERY_S
        try:
            if not isinstance(task, SegmentTask):
                with Image.open(output) as picture:
                    return small(picture)
            if scene is None:
                return small(last_frame(output))
            return small(self._drawn(task, scene, cancel))
        except Exception as error:  # noqa: BLE001 - the work is done, whatever happens to its picture
            log.info("no_picture reason=%s", error)
            return None

    def _drawn(self, task: SegmentTask, scene: ResolvedScene, cancel: threading.Event) -> Image.Image:
        scale = min(1.0, LONGER_SIDE / max(task.width, task.height))
        (frame,) = lottie_frames(scene.frames, scene.fps, exact_rate(task.fps), task.last, task.last)
        data = render_still(
            scene,
            frame,
            width=max(1, round(task.width * scale)),
            height=max(1, round(task.height * scale)),
            pool=self._pool,
            format="jpeg",
            background=task.background,
            cancel=cancel,
        )
        return Image.open(io.BytesIO(data))


def last_frame(segment: Path) -> Image.Image:
    """Return the last frame of a film's segment. Raises ValueError for one without a frame, and what the decoder raises."""
    with av.open(str(segment)) as container:
        last = None
        for last in container.decode(video=0):  # noqa: B007 - the last one is wanted
            pass
    if last is None:
        raise ValueError("the segment has no frame")
    return Image.fromarray(last.to_ndarray(format="rgb24"))


def small(picture: Image.Image) -> bytes | None:
    """Return a picture as a JPEG of at most 320 pixels and 24 KiB, what is transparent on white; None when it does not fit."""
    picture.draft("RGB", (LONGER_SIDE, LONGER_SIDE))
    if picture.mode in ("RGBA", "LA", "PA", "P"):
        picture = picture.convert("RGBA")
        ground = Image.new("RGBA", picture.size, (255, 255, 255, 255))
        picture = Image.alpha_composite(ground, picture)
    picture = picture.convert("RGB")
    picture.thumbnail((LONGER_SIDE, LONGER_SIDE))
    for quality in QUALITIES:
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=quality)
        if out.tell() <= MAX_BYTES:
            return out.getvalue()
    return None
