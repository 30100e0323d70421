"""Pictures of every kind, decoded upright in sRGB. In the decoding process only: hostile files meet native code here."""

import io
import subprocess
import tempfile
import warnings
from pathlib import Path

from PIL import Image, ImageCms, ImageOps

from flatrender.engine.ffmpeg import base_arguments, input_file
from flatrender.engine.picture_svg import SvgRefusedError, looks_like_svg, rasterised

MAX_PIXELS = 100_000_000
FORMATS = ("PNG", "JPEG", "WEBP", "AVIF", "GIF")
NAMES = "PNG, JPEG, WebP, AVIF, HEIC, GIF or SVG"
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"})
_HEIC_SECONDS = 15
Image.MAX_IMAGE_PIXELS = None  # `_loaded` has our own limit, before a pixel is decoded


class RefusedError(ValueError):
    """The file is no picture that can be used; the message says why."""


def decoded(data: bytes, *, least: tuple[float, float], longest: int) -> Image.Image:
    """Decode a picture, upright and in sRGB, as RGB or RGBA.

    An SVG is drawn, and a JPEG may be decoded smaller, so that it has at least `least` (width, height) px. Raises RefusedError.
    """
    try:
        if looks_like_svg(data):
            return rasterised(data, least=least, longest=longest)
        if data[4:8] == b"ftyp" and (data[8:12] in _HEIC_BRANDS or _mif1_is_heic(data)):
            return _heic(data)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
                return _loaded(opened, least)
    except RefusedError:
        raise
    except SvgRefusedError as error:
        raise RefusedError(str(error)) from None
    except MemoryError:
        raise RefusedError("the picture needs more memory than decoding may use: make it smaller") from None
    except Exception as error:  # noqa: BLE001  # decoders raise whatever their library raises
        raise RefusedError(f"not a sound {NAMES} picture ({error})") from None


def _loaded(opened: Image.Image, least: tuple[float, float]) -> Image.Image:
    if opened.width * opened.height > MAX_PIXELS:
        raise RefusedError(
            f"the picture has {opened.width}×{opened.height} pixels; at most {MAX_PIXELS // 1_000_000} million are read: make it smaller"
        )
    turned = opened.getexif().get(0x0112, 1) >= 5  # EXIF orientations 5 to 8 swap the sides
    wide, high = (least[1], least[0]) if turned else least
    if opened.format == "JPEG" and opened.width > 2 * wide and opened.height > 2 * high:
        # Decoded at a half, quarter or eighth where that still has twice the pixels needed.
        opened.draft(None, (max(1, round(2 * wide)), max(1, round(2 * high))))
    opened.load()
    profile = opened.info.get("icc_profile")
    upright = ImageOps.exif_transpose(opened)
    return _plain(_srgb(upright, profile if isinstance(profile, bytes) else None))


def _srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """Return the picture in sRGB; a profile that cannot be read is ignored, as browsers do."""
    if not profile or picture.mode not in ("RGB", "RGBA", "CMYK", "L"):
        return picture
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "srgb" in ImageCms.getProfileDescription(source).lower():
            return picture
        mode = picture.mode if picture.mode in ("RGB", "RGBA") else "RGB"
        converted = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode=mode)
    except (ImageCms.PyCMSError, OSError, ValueError):
        return picture
    return converted or picture


def _plain(picture: Image.Image) -> Image.Image:
    """Return the picture as RGB or RGBA with 8 bits a channel."""
    if picture.mode.startswith("I"):  # 16 bits of grey, which `convert` would clip
        picture = picture.convert("I").point(lambda level: level * (1 / 257) + 0.5).convert("L")
    wanted = "RGBA" if picture.has_transparency_data else "RGB"
    return picture if picture.mode == wanted else picture.convert(wanted)


def _mif1_is_heic(data: bytes) -> bool:
    """Whether a file of the general brand names HEVC among its compatible brands."""
    size = int.from_bytes(data[:4], "big")
    brands = {data[at : at + 4] for at in range(16, min(size, 256), 4)}
    return data[8:12] in (b"mif1", b"msf1") and bool(brands & _HEIC_BRANDS)


def _heic(data: bytes) -> Image.Image:
    """Decode by the ffmpeg program, which puts the tiles of phone pictures together and turns them upright."""
    with tempfile.TemporaryDirectory(prefix="flatrender-heic-") as folder:
        source = Path(folder) / "picture.heic"
        source.write_bytes(data)
        arguments = [*base_arguments(), "-max_pixels", str(MAX_PIXELS), *input_file(source, "mov,mp4,m4a,3gp,3g2,mj2")]
        # PPM says nothing of orientation, so that the picture is not turned a second time.
        arguments += ["-frames:v", "1", "-f", "image2pipe", "-c:v", "ppm", "-pix_fmt", "rgb24", "pipe:1"]
        done = subprocess.run(arguments, check=False, capture_output=True, timeout=_HEIC_SECONDS, cwd=folder)
    if done.returncode != 0 or not done.stdout:
        raise RefusedError("the HEIC picture cannot be decoded: export it as JPEG")
    with Image.open(io.BytesIO(done.stdout), formats=("PPM",)) as opened:
        opened.load()
        return opened
