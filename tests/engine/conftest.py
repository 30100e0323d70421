"""Drawing for tests: in a child process, as natively drawn files may end the process."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from flatrender.engine.scene import ResolvedScene

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus"

_DRAW = """
import sys
import thorvg_python as tvg
source, width, height, frame, target = sys.argv[1:]
engine = tvg.Engine(threads=0)
canvas = tvg.SwCanvas(engine)
canvas.set_target(int(width), int(height))
animation = tvg.LottieAnimation(engine)
picture = animation.get_picture()
assert picture.load_data(open(source, "rb").read(), "lottie+json", None, True) == tvg.Result.SUCCESS
picture.set_size(int(width), int(height))
canvas.add(picture)
animation.set_frame(float(frame))
canvas.update()
canvas.draw(True)
canvas.sync()
canvas.get_pillow().convert("RGBA").save(target)
"""

Draw = Callable[..., np.ndarray]


@pytest.fixture
def draw(tmp_path: Path) -> Draw:
    """Draw a frame over white; gives red, green and blue, height × width × 3."""

    def run(scene: ResolvedScene | bytes, frame: float = 0, width: int = 600, height: int = 340) -> np.ndarray:
        source, target = tmp_path / "scene.json", tmp_path / "frame.png"
        source.write_bytes(scene.lottie if isinstance(scene, ResolvedScene) else scene)
        command = [sys.executable, "-c", _DRAW, str(source), str(width), str(height), str(frame), str(target)]
        subprocess.run(command, check=True, timeout=60, capture_output=True)
        with Image.open(target) as drawn:
            ground = Image.new("RGBA", drawn.size, (255, 255, 255, 255))
            ground.alpha_composite(drawn)
        return np.asarray(ground.convert("RGB")).astype(int)

    return run


def ink(pixels: np.ndarray, threshold: int = 128) -> tuple[int, int, int, int]:
    """Left, top, right, bottom (exclusive) of what is darker than the threshold."""
    dark = pixels.mean(axis=2) < threshold
    rows, columns = np.flatnonzero(dark.any(axis=1)), np.flatnonzero(dark.any(axis=0))
    assert rows.size, "nothing is drawn"
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
