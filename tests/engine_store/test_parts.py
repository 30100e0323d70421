"""A part of a film has the whole film's frames and sound, and draws what is not kept."""

import itertools

import av
import numpy as np
import pytest

from flatrender.cli.extras import parse_part, parse_tracks, parse_transitions, split_range
from flatrender.engine.errors import RenderError
from flatrender.engine.film.part import part_of
from flatrender.engine.film.plan import plan_film
from flatrender.engine.film.render import render_film
from flatrender.engine.film.settings import FilmSettings
from flatrender.engine.film.transitions import Transition
from flatrender.engine.sound.track import TrackSpec
from flatrender.engine.store import Store
from tests.engine_film.conftest import as_scene, film_numbers, film_sound, numbered, sine, write_wave

SETTINGS = FilmSettings(width=192, height=108, fps=30, preset="ultrafast", crf=28)


def scenes(*lengths: int):
    return [as_scene(numbered(length, base=100 * index), f"s{index}") for index, length in enumerate(lengths)]


WHOLE = [*range(90), *range(100, 140), *range(200, 290)]


@pytest.mark.parametrize(
    ("frames", "shown"),
    [
        pytest.param((0, 219), WHOLE, id="all"),
        pytest.param((0, 0), WHOLE[:1], id="the first"),
        pytest.param((219, None), WHOLE[219:], id="the last"),
        pytest.param((85, 131), WHOLE[85:132], id="over three scenes"),
        pytest.param((95, 110), WHOLE[95:111], id="inside a scene"),
        pytest.param((130, None), WHOLE[130:], id="from a scene's beginning"),
    ],
)
def test_a_part_shows_its_frames_and_no_others(frames, shown, pool, tmp_path):
    report = render_film(scenes(90, 40, 90), SETTINGS, tmp_path / "part.mp4", pool=pool, frames=frames)
    assert film_numbers(tmp_path / "part.mp4") == shown
    assert report.frames == len(shown)


def test_a_part_of_a_kept_film_draws_only_the_segments_that_it_cuts(pool, tmp_path):
    store = Store(tmp_path / "store")
    render_film(scenes(180, 40), SETTINGS, tmp_path / "film.mp4", pool=pool, store=store)
    seen = []
    render_film(
        scenes(180, 40), SETTINGS, tmp_path / "part.mp4", pool=pool, store=store, frames=(50, 200), progress=seen.append
    )
    assert seen[-1].frames - seen[-1].frames_reused == 10 + 21
    assert film_numbers(tmp_path / "part.mp4") == [*range(50, 180), *range(100, 121)]


def test_a_part_sounds_as_the_whole_film_does_there(pool, tmp_path):
    rising = sine(4, 440) * np.linspace(0.05, 0.6, 4 * 48_000)
    write_wave(tmp_path / "a.wav", rising)
    sound = [TrackSpec(kind="music", path=tmp_path / "a.wav")]
    render_film(scenes(90, 30), SETTINGS, tmp_path / "film.mp4", pool=pool, sound=sound)
    render_film(scenes(90, 30), SETTINGS, tmp_path / "part.mp4", pool=pool, sound=sound, frames=(60, 89))
    whole, part = film_sound(tmp_path / "film.mp4"), film_sound(tmp_path / "part.mp4")
    wanted = whole[2 * 48_000 :][: 48_000 - 4800]
    assert np.abs(part[: len(wanted)] - wanted)[2400:].max() < 0.02
    assert np.abs(wanted).max() > 0.1


def test_frames_that_a_film_does_not_have_are_refused(pool, tmp_path):
    for frames in ((0, 130), (-1, 5), (20, 10), (130, None)):
        with pytest.raises(RenderError, match="has frames 0 to 129") as refused:
            render_film(scenes(90, 40), SETTINGS, tmp_path / "part.mp4", pool=pool, frames=frames)
        assert refused.value.code == "settings_invalid"
    assert list(tmp_path.iterdir()) == []


def test_a_part_keeps_the_cuts_of_the_whole():
    plan = plan_film(scenes(300, 40), SETTINGS, chunk_frames=60)
    part = part_of(plan, (70, 320))
    assert [(chunk.scene, chunk.first, chunk.last) for chunk in part.plan.chunks] == [
        (0, 70, 119), (0, 120, 179), (0, 180, 239), (0, 240, 299), (1, 0, 20),
    ]  # fmt: skip
    assert (part.scenes, part.plan.frames, part.begins_s) == ((0, 1), 251, 70 / 30)
    assert part_of(plan, (310, 320)).scenes == (1,)


@pytest.mark.parametrize("preset", ["ultrafast", "veryfast"])
@pytest.mark.parametrize("kind", ["mp4_h264", "mp4_h265"])
@pytest.mark.parametrize("lengths", [(1, 40), (40, 1), (2, 1, 30, 3, 2, 70), (1,)], ids=str)
def test_segments_of_a_frame_or_two_join_without_a_gap(lengths, kind, preset, pool, tmp_path):
    settings = FilmSettings(width=192, height=108, fps=30, preset=preset, crf=28, kind=kind)
    report = render_film(scenes(*lengths), settings, tmp_path / "film.mp4", pool=pool)
    assert film_numbers(tmp_path / "film.mp4") == [
        100 * i + n for i, length in enumerate(lengths) for n in range(length)
    ]
    assert report.frames == sum(lengths)
    with av.open(str(tmp_path / "film.mp4")) as film:
        stream = film.streams.video[0]
        times = [(packet.dts, packet.pts) for packet in film.demux(stream) if packet.pts is not None]
    assert all(later[0] - before[0] == settings.frame_ticks for before, later in itertools.pairwise(times))
    assert all(decoded <= shown for decoded, shown in times)


def test_parts_are_written_in_frames_or_seconds():
    assert parse_part(None, None, SETTINGS) is None
    assert parse_part("60", "120", SETTINGS) == (60, 120)
    assert parse_part("2s", "2.5s", SETTINGS) == (60, 74)
    assert parse_part("1.5 s", None, SETTINGS) == (45, None)
    assert parse_part(None, "10", SETTINGS) == (0, 10)
    assert split_range("10-20") == ("10", "20")
    for wrong in ("x", "-1", "1:00", "", "2.5"):
        with pytest.raises(RenderError, match="write a frame"):
            parse_part(wrong, None, SETTINGS)
    with pytest.raises(RenderError, match="A-B"):
        split_range("10")


def test_transitions_are_written_for_all_gaps_or_for_each():
    assert parse_transitions(None, 3) == []
    assert parse_transitions("dissolve", 3) == [Transition(kind="dissolve", seconds=0.5)] * 2
    assert parse_transitions("cut, push:0.4:right", 3)[1] == Transition(kind="push", seconds=0.4, direction="right")
    assert parse_transitions("dissolve", 1) == []
    for wrong in ("spin", "push:much", "push:1:around", "dissolve,dissolve,dissolve", "template", "dissolve:99"):
        with pytest.raises(RenderError) as refused:
            parse_transitions(wrong, 3)
        assert refused.value.code == "settings_invalid"


def test_sounds_are_written_with_where_they_begin_and_how_loud(tmp_path):
    voice, effect = parse_tracks(["a@b.wav@2.5:0.5"], ["click.wav"])
    assert (voice.kind, str(voice.path), voice.start_s, voice.volume) == ("voiceover", "a@b.wav", 2.5, 0.5)
    assert (effect.kind, str(effect.path), effect.start_s, effect.volume) == ("sfx", "click.wav", 0.0, 1.0)
    with pytest.raises(RenderError, match="empty"):
        parse_tracks([""], [])
