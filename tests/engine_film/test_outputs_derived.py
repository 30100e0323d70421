"""What is made from a finished film without drawing again."""

import itertools
import re
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from flatrender.engine.errors import RenderError
from flatrender.engine.film.outputs import (
    Source,
    choose_frame,
    derive_film,
    make_sprite_sheet,
    take_poster,
    take_still,
)
from flatrender.engine.film.render import render_film
from flatrender.engine.film.settings import FilmSettings
from flatrender.engine.kinds import KINDS
from flatrender.engine.sound.track import TrackSpec

from .conftest import as_scene, film_numbers, film_sound, numbered, read_number
from .test_outputs import exact, glass, patches, pictures

BIG = FilmSettings(width=384, height=216, fps=30, crf=12)


@pytest.fixture
def film(pool, tone, tmp_path) -> Source:
    """Frames 0 to 59, then 1000 to 1039, with sound."""
    scenes = [as_scene(numbered(60), "one"), as_scene(numbered(40, base=1000), "two")]
    sound = [TrackSpec(kind="music", path=tone(1.0), loop=True)]
    render_film(scenes, BIG, tmp_path / "film.mp4", sound=sound, pool=pool)
    return Source(path=tmp_path / "film.mp4", settings=BIG, frames=100)


def loudness(path):
    """Root mean square of the film's sound, without its first tenth of a second."""
    return float(np.sqrt(np.mean(film_sound(path)[4800:96_000].astype(float) ** 2)))


@pytest.mark.parametrize("kind", list(KINDS))
def test_every_kind_can_be_made_smaller_from_a_finished_film(kind, film, tmp_path):
    settings = FilmSettings(width=192, height=108, fps=30, kind=kind)
    out = tmp_path / f"small{settings.facts.suffix}"
    report = derive_film(film, settings, out, title="کوچک")
    numbers = list(range(60)) + list(range(1000, 1040))
    assert (report.frames, report.width, report.height) == (100, 192, 108)
    if settings.facts.picture_only:
        assert [read_number(np.asarray(picture.convert("L"))) for picture in pictures(out)] == numbers
        assert report.audio_codec is None
    else:
        assert film_numbers(out) == numbers
        assert report.audio_codec is not None
        scale = 2**31 if report.audio_codec == "pcm_s24le" else 1
        assert loudness(out) / scale == pytest.approx(loudness(film.path), rel=0.05)


@pytest.mark.parametrize("fps", [10, 12.5, 15, 24, 29.97, 50])
def test_a_film_of_another_rate_is_as_long_and_shows_what_was_shown_then(fps, film, tmp_path):
    settings = FilmSettings(width=192, height=108, fps=fps, kind="gif")
    report = derive_film(film, settings, tmp_path / "film.gif")
    numbers = [read_number(np.asarray(picture.convert("L"))) for picture in pictures(tmp_path / "film.gif")]
    assert report.frames == len(numbers) == round(100 * fps / 30)
    shown = list(range(60)) + list(range(1000, 1040))
    assert all(
        number in shown[max(0, round(n * 30 / fps) - 1) : round(n * 30 / fps) + 2] for n, number in enumerate(numbers)
    )


def test_another_shape_is_centred_on_the_background(film, tmp_path):
    settings = FilmSettings(width=108, height=192, fps=30, background=(200, 30, 60))
    derive_film(film, settings, tmp_path / "story.mp4")
    with av.open(str(tmp_path / "story.mp4")) as container:
        picture = exact(next(container.decode(video=0)))
    assert np.abs(picture[20, 50, :3] - (200, 30, 60)).max() <= 3
    assert picture[96, 50, :3].min() > 240


def test_colours_stay_through_a_smaller_film_a_gif_a_still_and_a_sprite(pool, tmp_path):
    settings = FilmSettings(width=384, height=216, fps=30, crf=8)
    render_film([patches(40)], settings, tmp_path / "film.mp4", pool=pool)
    film = Source(path=tmp_path / "film.mp4", settings=settings, frames=40)
    derive_film(film, FilmSettings(width=192, height=108, crf=8), tmp_path / "small.mp4")
    derive_film(film, FilmSettings(width=192, height=108, kind="gif"), tmp_path / "small.gif")
    take_still(film, 20, tmp_path / "still.png", width=192)
    take_still(film, 20, tmp_path / "still.jpg", width=192)
    with av.open(str(tmp_path / "small.mp4")) as container:
        shown = {"mp4": exact(next(container.decode(video=0)))}
    for name in ("still.png", "still.jpg", "small.gif"):
        with Image.open(tmp_path / name) as opened:
            shown[name] = np.asarray(opened.convert("RGB")).astype(float)
    sheet = make_sprite_sheet(film, tmp_path, tile_width=192)
    shown["sprite"] = np.asarray(Image.open(sheet.sheets[0]).convert("RGB")).astype(float)
    for name, picture in shown.items():
        for index, color in enumerate(
            [(1, 0, 0), (0, 1, 0), (0, 0, 1), (0.2, 0.3, 0.9), (0.5, 0.5, 0.5), (1, 0.8, 0.6)]
        ):
            patch = picture[40:70, index * 32 + 12 : index * 32 + 20, :3].mean(axis=(0, 1))
            assert np.abs(patch - np.array(color) * 255).max() <= 4, (name, color, patch)


def test_transparency_comes_along_from_a_transparent_film(pool, tmp_path):
    made = FilmSettings(width=384, height=216, fps=30, kind="mov_prores_4444", alpha=True)
    render_film([glass(6)], made, tmp_path / "film.mov", pool=pool)
    film = Source(path=tmp_path / "film.mov", settings=made, frames=6)
    for kind in ("webm_vp9", "apng", "png_frames"):
        settings = FilmSettings(width=192, height=108, fps=30, kind=kind, alpha=True)
        derive_film(film, settings, tmp_path / f"small{settings.facts.suffix}")
    apng = np.asarray(pictures(tmp_path / "small.png")[0])
    assert apng[5, 5, 3] == 0
    assert apng[50, 140, 3] == pytest.approx(128, abs=3)
    take_still(film, 3, tmp_path / "still.png", width=192)
    still = np.asarray(Image.open(tmp_path / "still.png"))
    assert (still[5, 5, 3], still[54, 50, 3]) == (0, 255)
    opaque = Source(path=tmp_path / "film.mov", settings=FilmSettings(width=384, height=216), frames=6)
    with pytest.raises(RenderError, match="render it transparent"):
        derive_film(opaque, FilmSettings(width=192, height=108, kind="apng", alpha=True), tmp_path / "no.png")


@pytest.mark.parametrize("frame", [0, 1, 59, 60, 99])
def test_a_still_is_exactly_its_frame(frame, film, tmp_path):
    size = take_still(film, frame, tmp_path / "still.png", width=192)
    assert size == (192, 108)
    shown = np.asarray(Image.open(tmp_path / "still.png").convert("L"))
    assert read_number(shown) == (frame if frame < 60 else 940 + frame)


@pytest.mark.parametrize("kind", [kind for kind, facts in KINDS.items() if facts.picture_only])
def test_stills_are_taken_from_runs_of_pictures_too(kind, pool, tmp_path):
    settings = FilmSettings(width=192, height=108, fps=20, kind=kind, alpha=bool(KINDS[kind].alpha_pixels))
    path = tmp_path / f"film{settings.facts.suffix}"
    render_film([as_scene(numbered(12, fps=20, base=77), "f")], settings, path, pool=pool)
    film = Source(path=path, settings=settings, frames=12)
    for frame in (0, 7, 11):
        for name in ("still.png", "still.jpg"):
            take_still(film, frame, tmp_path / name, width=192)
            with Image.open(tmp_path / name) as picture:
                assert read_number(np.asarray(picture.convert("L"))) == 77 + frame


def test_a_jpeg_of_a_transparent_film_stands_on_its_background(pool, tmp_path):
    settings = FilmSettings(width=192, height=108, fps=30, kind="mov_prores_4444", alpha=True, background=(20, 160, 60))
    render_film([glass(3)], settings, tmp_path / "film.mov", pool=pool)
    take_still(Source(path=tmp_path / "film.mov", settings=settings, frames=3), 1, tmp_path / "still.jpg", width=192)
    with Image.open(tmp_path / "still.jpg") as opened:
        picture = np.asarray(opened.convert("RGB")).astype(int)
    assert np.abs(picture[5, 5] - (20, 160, 60)).max() <= 4
    assert np.abs(picture[54, 50] - (255, 128, 26)).max() <= 6
    assert np.abs(picture[54, 142] - (23, 106, 145)).max() <= 6


def test_the_poster_is_the_frame_asked_for_or_one_that_shows_something(pool, tmp_path):
    blank = as_scene(numbered(50) | {"layers": numbered(50)["layers"][-1:]}, "white")
    render_film([blank, as_scene(numbered(50, base=1365), "bars")], BIG, tmp_path / "film.mp4", pool=pool)
    film = Source(path=tmp_path / "film.mp4", settings=BIG, frames=100)
    assert take_poster(film, tmp_path / "poster.jpg", frame=7) == 7
    assert np.asarray(Image.open(tmp_path / "poster.jpg").convert("L")).min() > 240
    chosen = take_poster(film, tmp_path / "poster.jpg", width=200)
    assert chosen >= 50
    with Image.open(tmp_path / "poster.jpg") as picture:
        assert picture.size == (200, 112)
        assert read_number(np.asarray(picture.convert("L"))) == 1365 + chosen - 50


def test_of_frames_that_show_as_much_the_earliest_is_taken_and_a_blank_one_only_when_all_are():
    size = (8, 8)
    rng = np.random.default_rng(1)
    busy = np.dstack([rng.integers(0, 255, (8, 8, 3), np.uint8), np.full((8, 8, 1), 255, np.uint8)]).tobytes()
    blank = bytes([90, 90, 90, 255] * 64)
    assert choose_frame({10: blank, 20: busy, 30: busy}, size) == 20
    assert choose_frame({10: blank, 20: blank}, size) == 10


@pytest.mark.parametrize("every_s", [None, 0.5, 0.7, 10])
def test_a_sprite_sheet_shows_for_each_span_a_frame_of_it(every_s, film, tmp_path):
    sheet = make_sprite_sheet(film, tmp_path, tile_width=96, every_s=every_s, columns=2)
    text = sheet.index.read_text()
    assert text.startswith("WEBVTT\n\n")
    cues = re.findall(r"([\d:.]+) --> ([\d:.]+)\n(\S+?)#xywh=(\d+),(\d+),(\d+),(\d+)", text)
    assert len(cues) == sheet.tiles

    def seconds(clock: str) -> float:
        hours, minutes, rest = clock.split(":")
        return int(hours) * 3600 + int(minutes) * 60 + float(rest)

    assert seconds(cues[0][0]) == 0
    assert seconds(cues[-1][1]) == pytest.approx(100 / 30, abs=1e-3)
    assert all(before[1] == after[0] for before, after in itertools.pairwise(cues))
    opened = {path.name: Image.open(path).convert("L") for path in sheet.sheets}
    for begins, ends, name, *box in cues:
        x, y, width, height = map(int, box)
        assert (width, height) == (96, 54)
        tile = np.asarray(opened[name].crop((x, y, x + width, y + height)))
        number = read_number(tile)
        at = (number if number < 100 else number - 940) / 30
        assert seconds(begins) - 0.02 <= at <= seconds(ends) + 0.02


def test_what_a_film_does_not_hold_is_refused_and_leaves_no_file(film, tmp_path):
    before = sorted(tmp_path.iterdir())
    with pytest.raises(RenderError, match="render it in this size"):
        derive_film(film, FilmSettings(width=768, height=432), tmp_path / "big.mp4")
    with pytest.raises(RenderError, match="frame 100 of"):
        take_still(film, 100, tmp_path / "still.png", width=100)
    with pytest.raises(RenderError, match="at most 400"):
        make_sprite_sheet(film, tmp_path, every_s=0.001, columns=30)
    animation = Source(path=tmp_path / "film.gif", settings=FilmSettings(width=192, height=108, kind="gif"), frames=3)
    with pytest.raises(RenderError, match="give a film"):
        derive_film(animation, FilmSettings(width=96, height=54), tmp_path / "film.mp4")
    broken = Source(path=Path(__file__), settings=BIG, frames=100)
    with pytest.raises(RenderError) as caught:
        take_still(broken, 1, tmp_path / "still.png", width=100)
    assert caught.value.code == "encoder_failed"
    assert sorted(tmp_path.iterdir()) == before
