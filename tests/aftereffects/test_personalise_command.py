"""`flatrender aep personalise`, and `flatrender-aerender` on what it leaves."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from typer.testing import CliRunner

from flatrender.aftereffects.project import composition, open_project
from flatrender.cli.aep import build

from .making import add_comp, new_project
from .test_personalise_footage import picture, shown

PYTHON = sys.executable


def run(*arguments: str | Path) -> Any:
    """Run the command in this process; what it does with the project it does in another."""
    return CliRunner().invoke(build("personalise"), [str(part) for part in arguments], env={"COLUMNS": "200"})


@pytest.fixture(scope="module")
def designed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A collected project: a red picture in the middle, a headline, a film of two scenes."""
    folder = tmp_path_factory.mktemp("designed")
    project, comp, _ = shown(folder)
    comp.add_text("Headline here").name = "Headline"
    film = add_comp(project, "Film", seconds=1.6)
    for number in range(2):
        film.add(comp).start_time = number * 0.8
    path = folder / "design" / "promo.aep"
    project.save(path)
    return path


def test_values_are_written_and_told_in_a_table(designed: Path, tmp_path: Path) -> None:
    mine = picture(tmp_path / "mine.png", (40, 20), (0, 255, 0), (0, 0, 255))
    ended = run(
        designed,
        "--comp",
        "Main",
        "--set",
        "headline=سلام دنیا",
        "--set",
        f"designed={mine}",
        "-o",
        tmp_path / "copy.aep",
    )
    assert ended.exit_code == 0, ended.stderr
    assert "headline" in ended.stdout
    assert "2 places changed, 1 file in media/" in ended.stdout
    assert "[text_direction]" in ended.stderr
    main = composition(open_project(tmp_path / "copy.aep"), "Main")
    assert [layer.text["ADBE Text Document"].value.text for layer in main.text_layers] == ["سلام دنیا"]


def test_the_result_is_a_document_when_asked(designed: Path, tmp_path: Path) -> None:
    (tmp_path / "values.json").write_text(json.dumps({"headline": "From a file"}))
    ended = run(
        designed.parent, "--comp", "Main", "--values", tmp_path / "values.json", "-o", tmp_path / "copy.aep", "--json"
    )
    report = json.loads(ended.stdout)
    assert report["output"] == str(tmp_path / "copy.aep")
    assert [(change["key"], change["after"]) for change in report["changes"]] == [("headline", "From a file")]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--comp", "Main", "--set", "headlin=x"], "field_unknown", "headline"),
        (["--comp", "Main", "--set", "designed=/nowhere.png"], "asset_missing", "/nowhere.png"),
        (["--comp", "Absent"], "composition_unknown", "Absent"),
        (["--set", "=x"], "value_invalid", "key=value"),
        (["--comp", "Film", "--scene", "Main=0"], "order_invalid", "0"),
        (["--queue", "film.mov"], "value_invalid", "--comp"),
        (["--work-area", "5"], "value_invalid", "START:SECONDS"),
    ],
    ids=["unknown field", "no file", "no composition", "no key", "no time", "queue of nothing", "half a work area"],
)
def test_what_is_wrong_ends_with_2_and_one_line(
    arguments: list[str], code: str, words: str, designed: Path, tmp_path: Path
) -> None:
    ended = run(designed, *arguments, "-o", tmp_path / "copy.aep", "--json")
    assert ended.exit_code == 2
    (line,) = ended.stderr.splitlines()
    assert words in line
    assert json.loads(ended.stdout)["error"]["code"] == code
    assert not (tmp_path / "copy.aep").exists()


def test_aerender_renders_the_queue_of_the_copy(designed: Path, tmp_path: Path) -> None:
    mine = picture(tmp_path / "mine.png", (40, 20), (0, 255, 0), (0, 255, 0))
    asked = [
        *("--comp", "Main", "--set", f"designed={mine}", "--set", "headline=x"),
        *("--duration", "0.2", "--queue", tmp_path / "f_[#####].png", "-o", tmp_path / "copy.aep"),
    ]
    assert run(designed, *asked).exit_code == 0
    aerender = [
        PYTHON,
        "-m",
        "flatrender.aftereffects.stand_in.command",
        "-project",
        str(tmp_path / "copy.aep"),
        "-OMtemplate",
        "PNG Sequence",
    ]
    ended = subprocess.run(aerender, capture_output=True, text=True, timeout=180, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    pictures = sorted(tmp_path.glob("f_*.png"))
    assert len(pictures) == 5
    with Image.open(pictures[0]) as image:
        red, green, blue = image.convert("RGB").getpixel((48, 32))[:3]
    assert green > 240
    assert max(red, blue) < 16


def test_a_zip_of_a_collected_project_is_taken_with_its_footage(designed: Path, tmp_path: Path) -> None:
    import shutil

    archive = shutil.make_archive(str(tmp_path / "collected"), "zip", designed.parent)
    ended = run(archive, "--comp", "Main", "--set", "headline=x", "-o", tmp_path / "copy.aep", "--json")
    assert ended.exit_code == 0, ended.stderr
    (media,) = json.loads(ended.stdout)["media"]
    assert (tmp_path / media).read_bytes() == (designed.parent / "(Footage)" / "designed.png").read_bytes()


def test_scenes_are_ordered_by_the_command(designed: Path, tmp_path: Path) -> None:
    ended = run(
        designed,
        "--comp",
        "Film",
        "--scene",
        "Main=0.4+0.2",
        "--scene",
        "Main=1.6:stretch",
        "-o",
        tmp_path / "copy.aep",
    )
    assert ended.exit_code == 0, ended.stderr
    film = next(comp for comp in open_project(tmp_path / "copy.aep").compositions if comp.name == "Film")
    assert film.duration == pytest.approx(2.0)


def test_one_turn_of_a_scene_takes_its_own_value(designed: Path, tmp_path: Path) -> None:
    ended = run(
        designed,
        "--comp",
        "Film",
        "--scene",
        "Main",
        "--scene",
        "Main",
        "--set",
        "Main#2.headline=second",
        "-o",
        tmp_path / "copy.aep",
    )
    assert ended.exit_code == 0, ended.stderr
    film = composition(open_project(tmp_path / "copy.aep"), "Film")
    turns = sorted(film.layers, key=lambda layer: layer.in_point)
    assert [layer.source.text_layers[0].text["ADBE Text Document"].value.text for layer in turns] == [
        "Headline here",
        "second",
    ]


def test_a_project_without_fields_takes_none(tmp_path: Path) -> None:
    project = new_project()
    add_comp(project)
    project.save(tmp_path / "empty.aep")
    ended = run(tmp_path / "empty.aep", "--comp", "Main", "--set", "a=b", "-o", tmp_path / "copy.aep")
    assert (ended.exit_code, "there are none" in ended.stderr) == (2, True)
