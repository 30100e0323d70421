"""Every kind of output: each frame once, in order, in the right colours, with its transparency."""

import io
import json
import zipfile
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image, ImageSequence

from flatrender.engine.errors import RenderError
from flatrender.engine.film.join import join_segments
from flatrender.engine.film.render import render_film
from flatrender.engine.film.segments import render_segment
from flatrender.engine.film.settings import FilmSettings
from flatrender.engine.kinds import KINDS, OutputKind, kind_for
from flatrender.engine.probe import ExpectedFilm, probe_film
from flatrender.engine.scene import ResolvedScene
from flatrender.engine.sound.track import TrackSpec

from .conftest import as_scene, film_numbers, numbered, read_number, rectangle

FILMS: list[OutputKind] = [kind for kind, facts in KINDS.items() if facts.joined]
CLEAR: list[OutputKind] = [kind for kind, facts in KINDS.items() if facts.alpha_pixels]
HELD = {"a": 0, "k": 100}
PATCHES = [(1, 0, 0), (0, 1, 0), (0, 0, 1), (0.2, 0.3, 0.9), (0.5, 0.5, 0.5), (1, 0.8, 0.6)]


def small(kind: OutputKind, **more: Any) -> FilmSettings:
    return FilmSettings(**({"width": 192, "height": 108, "fps": 30, "kind": kind} | more))


def pictures(path: Path) -> list[Image.Image]:
    """The pictures of an animation or a ZIP as RGBA, by another decoder than the one that made and checked them."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            files = [archive.read(name) for name in sorted(archive.namelist())]
        return [Image.open(io.BytesIO(file)).convert("RGBA") for file in files]
    with Image.open(path) as image:
        return [frame.convert("RGBA") for frame in ImageSequence.Iterator(image)]


def patches(frames: int) -> ResolvedScene:
    """Six flat colours side by side, 32 px each."""
    lottie = numbered(frames)
    lottie["layers"] = [
        rectangle(i * 32, 0, 32, 108, HELD, frames, color) | {"ind": i + 1} for i, color in enumerate(PATCHES)
    ]
    return as_scene(lottie, "patches")


def glass(frames: int) -> ResolvedScene:
    """An orange disc and a half transparent blue square on nothing."""
    lottie = numbered(frames)
    disc = rectangle(20, 24, 60, 60, HELD, frames, (1, 0.5, 0.1))
    disc["shapes"][0]["it"][0] = {"ty": "el", "p": {"a": 0, "k": [50, 54]}, "s": {"a": 0, "k": [60, 60]}}
    square = rectangle(112, 24, 60, 60, {"a": 0, "k": 50}, frames, (0.1, 0.2, 0.9))
    lottie["layers"] = [disc | {"ind": 1}, square | {"ind": 2}]
    return as_scene(lottie, "glass")


def busy(frames: int) -> ResolvedScene:
    """Sixty bars that jump anew in every frame."""
    lottie, layers = numbered(frames), []
    for index in range(60):
        bar = rectangle(
            0, 0, 17 + index % 5, 11, HELD, frames, (index * 37 % 60 / 60, index * 11 % 60 / 60, index / 60)
        )
        moves = [
            {"t": t, "h": 1, "s": [(t * 53 + index * 31) % 192, (t * 29 + index * 17) % 108]} for t in range(frames)
        ]
        bar["ks"]["p"] = {"a": 1, "k": moves}
        layers.append(bar | {"ind": index + 1})
    return as_scene(lottie | {"layers": layers}, "busy")


def exact(frame: av.VideoFrame) -> np.ndarray:
    """A yuv420p picture by BT.709's own formula, limited range: swscale's integers are off by a level or two."""
    planes = frame.to_ndarray().astype(float)
    height, width = frame.height, frame.width
    quarter = height // 4
    y = (planes[:height] - 16) / 219
    cb, cr = (
        ((planes[at : at + quarter].reshape(height // 2, width // 2) - 128) / 224).repeat(2, axis=0).repeat(2, axis=1)
        for at in (height, height + quarter)
    )
    red, blue = y + 1.5748 * cr, y + 1.8556 * cb
    green = (y - 0.2126 * red - 0.0722 * blue) / 0.7152
    return (np.stack([red, green, blue, np.ones_like(y)], axis=-1) * 255).clip(0, 255)


def first_frame(path: Path, kind: OutputKind) -> np.ndarray:
    """The first frame as straight RGBA, in floats; transparency by the decoder that knows it."""
    if KINDS[kind].picture_only:
        return np.asarray(pictures(path)[0]).astype(float)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        if kind == "webm_vp9":
            decoder = av.CodecContext.create("libvpx-vp9", "r")
            packets = container.demux(stream)
            frame = next(frame for packet in packets for frame in decoder.decode(packet))
        else:
            frame = next(container.decode(stream))
        if frame.format.name == "yuv420p":
            return exact(frame)
        return frame.reformat(format="rgba64le", src_colorspace="ITU709").to_ndarray() / 257.0


@pytest.mark.parametrize("kind", FILMS)
@pytest.mark.parametrize("fps", [25, 29.97])
def test_a_film_of_every_kind_shows_every_frame_once_and_in_order(kind, fps, pool, tone, tmp_path):
    scenes = [as_scene(numbered(37, fps=fps), "one"), as_scene(numbered(23, fps=fps, base=1000), "two")]
    settings = small(kind, fps=fps)
    out = tmp_path / f"film{settings.facts.suffix}"
    music = TrackSpec(kind="music", path=tone(1.0), loop=True)
    report = render_film(scenes, settings, out, sound=[music], pool=pool, title="گزارش")
    assert film_numbers(out) == [*range(37), *range(1000, 1023)]
    assert report.fps == pytest.approx(float(settings.rate), abs=0.01)
    assert (report.video_codec, report.frames) == (settings.facts.codec, 60)
    assert (report.audio_codec or "").startswith(
        {"aac": "aac", "opus": "opus", "pcm": "pcm"}[settings.facts.audio or ""]
    )
    with av.open(str(out)) as container:
        stream = container.streams.video[0]
        context = stream.codec_context
        tags = {name.lower(): value for name, value in container.metadata.items()}
        assert (stream.sample_aspect_ratio or 1) == 1
        assert (context.colorspace, context.color_primaries, context.color_trc) == (1, 1, 1)
        assert context.color_range != 2  # full range; ProRes says nothing, which means limited
        assert tags["title"] == "گزارش"
        assert str(tmp_path) not in json.dumps([tags, dict(stream.metadata)])
    assert [entry.name for entry in tmp_path.iterdir() if entry.suffix != ".wav"] == [out.name]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in FILMS])
def test_runs_of_pictures_show_every_frame_once_in_order_and_take_no_sound(kind, pool, tone, tmp_path):
    scenes = [as_scene(numbered(17, fps=20), "one"), as_scene(numbered(13, fps=20, base=1000), "two")]
    settings = small(kind, fps=20)
    out = tmp_path / f"film{settings.facts.suffix}"
    report = render_film(scenes, settings, out, sound=[TrackSpec(kind="music", path=tone(1.0))], pool=pool)
    numbers = [read_number(np.asarray(picture.convert("L"))) for picture in pictures(out)]
    assert numbers == [*range(17), *range(1000, 1013)]
    assert (report.frames, report.audio_codec) == (30, None)


@pytest.mark.parametrize("fps", [12, 15, 23.976, 24, 48, 50, 59.94, 60])
@pytest.mark.parametrize("kind", ["mp4_h264", "webm_vp9"])
def test_every_rate_is_exact(kind, fps, pool, tmp_path):
    settings = small(kind, fps=fps)
    out = tmp_path / f"film{settings.facts.suffix}"
    report = render_film([as_scene(numbered(31, fps=fps), "f")], settings, out, pool=pool)
    assert film_numbers(out) == list(range(31))
    with av.open(str(out)) as container:
        stream = container.streams.video[0]
        assert float(stream.average_rate or 0) == pytest.approx(float(settings.rate), abs=1e-3)
        last = max(packet.pts for packet in container.demux(stream) if packet.pts is not None)
        tick = Fraction(1, 1000) if kind == "webm_vp9" else 0
        assert abs(last * stream.time_base - 30 / settings.rate) <= tick
    assert report.duration_s == pytest.approx(31 / float(settings.rate), abs=0.001)


@pytest.mark.parametrize("kind", list(KINDS))
def test_flat_colours_come_back_within_two_levels(kind, pool, tmp_path):
    settings = small(kind, fps=25, crf=12)
    out = tmp_path / f"film{settings.facts.suffix}"
    render_film([patches(3)], settings, out, pool=pool)
    shown = first_frame(out, kind)
    for index, color in enumerate(PATCHES):
        patch = shown[30:80, index * 32 + 10 : index * 32 + 22, :3].mean(axis=(0, 1))
        assert np.abs(patch - np.array(color) * 255).max() <= 2.01, (color, patch)


@pytest.mark.parametrize("kind", CLEAR)
def test_a_transparent_film_over_another_colour_looks_as_if_drawn_on_it(kind, pool, tmp_path):
    settings = small(kind, fps=25, crf=12, alpha=True)
    out = tmp_path / f"film{settings.facts.suffix}"
    scene = glass(3)
    render_film([scene], settings, out, pool=pool)
    layer = first_frame(out, kind)
    alpha = layer[..., 3:] / 255
    green = (20, 160, 60)
    over = layer[..., :3] * alpha + (1 - alpha) * np.array(green)
    drawn = pool.draw(scene, 0, width=192, height=108, background=green)
    wanted = np.frombuffer(drawn, np.uint8).reshape(108, 192, 4)[..., 2::-1].astype(float)
    difference = np.abs(over - wanted).max(axis=-1)
    if kind == "gif":  # a pixel is there or not
        assert set(np.unique(layer[..., 3])) == {0, 255}
        assert difference[40:68, 35:65].max() <= 4
        return
    assert layer[50, 140, 3] == pytest.approx(128, abs=3)
    assert difference.mean() < 1.0
    # No dark or white fringe: the edge of the disc is as right as its middle.
    assert difference.max() <= (36 if kind in ("webm_vp9", "webp") else 8)


@pytest.mark.parametrize("preset", ["ultrafast", "veryfast", "medium"])
@pytest.mark.parametrize("kind", ["mp4_h265", "webm_vp9", "webm_av1"])
def test_every_speed_shows_every_frame_once_over_its_joins(kind, preset, pool, tmp_path):
    settings = small(kind, preset=preset)
    out = tmp_path / f"film{settings.facts.suffix}"
    render_film([as_scene(numbered(70), "f")], settings, out, pool=pool)
    assert film_numbers(out) == list(range(70))


@pytest.mark.parametrize("crf", [0, 51])
@pytest.mark.parametrize("kind", FILMS)
def test_both_ends_of_the_quality_scale_are_encoded(kind, crf, pool, tmp_path):
    settings = small(kind, crf=crf)
    out = tmp_path / f"film{settings.facts.suffix}"
    scene = busy(4)
    assert render_film([scene], settings, out, pool=pool).frames == 4
    if crf == 0 and kind in ("mp4_h264", "mp4_h265", "webm_vp9"):  # lossless but for the halved colours
        drawn = np.frombuffer(pool.draw(scene, 0, width=192, height=108, background=(255, 255, 255)), np.uint8)
        luma = drawn.reshape(108, 192, 4)[..., 2::-1] @ np.array([0.2126, 0.7152, 0.0722]) * 219 / 255 + 16
        with av.open(str(out)) as container:
            shown = next(container.decode(video=0)).to_ndarray()[:108].astype(float)
        assert np.abs(shown - luma).max() <= 1.01


def test_what_is_drawn_on_an_opaque_film_is_not_transparent(pool, tmp_path):
    settings = small("mov_prores_4444", fps=25)
    render_film([glass(2)], settings, tmp_path / "film.mov", pool=pool)
    shown = first_frame(tmp_path / "film.mov", "mov_prores_4444")
    assert shown[..., 3].min() == 255
    assert shown[5, 5, :3].min() >= 253  # the white background


@pytest.mark.parametrize("kind", ["mp4_h264", "mp4_h265", "mp4_av1", "mov_prores_422"])
def test_films_of_the_mp4_family_begin_with_their_index(kind, pool, tmp_path):
    out = tmp_path / f"film{KINDS[kind].suffix}"
    render_film([as_scene(numbered(10), "f")], small(kind), out, pool=pool)
    data = out.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    assert (b"hvc1" in data) == (kind == "mp4_h265")


@pytest.mark.parametrize("kind", FILMS)
def test_segments_made_with_different_threads_join(kind, pool, tmp_path):
    scene = as_scene(numbered(50), "long")
    settings = small(kind)
    segments = []
    for index, (first, last) in enumerate([(0, 0), (1, 24), (25, 49)]):
        segments.append(tmp_path / f"s{index}{settings.segment_suffix}")
        render_segment(scene, first, last, settings, segments[-1], pool=pool, threads=1 + index)
    join_segments(segments, settings, tmp_path / f"film{settings.facts.suffix}")
    assert film_numbers(tmp_path / f"film{settings.facts.suffix}") == list(range(50))


@pytest.mark.parametrize("kind", ["mp4_h264", "mp4_h265", "webm_vp9"])
def test_a_cap_on_the_bit_rate_is_kept(kind, pool, tmp_path):
    free, capped = (tmp_path / f"{name}{KINDS[kind].suffix}" for name in ("free", "capped"))
    scene = busy(120)
    render_segment(scene, 0, 119, small(kind, crf=10), free, pool=pool)
    render_segment(scene, 0, 119, small(kind, crf=10, max_kbps=200), capped, pool=pool)
    assert free.stat().st_size * 8 > 4 * 300_000
    assert capped.stat().st_size * 8 < 4.6 * 200_000


def test_a_sequence_is_a_folder_or_a_zip_and_never_mixes_with_what_is_there(pool, tmp_path):
    scene = as_scene(numbered(5), "f")
    render_film([scene], small("png_frames"), tmp_path / "frames", pool=pool)
    names = sorted(entry.name for entry in (tmp_path / "frames").iterdir())
    assert names == [f"frame-{n:06d}.png" for n in range(5)]
    with pytest.raises(RenderError) as caught:
        render_film([scene], small("jpeg_frames"), tmp_path / "frames", pool=pool)
    assert caught.value.code == "output_unwritable"
    assert sorted(entry.name for entry in (tmp_path / "frames").iterdir()) == names
    assert [entry.name for entry in tmp_path.iterdir()] == ["frames"]


def test_equal_films_are_equal_files(pool, tmp_path):
    scene = as_scene(numbered(20), "f")
    for kind, facts in KINDS.items():
        made = [tmp_path / f"{n}{facts.suffix}" for n in (1, 2)]
        for out in made:
            render_film([scene], small(kind), out, pool=pool)
        assert made[0].read_bytes() == made[1].read_bytes() or facts.container == "webm", kind


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"kind": "mp4_h264", "alpha": True}, "no transparency"),
        ({"kind": "gif", "fps": 60}, "at most 50"),
        ({"kind": "mov_prores_422", "max_kbps": 5000}, "for H.264, H.265 or VP9"),
        ({"kind": "mp4_h264", "max_kbps": 5}, "100 to 400000"),
    ],
)
def test_settings_that_a_kind_cannot_have_are_refused(wrong, says):
    with pytest.raises(RenderError, match=says) as caught:
        small(**wrong)
    assert caught.value.code == "settings_invalid"


def test_an_animation_larger_than_any_viewer_opens_is_refused_before_it_is_drawn(pool, tmp_path):
    scene = as_scene(numbered(3000), "f")
    with pytest.raises(RenderError, match="choose a film") as caught:
        render_film([scene], small("gif", width=1280, height=720), tmp_path / "film.gif", pool=pool)
    assert caught.value.code == "settings_invalid"


def expected(kind: OutputKind, frames: int, **more: Any) -> ExpectedFilm:
    facts = {"frames": frames, "rate": Fraction(30), "width": 192, "height": 108, "sound": False, "kind": kind}
    return ExpectedFilm(**(facts | more))


@pytest.mark.parametrize("kind", ["gif", "webp", "apng", "png_frames"])
def test_a_picture_that_is_missing_is_found(kind, pool, tmp_path):
    out = tmp_path / f"film{KINDS[kind].suffix}"
    render_film([as_scene(numbered(9), "f")], small(kind), out, pool=pool)
    says = "lasts 0.3" if kind == "webp" else "9 pictures instead of 10"  # a WebP may hold equal ones once
    with pytest.raises(RenderError, match=says) as caught:
        probe_film(out, expected(kind, 10))
    assert caught.value.code == "film_check_failed"


def test_a_gap_in_a_sequence_and_a_damaged_archive_are_found(pool, tmp_path):
    frames = tmp_path / "frames"
    render_film([as_scene(numbered(9), "f")], small("png_frames"), frames, pool=pool)
    (frames / "frame-000004.png").unlink()
    with pytest.raises(RenderError, match="picture 4 of the sequence is missing"):
        probe_film(frames, expected("png_frames", 8))
    (tmp_path / "film.zip").write_bytes(b"no archive")
    with pytest.raises(RenderError, match="damaged"):
        probe_film(tmp_path / "film.zip", expected("png_frames", 8))


def test_a_film_of_another_codec_or_without_its_transparency_is_found(pool, tmp_path):
    out = tmp_path / "film.mov"
    render_film([glass(3)], small("mov_prores_4444"), out, pool=pool)
    with pytest.raises(RenderError, match="instead of prores yuv422p10le"):
        probe_film(out, expected("mov_prores_422", 3))
    with pytest.raises(RenderError, match="instead of prores yuva444p"):
        probe_film(out, expected("mov_prores_4444", 3, alpha=True))


@pytest.mark.parametrize(
    ("name", "alpha", "kind"),
    [
        ("a.MP4", False, "mp4_h264"),
        ("a.mp4", True, None),
        ("a.mov", True, "mov_prores_4444"),
        ("a.mov", False, "mov_prores_422"),
        ("a.webm", True, "webm_vp9"),
        ("a.zip", False, "png_frames"),
        ("a.avi", False, None),
    ],
)
def test_a_files_name_says_its_kind(name, alpha, kind):
    assert kind_for(name, alpha=alpha) == kind


@pytest.mark.parametrize(("width", "height"), [(640, 360), (360, 640), (480, 480), (384, 480), (3840, 2160)])
def test_every_shape_and_size_is_encoded_whole(width, height, pool, tmp_path):
    settings = FilmSettings(width=width, height=height, fps=30, preset="ultrafast")
    report = render_film([as_scene(numbered(4), "f")], settings, tmp_path / "film.mp4", pool=pool)
    assert (report.width, report.height, report.frames) == (width, height, 4)
