"""Pictures are decoded within limits, stand upright, and fit their place."""

import base64
import io
import struct
import warnings
import zlib

import numpy as np
import pytest
from PIL import Image

from flatrender.engine.errors import ValueRefused
from flatrender.engine.picture_value import PictureValue, cover_box
from flatrender.engine.pictures import prepare

from .making import picture, quarters


def opened(uri: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2])))


def pixels(uri: str) -> np.ndarray:
    return np.asarray(opened(uri).convert("RGBA")).astype(int)


def claimed(width: int, height: int) -> bytes:
    """A PNG of a few bytes that claims a size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_png_jpeg_and_webp_are_encoded_again_at_the_size_of_their_place(kind: str) -> None:
    made = opened(prepare(picture(300, 100, kind), 80, 40).data_uri)
    assert (made.format, made.size) == ("JPEG", (80, 40))


def test_a_picture_with_transparency_keeps_it_as_png() -> None:
    uri = prepare(picture(40, 40, color=(255, 0, 0, 128)), 20, 20).data_uri
    assert uri.startswith("data:image/png")
    assert pixels(uri)[5, 5].tolist() == [255, 0, 0, 128]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (picture(9, 9, "BMP"), "not a sound"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><g>", "not well-formed"),
        (picture(90, 90)[:60], "not a sound"),
        (b"", "not a sound"),
        (claimed(11_000, 10_000), "at most 100 million"),
        (claimed(20_000, 20_000), "at most 100 million"),
        (claimed(2**31 - 1, 2**31 - 1), "at most 100 million"),
    ],
    ids=["bmp", "broken svg", "cut off", "empty", "110 megapixels", "400 megapixels", "largest png"],
)
def test_other_files_and_bombs_are_refused(data: bytes, words: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ValueRefused, match=words) as refused:
            prepare(data, 80, 40, where="field 'photo'")
    assert refused.value.code == "picture_invalid"
    assert "photo" in str(refused.value)


def test_a_picture_stands_upright_and_loses_its_camera_data() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by a quarter to the right
    exif[0x010F] = "camera"
    out = io.BytesIO()
    Image.open(io.BytesIO(quarters(80, 40))).save(out, "JPEG", exif=exif, quality=95)
    uri = prepare(out.getvalue(), 40, 80).data_uri
    assert np.abs(pixels(uri)[5, 5, :3] - (0, 0, 255)).max() < 40
    assert not opened(uri).getexif()


def test_cover_keeps_the_focus_point_in_sight() -> None:
    assert cover_box((400, 100), (100, 100), (0.5, 0.5)) == (150, 0, 250, 100)
    assert cover_box((400, 100), (100, 100), (0.0, 0.5)) == (0, 0, 100, 100)
    assert cover_box((400, 100), (100, 100), (0.9, 0.5)) == (300, 0, 400, 100)
    assert cover_box((100, 400), (200, 100), (0.5, 0.25)) == (0, 75, 100, 125)
    left = pixels(prepare(quarters(400, 100), 100, 100, options=PictureValue(asset="", focus=(0, 0))).data_uri)
    assert np.abs(left[10, 90, :3] - (255, 0, 0)).max() < 40


def test_contain_shows_the_whole_picture_on_transparent_ground() -> None:
    made = pixels(prepare(quarters(400, 100), 100, 100, fit="contain").data_uri)
    assert made[5, 50, 3] == 0
    assert np.abs(made[40, 10, :3] - (255, 0, 0)).max() < 40
    assert np.abs(made[60, 90, :3] - (255, 255, 0)).max() < 40


def test_fill_stretches_the_picture() -> None:
    made = pixels(prepare(quarters(400, 100), 100, 100, fit="fill").data_uri)
    assert np.abs(made[10, 10, :3] - (255, 0, 0)).max() < 40
    assert np.abs(made[90, 90, :3] - (255, 255, 0)).max() < 40


def test_a_preview_has_at_most_640_pixels_a_side() -> None:
    assert opened(prepare(picture(3000, 1500), 2000, 1000, preview=True).data_uri).size == (640, 320)
    assert opened(prepare(picture(3000, 1500), 2000, 1000).data_uri).size == (2000, 1000)


def test_a_picture_of_too_few_pixels_is_marked() -> None:
    assert prepare(picture(30, 30), 100, 100).upscaled
    assert not prepare(picture(80, 80), 100, 100).upscaled
