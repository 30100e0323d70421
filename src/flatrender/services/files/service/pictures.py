"""Pictures: decoded within limits and written again, so that only pixels are kept. Runs in one thread with a bounded queue.

Writing again drops EXIF with its place and camera, comments and anything appended (polyglots); the orientation is applied to the
pixels and colours are brought to sRGB first.
"""

import asyncio
import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from flatrender.services.files.errors import CheckingBusy, PictureAnimated, PictureBroken, PictureTooLarge
from flatrender.services.files.service.kinds import JPEG, PNG, WEBP, Kind

Result = TypeVar("Result")
FORMATS = {PNG: "PNG", JPEG: "JPEG", WEBP: "WEBP"}
LONGEST_SIDE = 20_000
ORIENTATION = 0x0112
"""The EXIF tag (CIPA DC-008 §4.6.4)."""
THUMBNAIL_WIDTHS = (64, 128, 256, 512, 1024)
PLAIN_MODES = ("RGB", "RGBA", "L", "LA")


@dataclass(frozen=True)
class Picture:
    """A picture's size in pixels."""

    width: int
    height: int


def thumbnail_width(wanted: int) -> int:
    """Return the step that serves a wanted width: the next larger one, so that there are at most five versions."""
    return next((step for step in THUMBNAIL_WIDTHS if step >= wanted), THUMBNAIL_WIDTHS[-1])


class Pictures:
    """Cleans and shrinks pictures. At most `queue_limit` wait; further ones raise CheckingBusy."""

    def __init__(self, *, max_pixels: int, queue_limit: int) -> None:
        self._max_pixels = max_pixels
        self._queue_limit = queue_limit
        self._waiting = 0
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="pictures")

    async def clean(self, source: Path, target: Path, kind: Kind) -> Picture:
        """Write the picture's pixels alone to `target` in the same format; raise PictureBroken, PictureTooLarge or PictureAnimated."""
        return await self._run(lambda: self._clean(source, target, kind))

    async def thumbnail(self, data: bytes, width: int) -> bytes:
        """Return a WebP of at most `width` pixels across."""
        return await self._run(lambda: self._thumbnail(data, width))

    def close(self) -> None:
        """Let the thread end after its present work."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    async def _run(self, work: Callable[[], Result]) -> Result:
        if self._waiting >= self._queue_limit:
            raise CheckingBusy("many pictures are being checked just now; try again in a moment", retry_after_s=3)
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, work)
        finally:
            self._waiting -= 1

    def _clean(self, source: Path, target: Path, kind: Kind) -> Picture:
        with source.open("rb") as file:
            opened = self._decode(file, kind)
            upright = opened if opened.getexif().get(ORIENTATION, 1) == 1 else ImageOps.exif_transpose(opened)
            picture = _plain(_srgb(upright, opened.info.get("icc_profile")))
            if kind is PNG:
                picture = _bare_png(picture)
            for name in ("exif", "icc_profile", "xmp", "comment", "photoshop"):
                picture.info.pop(name, None)
            options: dict[str, Any] = {"quality": 92, "method": 3} if kind is WEBP else {}
            if kind is JPEG:
                picture = picture if picture.mode in ("RGB", "L") else picture.convert("RGB")
                # the camera's own tables again when no pixel was changed: no second loss
                keep = picture is opened and opened.format == "JPEG"
                options = {"quality": "keep", "subsampling": "keep"} if keep else {"quality": 92, "subsampling": 0}
            picture.save(target, format=FORMATS[kind], **options)
            return Picture(*picture.size)

    def _thumbnail(self, data: bytes, width: int) -> bytes:
        picture = _plain(self._decode(io.BytesIO(data), None, draft_width=width))
        if picture.width > width:
            height = max(1, round(picture.height * width / picture.width))
            picture = picture.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)
        out = io.BytesIO()
        picture.save(out, format="WEBP", quality=80, method=4)
        return out.getvalue()

    def _decode(
        self, file: io.BufferedReader | io.BytesIO, kind: Kind | None, *, draft_width: int | None = None
    ) -> Image.Image:
        try:
            picture = Image.open(file, formats=[FORMATS[kind]] if kind else list(FORMATS.values()))
            # checked before a pixel is decoded; Pillow's own alarm only rings at 89 megapixels
            if picture.width * picture.height > self._max_pixels or max(picture.size) > LONGEST_SIDE:
                raise self._too_large(f"the picture has {picture.width} × {picture.height} pixels")
            if kind is not JPEG and getattr(picture, "n_frames", 1) > 1:
                raise PictureAnimated("the picture is animated: upload a still one")
            if draft_width is not None:
                # a JPEG is decoded at an eighth, a quarter or half where that is still twice as large as needed
                picture.draft(None, (2 * draft_width, 2 * draft_width * picture.height // picture.width + 1))
            picture.load()
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            raise self._too_large("the picture is far too large") from error
        except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError, MemoryError) as error:
            raise PictureBroken("the picture cannot be decoded: it is damaged or of another type") from error
        return picture

    def _too_large(self, what: str) -> PictureTooLarge:
        return PictureTooLarge(
            f"{what}; at most {self._max_pixels // 1_000_000} megapixels and {LONGEST_SIDE} a side are taken: make it smaller"
        )


def _srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """Return the picture in sRGB; a profile that cannot be read is ignored, as browsers do."""
    if not profile or picture.mode not in ("RGB", "RGBA", "CMYK", "L"):
        return picture
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "srgb" in ImageCms.getProfileDescription(source).lower():
            return picture
        mode = "RGB" if picture.mode in ("CMYK", "L") else picture.mode
        converted = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode=mode)
    except (ImageCms.PyCMSError, OSError, ValueError):
        return picture
    return converted or picture


def _plain(picture: Image.Image) -> Image.Image:
    """Return the picture with 8 bits a channel and without a palette."""
    if picture.mode in PLAIN_MODES:
        return picture
    if picture.mode.startswith("I"):
        return picture.convert("I").point(lambda value: value * (1 / 257)).convert("L")
    return picture.convert("RGBA" if "A" in picture.mode or "transparency" in picture.info else "RGB")


def _bare_png(picture: Image.Image) -> Image.Image:
    """Return a copy without text chunks; one transparent colour becomes an alpha channel."""
    if picture.mode in ("RGB", "L") and "transparency" in picture.info:
        picture = picture.convert("RGBA" if picture.mode == "RGB" else "LA")
    return Image.frombytes(picture.mode, picture.size, picture.tobytes())
