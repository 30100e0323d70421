"""Films of every kind are shown upright, in their colours and shapes, with their transparency."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flatrender.engine.clips.probe import clip_source
from flatrender.engine.raster.pool import WorkerPool
from tests.engine_film.conftest import read_number

from .making import HEIGHT, WIDTH, X264, ffmpeg, film, numbered_film, numbered_picture
from .test_clips import drawn, numbers, scene_of

RED, GREEN, BLUE, YELLOW = (230, 20, 20), (20, 200, 20), (20, 20, 220), (230, 220, 20)
QUARTERS = [RED, GREEN, BLUE, YELLOW]
LOSSLESS = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "1", "-pix_fmt", "yuv444p")


def quarters(width: int = WIDTH, height: int = HEIGHT, alpha: tuple[int, ...] | None = None) -> np.ndarray:
    made = np.empty((height, width, 4 if alpha else 3), np.uint8)
    for index, color in enumerate(QUARTERS):
        y, x = index // 2, index % 2
        part = made[y * height // 2 : (y + 1) * height // 2, x * width // 2 : (x + 1) * width // 2]
        part[:] = (*color, alpha[index]) if alpha else color
    return made


def corners(picture: np.ndarray) -> list[list[int]]:
    high, wide = picture.shape[0] // 4, picture.shape[1] // 4
    return [picture[y * high, x * wide].tolist() for y in (1, 3) for x in (1, 3)]


def near(found: Any, wanted: Any, most: int = 8) -> bool:
    return int(np.abs(np.array(found, int) - np.array(wanted, int)).max()) <= most


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("h264.mp4", X264),
        ("h265.mp4", ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none:crf=8:keyint=12", "-pix_fmt", "yuv420p")),
        ("h265-ten-bit.mp4", ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none:crf=8:keyint=12", "-pix_fmt", "yuv420p10le")),
        ("vp8.webm", ("-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-g", "12", "-b:v", "4M")),
        ("vp9.webm", ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-g", "12", "-b:v", "4M")),
        ("av1.mp4", ("-c:v", "libsvtav1", "-preset", "12", "-crf", "20", "-g", "12", "-svtav1-params", "log-level=-2")),
        ("prores.mov", ("-c:v", "prores_ks", "-profile:v", "2")),
        ("mjpeg.mov", ("-c:v", "mjpeg", "-q:v", "2", "-pix_fmt", "yuvj420p")),
        ("moving.gif", ("-c:v", "gif", "-r", "25")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_codecs_are_frame_exact_in_any_order(
    pool: WorkerPool, tmp_path: Path, name: str, codec: tuple[str, ...]
) -> None:
    path = numbered_film(tmp_path / name, 30, 25, codec=codec)
    scene = scene_of(path, fps=25, frames=30)
    assert numbers(pool, scene, [0, 1, 2, 29, 13, 14, 3]) == [0, 1, 2, 29, 13, 14, 3]


@pytest.mark.parametrize(
    ("rotation", "wanted"),
    [(0, [0, 1, 2, 3]), (90, [1, 3, 0, 2]), (180, [3, 2, 1, 0]), (270, [2, 0, 3, 1])],
)
def test_a_phones_film_stands_upright(pool: WorkerPool, tmp_path: Path, rotation: int, wanted: list[int]) -> None:
    """The display matrix turns counterclockwise."""
    stored = film(tmp_path / "stored.mp4", [quarters()] * 5, codec=LOSSLESS)
    turned = tmp_path / "turned.mp4"
    ffmpeg(["-display_rotation:v:0", str(rotation), "-i", str(stored), "-c", "copy", str(turned)])
    info = clip_source(turned, where="").info
    assert (info.width, info.height) == ((HEIGHT, WIDTH) if rotation in (90, 270) else (WIDTH, HEIGHT))
    assert near(corners(drawn(pool, scene_of(turned), 2)), [QUARTERS[index] for index in wanted])


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({"rotate": 90}, [BLUE, RED, YELLOW, GREEN]),
        ({"flip": "horizontal"}, [GREEN, RED, YELLOW, BLUE]),
        ({"flip": "both", "rotate": 180}, QUARTERS),
        ({"crop": [0.5, 0.0, 0.5, 0.5]}, [GREEN] * 4),
        ({"crop": [0.0, 0.25, 1.0, 0.5]}, QUARTERS),
        ({"rotate": 90, "flip": "horizontal", "crop": [0.0, 0.0, 1.0, 0.5]}, [RED, BLUE, RED, BLUE]),
        ({"rotate": 270, "crop": [0.0, 0.0, 0.5, 0.5]}, [GREEN] * 4),
    ],
)
def test_a_film_is_turned_mirrored_and_cropped_like_a_picture(
    pool: WorkerPool, tmp_path: Path, options: dict[str, Any], wanted: Any
) -> None:
    scene = scene_of(film(tmp_path / "c.mp4", [quarters()] * 3, codec=LOSSLESS), **options)
    assert near(corners(drawn(pool, scene, 1)), wanted)


def test_cover_and_contain_fit_a_film_like_a_picture(pool: WorkerPool, tmp_path: Path) -> None:
    path = film(tmp_path / "c.mp4", [quarters(300, 100)] * 3, codec=LOSSLESS)
    contained = drawn(pool, scene_of(path, fit="contain"), 1)
    assert contained[:20].min() > 250
    assert near(contained[30, 20], RED)
    assert near(contained[80, 180], YELLOW)
    left = drawn(pool, scene_of(path, fit="cover", focus=[0, 0]), 1)
    assert near(left[20, 150], RED)
    assert near(left[20, 185], GREEN)
    right = drawn(pool, scene_of(path, fit="cover", focus=[1, 1]), 1)
    assert near(right[20, 40], GREEN)


@pytest.mark.parametrize("size", [(191, 107), (33, 65)])
def test_odd_sizes_are_shown_whole(pool: WorkerPool, tmp_path: Path, size: tuple[int, int]) -> None:
    scene = scene_of(film(tmp_path / "c.mp4", [quarters(*size)] * 3, codec=LOSSLESS))
    picture = drawn(pool, scene, 1)
    assert near(corners(picture), QUARTERS)
    assert near(picture[-1, -1], YELLOW, 12)


def test_pixels_that_are_not_square_are_stretched(tmp_path: Path) -> None:
    path = film(tmp_path / "c.mp4", [quarters(180, 144)] * 3, filters="setsar=64/45", codec=LOSSLESS)
    info = clip_source(path, where="").info
    assert (info.width, info.height) == (256, 144)


@pytest.mark.parametrize(
    ("size", "written", "tags"),
    [
        ((192, 108), "out_color_matrix=bt709:out_range=limited", ("-colorspace", "bt709", "-color_range", "tv")),
        ((192, 108), "out_color_matrix=bt709:out_range=full", ("-colorspace", "bt709", "-color_range", "pc")),
        ((192, 108), "out_color_matrix=bt601:out_range=limited", ("-colorspace", "smpte170m", "-color_range", "tv")),
        ((192, 108), "out_color_matrix=bt601:out_range=limited", ()),
        ((1280, 720), "out_color_matrix=bt709:out_range=limited", ()),
        ((192, 108), "out_color_matrix=bt2020:out_range=limited", ("-colorspace", "bt2020nc", "-color_range", "tv")),
    ],
    ids=["709", "709 full range", "601", "small without tags", "large without tags", "2020"],
)
def test_colours_are_read_with_the_matrix_and_range_of_the_file(
    pool: WorkerPool, tmp_path: Path, size: tuple[int, int], written: str, tags: tuple[str, ...]
) -> None:
    path = film(tmp_path / "c.mp4", [quarters(*size)] * 2, filters=f"scale={written}", codec=LOSSLESS, more=tags)
    assert near(corners(drawn(pool, scene_of(path), 1)), QUARTERS, 4)


ALPHAS = (255, 128, 0, 64)


@pytest.mark.parametrize(
    ("name", "codec", "most"),
    [
        ("c.webm", ("-c:v", "libvpx-vp9", "-pix_fmt", "yuva420p", "-b:v", "4M", "-deadline", "realtime", "-cpu-used", "8"), 10),
        ("8.webm", ("-c:v", "libvpx", "-pix_fmt", "yuva420p", "-b:v", "4M", "-auto-alt-ref", "0", "-deadline", "realtime"), 10),
        ("c.mov", ("-c:v", "prores_ks", "-profile:v", "4444", "-pix_fmt", "yuva444p10le"), 6),
        ("r.mov", ("-c:v", "qtrle", "-pix_fmt", "argb"), 1),
        ("c.apng", ("-c:v", "apng", "-plays", "0"), 1),
    ],
    ids=["vp9", "vp8", "prores 4444", "qtrle", "apng"],
)  # fmt: skip
def test_transparency_of_a_film_lets_the_ground_through(
    pool: WorkerPool, tmp_path: Path, name: str, codec: tuple[str, ...], most: int
) -> None:
    path = film(tmp_path / name, [quarters(alpha=ALPHAS)] * 6, codec=codec, pixels="rgba")
    assert clip_source(path, where="").info.alpha
    scene = scene_of(path)
    over_white = [
        [round(channel * a / 255 + 255 - a) for channel in color] for color, a in zip(QUARTERS, ALPHAS, strict=True)
    ]
    assert near(corners(drawn(pool, scene, 2)), over_white, most)
    pixels = pool.draw(scene, 2, width=WIDTH, height=HEIGHT)
    straight = corners(np.frombuffer(pixels, np.uint8).reshape(HEIGHT, WIDTH, 4))
    assert near([pixel[3] for pixel in straight], ALPHAS, 4)
    assert near(straight[0][:3], RED, most)
    assert near(straight[1][:3], GREEN, most)


def test_a_gif_without_motion_is_a_picture_and_one_with_motion_a_clip(tmp_path: Path) -> None:
    one = film(tmp_path / "one.gif", [numbered_picture(3)], 10, codec=("-c:v", "gif"))
    many = film(tmp_path / "many.gif", [numbered_picture(n) for n in range(3)], 10, codec=("-c:v", "gif"))
    assert not scene_of(one).clips
    assert scene_of(many).clips


@pytest.mark.parametrize("order", ["tff", "bff"])
def test_an_interlaced_film_shows_no_comb(pool: WorkerPool, tmp_path: Path, order: str) -> None:
    """A white bar that moves by eight pixels each field: woven together, its edges would be teeth."""
    fields = []
    for n in range(40):
        picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        picture[:, 4 * n : 4 * n + 16] = 255
        fields.append(picture)
    weave = f"tinterlace=mode={'interleave_top' if order == 'tff' else 'interleave_bottom'}"
    codec = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "4", "-flags", "+ilme+ildct", "-x264-params", f"{order}=1", "-pix_fmt", "yuv420p")  # fmt: skip
    path = film(tmp_path / "c.mp4", fields, 50, filters=f"{weave},setfield={order}", codec=codec)
    assert clip_source(path, where="").info.interlaced
    scene = scene_of(path, fps=25, frames=18)
    for frame in (0, 5, 9, 5):
        picture = drawn(pool, scene, frame)[8:-8, :, 1].astype(int)
        combs = np.abs(picture[1:-1] - (picture[:-2] + picture[2:]) / 2).max()
        assert combs < 60, frame


def test_filters_change_a_film_as_they_change_a_picture(pool: WorkerPool, tmp_path: Path) -> None:
    path = film(tmp_path / "c.mp4", [np.full((HEIGHT, WIDTH, 3), (120, 60, 30), np.uint8)] * 3, codec=LOSSLESS)
    for filters, wanted in (
        ({"brightness": 0.5}, (60, 30, 15)),
        ({"contrast": 0}, (128, 128, 128)),
        ({"grayscale": 1}, (70, 70, 70)),
        ({"sepia": 1}, (99, 88, 69)),
        ({"tint": {"color": "#ff0000"}, "brightness": 2}, (140, 0, 0)),
        ({"blur": 4}, (120, 60, 30)),
    ):
        assert near(drawn(pool, scene_of(path, filters=filters), 1)[50, 90], wanted, 4), filters


def test_the_still_in_the_scene_is_a_frame_of_the_clip(tmp_path: Path) -> None:
    import base64
    import io
    import json

    from PIL import Image

    scene = scene_of(numbered_film(tmp_path / "c.mp4", 60, Fraction(30)), clip={"start": 0.5})
    (asset,) = json.loads(scene.lottie)["assets"]
    data = base64.b64decode(asset["p"].partition(",")[2])
    assert read_number(np.asarray(Image.open(io.BytesIO(data)).convert("L"))) == 15 + 22  # the middle of 1.5 s
