"""Footage in time: films and sequences of pictures are seen when After Effects shows them, or what is not followed is named."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import py_aep
import pytest
from PIL import Image
from py_aep.enums import AlphaMode

from flatrender.aftereffects.convert import convert_composition
from flatrender.aftereffects.scene import open_scene
from flatrender.engine.ffmpeg import ffmpeg
from flatrender.engine.raster.pool import WorkerPool
from flatrender.engine.resolve import resolve_scene

from . import effect_templates
from .making import add_comp, new_project

_FRAMES, _FPS = 20, 10


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film of two seconds, 96x64 at 10/s, whose frame N has the grey 10 N."""
    path = tmp_path_factory.mktemp("film") / "grey.mov"
    grey = f"nullsrc=s=96x64:r={_FPS}:d=2,format=rgb24,geq=r='N*10':g='N*10':b='N*10'"
    subprocess.run([ffmpeg(), "-v", "error", "-f", "lavfi", "-i", grey, "-c:v", "png", str(path)], check=True)
    return path


def with_film(film: Path, **settings: Any) -> tuple[Any, Any, Any]:
    """Return a project, its composition of four seconds at 10/s, and the film's layer with these settings."""
    project = new_project()
    comp = add_comp(project, fps=_FPS, seconds=4)
    item = project.import_file(py_aep.ImportOptions(str(film)))
    layer = comp.add(item)
    for name, value in settings.items():
        setattr(layer, name, value)
    return project, comp, layer


def greys(project: Any, film: Path, numbers: list[float], pool: WorkerPool, folder: Path) -> list[int]:
    """Save the project beside the film and return the level in the middle of these frames, on white."""
    path = film.parent / f"{folder.name}.aep"
    project.save(path)
    opened = open_scene(path, "Main", folder)
    assert opened.missing == ()
    scene = resolve_scene(opened.template, "main")
    pictures = [pool.draw(scene, number, width=96, height=64, background=(255, 255, 255)) for number in numbers]
    return [int(np.frombuffer(picture, np.uint8).reshape(64, 96, 4)[32, 48, 0]) for picture in pictures]


def near(found: list[int], wanted: list[int]) -> bool:
    return all(abs(a - b) <= 3 for a, b in zip(found, wanted, strict=True))


def test_a_film_plays_from_its_layers_start(film: Path, pool: WorkerPool, tmp_path: Path) -> None:
    project, _, layer = with_film(film)
    layer.start_time = 1.0
    found = greys(project, film, [5, 10, 15, 29], pool, tmp_path)
    assert near(found, [255, 0, 50, 190]), found


def test_a_trimmed_film_shows_the_moment_that_its_start_time_says(film: Path, pool: WorkerPool, tmp_path: Path) -> None:
    project, _, layer = with_film(film)
    layer.in_point = 0.5
    found = greys(project, film, [2, 5, 12], pool, tmp_path)
    assert near(found, [255, 50, 120]), found


def test_a_stretched_film_runs_slowly(film: Path, pool: WorkerPool, tmp_path: Path) -> None:
    project, _, layer = with_film(film)
    layer.stretch = 200
    layer.out_point = 4
    found = greys(project, film, [10, 30], pool, tmp_path)
    assert near(found, [50, 150]), found


def test_a_reversed_film_runs_backwards(film: Path, pool: WorkerPool, tmp_path: Path) -> None:
    project, _, layer = with_film(film)
    layer.stretch = -100
    layer.start_time = 2.0
    layer.in_point, layer.out_point = 2.0, 0.0
    found = greys(project, film, [1, 10, 18], pool, tmp_path)
    assert near(found, [190, 100, 20]) or near(found, [180, 90, 10]), found


def test_a_remapped_film_shows_the_moments_of_its_keys(film: Path, pool: WorkerPool, tmp_path: Path) -> None:
    project, _, layer = with_film(film)
    layer.time_remap_enabled = True
    remap = layer["ADBE Time Remapping"]
    while remap.keyframes:
        remap.remove_key(0)
    remap.set_value_at_time(0, 1.9)
    remap.set_value_at_time(1.9, 0)
    found = greys(project, film, [0, 9, 18], pool, tmp_path)
    assert near(found, [190, 100, 10]), found


def test_a_looped_film_begins_again(film: Path, pool: WorkerPool, tmp_path: Path) -> None:
    project, comp, layer = with_film(film)
    layer.source.main_source.loop = 2
    layer.remove()
    comp.add(project.footages[0])
    found = greys(project, film, [5, 25, 39], pool, tmp_path)
    assert near(found, [50, 50, 190]), found


def test_footage_of_wide_pixels_is_widened(film: Path, pool: WorkerPool, tmp_path: Path) -> None:
    project, _, layer = with_film(film)
    layer.source.pixel_aspect = 0.5
    path = film.parent / "wide.aep"
    project.save(path)
    scene = resolve_scene(open_scene(path, "Main", tmp_path).template, "main")
    picture = np.frombuffer(pool.draw(scene, 5, width=96, height=64, background=(255, 255, 255)), np.uint8)
    line = picture.reshape(64, 96, 4)[32, :, 0]
    assert (line[:22] == 255).all()
    assert (line[26:70] < 60).all()
    assert (line[74:] == 255).all()


def test_a_sequence_of_pictures_becomes_a_film(pool: WorkerPool, tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(10):
        Image.new("RGB", (96, 64), (number * 20, 0, 0)).save(folder / f"shot_{number:03d}.png")
    project = new_project()
    comp = add_comp(project, fps=10, seconds=1)
    options = py_aep.ImportOptions(str(folder / "shot_000.png"))
    options.sequence = True
    item = project.import_file(options)
    item.main_source.conform_frame_rate = 10
    comp.add(item)
    project.save(tmp_path / "sequence.aep")
    (tmp_path / "scene").mkdir()
    opened = open_scene(tmp_path / "sequence.aep", "Main", tmp_path / "scene")
    assert opened.missing == ()
    scene = resolve_scene(opened.template, "main")
    drawn = [pool.draw(scene, n, width=96, height=64, background=(255, 255, 255)) for n in (0, 4, 9)]
    reds = [int(np.frombuffer(picture, np.uint8).reshape(64, 96, 4)[32, 48, 2]) for picture in drawn]
    assert near(reds, [0, 80, 180]), reds


def test_two_files_of_the_same_name_are_kept_apart(tmp_path: Path) -> None:
    project = new_project()
    comp = add_comp(project)
    for number, color in enumerate([(255, 0, 0), (0, 0, 255)]):
        (tmp_path / str(number)).mkdir()
        Image.new("RGB", (20, 20), color).save(tmp_path / str(number) / "same.png")
        comp.add(project.import_file(py_aep.ImportOptions(str(tmp_path / str(number) / "same.png"))))
    names = [footage.file_name for footage in convert_composition(comp).footage]
    assert len(set(names)) == 2


@pytest.mark.parametrize(
    ("setting", "value", "feature"),
    [("alpha_mode", AlphaMode.IGNORE, "footage.alpha"), ("invert_alpha", True, "footage.alpha")],
    ids=["ignored", "inverted"],
)
def test_an_interpretation_that_is_not_followed_is_named(
    setting: str, value: Any, feature: str, tmp_path: Path
) -> None:
    Image.new("RGBA", (20, 20), (255, 0, 0, 128)).save(tmp_path / "half.png")
    project = new_project()
    comp = add_comp(project)
    item = project.import_file(py_aep.ImportOptions(str(tmp_path / "half.png")))
    setattr(item.main_source, setting, value)
    comp.add(item)
    assert feature in {finding.feature for finding in convert_composition(comp).findings}


def test_a_colour_effect_changes_the_colours_of_a_film(film: Path, pool: WorkerPool, tmp_path: Path) -> None:
    effect_templates.install()
    project, _, layer = with_film(film)
    layer.effects.add_property("ADBE Invert")
    found = greys(project, film, [0, 5, 15], pool, tmp_path)
    assert near(found, [255, 205, 105]), found


def test_a_colour_effect_changes_the_colours_of_a_picture(pool: WorkerPool, tmp_path: Path) -> None:
    effect_templates.install()
    Image.new("RGB", (96, 64), (255, 128, 0)).save(tmp_path / "orange.png")
    project = new_project()
    comp = add_comp(project)
    layer = comp.add(project.import_file(py_aep.ImportOptions(str(tmp_path / "orange.png"))))
    layer.effects.add_property("ADBE Invert")
    project.save(tmp_path / "orange.aep")
    (tmp_path / "scene").mkdir()
    scene = resolve_scene(open_scene(tmp_path / "orange.aep", "Main", tmp_path / "scene").template, "main")
    picture = np.frombuffer(pool.draw(scene, 0, width=96, height=64, background=(0, 0, 0)), np.uint8).reshape(64, 96, 4)
    assert np.abs(picture[32, 48, 2::-1].astype(int) - [0, 127, 255]).max() <= 3


@pytest.fixture(scope="module")
def loud(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film of two seconds with a tone."""
    path = tmp_path_factory.mktemp("loud") / "loud.mov"
    sources = ["-f", "lavfi", "-i", "color=s=96x64:r=10:d=2", "-f", "lavfi", "-i", "sine=d=2"]
    subprocess.run([ffmpeg(), "-v", "error", *sources, "-c:v", "png", "-c:a", "pcm_s16le", str(path)], check=True)
    return path


@pytest.mark.parametrize(
    ("levels", "heard", "volume"),
    [(None, True, None), ([-20, -20], True, 0.1), ([6, 0], True, 1.9953), ([-48, -48], True, 0), (None, False, 0)],
    ids=["as it is", "quiet", "louder side", "silent", "switched off"],
)
def test_a_films_sound_is_as_loud_as_its_layer(levels: Any, heard: bool, volume: float | None, loud: Path) -> None:
    _, comp, layer = with_film(loud)
    if levels is not None:
        layer["ADBE Audio Group"]["ADBE Audio Levels"].value = levels
    layer.audio_enabled = heard
    conversion = convert_composition(comp)
    (asset,) = [asset for asset in conversion.lottie["assets"] if "p" in asset]
    assert asset["fr_picture"].get("clip", {}).get("volume") == volume
    assert not [finding for finding in conversion.findings if "audio" in finding.feature.lower()]


def test_a_loudness_that_moves_is_named(loud: Path) -> None:
    _, comp, layer = with_film(loud)
    levels = layer["ADBE Audio Group"]["ADBE Audio Levels"]
    levels.set_value_at_time(0, [0, 0])
    levels.set_value_at_time(1, [-20, -20])
    assert "layer.audio_levels" in {finding.feature for finding in convert_composition(comp).findings}
