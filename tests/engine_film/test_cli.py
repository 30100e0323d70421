import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import av
import psutil
import pytest
from PIL import Image

from flatrender.cli.app import main
from tests.whole_platform.crashing import animation

from .conftest import film_numbers, numbered

PROMO = Path(__file__).resolve().parents[2] / "templates" / "promo"


@pytest.fixture
def numbers(tmp_path) -> Path:
    path = tmp_path / "numbers.json"
    path.write_text(json.dumps(numbered(40)))
    return path


@pytest.fixture
def run(monkeypatch, capsys):
    """Run the command line here; gives exit code, standard output, standard error."""

    def call(*arguments: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["flatrender", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return call


def test_render_makes_the_whole_film_of_a_plain_lottie(run, numbers, tmp_path):
    code, out, err = run("render", numbers, "-o", tmp_path / "film.mp4", "--workers", 1, "--json")
    assert code == 0, err
    report = json.loads(out)
    assert film_numbers(tmp_path / "film.mp4") == list(range(40))
    assert (report["frames"], report["width"], report["height"], report["audio_codec"]) == (40, 192, 108, None)
    assert re.search(r"drawing: (\d+/)?40 frames", err)


def test_render_takes_scenes_values_colours_size_rate_and_music(run, tone, tmp_path):
    arguments = (
        "render", PROMO, "-o", tmp_path / "film.mp4", "--scenes", "ending,opening", "--size", "256x144", "--fps", 10,
        "--set", "headline=سلام دنیا", "--colors", "background=#ff0000", "--preset", "ultrafast", "--crf", 30,
        "--music", tone(0.5), "--locale", "en",
    )  # fmt: skip
    code, out, err = run(*arguments)
    assert code == 0, err
    assert "256×144" in out
    with av.open(str(tmp_path / "film.mp4")) as film:
        video, sound = film.streams.video[0], film.streams.audio[0]
        assert (video.width, video.height, video.average_rate) == (256, 144, 10)
        assert sound.rate == 48_000
        assert film.metadata["title"] == "Product promo"
        frames = [frame.to_ndarray(format="rgb24") for frame in film.decode(video)]
    # The opening comes second; its background has the colour asked for.
    assert (frames[-8][2, -3].astype(int) - (255, 0, 0)).max() < 12
    assert frames[-8][2, -3, 0] > 240


def test_still_draws_the_frame_asked_for_in_the_format_asked_for(run, numbers, tmp_path):
    code, out, err = run("still", numbers, "--frame", 2, "-o", tmp_path / "two.png", "--size", "384x216")
    assert code == 0, err
    assert "384×216" in out
    with Image.open(tmp_path / "two.png") as file:
        picture = file.convert("L")
    assert [picture.getpixel((16 + 32 * bit, 100)) for bit in range(3)] == [255, 0, 255]
    assert run("still", PROMO, "--scene", "opening", "-o", tmp_path / "o.jpg", "--size", "360p")[0] == 0
    with Image.open(tmp_path / "o.jpg") as file:
        assert (file.format, file.size) == ("JPEG", (640, 360))


WRONG: list[tuple[str, list[str], str]] = [
    ("absent template", ["absent.json"], "absent.json"),
    ("not a lottie", ["text.json"], "text.json"),
    ("unknown scene", ["PROMO", "--scenes", "nothing"], "no scene 'nothing'"),
    ("unknown field", ["PROMO", "--set", "nothing=1"], "no scene has a field 'nothing'"),
    ("unknown field of a scene", ["PROMO", "--set", "opening.nothing=1"], "no field 'nothing'"),
    ("no sign", ["PROMO", "--set", "headline"], "write key=value"),
    ("wrong type", ["PROMO", "--set", "number=many"], "is no number"),
    ("missing picture", ["PROMO", "--set", "opening.hero=absent.jpg"], "absent.jpg"),
    ("unknown colour", ["PROMO", "--colors", "nothing=#ffffff"], "no colour 'nothing'"),
    ("unknown preset", ["PROMO", "--color-preset", "nothing"], "no colour preset 'nothing'"),
    ("bad background", ["PROMO", "--background", "red"], "#rrggbb"),
    ("bad size", ["PROMO", "--size", "huge"], "--size 'huge'"),
    ("impossible size", ["PROMO", "--size", "9000x100"], "9000"),
    ("bad rate", ["PROMO", "--fps", "0.1"], "0.1 frames a second"),
    ("bad crf", ["PROMO", "--crf", "99"], "--crf"),
    ("missing music", ["PROMO", "--music", "absent.ogg", "--draft"], "absent.ogg"),
    ("music is text", ["PROMO", "--music", "text.json", "--draft"], "text.json"),
    ("wrong suffix", ["PROMO", "-o", "film.avi"], "must end in .mp4"),
    ("absent folder", ["PROMO", "-o", "absent/film.mp4"], "folder for the output does not exist"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "said"), [pytest.param(a, s, id=name) for name, a, s in WRONG])
def test_wrong_input_is_one_line_and_exit_code_2_and_leaves_nothing(arguments, said, run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.json").write_text("this is no animation")
    given = [str(PROMO) if argument == "PROMO" else argument for argument in arguments]
    code, out, err = run("render", *given, *(() if "-o" in given else ("-o", "film.mp4")))
    last = err.splitlines()[-1]
    assert (code, out) == (2, "")
    assert last.startswith("flatrender: error: ")
    assert said in last
    assert sum("error" in line for line in err.splitlines()) == 1
    assert "Traceback" not in err
    assert [entry.name for entry in tmp_path.iterdir()] == ["text.json"]


def test_a_scene_that_kills_the_renderer_is_exit_code_3_and_named(run, tmp_path):
    crash = tmp_path / "killing.json"
    crash.write_bytes(animation("killing.json"))
    code, _, err = run("render", crash, "-o", tmp_path / "film.mp4", "--draft")
    assert code == 3
    assert "[engine_crashed]" in err.splitlines()[-1]
    assert "SIGSEGV" in err.splitlines()[-1]
    assert list(tmp_path.iterdir()) == [crash]


# The worker encodes one kind itself and starts ffmpeg for the other.
@pytest.mark.parametrize(
    ("number", "kind", "encoder"),
    [(signal.SIGINT, "mp4_h264", "python"), (signal.SIGTERM, "mp4_h265", "ffmpeg")],
    ids=["ctrl-C", "SIGTERM"],
)
def test_an_interrupted_render_is_exit_code_130_and_leaves_no_process_and_no_file(number, kind, encoder, tmp_path):
    lottie = tmp_path / "long.json"
    lottie.write_text(json.dumps(numbered(4000)))
    folder = tmp_path / "out"
    folder.mkdir()
    command = [
        sys.executable,
        "-m",
        "flatrender",
        "render",
        str(lottie),
        "-o",
        str(folder / "film.mp4"),
        "--size",
        "1080p",
        "--kind",
        kind,
    ]
    # Whoever starts the tests in the background has ctrl-C ignored, and what is started inherits that.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        started = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=dict(os.environ))
    finally:
        signal.signal(signal.SIGINT, before)
    with started as process:
        assert process.stderr is not None
        while "frames/s" not in (line := process.stderr.readline()):
            assert line, "it ended before it began"
        children = psutil.Process(process.pid).children(recursive=True)
        assert any(encoder in child.name() for child in children)
        began = time.monotonic()
        process.send_signal(number)
        rest = process.stderr.read()
        assert process.wait(20) == 130
    assert time.monotonic() - began < 10
    assert rest.splitlines()[-1] == "flatrender: error: interrupted"
    assert list(folder.iterdir()) == []
    psutil.wait_procs(children, timeout=5)
    assert not [child for child in children if child.is_running()]


def test_a_killed_command_takes_its_workers_with_it(tmp_path):
    lottie = tmp_path / "long.json"
    lottie.write_text(json.dumps(numbered(4000)))
    command = [
        sys.executable,
        "-m",
        "flatrender",
        "render",
        str(lottie),
        "-o",
        str(tmp_path / "f.mp4"),
        "--size",
        "1080p",
    ]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        while "frames/s" not in (line := process.stderr.readline()):
            assert line, "it ended before it began"
        children = psutil.Process(process.pid).children(recursive=True)
        process.kill()
    gone, alive = psutil.wait_procs(children, timeout=10)
    assert len(gone) >= 2
    assert alive == []


def test_a_still_is_quick_to_start(numbers, tmp_path):
    """The commands import what they need only: no server and no decoder for a still."""
    code = (
        "import sys; sys.argv = ['flatrender', 'still', sys.argv[1], '-o', sys.argv[2]]\n"
        "from flatrender.cli.app import main\n"
        "try: main()\n"
        "except SystemExit as ended: assert not ended.code\n"
        "heavy = {'fastapi', 'psycopg', 'dbos', 'aiohttp', 'av', 'numpy', 'httpx'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code, str(numbers), str(tmp_path / "s.png")], check=True)
