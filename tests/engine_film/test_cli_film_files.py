"""`flatrender film`, and transitions that a template brings, on the command line."""

import json
import shutil
from pathlib import Path

import av
import pytest

from flatrender.engine.film.opened import open_film

from .conftest import film_numbers, numbered
from .test_cli_more import own_store, run  # noqa: F401  # fixtures
from .test_transitions import own_transition, package


@pytest.fixture(scope="module")
def film(tmp_path_factory) -> Path:
    """Forty numbered frames."""
    from flatrender.engine import FilmSettings, WorkerPool, render_film

    from .conftest import as_scene

    out = tmp_path_factory.mktemp("film") / "film.mp4"
    settings = FilmSettings(width=192, height=108, fps=30, preset="ultrafast")
    with WorkerPool(1) as pool:
        render_film([as_scene(numbered(40), "one")], settings, out, pool=pool)
    return out


def test_a_film_is_described(run, film):  # noqa: F811
    code, out, _ = run("film", "info", film, "--json")
    found = json.loads(out)
    assert code == 0
    assert (found["frames"], found["fps"], found["width"], found["video_codec"]) == (40, 30, 192, "h264")
    assert "192×108  40 frames" in run("film", "info", film)[1]


def test_a_film_becomes_another_kind_and_rate(run, film, tmp_path):  # noqa: F811
    code, out, err = run("film", "convert", film, "-o", tmp_path / "half.mp4", "--fps", "15", "--json")
    assert (code, json.loads(out)["frames"]) == (0, 20), err
    assert film_numbers(tmp_path / "half.mp4") == list(range(0, 40, 2))
    assert run("film", "convert", film, "-o", tmp_path / "small.gif", "--size", "54p", "--fps", "10")[0] == 0
    with av.open(str(tmp_path / "small.gif")) as container:
        picture = next(container.decode(video=0))
        assert (picture.width, picture.height) == (96, 54)


def test_a_poster_is_the_frame_that_was_named_or_the_one_that_shows_most(run, film, tmp_path):  # noqa: F811
    code, out, _ = run("film", "poster", film, "-o", tmp_path / "poster.png", "--frame", 21, "--json")
    assert (code, json.loads(out)["frame"]) == (0, 21)
    assert film_numbers(tmp_path / "poster.png") == [21]
    chosen = json.loads(run("film", "poster", film, "-o", tmp_path / "poster.jpg", "--json")[1])["frame"]
    assert film_numbers(tmp_path / "poster.jpg") == [chosen]


def test_sheets_for_scrubbing_come_with_their_index(run, film, tmp_path):  # noqa: F811
    code, out, _ = run("film", "sprites", film, "-o", tmp_path / "sheets", "--every", 0.5, "--json")
    assert (code, json.loads(out)["tiles"]) == (0, 3)
    assert (tmp_path / "sheets" / "sprite-000.jpg").is_file()
    assert (tmp_path / "sheets" / "sprite.vtt").read_text().count("#xywh=") == 3


def test_what_cannot_be_made_of_a_film_is_said_in_one_line(run, film, tmp_path):  # noqa: F811
    copy = tmp_path / "film.mp4"
    shutil.copy(film, copy)
    lies = tmp_path / "list.mp4"
    lies.write_text(f"ffconcat version 1.0\nfile '{film}'\n")
    for arguments, exit_code, words in (
        (("info", tmp_path / "none.mp4"), 2, "does not exist"),
        (("info", tmp_path / "text.txt"), 2, "is no film"),
        (("info", lies), 3, "could not be read"),
        (("convert", copy, "-o", copy), 2, "the film itself"),
        (("convert", copy, "-o", tmp_path / "big.mp4", "--size", "1920x1080"), 2, "render it in this size"),
        (("convert", copy, "-o", tmp_path / "odd.mp4", "--size", "large"), 2, "write 640x360 or 360p"),
        (("poster", copy, "-o", tmp_path / "poster.jpg", "--frame", "40"), 2, "frame 40 of a film of 40"),
        (("sprites", copy, "-o", tmp_path / "sheets", "--name", "../up"), 2, "a name, not a path"),
    ):
        code, _, err = run("film", *arguments)
        assert (code, err.count("\n")) == (exit_code, 1), err
        assert words in err
    assert copy.read_bytes() == film.read_bytes()


def test_a_transparent_film_keeps_its_transparency(tmp_path):
    from flatrender.engine import FilmSettings, WorkerPool, derive_film, render_film, take_still

    from .conftest import as_scene

    scene = numbered(6)
    scene["layers"].pop()
    settings = FilmSettings(width=192, height=108, fps=30, kind="mov_prores_4444", alpha=True)
    with WorkerPool(1) as pool:
        render_film([as_scene(scene, "one")], settings, tmp_path / "clear.mov", pool=pool)
    source = open_film(tmp_path / "clear.mov")
    assert (source.settings.kind, source.settings.alpha, source.frames) == ("mov_prores_4444", True, 6)
    smaller = FilmSettings(width=96, height=54, fps=30, kind="webm_vp9", alpha=True)
    assert derive_film(source, smaller, tmp_path / "clear.webm").frames == 6
    take_still(source, 0, tmp_path / "still.png", width=96)
    with av.open(str(tmp_path / "still.png")) as container:
        assert next(container.decode(video=0)).to_ndarray(format="rgba")[..., 3].max() == 0


def test_a_template_s_own_transition_is_named_by_its_key(run, tmp_path):  # noqa: F811
    folder = package(tmp_path / "template", own_transition())
    manifest = json.loads((folder / "template.json").read_text())
    manifest["scenes"][0]["can_repeat"] = True
    (folder / "template.json").write_text(json.dumps(manifest))
    film = tmp_path / "film.mp4"
    arguments = ("render", folder, "-o", film, "--scenes", "one,one", "--no-store", "--json", "--workers", 1)
    code, out, err = run(*arguments, "--transition", "turn")
    assert (code, json.loads(out)["frames"]) == (0, 71), err
    assert json.loads(run(*arguments, "--transition", "turn:0.5")[1])["frames"] == 65
    code, _, err = run(*arguments[:-3], "--transition", "turn:0.5:left")
    assert code == 2
    assert "fade, turn and left" in err
    assert "Transitions: turn" in run("inspect", folder)[1]
