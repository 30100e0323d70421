"""The command's own powers: JSON, progress, values from files, many films, the store."""

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from flatrender.cli.app import _COMMANDS, main
from flatrender.cli.kept import in_words, parse_bytes
from flatrender.engine.errors import RenderError

from .conftest import film_numbers, numbered

PROMO = Path(__file__).resolve().parents[2] / "templates" / "promo"
QUICK = ("--scenes", "opening", "--size", "160x90", "--fps", "10", "--music", "none", "--preset", "ultrafast")


@pytest.fixture(autouse=True)
def own_store(monkeypatch, tmp_path_factory):
    folder = tmp_path_factory.mktemp("own-store")
    monkeypatch.setenv("FLATRENDER_STORE", str(folder))
    return folder


@pytest.fixture
def numbers(tmp_path) -> Path:
    path = tmp_path / "numbers.json"
    path.write_text(json.dumps(numbered(40)))
    return path


@pytest.fixture
def run(monkeypatch, capsys):
    def call(*arguments: str | Path, stdin: bytes = b"") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["flatrender", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return call


def rows_file(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def test_a_second_render_draws_nothing_and_says_so_and_no_store_draws_all_again(run, numbers, tmp_path):
    arguments = ("render", numbers, "-o", tmp_path / "film.mp4", "--json", "--workers", 1)
    assert json.loads(run(*arguments)[1])["frames_reused"] == 0
    code, out, err = run(*arguments)
    assert (code, json.loads(out)["frames_reused"]) == (0, 40), err
    assert film_numbers(tmp_path / "film.mp4") == list(range(40))
    assert json.loads(run(*arguments, "--no-store")[1])["frames_reused"] == 0
    assert json.loads(run(*arguments, "--store", tmp_path / "another")[1])["frames_reused"] == 0


def test_the_store_can_be_looked_at_made_smaller_and_cleared(run, numbers, tmp_path, own_store):
    run("render", numbers, "-o", tmp_path / "film.mp4", "--quiet")
    code, out, _ = run("store", "info", "--json")
    found = json.loads(out)
    assert code == 0
    assert found["folder"] == str(own_store)
    assert found["entries"] >= 2
    assert str(own_store) in run("store", "info")[1]
    assert json.loads(run("store", "prune", "--limit", "0", "--json")[1])["removed_bytes"] == found["bytes"]
    run("render", numbers, "-o", tmp_path / "film.mp4", "--quiet")
    assert re.fullmatch(r"removed [\d.]+ kB\n", run("store", "clear")[1])
    assert json.loads(run("store", "info", "--json")[1])["entries"] == 0


def test_a_store_that_cannot_be_used_is_one_warning_and_the_film_is_made(run, numbers, tmp_path):
    (tmp_path / "in-the-way").write_text("a file")
    code, _, err = run("render", numbers, "-o", tmp_path / "film.mp4", "--store", tmp_path / "in-the-way")
    assert code == 0
    assert sum("[store_unusable]" in line for line in err.splitlines()) == 1


def test_quiet_says_nothing_and_json_progress_is_one_object_a_line(run, numbers, tmp_path):
    assert run("render", numbers, "-o", tmp_path / "film.mp4", "--quiet", "--no-store") == (0, "", "")
    code, out, err = run("render", numbers, "-o", tmp_path / "film.mp4", "--progress", "json", "--json", "--no-store")
    states = [json.loads(line) for line in err.splitlines()]
    assert (code, json.loads(out)["frames"]) == (0, 40)
    assert [states[0]["stage"], states[-1]["stage"]] == ["drawing", "done"]
    assert {"drawing", "joining", "checking", "done"} == {state["stage"] for state in states}
    assert states[-1]["frames_done"] == 40
    assert set(states[0]) == {"stage", "frames_done", "frames", "frames_reused", "frames_per_second", "seconds_left"}


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("render", "absent.json", "-o", "film.mp4", "--json"), id="render"),
        pytest.param(("still", "absent.json", "-o", "a.png", "--json"), id="still"),
        pytest.param(("inspect", "absent.json", "--json"), id="inspect"),
        pytest.param(("render", "--json", "--nonsense"), id="usage"),
        pytest.param(("store", "prune", "--limit", "much", "--json"), id="store"),
    ],
)
def test_an_error_is_one_json_document_too(run, arguments, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, err = run(*arguments)
    error = json.loads(out)["error"]
    assert (code, error["exit_code"]) == (2, 2)
    assert error["code"] in {"missing_asset", "usage", "settings_invalid"}
    assert err.count("\n") == 1
    assert error["detail"] in err


def test_still_inspect_and_version_have_a_json_document(run, tmp_path):
    code, out, _ = run("still", PROMO, "-o", tmp_path / "a.png", "--size", "160x90", "--json")
    still = json.loads(out)
    assert (code, still["width"], still["scene"]) == (0, 160, "opening")
    assert still["size_bytes"] == (tmp_path / "a.png").stat().st_size
    assert json.loads(run("inspect", PROMO, "--json")[1])["key"] == "promo"
    assert "thorvg-python" in json.loads(run("version", "--json")[1])["libraries"]


def test_values_come_from_a_file_or_standard_input_and_set_goes_over_them(run, tmp_path):
    values = rows_file(tmp_path, "values.json", json.dumps({"headline": "یک", "opening": {"kicker": "دو"}}))

    def key(*more: str | Path, stdin: bytes = b"") -> str:
        code, out, err = run(
            "still",
            PROMO,
            "--scene",
            "opening",
            "-o",
            tmp_path / "a.png",
            "--json",
            "--size",
            "160x90",
            *more,
            stdin=stdin,
        )
        assert code == 0, err
        return json.loads(out)["sha256"]

    by_file = key("--values", values)
    assert by_file == key("--set", "headline=یک", "--set", "opening.kicker=دو")
    assert by_file == key("--values", "-", stdin=values.read_bytes())
    assert by_file != key("--values", values, "--set", "headline=سه")
    assert key("--values", values, "--set", "headline=سه") == key("--set", "headline=سه", "--set", "opening.kicker=دو")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("nope", "no JSON", id="not JSON"),
        pytest.param("[1]", "JSON object", id="a list"),
        pytest.param('{"nothing": 1}', "no scene has a field 'nothing'", id="unknown field"),
        pytest.param('{"opening": {"nothing": 1}}', "no field 'nothing'", id="unknown field of a scene"),
        pytest.param('{"opening#2.headline": "a"}', "comes 1 time", id="a scene that does not come twice"),
    ],
)
def test_a_bad_values_file_is_one_line(run, tmp_path, text, said):
    values = rows_file(tmp_path, "values.json", text)
    code, out, err = run("render", PROMO, *QUICK, "--values", values, "-o", tmp_path / "film.mp4")
    assert (code, out) == (2, "")
    assert said in err
    assert not (tmp_path / "film.mp4").exists()


def test_a_scene_that_comes_twice_can_have_two_texts(run, tmp_path):
    quick = ("--size", "160x90", "--fps", "10", "--music", "none", "--json", "--scenes", "opening,opening")
    code, out, err = run("render", PROMO, *quick, "--set", "opening#2.headline=دوم", "-o", tmp_path / "film.mp4")
    assert code == 0, err
    first, second = json.loads(out)["scenes"]
    assert first["sha256"] != second["sha256"]


def test_a_table_makes_a_film_of_each_row_and_goes_on_after_one_that_fails(run, tmp_path):
    (tmp_path / "films").mkdir()
    table = rows_file(tmp_path, "rows.csv", 'headline,opening.hero,_size\nسلام,,\nبد,absent.jpg,\n"دو، سه",,90x160\n')
    code, out, err = run(
        "render", PROMO, *QUICK, "--batch", table, "-o", tmp_path / "films" / "{n}-{headline}.mp4", "--json"
    )
    report = json.loads(out)
    assert (code, report["made"], report["failed"]) == (4, 2, 1)
    assert [film["row"] for film in report["films"]] == [1, 2, 3]
    assert report["films"][1]["error"]["code"] == "missing_asset"
    assert (report["films"][2]["film"]["width"], report["films"][2]["film"]["height"]) == (90, 160)
    assert "error: row 2: " in err
    assert sorted(path.name for path in (tmp_path / "films").iterdir()) == ["1-سلام.mp4", "3-دو، سه.mp4"]


def test_json_lines_are_rows_too_and_unchanged_rows_are_not_drawn_again(run, tmp_path):
    rows = b'{"headline": "a", "_output": "x.mp4"}\n\n{"headline": "b"}\n'
    arguments = ("render", PROMO, *QUICK, "--batch", "-", "-o", tmp_path, "--json")
    code, out, err = run(*arguments, stdin=rows)
    assert (code, json.loads(out)["failed"]) == (0, 0), err
    assert sorted(path.name for path in tmp_path.glob("*.mp4")) == ["2.mp4", "x.mp4"]
    films = json.loads(run(*arguments, stdin=rows)[1])["films"]
    assert all(film["film"]["frames_reused"] == film["film"]["frames"] for film in films)


@pytest.mark.parametrize(
    ("name", "text", "output", "said"),
    [
        pytest.param("a.csv", "headline\n", "films", "no row", id="no row"),
        pytest.param("a.csv", "headline\na\nb\n", "film.mp4", "would both be", id="one file for two rows"),
        pytest.param("a.csv", "headline\na\n", "{price}.mp4", "no such column", id="unknown column in the name"),
        pytest.param("a.csv", "headline\na,b\n", "films", "more cells", id="too many cells"),
        pytest.param("a.jsonl", "{]\n", "films", "line 1 is no JSON", id="not JSON"),
        pytest.param("a.jsonl", "3\n", "films", "JSON object", id="not an object"),
        pytest.param("absent.csv", "", "films", "cannot be read", id="absent"),
    ],
)
def test_a_bad_table_is_one_line_before_any_film(run, tmp_path, name, text, output, said):
    (tmp_path / "films").mkdir()
    if name != "absent.csv":
        rows_file(tmp_path, name, text)
    code, out, err = run("render", PROMO, *QUICK, "--batch", tmp_path / name, "-o", tmp_path / output)
    assert (code, out) == (2, "")
    assert said in err
    assert list(tmp_path.rglob("*.mp4")) == []


def test_a_row_cannot_write_outside_the_folder(run, tmp_path):
    folder = tmp_path / "films"
    folder.mkdir()
    table = rows_file(tmp_path, "rows.jsonl", '{"_output": "../../evil.mp4"}\n{"headline": "../x"}\n')
    code, _, err = run("render", PROMO, *QUICK, "--batch", table, "-o", folder / "{n}.mp4", "--quiet")
    assert code == 0, err
    assert sorted(path.name for path in folder.iterdir()) == ["2.mp4", "_.._evil.mp4"]
    assert list(tmp_path.glob("*.mp4")) == []


def test_the_ending_of_the_output_says_what_is_written(run, numbers, tmp_path):
    common = ("render", numbers, "--quiet", "--size", "128x72")
    for name in ("a.webm", "a.gif", "a.zip"):
        code, _, err = run(*common, "-o", tmp_path / name)
        assert code == 0, err
    assert (tmp_path / "a.gif").read_bytes()[:4] == b"GIF8"
    assert (tmp_path / "a.zip").read_bytes()[:2] == b"PK"
    assert run(*common, "-o", tmp_path / "frames", "--kind", "jpeg_frames")[0] == 0
    assert len(list((tmp_path / "frames").iterdir())) == 40
    code, _, err = run(*common, "-o", tmp_path / "frames", "--kind", "jpeg_frames")
    assert code == 2
    assert "must be empty" in err
    code, _, err = run(*common, "-o", tmp_path / "b.mp4", "--alpha")
    assert code == 2
    assert "no transparency" in err


@pytest.mark.parametrize("name", sorted(_COMMANDS))
def test_every_command_explains_itself_and_starts_alone(name):
    done = subprocess.run(
        [sys.executable, "-m", "flatrender", name, "--help"],
        capture_output=True,
        text=True,
        check=True,
        env=dict(os.environ, COLUMNS="160", TERM="dumb"),
    )
    assert f"flatrender {name}" in done.stdout
    if name == "render":
        for heading in ("What is made", "What is shown", "Picture", "Sound", "Running"):
            assert heading in done.stdout
        assert "Exit codes: 0 made, 2 wrong input, 3 rendering failed" in done.stdout


@pytest.mark.parametrize(
    ("text", "size"),
    [("5G", 5 << 30), ("500 MB", 500 << 20), ("1000", 1000), ("1.5k", 1536), ("0", 0), ("2GiB", 2 << 30)],
)
def test_a_size_is_read_as_people_write_it(text, size):
    assert parse_bytes(text) == size


@pytest.mark.parametrize("text", ["", "much", "-1", "5X", "nan", "inf", "G"])
def test_what_is_no_size_is_refused(text):
    with pytest.raises(RenderError, match="no size"):
        parse_bytes(text)


def test_a_size_is_said_in_words():
    assert [in_words(size) for size in (0, 999, 1500, 2_500_000, 5 << 30)] == [
        "0 bytes",
        "999 bytes",
        "1.5 kB",
        "2.5 MB",
        "5.37 GB",
    ]


def test_a_command_of_the_platform_says_what_to_install_when_only_the_engine_is(run, monkeypatch, tmp_path):
    (tmp_path / "token").write_text("secret")
    for module in [name for name in sys.modules if name.split(".")[0] == "httpx" or name.startswith("flatrender.node")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "httpx", None)
    code, _, err = run("node", "--server", "http://localhost:1", "--token-file", tmp_path / "token")
    assert code == 2
    assert err == "flatrender: error: node needs httpx: pip install 'flatrender[node]'\n"


def test_a_command_that_changes_nothing_loads_no_fonts_no_pictures_and_no_decoder(tmp_path):
    code = (
        "import sys; sys.argv = ['flatrender', *sys.argv[1:]]\n"
        "from flatrender.cli.app import main\n"
        "try: main()\n"
        "except SystemExit as ended: assert not ended.code\n"
        "heavy = {'fastapi', 'psycopg', 'av', 'numpy', 'httpx', 'PIL.Image', 'flatrender.engine.resolve.scene'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    film = ("render", str(PROMO), *QUICK, "--quiet", "-o", str(tmp_path / "film.mp4"))
    loaded = [
        subprocess.run([sys.executable, "-c", code, *film], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    assert "flatrender.engine.resolve.scene" in loaded[0]
    assert loaded[1] == "[]\n"
