"""Looking at films: their frames, their sound, and the frame that the engine would draw."""

import io
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from flatrender.engine.raster.pool import WorkerPool
from flatrender.engine.resolve import resolve_scene
from flatrender.engine.scene import ResolvedScene
from flatrender.engine.still import render_still
from flatrender.engine.template import load_template

Pixels = NDArray[np.float64]
TEMPLATES = Path(__file__).resolve().parents[2] / "templates"


def video_facts(path: Path) -> dict[str, Any]:
    """Return codec, size, rate and the number of frames that really decode."""
    with av.open(str(path)) as film:
        stream = film.streams.video[0]
        frames = sum(1 for _ in film.decode(stream))
        return {
            "codec": stream.codec_context.name,
            "width": stream.codec_context.width,
            "height": stream.codec_context.height,
            "fps": float(Fraction(stream.average_rate or 0)),
            "frames": frames,
            "sound": [s.codec_context.name for s in film.streams.audio],
        }


def film_frames(path: Path, numbers: set[int]) -> dict[int, Pixels]:
    """Return the numbered frames (from 0) as RGB arrays (height, width, 3) of 0–255."""
    found: dict[int, Pixels] = {}
    with av.open(str(path)) as film:
        for number, frame in enumerate(film.decode(film.streams.video[0])):
            if number in numbers:
                found[number] = frame.to_ndarray(format="rgb24").astype(np.float64)
    return found


def halved(picture: Pixels) -> Pixels:
    """Return the picture at half its (even) size: what compression does to single pixels is mostly gone."""
    height, width, _ = picture.shape
    return picture.reshape(height // 2, 2, width // 2, 2, 3).mean(axis=(1, 3))


def sound_level(path: Path, start_s: float, end_s: float) -> float:
    """Return the root mean square (0–1) of the film's sound between two moments."""
    with av.open(str(path)) as film:
        stream = film.streams.audio[0]
        rate = stream.codec_context.sample_rate
        samples = np.concatenate([np.atleast_2d(frame.to_ndarray()).mean(axis=0) for frame in film.decode(stream)])
    part = samples[int(start_s * rate) : int(end_s * rate)]
    return float(np.sqrt(np.mean(part.astype(np.float64) ** 2)))


def difference(one: Pixels, other: Pixels) -> float:
    """Return the mean absolute difference of two pictures of equal size, 0–255."""
    return float(np.abs(one - other).mean())


def pixels(picture: bytes) -> Pixels:
    """Return a picture file as an RGB array (height, width, 3) of 0–255."""
    return np.asarray(Image.open(io.BytesIO(picture)).convert("RGB"), dtype=np.float64)


def drawn_scene(scene: ResolvedScene, frame: float, width: int, height: int) -> Pixels:
    """Return what the engine draws for a frame of the scene, as RGB."""
    with WorkerPool(workers=1) as pool:
        return pixels(render_still(scene, frame, width=width, height=height, pool=pool))


def drawn(
    document: dict[str, Any],
    number: int,
    frame: int,
    width: int,
    *,
    assets: Mapping[str, bytes],
    slug: str = "promo",
) -> Pixels:
    """Return what the engine draws for a frame of the document's scene: its template bound without the services.

    `assets` are the person's pictures by file id; an image value that is not among them is the template's own picture.
    """
    scene = document["scenes"][number]
    template = load_template(TEMPLATES / slug)
    size = template.size(document["size"])
    images = {field.key for field in template.scene(scene["scene_key"]).fields if field.type == "image"}
    resolved = resolve_scene(
        template,
        scene["scene_key"],
        size=size.key,
        values={key: value for key, value in scene["values"].items() if key not in images or value in assets},
        colors={**document["palette"], **scene["colors"]},
        locale=document["locale"],
        assets=assets,
    )
    return drawn_scene(resolved, frame, width, round(width * size.height / size.width))


def check_frames(film: Path, document: dict[str, Any], lengths: list[int], **bound: Any) -> None:
    """Assert that the film has every frame of the document, and in the middle of each scene what the engine draws there.

    `lengths` are the scenes' frames; `bound` goes to `drawn`. The film is compressed: at draft quality the mean difference at half its size
    is about 1.5 to 2, that of two neighbouring scenes 20 and more.
    """
    assert video_facts(film)["frames"] == sum(lengths)
    middles = [sum(lengths[:number]) + length // 2 for number, length in enumerate(lengths)]
    frames = film_frames(film, set(middles))
    for number, place in enumerate(middles):
        frame = frames[place]
        expected = drawn(document, number, lengths[number] // 2, frame.shape[1], **bound)
        found = difference(halved(frame), halved(expected))
        assert found < 3, f"scene {number} is not what the engine draws: {found:.1f}"
