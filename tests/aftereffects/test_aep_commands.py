"""`flatrender aep …`: what the commands print, write and refuse."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import av
import pytest
from PIL import Image

from flatrender.cli.app import main
from flatrender.engine.template import load_template

from .designed import SIZE, collected_folder, controlled_project, saved, text
from .making import add_comp, new_project

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run `flatrender aep …` here; gives exit code, standard output, standard error."""

    def call(*arguments: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["flatrender", "aep", *map(str, arguments)])
        monkeypatch.setenv("COLUMNS", "160")
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return call


@pytest.fixture
def project(tmp_path: Path) -> Path:
    made = new_project()
    comp = add_comp(made, size=SIZE)
    comp.add_solid([0, 0, 1], "Ground", *SIZE, 1.0)
    text(comp, "Hello", "Headline")
    return saved(made, tmp_path / "designer", "promo.aep")


def test_inspect_lists_compositions_and_fields_and_prints_them_as_json(run: Run, project: Path) -> None:
    code, out, _ = run("inspect", project, "--comp", "Main")
    assert code == 0
    assert all(word in out for word in ("Main", "192×108", "headline", "#0000ff", "Vazirmatn-Regular: available"))
    code, out, _ = run("inspect", project, "--json")
    (comp,) = json.loads(out)["compositions"]
    assert [field["key"] for field in comp["fields"]] == ["headline", "color_0000ff", "color_ffffff"][
        : len(comp["fields"])
    ]


def test_report_says_what_needs_after_effects_and_where(run: Run, tmp_path: Path) -> None:
    made, _ = controlled_project()
    code, out, _ = run("report", saved(made, tmp_path))
    assert code == 0
    assert "needs After Effects" in out
    assert "Wobble" in out


def test_convert_writes_a_lottie_with_its_pictures_beside_it_or_in_it(run: Run, tmp_path: Path) -> None:
    folder = collected_folder(tmp_path / "promo")
    code, out, err = run("convert", folder, "-o", tmp_path / "scene.json")
    assert (code, "lost.png" in err) == (0, True)
    assert f"{SIZE[0]}×{SIZE[1]}" in out
    assert (tmp_path / "images" / "photo.png").is_file()
    assert load_template(tmp_path / "scene.json").plain
    code, out, _ = run("convert", folder, "-o", tmp_path / "whole.json", "--embed", "--json")
    assert json.loads(out)["missing"] == ["lost.png"]
    pictures = [asset["p"] for asset in json.loads((tmp_path / "whole.json").read_text())["assets"] if "p" in asset]
    assert all(picture.startswith("data:image/png") for picture in pictures)


def test_render_makes_a_film_with_the_values_in_it(run: Run, project: Path, tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    options = ("--set", "headline=", "--set", "color_0000ff=#00ff00", "--no-store", "--crf", "0", "--fps", "5")
    code, out, err = run("render", project, "-o", film, *options)
    assert code == 0, err
    assert str(film) in out
    with av.open(str(film)) as opened:
        first = next(opened.decode(video=0)).to_image()
    assert first.size == SIZE
    red, green, blue = first.convert("RGB").getpixel((5, 5))  # type: ignore[misc]
    assert (red < 12, green > 240, blue < 12) == (True, True, True)


def test_render_refuses_what_needs_after_effects_unless_it_may_be_missing(run: Run, tmp_path: Path) -> None:
    made, _ = controlled_project()
    path = saved(made, tmp_path)
    still = ("-o", tmp_path / "film.zip", "--frames", "0-0", "--no-store", "--json")
    code, out, err = run("render", path, *still)
    assert (code, json.loads(out)["error"]["code"]) == (2, "needs_after_effects")
    assert err.count("\n") == 1
    code, _, err = run("render", path, *still, "--allow-approximate", "--set", "wobble=3")
    assert (code, "aep personalise" in err) == (2, True)
    code, _, _ = run("render", path, *still, "--allow-approximate", "--set", "width=100")
    assert code == 0
    assert (tmp_path / "film.zip").is_file()


def test_template_writes_a_folder_or_an_archive_that_loads(run: Run, project: Path, tmp_path: Path) -> None:
    code, out, _ = run("template", project, "-o", tmp_path / "template", "--title", "Promo")
    assert (code, "headline (text)" in out) == (0, True)
    assert load_template(tmp_path / "template").key == "promo"
    code, _, err = run("template", project, "-o", tmp_path / "template")
    assert (code, "output_unwritable" in err) == (2, True)
    code, out, _ = run("template", project, "-o", tmp_path / "promo.frt", "--json")
    assert code == 0
    assert [scene["key"] for scene in json.loads(out)["scenes"]] == ["main"]
    assert load_template(tmp_path / "promo.frt").scenes[0].fields[0].key == "headline"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("inspect", "nowhere.aep"), "project_invalid"),
        (("inspect", "PROJECT", "--comp", "Nope"), "composition_unknown"),
        (("convert", "PROJECT", "-o", "x.mp4"), "output_unwritable"),
        (("render", "PROJECT", "-o", "x.aep"), "output_unwritable"),
        (("render", "PROJECT", "-o", "x.mp4", "--comp", "Nope"), "composition_unknown"),
        (("render", "PROJECT", "-o", "x.mp4", "--set", "nope=1"), "unknown_field"),
        (("template", "PICTURE", "-o", "y"), "project_invalid"),
    ],
    ids=lambda value: "-".join(value[:1] + value[-1:]) if isinstance(value, tuple) else value,
)
def test_what_is_asked_wrongly_is_one_line_with_a_code_and_exit_2(
    run: Run, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], code: str
) -> None:
    monkeypatch.chdir(tmp_path)
    picture = tmp_path / "picture.png"
    Image.new("RGB", (4, 4)).save(picture)
    named = {"PROJECT": project, "PICTURE": picture}
    exit_code, out, err = run(*(named.get(part, part) for part in arguments), "--json")
    assert (exit_code, err.count("\n")) == (2, 1)
    assert json.loads(out)["error"]["code"] == code
    assert not (tmp_path / "y").exists()
