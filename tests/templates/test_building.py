"""Making the templates again."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from .conftest import FOLDER, KEYS


def build(out: Path, seed: str, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    command = [sys.executable, str(FOLDER / "build.py"), "--out", str(out), *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240, check=False)


def files(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


def test_manifests_and_scenes_made_again_are_those_committed(tmp_path: Path) -> None:
    done = build(tmp_path, "1", "--scenes-only")
    assert done.returncode == 0, done.stderr
    made = files(tmp_path)
    committed = {
        f"{key}/{name}": data for key in KEYS for name, data in files(FOLDER / key).items() if name.endswith(".json")
    }
    assert made.keys() == committed.keys()
    assert [name for name in made if made[name] != committed[name]] == []


def test_pictures_and_music_made_twice_are_the_same_bytes(tmp_path: Path) -> None:
    for seed in ("1", "2"):
        done = build(tmp_path / seed, seed, "quote")
        assert done.returncode == 0, done.stderr
    first, second = files(tmp_path / "1"), files(tmp_path / "2")
    assert first == second
    # Another processor may round the last digit otherwise, so what is committed is compared by eye's measure.
    for name in ("images/author.jpg",):
        with Image.open(tmp_path / "1" / "quote" / name) as made, Image.open(FOLDER / "quote" / name) as committed:
            assert np.abs(np.asarray(made, np.int16) - np.asarray(committed, np.int16)).mean() < 1
    music = "music/calm.ogg"
    assert abs(len(first[f"quote/{music}"]) - (FOLDER / "quote" / music).stat().st_size) < 4096


def test_an_unknown_template_is_named_with_those_there_are(tmp_path: Path) -> None:
    done = build(tmp_path, "1", "nope")
    assert done.returncode == 2
    assert "no such template: nope; there are opener, promo, quote, sale" in done.stderr
