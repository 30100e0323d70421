"""Pictures as the encoder gets them: the planes hold what BT.709 says, and every frame arrives once and in order."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from flatrender.engine.errors import RenderError
from flatrender.engine.ffmpeg import base_arguments
from flatrender.engine.film.segments import encoded_file, encoder_arguments
from flatrender.engine.film.settings import FilmSettings
from flatrender.engine.raster.feed import Feed, Pipe
from flatrender.engine.raster.planar import PlanarMemory
from flatrender.engine.raster.pool import RasterLimits, WorkerPool

from .conftest import LIMITS, as_scene, numbered, read_number

Floats = NDArray[np.float64]
WHITE = (255, 255, 255)
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the program encodes everything")
SIZES = [(192, 108), (108, 192), (1080, 1920), (426, 240)]
"""All but the first have rows that an encoder wants longer than they are."""
WRITE = "import shutil,sys\nshutil.copyfileobj(sys.stdin.buffer, open(sys.argv[1], 'wb'))"


def exact(pixels: NDArray[np.uint8]) -> tuple[Floats, Floats, Floats]:
    """ITU-R BT.709-6, limited range, in real numbers; chroma of the mean of each 2x2 block."""
    blue, green, red = (pixels[..., channel].astype(float) for channel in (0, 1, 2))
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    height, width = luma.shape

    def mean(plane: Floats) -> Floats:
        return np.asarray(plane.reshape(height // 2, 2, width // 2, 2).mean(axis=(1, 3)))

    chroma = (128 + 224 / 255 * mean(difference) for difference in ((blue - luma) / 1.8556, (red - luma) / 1.5748))
    return (16 + 219 / 255 * luma, *chroma)  # type: ignore[return-value]  # a tuple of three


def converted(pixels: NDArray[np.uint8], slot: int = 0) -> list[NDArray[np.uint8]]:
    height, width = pixels.shape[:2]
    memory = PlanarMemory(width, height, slot + 1)
    memory.canvas[:] = pixels.tobytes()
    planes = np.frombuffer(bytes(memory.convert(slot)), np.uint8)
    memory.close()
    luma, half = width * height, width * height // 4
    shape = (height // 2, width // 2)
    return [
        planes[:luma].reshape(height, width),
        planes[luma : luma + half].reshape(shape),
        planes[luma + half :].reshape(shape),
    ]


@pytest.mark.parametrize("size", [(16, 2), (18, 4), (30, 6), (32, 16), (62, 10), (100, 50), (1920, 1080)])
def test_planes_are_within_half_a_level_of_what_the_standard_says_at_any_even_size(size):
    width, height = size
    pixels = np.random.default_rng(width).integers(0, 256, (height, width, 4), np.uint8)
    for made, wanted in zip(converted(pixels), exact(pixels), strict=True):
        # Coefficients have 15 bits, so a value within 0.01 of the middle between two levels may go either way.
        assert np.abs(made - wanted).max() < 0.51


@pytest.mark.parametrize("level", [0, 1, 127, 128, 254, 255])
def test_grey_has_no_colour_and_black_and_white_are_the_ends_of_the_range(level):
    luma, blue, red = converted(np.full((16, 32, 4), level, np.uint8))
    assert set(luma.ravel()) == {round(16 + 219 * level / 255)}
    assert set(blue.ravel()) == set(red.ravel()) == {128}


def test_alpha_does_not_count_and_other_slots_stay_as_they_were():
    pixels = np.random.default_rng(1).integers(0, 256, (16, 32, 4), np.uint8)
    memory = PlanarMemory(32, 16, 2)
    memory.canvas[:] = pixels.tobytes()
    first = bytes(memory.convert(0))
    pixels[..., 3] = 0
    memory.canvas[:] = pixels.tobytes()
    assert bytes(memory.convert(1)) == first
    memory.canvas[:] = bytes(pixels.size)
    kept = memory.convert(1)
    assert bytes(kept) != first
    assert bytes(memory.convert(0)) == bytes(kept)
    memory.close()


def drawn(pool: WorkerPool, frames: list[float], out: Path, *, width: int = 192) -> NDArray[np.uint8]:
    argv = [sys.executable, "-S", "-c", WRITE, str(out)]
    scene = as_scene(numbered(70), "numbers")
    report = pool.encode(scene, frames, argv, width=width, height=108, background=WHITE, planar=True)
    assert report.frames == len(frames)
    return np.frombuffer(out.read_bytes(), np.uint8).reshape(len(frames), 108 * 3 // 2, width)


def test_every_frame_arrives_once_and_in_order_and_repeated_ones_are_drawn_once(pool, tmp_path):
    frames = [0.0, 1.0, 1.0, 1.0, 33.0, 69.0, 2.0]
    pictures = drawn(pool, frames, tmp_path / "planes")
    # Luma back to the level that was painted.
    shown = [read_number(np.where(picture[:108] > 125, 255, 0).astype(np.uint8)) for picture in pictures]
    assert shown == [int(frame) for frame in frames]
    argv = [sys.executable, "-S", "-c", WRITE, str(tmp_path / "again")]
    scene = as_scene(numbered(70), "numbers")
    report = pool.encode(scene, frames, argv, width=192, height=108, background=WHITE, planar=True)
    assert report.drawn == 5


def test_a_worker_draws_pictures_and_other_sizes_after_it_has_fed_an_encoder(pool, tmp_path):
    scene = as_scene(numbered(70), "numbers")
    before = pool.draw(scene, 5, width=192, height=108, background=WHITE)
    drawn(pool, [7.0, 8.0], tmp_path / "one")
    assert pool.draw(scene, 5, width=192, height=108, background=WHITE) == before
    wide = drawn(pool, [9.0], tmp_path / "two", width=224)
    assert wide.shape == (1, 162, 224)
    assert pool.draw(scene, 5, width=192, height=108, background=WHITE) == before


def test_the_converter_fits_into_a_worker_of_little_memory_and_too_little_is_an_error(tmp_path):
    with WorkerPool(1, limits=RasterLimits(memory_bytes=320 << 20)) as pool:
        assert drawn(pool, [3.0], tmp_path / "planes").shape == (1, 162, 192)
        scene = as_scene(numbered(4), "huge")
        argv = [sys.executable, "-S", "-c", WRITE, os.devnull]
        with pytest.raises(RenderError) as caught:
            pool.encode(scene, [0.0], argv, width=7680, height=4320, background=WHITE, planar=True)
        assert caught.value.code in {"engine_refused", "engine_crashed"}


def test_an_encoder_that_ends_early_is_an_error_that_says_what_it_said(tmp_path):
    said = "import sys\nsys.stdin.buffer.read(1000)\nsys.exit('no room for this')"
    with WorkerPool(1, limits=LIMITS) as pool:
        scene = as_scene(numbered(70), "numbers")
        for planar in (True, False):
            with pytest.raises(RenderError, match="no room for this") as caught:
                pool.encode(
                    scene,
                    [float(frame) for frame in range(70)],
                    [sys.executable, "-S", "-c", said],
                    width=1280,
                    height=720,
                    background=WHITE,
                    planar=planar,
                )
            assert caught.value.code == "encoder_failed"


def test_an_encoder_that_takes_nothing_more_is_stopped_after_its_time():
    limits = RasterLimits(start_s=20, load_s=20, frame_s=20, encoder_s=0.6)
    with WorkerPool(1, limits=limits) as pool:
        scene = as_scene(numbered(70), "numbers")
        argv = [sys.executable, "-S", "-c", "import time\ntime.sleep(60)"]
        with pytest.raises(RenderError, match=r"encoding took longer than 0\.6 s") as caught:
            pool.encode(
                scene, [float(n) for n in range(70)], argv, width=640, height=360, background=WHITE, planar=True
            )
        assert caught.value.code == "encoder_failed"


def test_a_place_is_given_out_again_only_when_its_picture_has_been_written():
    read, write = os.pipe()
    with os.fdopen(write, "wb", buffering=0) as pipe:
        feed = Feed(Pipe(pipe), 2)
        picture = memoryview(bytes(4 << 20))  # more than a pipe holds, so it stays unwritten until somebody reads
        waited = threading.Event()
        for _ in range(2):
            feed.put(feed.slot(lambda: pytest.fail("a place was free")), picture)
        got: list[int] = []
        third = threading.Thread(target=lambda: got.append(feed.slot(waited.set)))
        third.start()
        assert waited.wait(10)
        assert not got
        with os.fdopen(read, "rb") as other:
            total = len(other.read(8 << 20))
        third.join(10)
        assert (total, got) == (8 << 20, [0])


def packets(film: Path) -> bytes:
    command = [*base_arguments(), "-i", str(film), "-c", "copy", "-f", "framecrc", "pipe:1"]
    return subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout


@linux_only
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_what_the_worker_encodes_itself_is_what_the_program_makes_of_the_same_pictures(size, pool, tmp_path):
    width, height = size
    scene = as_scene(numbered(24), "numbers")
    settings = FilmSettings(width=width, height=height, fps=29.97, max_kbps=400)
    own = encoded_file(settings, tmp_path / "own.mp4", threads=2)
    assert own is not None
    for into in (own, encoder_arguments(settings, tmp_path / "program.mp4", threads=2)):
        pool.encode(
            scene, [float(n) for n in range(24)], into, width=width, height=height, background=WHITE, planar=True
        )
    made = packets(tmp_path / "own.mp4")
    assert len(made.splitlines()) > 24
    assert made == packets(tmp_path / "program.mp4")


@linux_only
def test_a_picture_too_large_for_a_worker_and_a_chosen_ffmpeg_are_encoded_by_the_program(tmp_path, monkeypatch):
    assert encoded_file(FilmSettings(width=2560, height=1440), tmp_path / "s.mp4", threads=2) is not None
    assert encoded_file(FilmSettings(width=3840, height=2160), tmp_path / "s.mp4", threads=2) is None
    assert encoded_file(FilmSettings(width=192, height=108, kind="mp4_h265"), tmp_path / "s.mp4", threads=2) is None
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", "/usr/bin/ffmpeg")
    assert encoded_file(FilmSettings(width=192, height=108), tmp_path / "s.mp4", threads=2) is None
