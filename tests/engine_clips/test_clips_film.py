"""Whole films with clips in them: parallel ranges, transitions, and sound in step with the picture."""

import itertools
import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from flatrender.engine.errors import RenderError, ValueRefused
from flatrender.engine.film.render import render_film
from flatrender.engine.film.settings import FilmSettings
from flatrender.engine.film.transitions import Transition
from flatrender.engine.raster.pool import WorkerPool
from flatrender.engine.scene import ResolvedScene
from tests.engine_film.conftest import film_numbers, film_sound, numbered, read_number, sine, write_wave

from .making import ffmpeg, numbered_film, numbered_picture
from .making import film as film_of
from .test_clips import drawn, image_layer, inside, numbers, precomp, scene_of

SETTINGS = FilmSettings(width=192, height=108, fps=30, preset="ultrafast")


def clicking(tmp_path: Path, clicks: list[float], seconds: float = 2.0, rate: int = 30) -> Path:
    """A numbered film with short loud beeps at these seconds."""
    picture = numbered_film(tmp_path / "picture.mp4", round(seconds * rate), rate)
    samples = np.zeros(round(seconds * 48_000))
    for click in clicks:
        at = round(click * 48_000)
        samples[at : at + 960] = 0.7 * sine(0.02, 1000)
    write_wave(tmp_path / "sound.wav", samples)
    clip = tmp_path / "clip.mp4"
    ffmpeg(
        [
            "-i",
            str(picture),
            "-i",
            str(tmp_path / "sound.wav"),
            "-c:v",
            "copy",
            "-c:a",
            "aac",
            "-b:a",
            "256k",
            str(clip),
        ]
    )
    return clip


def heard(path: Path) -> list[float]:
    """When the beeps begin, seconds."""
    samples = np.abs(film_sound(path))
    loud = np.flatnonzero(samples > 0.3 * samples.max())
    begins = [loud[0], *(after for before, after in itertools.pairwise(loud) if after - before > 2400)]
    return [float(at) / 48_000 for at in begins]


def close(found: list[float], wanted: list[float], most: float = 0.004) -> bool:
    return len(found) == len(wanted) and all(abs(a - b) < most for a, b in zip(found, wanted, strict=True))


def test_a_film_drawn_in_parallel_ranges_shows_every_frame_of_its_clip(pool: WorkerPool, tmp_path: Path) -> None:
    scene = scene_of(numbered_film(tmp_path / "c.mp4", 150, 30), frames=150)
    out = tmp_path / "film.mp4"
    report = render_film([scene], SETTINGS, out, pool=pool)
    assert report.frames == 150
    assert film_numbers(out) == list(range(150))


def test_a_film_of_another_rate_shows_the_clip_frames_of_its_times(pool: WorkerPool, tmp_path: Path) -> None:
    scene = scene_of(numbered_film(tmp_path / "c.mp4", 60, 24), fps=30, frames=60)
    out = tmp_path / "film.mp4"
    render_film([scene], msgspec.structs.replace(SETTINGS, fps=25), out, pool=pool)
    assert film_numbers(out) == [n * 24 // 25 for n in range(50)]


@pytest.mark.parametrize("fps", [30, 25])
def test_clips_go_on_through_a_transition(pool: WorkerPool, tmp_path: Path, fps: int) -> None:
    first = scene_of(numbered_film(tmp_path / "a.mp4", 60, 30), frames=60)
    white = [np.full_like(numbered_picture(0), 255)] * 60
    second = scene_of(film_of(tmp_path / "b.mp4", white, 30), frames=60)
    out = tmp_path / "film.mp4"
    settings = msgspec.structs.replace(SETTINGS, fps=fps)
    wipe = Transition(kind="wipe", seconds=0.4, direction="up")
    render_film([first, second], settings, out, transitions=[wipe], pool=pool)
    length, overlap = 2 * fps, round(0.4 * fps)
    import av

    with av.open(str(out)) as container:
        pictures = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
    assert len(pictures) == 2 * length - overlap
    shown = [max(read_number(picture[-20:]), read_number(picture[:20])) for picture in pictures[: length - 2]]
    assert shown == [n * 30 // fps for n in range(length - 2)]


def test_the_sound_of_a_clip_is_in_step_with_its_picture(pool: WorkerPool, tmp_path: Path) -> None:
    clip = clicking(tmp_path, [0.5, 1.5])
    scene = scene_of(clip, frames=90, layers=[image_layer(ip=20, op=90)], clip={"start": 0.25})
    out = tmp_path / "film.mp4"
    report = render_film([scene], SETTINGS, out, pool=pool)
    assert report.audio_codec == "aac"
    assert close(heard(out), [20 / 30 + 0.25, 20 / 30 + 1.25])


@pytest.mark.parametrize(
    ("value", "layers", "assets", "wanted"),
    [
        ({"speed": 2.0}, None, None, [0.25, 0.75]),
        ({"speed": 0.5}, None, None, [1.0]),
        ({"end": 1.0, "after": "loop"}, None, None, [0.5, 1.5]),
        ({"start": 0.25, "end": 0.75, "after": "loop"}, None, None, [0.25, 0.75, 1.25, 1.75]),
        ({"end": 1.0}, None, None, [0.5]),
        ({}, [precomp(ip=15, st=-15)], inside(image_layer(op=120)), [1.0]),
        ({}, [precomp(sr=2)], inside(image_layer(op=120)), [1.0]),
        ({}, [precomp(op=30)], inside(image_layer(op=120)), [0.5]),
    ],
    ids=["faster", "slower", "loop", "loop of a part", "trimmed", "cut by its precomposition", "stretched", "hidden early"],
)  # fmt: skip
def test_sound_is_trimmed_sped_and_looped_with_the_picture(
    pool: WorkerPool, tmp_path: Path, value: dict[str, Any], layers: Any, assets: Any, wanted: list[float]
) -> None:
    scene = scene_of(clicking(tmp_path, [0.5, 1.5]), layers=layers, assets=assets, clip=value)
    out = tmp_path / "film.mp4"
    render_film([scene], SETTINGS, out, pool=pool)
    # Keeping the pitch at another speed moves a beep by some milliseconds.
    assert close(heard(out), wanted, 0.03 if "speed" in value or (layers and layers[0]["sr"] != 1) else 0.004)


def test_the_second_scene_sounds_when_it_begins_also_after_a_transition(pool: WorkerPool, tmp_path: Path) -> None:
    from tests.engine_film.conftest import as_scene

    blank = as_scene(numbered(45), "first")
    scene = scene_of(clicking(tmp_path, [0.5]), frames=60)
    out = tmp_path / "film.mp4"
    render_film([blank, scene], SETTINGS, out, transitions=[Transition(kind="dissolve", seconds=0.5)], pool=pool)
    assert close(heard(out), [1.0 + 0.5])


@pytest.mark.parametrize("value", [{"volume": 0}, {"speed": 8.0}])
def test_a_silenced_clip_leaves_the_film_without_sound(pool: WorkerPool, tmp_path: Path, value: dict[str, Any]) -> None:
    scene = scene_of(clicking(tmp_path, [0.5]), clip=value)
    assert render_film([scene], SETTINGS, tmp_path / "film.mp4", pool=pool).audio_codec is None


def test_two_values_of_one_clip_are_two_scenes(tmp_path: Path) -> None:
    path = numbered_film(tmp_path / "c.mp4", 30, 30)
    hashes = {scene_of(path, clip=clip).sha256 for clip in ({}, {"start": 0.1}, {"speed": 2}, {"after": "loop"})}
    assert len(hashes) == 4
    copied = tmp_path / "other.mp4"
    copied.write_bytes(path.read_bytes())
    assert scene_of(copied).sha256 == scene_of(path).sha256


def test_a_clip_that_is_gone_or_changed_is_named(pool: WorkerPool, tmp_path: Path) -> None:
    path = numbered_film(tmp_path / "c.mp4", 30, 30)
    scene = scene_of(path)
    path.write_bytes(path.read_bytes() + b"more")
    with pytest.raises(RenderError) as refused:
        drawn(pool, scene, 0)
    assert refused.value.code == "clip_missing"


def test_a_damaged_clip_goes_on_with_what_decodes_and_a_broken_one_is_refused(pool: WorkerPool, tmp_path: Path) -> None:
    whole = numbered_film(tmp_path / "c.mp4", 60, 30).read_bytes()
    at = whole.index(b"mdat") + 4
    damaged = bytearray(whole)
    middle = (at + len(whole)) // 2
    damaged[middle : middle + 300] = bytes(300)
    (tmp_path / "d.mp4").write_bytes(damaged)
    shown = numbers(pool, scene_of(tmp_path / "d.mp4"), [0, 1, 59])
    assert shown[:2] == [0, 1]
    empty = bytearray(whole)
    until = whole.index(b"moov") - 4
    empty[at:until] = bytes(until - at)
    (tmp_path / "e.mp4").write_bytes(empty)
    with pytest.raises(ValueRefused) as refused:
        scene_of(tmp_path / "e.mp4")
    assert refused.value.code == "clip_invalid"


@pytest.mark.parametrize("kind", ["cut", "head", "noise"])
def test_what_is_no_film_is_refused(tmp_path: Path, kind: str) -> None:
    whole = numbered_film(tmp_path / "c.mp4", 10, 30).read_bytes()
    data = {"cut": whole[: len(whole) // 3], "head": whole[:40], "noise": whole[:12] + bytes(range(256)) * 20}[kind]
    (tmp_path / "bad.mp4").write_bytes(data)
    with pytest.raises(ValueRefused) as refused:
        scene_of(tmp_path / "bad.mp4")
    assert refused.value.code == "clip_invalid"
    assert "media" in str(refused.value)


def test_a_playlist_that_calls_itself_a_film_reaches_nothing(tmp_path: Path) -> None:
    secret = numbered_film(tmp_path / "secret.mp4", 10, 30)
    (tmp_path / "list.mp4").write_text(f"ffconcat version 1.0\nfile {secret.name}\n")
    with pytest.raises(ValueRefused) as refused:
        scene_of(tmp_path / "list.mp4")
    assert refused.value.code in ("clip_invalid", "picture_invalid")


def test_a_clip_beginning_after_the_films_end_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueRefused, match="begins at 5 s") as refused:
        scene_of(numbered_film(tmp_path / "c.mp4", 30, 30), clip={"start": 5})
    assert refused.value.code == "value_out_of_range"


def test_a_template_cannot_bring_a_description_of_a_clip_along(pool: WorkerPool, tmp_path: Path) -> None:
    path = numbered_film(tmp_path / "c.mp4", 30, 30)
    spec = json.loads(scene_of(path).lottie)["assets"][0]["fr_clip"]
    planted = [{"id": "other", "w": 10, "h": 10, "u": "", "p": "", "e": 0, "fr_clip": spec}]
    scene: ResolvedScene = scene_of(path, assets=planted)
    assert "fr_clip" not in json.loads(scene.lottie)["assets"][1]
