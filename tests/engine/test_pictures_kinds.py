"""Pictures of every kind are decoded alike, and turned, cropped and filtered as their value says."""

import base64
import io
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from flatrender.engine.errors import ValueRefused
from flatrender.engine.picture_value import PictureValueError, picture_value
from flatrender.engine.pictures import Prepared, prepare

from .making import picture, quarters

RED, GREEN, BLUE, YELLOW = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0)
HEIC = base64.b64decode(
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAVZtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAAACJpbG9jAAAAAERAAAEAAQAAAAABegABAAAAAAAA"
    "AOkAAAAjaWluZgAAAAAAAQAAABVpbmZlAgAAAAABAABodmMxAAAAAA5waXRtAAAAAAABAAAA1mlwcnAAAAC3aXBjbwAAAHhodmNDAQNwAAAAkAAAAAAAHvAA/P34+AAADwNgAAEAGEAB"
    "DAH//wNwAAADAJAAAAMAAAMAHroCQGEAAQArQgEBA3AAAAMAkAAAAwAAAwAeoDCBBZbqSSmubgIaDAgAAAMAyAAAAwAIQGIAAQAHRAHBcrAiQAAAABNjb2xybmNseAABAA0ABoAAAAAU"
    "aXNwZQAAAAAAAABgAAAAQAAAABBwaXhpAAAAAAMICAgAAAAXaXBtYQAAAAAAAAABAAEEgQIDBAAAAPFtZGF0AAAA5SgBrwT42/LpOu3/5MP///5Xruy/yYf4Tul19+OTT/+myn//ohKB"
    "HfJlTejXn3FTf0viaNQQPwpMnaoTa83n+uAhulWbZKl3l7K3A56A3yusdiX31oHEwzV84GEnHm95Q3ArLEcZi6rR8euuLvm6nEKb/0wGiN/TLDf/9cbcZ1zLn3cLstgkttfn+UUNkyLZ"
    "U5NIUNJyQQJ4PblTYTg9li/G2jdDd98Zxl0FLSehVVSOlEb9Yl8X4EL1WAf/5A5H/wVP1W/8G+Ff3MQlsHCpRH6gbSEc43ta/WML+n/ocvNKu2/3Lv8="
)
"""Quarters of 96 × 64 px."""
SVG = (
    b"<svg xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink' viewBox='0 0 4 4'>%s"
    b"<rect width='2' height='2' fill='#f00'/><rect x='2' width='2' height='2' fill='#0f0'/>"
    b"<rect y='2' width='2' height='2' fill='#00f'/><rect x='2' y='2' width='2' height='2' fill='#ff0'/></svg>"
)


def pixels(made: Prepared) -> np.ndarray:
    opened = Image.open(io.BytesIO(base64.b64decode(made.data_uri.partition(",")[2])))
    return np.asarray(opened.convert("RGBA")).astype(int)


def corners(made: Prepared) -> list[tuple[int, ...]]:
    """The colours in the middle of the four quarters: left top, right top, left bottom, right bottom."""
    shown = pixels(made)
    high, wide = shown.shape[0] // 4, shown.shape[1] // 4
    return [tuple(shown[y * high, x * wide, :3]) for y in (1, 3) for x in (1, 3)]


def near(found: list[tuple[int, ...]], wanted: list[tuple[int, ...]], most: int = 12) -> bool:
    return int(np.abs(np.array(found) - np.array(wanted)).max()) <= most


def of(kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    Image.open(io.BytesIO(quarters(96, 64))).save(out, kind, **options)
    return out.getvalue()


def palette() -> bytes:
    out = io.BytesIO()
    Image.open(io.BytesIO(quarters(96, 64))).quantize(8).save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        of("PNG"), palette(), of("JPEG", quality=95, subsampling=0), of("JPEG", quality=95, progressive=True), of("WEBP", lossless=True),
        of("AVIF", quality=95), of("GIF"), HEIC, SVG % b"",
    ],
    ids=["png", "palette", "jpeg", "progressive jpeg", "webp", "avif", "gif", "heic", "svg"],
)  # fmt: skip
def test_every_kind_of_picture_is_shown(data: bytes) -> None:
    assert near(corners(prepare(data, 48, 32, fit="fill")), [RED, GREEN, BLUE, YELLOW], 20)


def test_sixteen_bits_of_grey_keep_their_lightness() -> None:
    levels = np.full((20, 20), 32896, np.uint16)  # 128 of 255
    out = io.BytesIO()
    Image.fromarray(levels).save(out, "PNG")
    assert abs(pixels(prepare(out.getvalue(), 20, 20))[10, 10, 0] - 128) <= 1


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_a_moving_picture_shows_its_first_frame(kind: str) -> None:
    frames = [Image.new("RGB", (20, 20), color) for color in (RED, GREEN)]
    out = io.BytesIO()
    frames[0].save(out, kind, save_all=True, append_images=frames[1:], duration=100)
    assert near([tuple(pixels(prepare(out.getvalue(), 10, 10))[5, 5, :3])], [RED])


def test_a_printers_jpeg_is_shown_in_colours_of_the_screen() -> None:
    out = io.BytesIO()
    Image.new("CMYK", (20, 20), (0, 255, 255, 0)).save(out, "JPEG", quality=95)
    red, green, blue, _ = pixels(prepare(out.getvalue(), 10, 10))[5, 5]
    assert red > 200
    assert max(green, blue) < 80


def test_a_colour_profile_is_applied() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    # The same profile under another name, its red and green changed over.
    swapped = profile.replace("sRGB".encode("utf-16-be"), "tRGB".encode("utf-16-be"))
    swapped = swapped.replace(b"rXYZ", b"tmp1", 1).replace(b"gXYZ", b"rXYZ", 1).replace(b"tmp1", b"gXYZ", 1)
    assert near(corners(prepare(of("PNG", icc_profile=profile), 48, 32)), [RED, GREEN, BLUE, YELLOW])
    assert near(corners(prepare(of("PNG", icc_profile=swapped), 48, 32))[:2], [GREEN, RED])
    assert near(corners(prepare(of("PNG", icc_profile=b"damaged"), 48, 32)), [RED, GREEN, BLUE, YELLOW])


@pytest.mark.parametrize(
    ("inside", "words"),
    [
        (b"<text>hello</text>", "convert text to outlines"),
        (b"<g id='a'><use href='#a'/></g>", "uses itself"),
        (
            b"".join(
                b"<g id='l%d'>%s</g>" % (n, b"<use href='#l%d'/>" % (n - 1) * 10 if n else b"<rect/>") for n in range(9)
            ),
            "draws more than",
        ),
    ],
    ids=["text", "loop", "bomb"],
)
def test_an_svg_that_cannot_be_drawn_as_meant_is_refused(inside: bytes, words: str) -> None:
    with pytest.raises(ValueRefused, match=words) as refused:
        prepare(SVG % inside, 20, 20)
    assert refused.value.code == "picture_invalid"


def test_an_svg_with_entities_is_refused() -> None:
    bomb = b'<!DOCTYPE svg [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + SVG % b"<title>&b;</title>"
    with pytest.raises(ValueRefused, match="entities"):
        prepare(bomb, 20, 20)


def test_an_svg_reaches_no_file_and_no_script(tmp_path: Any) -> None:
    secret = tmp_path / "secret.png"
    secret.write_bytes(picture(4, 4, color=(0, 0, 0)))
    inside = b"<script>alert(1)</script><style>@import 'http://example.org/a.css';</style>"
    inside += (
        f"<image href='{secret}' width='4' height='4'/><image href='file://{secret}' width='4' height='4'/>".encode()
    )
    behind = SVG.replace(b"%s", b"").replace(b"</svg>", inside + b"</svg>")
    assert near(corners(prepare(behind, 40, 40)), [RED, GREEN, BLUE, YELLOW])


def test_an_svg_is_sharp_at_any_size() -> None:
    made = prepare(SVG % b"", 1000, 1000)
    row = pixels(made)[250, :, 0]
    assert not made.upscaled
    assert np.count_nonzero((row > 20) & (row < 235)) <= 4


def test_the_transparent_parts_of_an_svg_stay_transparent() -> None:
    made = prepare(
        b"<svg xmlns='http://www.w3.org/2000/svg' width='4' height='4'><circle cx='2' cy='2' r='1' fill='red'/></svg>",
        80,
        80,
    )
    assert pixels(made)[2, 2, 3] == 0
    assert pixels(made)[40, 40].tolist() == [255, 0, 0, 255]


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({"rotate": 90}, [BLUE, RED, YELLOW, GREEN]),
        ({"rotate": 180}, [YELLOW, BLUE, GREEN, RED]),
        ({"rotate": 270}, [GREEN, YELLOW, RED, BLUE]),
        ({"flip": "horizontal"}, [GREEN, RED, YELLOW, BLUE]),
        ({"flip": "vertical"}, [BLUE, YELLOW, RED, GREEN]),
        ({"rotate": 90, "flip": "horizontal"}, [RED, BLUE, GREEN, YELLOW]),
        ({"crop": [0.5, 0, 0.5, 0.5]}, [GREEN] * 4),
        ({"rotate": 90, "crop": [0, 0, 0.5, 1]}, [BLUE, BLUE, YELLOW, YELLOW]),
    ],
)
def test_a_picture_is_turned_then_mirrored_then_cropped(options: dict[str, Any], wanted: Any) -> None:
    value = picture_value({"asset": "a", "fit": "fill", **options})
    assert near(corners(prepare(quarters(80, 40), 40, 40, options=value)), wanted)


@pytest.mark.parametrize(
    ("filters", "wanted"),
    [
        ({"brightness": 0.5}, (60, 30, 15)),
        ({"brightness": 2}, (240, 120, 60)),
        ({"contrast": 0}, (128, 128, 128)),
        ({"saturation": 0}, (70, 70, 70)),
        ({"grayscale": 1}, (70, 70, 70)),
        ({"sepia": 1}, (99, 88, 69)),
        ({"tint": {"color": "#ff0000"}}, (70, 0, 0)),
        ({"tint": {"color": "#ff0000", "amount": 0.5}}, (95, 30, 15)),
        ({"brightness": 0.5, "grayscale": 1}, (35, 35, 35)),
    ],
)
def test_colour_filters_mean_what_css_means(filters: dict[str, Any], wanted: tuple[int, int, int]) -> None:
    value = picture_value({"asset": "a", "filters": filters})
    made = pixels(prepare(picture(20, 20, color=(120, 60, 30)), 20, 20, options=value))
    assert np.abs(made[10, 10, :3] - wanted).max() <= 2


def test_a_filter_leaves_transparency_alone_and_blur_does_not_bleed() -> None:
    value = picture_value({"asset": "a", "filters": {"grayscale": 1, "blur": 3}})
    source = Image.new("RGBA", (60, 60), (0, 0, 0, 0))
    source.paste((255, 255, 255, 255), (0, 0, 30, 60))
    out = io.BytesIO()
    source.save(out, "PNG")
    made = pixels(prepare(out.getvalue(), 60, 60, options=value))
    assert made[30, 5].tolist() == [255, 255, 255, 255]
    assert 60 < made[30, 30, 3] < 190
    assert made[30, 31, :3].min() > 240


@pytest.mark.parametrize(
    ("value", "words", "wrong_type"),
    [
        (7, "asset id", True),
        ({"fit": "cover"}, "`asset`", True),
        ({"asset": "a", "zoom": 2}, "no zoom", True),
        ({"asset": "a", "fit": "squeeze"}, "cover, contain, fill", False),
        ({"asset": "a", "focus": [0.5, 2]}, "two numbers", False),
        ({"asset": "a", "crop": [0.6, 0, 0.5, 1]}, "within the picture", False),
        ({"asset": "a", "crop": [0, 0, 0, 1]}, "at least", False),
        ({"asset": "a", "rotate": 45}, "degrees", False),
        ({"asset": "a", "flip": "sideways"}, "horizontal", False),
        ({"asset": "a", "filters": {"brightness": 3}}, "0 to 2", False),
        ({"asset": "a", "filters": {"brightness": float("nan")}}, "number", True),
        ({"asset": "a", "filters": {"glow": 1}}, "no glow", True),
        ({"asset": "a", "filters": {"tint": {"color": "red"}}}, "#rrggbb", False),
        ({"asset": "a", "clip": {"start": 5, "end": 5}}, "not after its start", False),
        ({"asset": "a", "clip": {"speed": 0}}, "0.1 to 8", False),
        ({"asset": "a", "clip": {"after": "explode"}}, "freeze", False),
    ],
)
def test_a_value_that_is_none_is_refused(value: object, words: str, wrong_type: bool) -> None:
    with pytest.raises(PictureValueError, match=words) as refused:
        picture_value(value)
    assert refused.value.wrong_type is wrong_type
