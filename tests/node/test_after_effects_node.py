"""What a node with After Effects does besides rendering: its work folder, the fonts, what it learns of a project."""

import os
from pathlib import Path

import pytest

from flatrender.aftereffects.aerender.failures import Failure
from flatrender.aftereffects.aerender.fonts import FOLDERS_VARIABLE, FontFolder, fonts_below
from flatrender.aftereffects.aerender.watchdogs import WatchdogLimits
from flatrender.node.after_effects import LearnedWaits, WorkFolderUnusable, environment, failed, work_root
from flatrender.node.project_work import composition_frame
from flatrender.protocol.work import SceneFigures, SourceFigures

FONT = b"\x00\x01\x00\x00 and the rest of a font"


def test_a_projects_fonts_are_installed_while_it_is_rendered_and_no_longer(tmp_path: Path) -> None:
    project, user = tmp_path / "p", tmp_path / "Fonts"
    (project / "(Fonts)").mkdir(parents=True)
    (project / "(Fonts)" / "brand.ttf").write_bytes(FONT)
    (project / "(Fonts)" / "no font.otf").write_bytes(b"<html>")
    (project / "readme.txt").write_text("x")
    fonts = fonts_below(project)
    assert [font.name for font in fonts] == ["brand.ttf"]
    folder = FontFolder(user)
    with folder.installed(fonts) as first:
        with folder.installed(fonts):
            (there,) = user.iterdir()
            assert there.name.startswith("flatrender-")
            assert there.read_bytes() == FONT
        assert there.is_file()
        assert first == {}
    assert list(user.iterdir()) == []
    (user / "flatrender-left.ttf").write_bytes(FONT)
    (user / "mine.ttf").write_bytes(FONT)
    FontFolder(user).clean()
    assert [left.name for left in user.iterdir()] == ["mine.ttf"]


def test_where_users_have_no_font_folder_the_program_is_told_where_the_fonts_lie(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flatrender.aftereffects.aerender.fonts.user_folder", lambda: None)
    monkeypatch.setenv(FOLDERS_VARIABLE, "/usr/own")
    (tmp_path / "brand.ttf").write_bytes(FONT)
    with FontFolder().installed(fonts_below(tmp_path)) as more:
        assert more == {FOLDERS_VARIABLE: f"{tmp_path}{os.pathsep}/usr/own"}


def test_after_effects_gets_no_secret_of_the_nodes_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLATRENDER_NODE_TOKEN", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    monkeypatch.setenv("DATABASE_URL", "x")
    given = environment()
    assert "PATH" in given
    assert not {"FLATRENDER_NODE_TOKEN", "AWS_SECRET_ACCESS_KEY", "DATABASE_URL"} & given.keys()


def test_the_work_folder_has_a_short_name_of_plain_letters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(work_root.__globals__, "_LONGEST_ROOT", len(str(tmp_path)) + 20)
    assert work_root(tmp_path / "d") == (tmp_path / "d" / "ae").resolve()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert work_root(tmp_path / "داده") == (tmp_path / "flatrender-ae").resolve()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "موقت"))
    with pytest.raises(WorkFolderUnusable, match="--data-dir"):
        work_root(tmp_path / "داده")


def test_a_quick_project_that_hangs_is_noticed_sooner() -> None:
    waits, usual = LearnedWaits(), WatchdogLimits()
    assert waits.limits("p", usual) == usual
    waits.note("p", 2.0)
    assert waits.limits("p", usual).frame_s == 30.0
    assert waits.limits("q", usual) == usual


@pytest.mark.parametrize(
    ("kind", "reason", "detail", "expected"),
    [
        ("font", "font_missing", "Brand Bold", ("content", "aerender_font", None)),
        ("licence", "error_line", "no licence", ("licence", "aerender_licence", "license")),
        ("node", "error_line", "the disk is full", ("node", "disk_full", "disk_full")),
        ("node", "error_line", "unable to allocate 2 GB", ("node", "aerender_machine", "oom")),
        ("node", "exit_code", "ended unexpectedly", ("node", "aerender_crashed", "engine_crash")),
        ("node", "error_line", "GPU", ("node", "aerender_machine", None)),
        ("timeout", "frame", "silent", ("node", "aerender_timeout", "engine_hang")),
        ("unknown", "error_line", "?", ("node", "aerender_unknown", "engine_crash")),
    ],
    ids=["font", "licence", "disk", "memory", "crash", "graphics", "hang", "unknown"],
)
def test_a_failure_of_after_effects_has_a_class_on_the_farm(kind, reason, detail, expected) -> None:
    error = failed(Failure(kind=kind, reason=reason, detail=detail))
    assert (error.failure, error.code, error.crash) == expected
    assert str(error) == detail


@pytest.mark.parametrize(
    ("scene_fps", "composition_fps", "first", "frames"),
    [
        (25.0, None, 0, [0, 0, 1, 2, 3, 4, 5]),
        (25.0, 25.0, 10, [10, 10, 11, 12, 13, 14, 15]),
        (30.0, 24.0, 0, [0, 0, 1, 2, 2, 3, 4]),
        (25.0, 50.0, 0, [0, 1, 3, 5, 6, 8, 10]),
    ],
    ids=["same", "begins later", "slower", "faster"],
)
def test_each_frame_takes_the_one_of_the_composition_that_has_begun(scene_fps, composition_fps, first, frames) -> None:
    scene = SceneFigures(scene_key="s", sha256="0" * 64, width=96, height=54, fps=scene_fps, first_frame=0, frames=50)
    source = SourceFigures(sha256="0" * 64, bytes=1, composition="C", first_frame=first, fps=composition_fps)
    # 30 frames a second of a scene of 25: every 5/6 of a frame
    shown = [composition_frame(scene, source, round(number * 5 / 6, 4)) for number in range(7)]
    assert shown == frames
