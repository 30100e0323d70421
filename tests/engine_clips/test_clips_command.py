"""The command takes films like pictures: by a path, or by a value with more to say."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from .making import film

TEMPLATE = Path(__file__).resolve().parents[2] / "templates" / "promo"


def still(folder: Path, value: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "flatrender", "still", str(TEMPLATE), "--set", f"hero={value}", "-o", "out.png"]
    return subprocess.run(
        [*command, "--scene", "opening", "--no-store"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def share_of(path: Path, color: tuple[int, int, int]) -> float:
    pixels = np.asarray(Image.open(path).convert("RGB")).astype(int)
    return float((np.abs(pixels - np.array(color)).max(axis=2) < 30).mean())


def test_a_still_shows_a_film_and_what_its_value_says(tmp_path: Path) -> None:
    red, blue = ([np.full((90, 160, 3), color, np.uint8)] * 50 for color in ((220, 20, 30), (20, 30, 220)))
    film(tmp_path / "clip.mp4", [*red, *blue], 25)
    whole = still(tmp_path, "clip.mp4")
    assert whole.returncode == 0, whole.stderr
    assert share_of(tmp_path / "out.png", (220, 20, 30)) > 0.02
    later = still(tmp_path, json.dumps({"asset": "clip.mp4", "clip": {"start": 3}}))
    assert later.returncode == 0, later.stderr
    assert share_of(tmp_path / "out.png", (20, 30, 220)) > 0.02
    broken = still(tmp_path, '{"asset": ')
    assert (broken.returncode, "wrong_type" in broken.stderr) == (2, True)
