from pathlib import Path

import pytest

from flatrender.engine.film.render import render_film
from flatrender.engine.film.settings import FilmSettings
from flatrender.engine.raster.pool import WorkerPool
from flatrender.engine.sound.track import TrackSpec
from flatrender.engine.store.disk import Store
from tests.engine_film.conftest import as_scene, numbered

from .conftest import RATE, click_errors_ms, clicks, meter, noise, played, write_wave

TIMES = (0.5, 1.25, 2.5, 3.75)


@pytest.fixture(scope="module")
def pool():
    with WorkerPool(1) as made:
        yield made


@pytest.mark.parametrize(
    ("kind", "suffix", "fps"),
    [
        ("mp4_h264", "mp4", 30),
        ("mp4_h264", "mp4", 29.97),
        ("mp4_h265", "mp4", 25),
        ("webm_vp9", "webm", 24),
        ("mov_prores_4444", "mov", 30),
    ],
)
def test_the_sound_of_a_film_is_in_sync_with_its_pictures_and_as_long(kind, suffix, fps, pool, tmp_path):
    track = TrackSpec(kind="sfx", path=write_wave(tmp_path / "c.wav", clicks(6, TIMES)))
    frames = round(4.2 * fps)
    settings = FilmSettings(width=192, height=108, fps=fps, kind=kind)
    out = tmp_path / f"film.{suffix}"
    report = render_film([as_scene(numbered(frames, fps=fps), "f")], settings, out, sound=[track], pool=pool)
    sound = played(out)
    assert max(map(abs, click_errors_ms(sound, TIMES))) < 1
    assert abs(len(sound) / RATE - float(report.frames / settings.rate)) < 1 / 1000


def test_a_film_is_as_loud_as_asked_after_it_was_joined(pool, tmp_path):
    track = TrackSpec(kind="music", path=write_wave(tmp_path / "m.wav", noise(2, 0.5)), loop=True)
    out = tmp_path / "film.mp4"
    render_film([as_scene(numbered(120), "f")], FilmSettings(width=192, height=108), out, sound=[track], pool=pool)
    loudness, peak = meter(out)
    assert loudness == pytest.approx(-14, abs=0.5)
    assert peak <= -0.95


def test_another_music_draws_and_encodes_no_picture_again(pool, tmp_path):
    store = Store(tmp_path / "store")
    scenes = [as_scene(numbered(90), "f")]
    settings = FilmSettings(width=192, height=108)
    heard: list[bytes] = []
    for number in (1, 2):
        track = TrackSpec(kind="music", path=write_wave(tmp_path / f"{number}.wav", noise(2, seed=number)), loop=True)
        told: list[int] = []

        def note(state, told=told) -> None:
            told.append(state.frames_reused)

        out = tmp_path / f"{number}.mp4"
        render_film(scenes, settings, out, sound=[track], pool=pool, store=store, progress=note)
        heard.append(played(out).tobytes())
    assert told[-1] == 90
    assert heard[0] != heard[1]


def test_nothing_is_left_beside_a_film_that_was_made(pool, tmp_path):
    folder = tmp_path / "films"
    folder.mkdir()
    track = TrackSpec(kind="music", path=write_wave(tmp_path / "m.wav", noise(1)), loop=True)
    out = folder / "film.mp4"
    render_film([as_scene(numbered(30), "f")], FilmSettings(width=192, height=108), out, sound=[track], pool=pool)
    assert [Path(entry).name for entry in folder.iterdir()] == ["film.mp4"]
