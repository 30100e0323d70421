import threading
import time
from fractions import Fraction
from pathlib import Path

import numpy as np
import psutil
import pytest

from flatrender.engine.errors import RenderError
from flatrender.engine.film.join import join_segments
from flatrender.engine.film.plan import lottie_frames, output_frames, plan_film
from flatrender.engine.film.render import FilmProgress, render_film
from flatrender.engine.film.segments import render_segment
from flatrender.engine.film.settings import FilmSettings
from flatrender.engine.probe import ExpectedFilm, Sample, probe_film
from flatrender.engine.sound.track import TrackSpec

from .conftest import as_scene, film_numbers, film_sound, numbered, rectangle

SMALL = FilmSettings(width=192, height=108, fps=30)


def rms(samples: np.ndarray, begin_s: float, end_s: float) -> float:
    part = samples[round(begin_s * 48_000) : round(end_s * 48_000)].astype(np.float64)
    return float(np.sqrt(np.mean(part**2)))


@pytest.mark.parametrize("fps", [24, 25, 30, 29.97])
def test_a_film_of_two_scenes_shows_every_frame_once_and_in_order(fps, pool, tmp_path):
    settings = FilmSettings(width=192, height=108, fps=fps)
    scenes = [as_scene(numbered(67, fps=fps), "one"), as_scene(numbered(43, fps=fps, base=1000), "two")]
    report = render_film(scenes, settings, tmp_path / "film.mp4", pool=pool)
    assert film_numbers(tmp_path / "film.mp4") == [*range(67), *range(1000, 1043)]
    assert (report.frames, report.width, report.height) == (110, 192, 108)
    assert report.fps == pytest.approx(float(settings.rate), abs=1e-3)
    assert report.duration_s == pytest.approx(110 / float(settings.rate), abs=1e-3)
    assert report.audio_codec is None
    assert [entry.name for entry in tmp_path.iterdir()] == ["film.mp4"]


def test_a_scene_of_another_rate_keeps_its_length_and_its_timing(pool, tmp_path):
    render_film([as_scene(numbered(48, fps=24), "film")], SMALL, tmp_path / "film.mp4", pool=pool)
    # Held keyframes: output frame n at n/30 s shows the scene frame that began last, floor(n * 24/30).
    assert film_numbers(tmp_path / "film.mp4") == [n * 24 // 30 for n in range(60)]


def test_segments_join_at_the_right_frames_whoever_made_them(pool, tmp_path):
    scene = as_scene(numbered(100), "long")
    ranges = [(0, 0), (1, 29), (30, 30), (31, 98), (99, 99)]
    segments = []
    for index, (first, last) in enumerate(ranges):
        segments.append(tmp_path / f"s{index}.mp4")
        report = render_segment(scene, first, last, SMALL, segments[-1], pool=pool, threads=1 + index % 2)
        assert report.frames == last - first + 1
    join_segments(segments, SMALL, tmp_path / "film.mp4")
    assert film_numbers(tmp_path / "film.mp4") == list(range(100))
    film = (tmp_path / "film.mp4").read_bytes()
    assert film.index(b"moov") < film.index(b"mdat")


def test_frames_after_the_scenes_end_are_refused_and_leave_no_file(pool, tmp_path):
    with pytest.raises(RenderError, match="frames 0 to 99"):
        render_segment(as_scene(numbered(100), "long"), 90, 100, SMALL, tmp_path / "s.mp4", pool=pool)
    assert list(tmp_path.iterdir()) == []


def test_colours_are_bt709_limited_and_come_back_as_drawn(pool, tmp_path):
    import av

    lottie = numbered(2)
    lottie["layers"] = [
        rectangle(i * 64, 0, 64, 108, {"a": 0, "k": 100}, 2, color) | {"ind": i + 1}
        for i, color in enumerate([(1, 0, 0), (0, 1, 0), (0.2, 0.3, 0.9)])
    ]
    render_film([as_scene(lottie, "colours")], SMALL, tmp_path / "film.mp4", pool=pool)
    with av.open(str(tmp_path / "film.mp4")) as container:
        context = container.streams.video[0].codec_context
        assert (context.colorspace, context.color_primaries, context.color_trc, context.color_range) == (1, 1, 1, 1)
        frame = next(container.decode(video=0))
        rgb = frame.reformat(format="rgb24", src_colorspace="ITU709").to_ndarray()
    for x, color in ((32, (255, 0, 0)), (96, (0, 255, 0)), (160, (51, 77, 230))):
        assert np.abs(rgb[54, x].astype(int) - color).max() <= 6


def test_the_music_has_its_fades_and_the_films_length(pool, tmp_path, tone):
    music = TrackSpec(kind="music", path=tone(1.3), volume=0.5, loop=True, fade_in_s=0.5, fade_out_s=1.0)
    report = render_film([as_scene(numbered(120), "f")], SMALL, tmp_path / "film.mp4", sound=[music], pool=pool)
    assert (report.audio_codec, report.audio_rate, report.audio_channels) == ("aac", 48_000, 2)
    sound = film_sound(tmp_path / "film.mp4")
    full = rms(sound, 0.6, 2.9)
    assert rms(sound, 0.2, 0.3) == pytest.approx(full / 2, rel=0.1)
    assert rms(sound, 3.45, 3.55) == pytest.approx(full / 2, rel=0.1)
    assert rms(sound, 3.97, 4.0) < full / 10
    assert len(sound) / 48_000 == pytest.approx(4, abs=1024 / 48_000 + 1e-3)


def test_a_missing_sound_and_a_broken_sound_are_named(pool, tmp_path):
    scene = as_scene(numbered(30), "f")
    (tmp_path / "noise.mp3").write_bytes(b"this is no sound at all" * 100)
    (tmp_path / "empty.wav").write_bytes(b"")
    for name, code in (
        ("absent.ogg", "sound_missing"), ("noise.mp3", "sound_unreadable"), ("empty.wav", "sound_unreadable"),
    ):  # fmt: skip
        with pytest.raises(RenderError, match=name) as caught:
            render_film(
                [scene], SMALL, tmp_path / "film.mp4", pool=pool,
                sound=[TrackSpec(kind="music", path=tmp_path / name)],
            )  # fmt: skip
        assert caught.value.code == code
        assert sorted(entry.name for entry in tmp_path.iterdir()) == ["empty.wav", "noise.mp3"]


def test_cancelling_leaves_no_file_and_no_encoder(pool, tmp_path):
    cancel = threading.Event()
    seen: list[FilmProgress] = []

    def progress(state: FilmProgress) -> None:
        seen.append(state)
        if state.frames_done:
            cancel.set()

    settings = FilmSettings(width=1280, height=720, preset="slow")
    began = time.monotonic()
    with pytest.raises(RenderError) as caught:
        render_film(
            [as_scene(numbered(3000), "long")], settings, tmp_path / "film.mp4",
            pool=pool, progress=progress, cancel=cancel,
        )  # fmt: skip
    assert caught.value.code == "cancelled"
    assert time.monotonic() - began < 20
    assert 0 < seen[-1].frames_done < 3000
    assert list(tmp_path.iterdir()) == []
    encoders = [child for child in psutil.Process().children(recursive=True) if "ffmpeg" in child.name()]
    assert encoders == []
    assert render_film([as_scene(numbered(5), "next")], SMALL, tmp_path / "n.mp4", pool=pool).frames == 5


def test_a_scene_that_kills_the_renderer_fails_the_film_and_leaves_the_old_file(pool, tmp_path):
    path = Path(__file__).resolve().parents[3] / "shared" / "corpus" / "lottie" / "crash_dna.json"
    if not path.is_file():
        pytest.skip("the public test templates are not on this machine")
    (tmp_path / "film.mp4").write_bytes(b"the film from before")
    scenes = [as_scene(numbered(30), "good"), as_scene(path.read_bytes(), "dna")]
    with pytest.raises(RenderError, match="dna: ") as caught:
        render_film(scenes, SMALL, tmp_path / "film.mp4", pool=pool)
    assert caught.value.code == "engine_crashed"
    assert [entry.name for entry in tmp_path.iterdir()] == ["film.mp4"]
    assert (tmp_path / "film.mp4").read_bytes() == b"the film from before"


def test_a_scene_that_never_ends_stops_the_film_within_its_time_with_its_encoder(pool, tmp_path):
    path = Path(__file__).resolve().parents[3] / "shared" / "corpus" / "lottie" / "hang_infinite_loop.json"
    if not path.is_file():
        pytest.skip("the public test templates are not on this machine")
    scene = as_scene(path.read_bytes(), "hang")
    began = time.monotonic()
    with pytest.raises(RenderError, match=r"hang: drawing frame .* took longer than 3 s") as caught:
        render_segment(
            scene, 0, output_frames(scene.frames, scene.fps, SMALL.rate) - 1, SMALL, tmp_path / "s.mp4", pool=pool
        )
    assert caught.value.code == "engine_timeout"
    assert time.monotonic() - began < 10
    assert list(tmp_path.iterdir()) == []
    assert [child for child in psutil.Process().children(recursive=True) if "ffmpeg" in child.name()] == []


def test_an_output_that_is_a_folder_is_an_error_and_stays(pool, tmp_path):
    (tmp_path / "film.mp4").mkdir()
    with pytest.raises(RenderError) as caught:
        render_film([as_scene(numbered(2), "f")], SMALL, tmp_path / "film.mp4", pool=pool)
    assert caught.value.code == "output_unwritable"
    with pytest.raises(RenderError) as caught:
        render_film([as_scene(numbered(2), "f")], SMALL, tmp_path / "absent" / "film.mp4", pool=pool)
    assert caught.value.code == "output_unwritable"
    assert [entry.name for entry in tmp_path.iterdir()] == ["film.mp4"]


def test_an_encoder_that_fails_is_reported_with_its_reason(pool, tmp_path):
    with pytest.raises(RenderError, match="No such file or directory") as caught:
        render_segment(as_scene(numbered(9), "f"), 0, 8, SMALL, tmp_path / "absent" / "s.mp4", pool=pool)
    assert caught.value.code == "encoder_failed"


def expected(frames: int, **changes) -> ExpectedFilm:
    values = {"frames": frames, "rate": Fraction(30), "width": 192, "height": 108, "sound": False} | changes
    return ExpectedFilm(**values)


def test_the_check_refuses_a_blank_film_a_wrong_film_and_a_short_film(pool, tmp_path):
    blank = tmp_path / "blank.mp4"
    render_film([as_scene(numbered(30) | {"layers": []}, "blank")], SMALL, blank, pool=pool)
    stripes = np.zeros((45, 80, 3), np.uint8)
    stripes[:, ::8] = 255
    look = {"scene_key": "s", "width": 80, "height": 45}
    wanted = expected(30, samples=(Sample(frame=15, pixels=stripes.tobytes(), **look),))
    with pytest.raises(RenderError, match=r"frame 15 \(scene s\) is blank although the scene is not") as caught:
        probe_film(blank, wanted)
    assert caught.value.code == "film_check_failed"

    film = tmp_path / "film.mp4"
    render_film([as_scene(numbered(30, base=0b101010), "bars")], SMALL, film, pool=pool)
    dark = Sample(frame=0, pixels=bytes(80 * 45 * 3), **look)
    with pytest.raises(RenderError, match="does not show what the scene shows"):
        probe_film(film, expected(30, samples=(dark,)))
    for wanted, problem in (
        (expected(31), "30 frames instead of 31"),
        (expected(30, sound=True), "no sound"),
    ):
        with pytest.raises(RenderError, match=problem):
            probe_film(film, wanted)
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(film.read_bytes()[:-900])
    with pytest.raises(RenderError) as caught:
        probe_film(cut, expected(30))
    assert caught.value.code == "film_check_failed"


def test_plans_cover_every_frame_once():
    scenes = [as_scene(numbered(n, fps=25), f"s{n}") for n in (1, 100, 333)]
    plan = plan_film(scenes, SMALL, chunk_frames=50)
    assert [span.frames for span in plan.scenes] == [output_frames(n, 25, Fraction(30)) for n in (1, 100, 333)]
    assert plan.frames == 1 + 120 + 400
    for index, span in enumerate(plan.scenes):
        drawn = [n for c in plan.chunks if c.scene == index for n in range(c.first, c.last + 1)]
        assert drawn == list(range(span.frames))
    assert [chunk.index for chunk in plan.chunks] == list(range(len(plan.chunks)))
    assert lottie_frames(100, 25, Fraction(30), 0, 6) == [0, 0.8333, 1.6667, 2.5, 3.3333, 4.1667, 5]


@pytest.mark.parametrize(
    "wrong", [{"width": 191}, {"height": 8}, {"fps": 0}, {"fps": 500}, {"crf": 60}], ids=lambda wrong: next(iter(wrong))
)
def test_settings_that_cannot_be_encoded_are_refused(wrong):
    with pytest.raises(RenderError) as caught:
        FilmSettings(**({"width": 192, "height": 108} | wrong))
    assert caught.value.code == "settings_invalid"
