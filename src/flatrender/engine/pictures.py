"""Pictures for image layers: decoded within limits, turned upright, fitted into the designed size, encoded again."""

from __future__ import annotations

import base64
import hashlib
import io
import warnings
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from typing import Literal

from PIL import Image, ImageOps

from flatrender.engine.errors import ValueRefused

MAX_PIXELS = 50_000_000
MAX_BYTES = 64 * 1024 * 1024
MAX_SIDE = 4096
"""A fitted picture is never larger than this."""
FORMATS = ("PNG", "JPEG", "WEBP")
PREVIEW_SIDE = 640
_JPEG_QUALITY = 92

Fit = Literal["cover", "contain", "fill"]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A picture as it goes into a scene."""

    data_uri: str
    upscaled: bool
    """Whether it has fewer pixels than the place it fills."""


class _Cache:
    """The pictures prepared last, bounded by their size."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.size = 0
        self.entries: OrderedDict[tuple[object, ...], Prepared] = OrderedDict()
        self.lock = Lock()

    def get(self, key: tuple[object, ...]) -> Prepared | None:
        with self.lock:
            value = self.entries.get(key)
            if value is not None:
                self.entries.move_to_end(key)
            return value

    def put(self, key: tuple[object, ...], value: Prepared) -> None:
        with self.lock:
            if key in self.entries:
                return
            self.entries[key] = value
            self.size += len(value.data_uri)
            while self.size > self.limit and len(self.entries) > 1:
                self.size -= len(self.entries.popitem(last=False)[1].data_uri)


_prepared = _Cache(limit=128 * 1024 * 1024)


def prepare(
    data: bytes,
    width: int,
    height: int,
    *,
    fit: Fit = "cover",
    focus: tuple[float, float] = (0.5, 0.5),
    preview: bool = False,
    where: str = "picture",
) -> Prepared:
    """Fit a PNG, JPEG or WebP into `width` × `height` px, as a data URI.

    `cover` fills the place and cuts what is over, keeping the focus point (fractions of the picture from its left top) as near to the
    middle as it can; `contain` shows the whole picture on transparent ground; `fill` stretches it. With `preview` the picture has at
    most 640 px a side. Raises ValueRefused `picture_invalid`.
    """
    digest = hashlib.sha256(data).digest()
    key = (digest, width, height, fit, focus, preview)
    cached = _prepared.get(key)
    if cached is None:
        cached = _prepare(data, width, height, fit, focus, preview=preview, where=where)
        _prepared.put(key, cached)
    return cached


def _refused(what: str, where: str) -> ValueRefused:
    return ValueRefused(what, code="picture_invalid", where=where)


def decode(data: bytes, where: str) -> Image.Image:
    """Decode a picture, upright, as RGB or RGBA; raises ValueRefused `picture_invalid`."""
    if len(data) > MAX_BYTES:
        raise _refused(f"the picture has {len(data)} bytes; at most {MAX_BYTES} are read", where)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
                _check_pixels(opened, where)
                opened.load()
                upright = ImageOps.exif_transpose(opened)
                return upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    except ValueRefused:
        raise
    except Exception as error:  # noqa: BLE001  # decoders raise whatever their library raises
        raise _refused(f"not a sound PNG, JPEG or WebP picture ({error})", where) from None


def _check_pixels(picture: Image.Image, where: str) -> None:
    if picture.width * picture.height > MAX_PIXELS:
        raise _refused(
            f"the picture has {picture.width}×{picture.height} pixels; at most {MAX_PIXELS // 1_000_000} million are read: make it smaller",
            where,
        )


def _prepare(
    data: bytes, width: int, height: int, fit: Fit, focus: tuple[float, float], *, preview: bool, where: str
) -> Prepared:
    picture = decode(data, where)
    ratio = min(1.0, (PREVIEW_SIDE if preview else MAX_SIDE) / max(width, height))
    goal = (max(1, round(width * ratio)), max(1, round(height * ratio)))
    across, down = picture.width / width, picture.height / height
    upscaled = {"cover": min(across, down), "contain": max(across, down), "fill": min(across, down)}[fit] < 0.5
    match fit:
        case "fill":
            fitted = picture.resize(goal, Image.Resampling.LANCZOS)
        case "contain":
            inner = min(goal[0] / picture.width, goal[1] / picture.height)
            small = picture.resize(
                (max(1, round(picture.width * inner)), max(1, round(picture.height * inner))), Image.Resampling.LANCZOS
            )
            fitted = small
            if small.size != goal:
                fitted = Image.new("RGBA", goal, (0, 0, 0, 0))
                fitted.paste(small, ((goal[0] - small.width) // 2, (goal[1] - small.height) // 2))
        case _:
            fitted = picture.resize(goal, Image.Resampling.LANCZOS, box=cover_box(picture.size, goal, focus))
    return Prepared(_encode(fitted), upscaled)


def cover_box(
    size: tuple[int, int], goal: tuple[int, int], focus: tuple[float, float]
) -> tuple[float, float, float, float]:
    """Return the part (left, top, right, bottom) of a picture that fills `goal`, its middle as near to the focus as the edges allow."""
    scale = min(size[0] / goal[0], size[1] / goal[1])
    # Rounding may put the product above the picture's own size, which would make the offset negative.
    width, height = min(goal[0] * scale, size[0]), min(goal[1] * scale, size[1])
    left = min(max(size[0] * focus[0] - width / 2, 0), size[0] - width)
    top = min(max(size[1] * focus[1] - height / 2, 0), size[1] - height)
    return (left, top, min(left + width, size[0]), min(top + height, size[1]))


def _encode(picture: Image.Image) -> str:
    if picture.mode == "RGBA" and picture.getchannel("A").getextrema() == (255, 255):
        picture = picture.convert("RGB")
    out = io.BytesIO()
    if picture.mode == "RGBA":
        picture.save(out, "PNG", compress_level=4)
        kind = "png"
    else:
        picture.save(out, "JPEG", quality=_JPEG_QUALITY, subsampling=0)
        kind = "jpeg"
    return f"data:image/{kind};base64," + base64.b64encode(out.getvalue()).decode("ascii")


def data_uri_bytes(uri: str) -> bytes | None:
    """Return the bytes of a base64 data URI; None when it is none or damaged."""
    head, comma, body = uri.partition(",")
    if not comma or not head.startswith("data:") or not head.endswith(";base64") or len(body) > 2 * MAX_BYTES:
        return None
    try:
        return base64.b64decode(body)
    except ValueError:
        return None
