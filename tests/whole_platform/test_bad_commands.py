"""Bad input to the commands: every command of the table in docs/errors.md ends with one line, and leaves no file."""

import subprocess
import sys
from pathlib import Path

import pytest

from .bad_commands import COMMANDS, Ending
from .crashing import FILMS, WATCHDOG_S, animation


def run(folder: Path, *arguments: str, timeout_s: float = 60) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "flatrender", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )


@pytest.mark.parametrize("ending", COMMANDS, ids=lambda one: one.what)
def test_the_command_ends_with_one_line_and_leaves_no_file(tmp_path: Path, ending: Ending) -> None:
    if ending.file is not None:
        (tmp_path / ending.file[0]).write_bytes(ending.file[1]())
    before = sorted(tmp_path.iterdir())
    done = run(tmp_path, *ending.arguments)
    assert (done.returncode, done.stdout) == (ending.exit_code, ""), done.stderr
    *others, error = done.stderr.splitlines()
    assert all(line.startswith("drawing: ") for line in others), done.stderr
    assert error.startswith("flatrender: error: ")
    assert error.endswith(f" [{ending.code}]")
    for word in ending.says:
        assert word in error
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("name", FILMS)
def test_a_command_ends_when_an_animation_kills_or_hangs_the_renderer(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(animation(name))
    code, words = FILMS[name]
    done = run(tmp_path, "render", str(path), "--draft", "-o", "out.mp4", timeout_s=WATCHDOG_S + 60)
    assert (done.returncode, list(tmp_path.iterdir())) == (3, [path])
    line = done.stderr.splitlines()[-1]
    assert line.startswith(f"flatrender: error: {path}: scene main: ")
    assert words in line
    assert line.endswith(f" [{code}]")
