"""What is unchanged is never rendered again, and the film is what it would have been."""

import threading
import zlib
from pathlib import Path

import numpy as np
import pytest

from flatrender.engine.errors import RenderError
from flatrender.engine.film.keys import film_key, segment_key, sound_key, still_key
from flatrender.engine.film.plan import plan_film
from flatrender.engine.film.recheck import CheckedPictures, read_packets, report_again
from flatrender.engine.film.render import FilmProgress, is_kept, render_film
from flatrender.engine.film.settings import FilmSettings
from flatrender.engine.raster.pool import WorkerPool
from flatrender.engine.sound.track import TrackSpec
from flatrender.engine.still import render_still
from flatrender.engine.store import Store
from tests.engine_film.conftest import as_scene, film_numbers, numbered, sine, write_wave

SETTINGS = FilmSettings(width=192, height=108, fps=30, preset="ultrafast", crf=28)


class Watched(WorkerPool):
    """A pool that counts what it is asked to draw."""

    def __init__(self) -> None:
        super().__init__(2)
        self.encoded = 0
        self.drawn = 0

    def encode(self, scene, frames, *arguments, **named):
        self.encoded += len(frames)
        return super().encode(scene, frames, *arguments, **named)

    def draw(self, *arguments, **named):
        self.drawn += 1
        return super().draw(*arguments, **named)

    def forget(self) -> None:
        self.encoded = self.drawn = 0


@pytest.fixture
def watched():
    with Watched() as pool:
        yield pool


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def scenes(*lengths: int, base: int = 0):
    return [as_scene(numbered(length, base=base + 100 * index), f"s{index}") for index, length in enumerate(lengths)]


def expected(*lengths: int, base: int = 0) -> list[int]:
    return [base + 100 * index + n for index, length in enumerate(lengths) for n in range(length)]


def make(scenes, out: Path, pool: WorkerPool, store: Store | None, **more) -> FilmProgress:
    seen: list[FilmProgress] = []
    render_film(scenes, SETTINGS, out, pool=pool, store=store, progress=seen.append, **more)
    return seen[-1]


def test_an_unchanged_film_is_not_drawn_not_even_for_its_check_and_has_the_same_bytes(tmp_path, watched, store):
    out = tmp_path / "film.mp4"
    assert make(scenes(70, 40), out, watched, store).frames_reused == 0
    first = out.read_bytes()
    watched.forget()
    out.unlink()
    last = make(scenes(70, 40), out, watched, store)
    assert (watched.encoded, watched.drawn, last.frames_reused) == (0, 0, 110)
    assert out.read_bytes() == first


def test_no_worker_is_started_for_an_unchanged_film(tmp_path, watched, store):
    make(scenes(40), tmp_path / "film.mp4", watched, store)
    with WorkerPool(1) as cold:
        make(scenes(40), tmp_path / "again.mp4", cold, store)
        assert cold._free == []


def test_only_the_edited_scene_is_drawn_again(tmp_path, watched, store):
    out = tmp_path / "film.mp4"
    make(scenes(40, 40, 40), out, watched, store)
    watched.forget()
    edited = scenes(40, 40, 40)
    edited[1] = as_scene(numbered(40, base=900), "s1")
    make(edited, out, watched, store)
    assert watched.encoded == 40
    assert film_numbers(out) == [*range(40), *range(900, 940), *range(200, 240)]


def test_a_scene_that_becomes_longer_leaves_the_others_as_they_were(tmp_path, watched, store):
    out = tmp_path / "film.mp4"
    make(scenes(150, 40, 130), out, watched, store)
    watched.forget()
    make(scenes(150, 97, 130), out, watched, store)
    assert watched.encoded == 97
    assert film_numbers(out) == expected(150, 97, 130)


def test_scenes_in_another_order_or_twice_are_not_drawn_again(tmp_path, watched, store):
    out = tmp_path / "film.mp4"
    one, two, three = scenes(40, 40, 40)
    make([one, two, three], out, watched, store)
    watched.forget()
    make([three, one, one, two], out, watched, store)
    assert watched.encoded == 0
    assert film_numbers(out) == [*range(200, 240), *range(40), *range(40), *range(100, 140)]


def test_another_sound_draws_no_picture_and_a_film_without_one_neither(tmp_path, watched, store):
    write_wave(tmp_path / "a.wav", 0.5 * sine(2, 440))
    write_wave(tmp_path / "b.wav", 0.5 * sine(2, 550))
    out = tmp_path / "film.mp4"
    make(scenes(60), out, watched, store, sound=[TrackSpec(kind="music", path=tmp_path / "a.wav")])
    watched.forget()
    for sound in ([TrackSpec(kind="music", path=tmp_path / "b.wav")], []):
        make(scenes(60), out, watched, store, sound=sound)
    assert (watched.encoded, watched.drawn) == (0, 0)


def test_a_sound_is_known_by_what_is_in_its_file(tmp_path):
    write_wave(tmp_path / "a.wav", 0.5 * sine(1, 440))
    write_wave(tmp_path / "b.wav", 0.5 * sine(1, 440))
    keys = [sound_key([TrackSpec(kind="music", path=tmp_path / name)], 1.0) for name in ("a.wav", "b.wav")]
    assert keys[0] == keys[1]
    write_wave(tmp_path / "a.wav", 0.5 * sine(1, 550))
    assert sound_key([TrackSpec(kind="music", path=tmp_path / "a.wav")], 1.0) != keys[0]
    assert sound_key([TrackSpec(kind="music", path=tmp_path / "b.wav")], 1.5) != keys[0]
    assert sound_key([TrackSpec(kind="music", path=tmp_path / "b.wav", volume=0.5)], 1.0) != keys[0]


@pytest.mark.parametrize("kind", ["segment", "sound"])
def test_a_damaged_part_is_made_again_and_the_film_is_right(tmp_path, watched, store, kind):
    write_wave(tmp_path / "a.wav", 0.5 * sine(4, 440))
    sound = [TrackSpec(kind="music", path=tmp_path / "a.wav")]
    out = tmp_path / "film.mp4"
    make(scenes(40, 40), out, watched, store, sound=sound)
    whole = out.read_bytes()
    suffix = {"segment": ".mp4", "sound": ".m4a"}[kind]
    damaged = next((store.folder / "1" / "kept").rglob(f"*{suffix}"))
    data = bytearray(damaged.read_bytes())
    data[len(data) // 2] ^= 0xFF
    damaged.write_bytes(data)
    watched.forget()
    make(scenes(40, 40), out, watched, store, sound=sound)
    assert watched.encoded == (40 if kind == "segment" else 0)
    assert store.use.damaged == 1
    assert film_numbers(out) == expected(40, 40)
    assert len(out.read_bytes()) == len(whole)


def test_a_film_whose_check_was_forgotten_is_checked_again(tmp_path, watched, store):
    make(scenes(40), tmp_path / "film.mp4", watched, store)
    for path in (store.folder / "1" / "kept").rglob("*.json"):
        path.unlink()
    watched.forget()
    make(scenes(40), tmp_path / "film.mp4", watched, store)
    assert watched.encoded == 0
    assert list((store.folder / "1" / "kept").rglob("*.json"))


def test_a_film_is_made_where_nothing_can_be_kept(tmp_path, watched):
    (tmp_path / "store").write_text("in the way")
    said: list[str] = []
    make(scenes(40), tmp_path / "film.mp4", watched, Store(tmp_path / "store", warn=said.append))
    assert film_numbers(tmp_path / "film.mp4") == list(range(40))
    assert len(said) == 1


def test_a_cancelled_film_keeps_the_segments_that_were_done(tmp_path, watched, store):
    cancel = threading.Event()

    def stop(state: FilmProgress) -> None:
        if store.use.kept >= 2:
            cancel.set()

    with pytest.raises(RenderError, match="cancel"):
        render_film(
            scenes(300, 3000), SETTINGS, tmp_path / "film.mp4", pool=watched, store=store, progress=stop, cancel=cancel
        )
    assert not (tmp_path / "film.mp4").exists()
    assert store.info().entries >= 2


def test_a_still_is_drawn_once(watched, store):
    (scene,) = scenes(40)
    pictures = [
        render_still(scene, 3, width=192, height=108, pool=watched, format=kind, store=store)
        for kind in ("png", "jpeg", "png", "jpeg")
    ]
    assert watched.drawn == 2
    assert pictures[:2] == pictures[2:]


def test_every_figure_that_changes_a_picture_changes_its_key():
    one, two = scenes(40, 40)
    plain = segment_key(one, 0, 29, SETTINGS)
    names = {"width": 384, "height": 216, "fps": 25.0, "preset": "veryfast", "crf": 20, "background": (0, 0, 0)}
    others = {
        name: FilmSettings(**{**{n: getattr(SETTINGS, n) for n in names}, name: value}) for name, value in names.items()
    }
    keys = [segment_key(one, 0, 29, settings) for settings in others.values()]
    keys += [segment_key(two, 0, 29, SETTINGS), segment_key(one, 0, 28, SETTINGS), segment_key(one, 1, 29, SETTINGS)]
    assert len({plain, *keys}) == len(keys) + 1
    renamed = as_scene(numbered(40), "another name")
    assert segment_key(renamed, 0, 29, SETTINGS) == plain
    size = {"width": 192, "height": 108}
    stills = {
        still_key(one, 3, **size, format="png", background=None),
        still_key(one, 4, **size, format="png", background=None),
        still_key(one, 3, **size, format="jpeg", background=None),
        still_key(one, 3, **size, format="png", background=(0, 0, 0)),
        still_key(two, 3, **size, format="png", background=None),
    }
    assert len(stills) == 5
    assert film_key([plain], SETTINGS, title="a") != film_key([plain], SETTINGS, title="b")


def test_whether_a_scene_is_kept_can_be_told_before(tmp_path, watched, store):
    one, two = scenes(40, 40)
    make([one], tmp_path / "film.mp4", watched, store)
    assert is_kept(one, SETTINGS, store)
    assert not is_kept(two, SETTINGS, store)
    assert not is_kept(one, SETTINGS, None)


def test_the_small_pictures_of_the_check_are_kept_as_they_were_drawn(watched, store):
    from flatrender.engine.film.reuse import KeptDrawings

    (scene,) = scenes(40)
    drawings = KeptDrawings(watched, store)
    size = {"width": 64, "height": 36, "background": (255, 255, 255)}
    assert drawings.draw(scene, 5, **size) == drawings.draw(scene, 5, **size) == watched.draw(scene, 5, **size)
    assert watched.drawn == 2
    (kept,) = (store.folder / "1" / "kept").rglob("*.pixels")
    assert np.frombuffer(zlib.decompress(kept.read_bytes()), np.uint8).size == 64 * 36 * 4


def test_pictures_that_passed_their_check_are_not_decoded_again_for_another_sound(
    tmp_path, watched, store, monkeypatch
):
    for name, hertz in (("a.wav", 440), ("b.wav", 550)):
        write_wave(tmp_path / name, 0.5 * sine(2, hertz))
    out = tmp_path / "film.mp4"
    make(scenes(60), out, watched, store, sound=[TrackSpec(kind="music", path=tmp_path / "a.wav")])
    changed = [[TrackSpec(kind="music", path=tmp_path / "b.wav")], []]
    with monkeypatch.context() as patch:
        patch.setattr("flatrender.engine.film.render.probe_film", lambda *_, **__: pytest.fail("it was decoded"))
        reports = [render_film(scenes(60), SETTINGS, out, pool=watched, store=store, sound=sound) for sound in changed]
    for report, sound in zip(reports, changed, strict=True):
        fresh = render_film(scenes(60), SETTINGS, out, pool=watched, sound=sound)
        assert abs(report.duration_s - fresh.duration_s) < 1 / 30
        for name in ("frames", "width", "height", "audio_codec", "audio_rate", "audio_channels", "video_codec"):
            assert getattr(report, name) == getattr(fresh, name)


def test_a_film_with_other_pictures_or_too_short_a_sound_is_checked_as_a_new_one(tmp_path, watched):
    write_wave(tmp_path / "a.wav", 0.5 * sine(1, 440))
    sound = [TrackSpec(kind="music", path=tmp_path / "a.wav")]
    report = render_film(scenes(60), SETTINGS, tmp_path / "film.mp4", pool=watched, sound=sound)
    packets, heard = read_packets(tmp_path / "film.mp4")
    assert heard is not None
    assert (heard.codec, heard.rate, heard.channels) == ("aac", 48_000, 2)
    plan = plan_film(scenes(60), SETTINGS, sound=sound)
    good = CheckedPictures(packets=packets, report=report)
    assert report_again(tmp_path / "film.mp4", plan, good) is not None
    assert report_again(tmp_path / "film.mp4", plan, CheckedPictures(packets="0" * 64, report=report)) is None
    assert report_again(tmp_path / "film.mp4", plan_film(scenes(60), SETTINGS), good) is None
    assert report_again(tmp_path / "film.mp4", plan_film(scenes(80), SETTINGS, sound=sound), good) is None
    render_film(scenes(60, base=900), SETTINGS, tmp_path / "other.mp4", pool=watched, sound=sound)
    assert report_again(tmp_path / "other.mp4", plan, good) is None


def cut_at(length: int, *, first: int = 0, shown: int | None = None, chunk: int = 60) -> list[tuple[int, int]]:
    (scene,) = scenes(length)
    plan = plan_film([scene], SETTINGS, chunk_frames=chunk, trims=[(first, length - first if shown is None else shown)])
    return [(piece.first, piece.last) for piece in plan.chunks]


def test_a_scene_is_cut_in_the_same_places_whatever_is_shown_of_it():
    assert cut_at(300) == [(0, 59), (60, 119), (120, 179), (180, 239), (240, 299)]
    assert cut_at(300, first=12) == [(12, 59), (60, 119), (120, 179), (180, 239), (240, 299)]
    assert cut_at(300, shown=250) == [(0, 59), (60, 119), (120, 179), (180, 249)]
    assert cut_at(300, first=50, shown=100) == [(50, 119), (120, 149)]
    assert cut_at(75) == [(0, 74)]
    assert cut_at(1) == [(0, 0)]
    assert cut_at(300, first=118, shown=5) == [(118, 122)]


@pytest.mark.parametrize("chunk", [1, 7, 60, 150])
@pytest.mark.parametrize("length", [1, 2, 59, 61, 400])
def test_chunks_show_every_frame_once_and_none_is_much_longer_than_asked(length, chunk):
    pieces = cut_at(length, chunk=chunk)
    assert [n for first, last in pieces for n in range(first, last + 1)] == list(range(length))
    assert all(last - first + 1 <= chunk * 5 / 3 + 1 for first, last in pieces)
