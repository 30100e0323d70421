"""Drawing many small scenes in one child process."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np

_DRAW = """
import json, sys
import numpy as np
import thorvg_python as tvg
folder = sys.argv[1]
engine = tvg.Engine(threads=0)
for name, width, height in json.load(open(folder + "/list.json")):
    canvas = tvg.SwCanvas(engine)
    canvas.set_target(width, height)
    animation = tvg.LottieAnimation(engine)
    picture = animation.get_picture()
    data = open(f"{folder}/{name}.json", "rb").read()
    assert picture.load_data(data, "lottie+json", None, True) == tvg.Result.SUCCESS, name
    picture.set_size(width, height)
    canvas.add(picture)
    canvas.update()
    canvas.draw(True)
    canvas.sync()
    alpha = np.asarray(canvas.get_pillow().convert("RGBA"))[:, :, 3]
    np.save(f"{folder}/{name}.npy", 255 - alpha)
"""


def drawn_scenes(scenes: dict[str, tuple[bytes, int, int]], folder: Path) -> dict[str, np.ndarray]:
    """Draw scenes (Lottie, width, height) that show black ink; height × width arrays in which 0 is ink."""
    for name, (data, _, _) in scenes.items():
        (folder / f"{name}.json").write_bytes(data)
    (folder / "list.json").write_text(json.dumps([(name, w, h) for name, (_, w, h) in scenes.items()]))
    subprocess.run([sys.executable, "-c", _DRAW, str(folder)], check=True, timeout=120, capture_output=True)
    return {name: np.load(folder / f"{name}.npy").astype(int) for name in scenes}
