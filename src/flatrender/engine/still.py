"""One frame of a scene as a picture file."""

import io
import threading
from typing import Literal

from PIL import Image

from flatrender.engine.film.keys import still_key
from flatrender.engine.raster.pool import Background, WorkerPool
from flatrender.engine.scene import ResolvedScene
from flatrender.engine.store.disk import Store

StillFormat = Literal["png", "jpeg"]
_WHITE = (255, 255, 255)


def render_still(
    scene: ResolvedScene,
    frame: float,
    *,
    width: int,
    height: int,
    pool: WorkerPool,
    format: StillFormat = "png",  # the word for it
    background: Background | None = None,
    store: Store | None = None,
    cancel: threading.Event | None = None,
) -> bytes:
    """Draw frame `frame` of the scene (0 is its first) at `width` x `height` pixels and return the file's bytes.

    Without `background` a PNG is transparent where the scene is and a JPEG is on white.
    A picture that is in `store` is not drawn again. Raises what `WorkerPool.draw` raises.
    """
    if background is None and format == "jpeg":
        background = _WHITE
    key = still_key(scene, frame, width=width, height=height, format=format, background=background) if store else ""
    kept = store.read(key) if store else None
    if kept is not None:
        return kept
    pixels = pool.draw(scene, frame, width=width, height=height, background=background, cancel=cancel)
    if background is None:
        picture = Image.frombuffer("RGBA", (width, height), pixels, "raw", "RGBA", 0, 1)
    else:
        picture = Image.frombuffer("RGB", (width, height), pixels, "raw", "BGRX", 0, 1)
    out = io.BytesIO()
    if format == "png":
        picture.save(out, "PNG", compress_level=1)  # level 6 is five times slower for a tenth of the size
    else:
        # Drawn scenes have thin coloured edges, which a coarser grid of colours (4:2:0) would smear.
        picture.save(out, "JPEG", quality=92, subsampling=0)
    data = out.getvalue()
    if store is not None:
        store.write(key, data, f".{format}")
        store.settle()
    return data
