"""`python -m bench memory`: the largest resident size of each of the engine's processes, for sizes of picture and lengths of film.

Every film is made in a process of its own, watched from here: what the engine itself keeps, its raster workers, encoders and mixers.
"""

import argparse
import math
import sys
import tempfile
import time
import wave
from pathlib import Path

import numpy as np
import psutil
from rich.console import Console
from rich.table import Table

from flatrender.engine.film.render import render_film
from flatrender.engine.film.settings import FilmSettings
from flatrender.engine.raster.pool import WorkerPool
from flatrender.engine.resolve import resolve_scene
from flatrender.engine.sound.track import TrackSpec
from flatrender.engine.template import load_template

_PROMO = Path(__file__).resolve().parent.parent / "templates" / "promo"
_MIB = 1 << 20
_ROLES = (("raster.worker", "raster worker"), ("media_child", "reader"), ("ffmpeg", "ffmpeg"))
ROLES = ("engine", "raster worker", "ffmpeg", "reader", "all together")
_CHEAP = b"""{"v":"5.7.0","fr":12,"ip":0,"op":%d,"w":320,"h":180,"assets":[],"layers":[{"ty":1,"ind":1,"nm":"s","ip":0,"op":%d,"st":0,
"sr":1,"sw":320,"sh":180,"sc":"#3366cc","ks":{"o":{"a":1,"k":[{"t":0,"s":[100],"i":{"x":[1],"y":[1]},"o":{"x":[0],"y":[0]}},
{"t":%d,"s":[20]}]},"r":{"a":0,"k":0},"p":{"a":0,"k":[160,90]},"a":{"a":0,"k":[160,90]},"s":{"a":0,"k":[100,100]}}}]}"""


def peaks(*arguments: str) -> dict[str, float]:
    """Return the largest resident size (MiB) of the processes of each role while a film is made."""
    film = psutil.Popen([sys.executable, "-m", "bench.memory", *arguments])
    found = dict.fromkeys(ROLES, 0.0)
    while film.poll() is None:
        together = 0.0
        for process in (film, *_children(film)):
            try:
                # what a just-started child shows is still its parent's
                size, line = process.memory_info().rss / _MIB, " ".join(process.cmdline())
            except psutil.Error:
                continue
            together += size
            role = "engine" if process.pid == film.pid else next((name for mark, name in _ROLES if mark in line), "")
            if role:
                found[role] = max(found[role], size)
        found["all together"] = max(found["all together"], together)
        time.sleep(0.05)
    if film.returncode:
        raise SystemExit(f"the film of {arguments} failed")
    return found


def _children(process: psutil.Popen) -> list[psutil.Process]:
    try:
        return list(process.children(recursive=True))
    except psutil.Error:
        return []


def _make_long(seconds: int, folder: Path) -> None:
    """A cheap film under music and a voice."""
    frames = 12 * seconds
    (folder / "cheap.json").write_bytes(_CHEAP % (frames, frames, frames))
    template = load_template(folder / "cheap.json")
    for name, hertz, length in (("music.wav", 220, 20), ("voice.wav", 330, seconds)):
        with wave.open(str(folder / name), "wb") as file:
            file.setparams((1, 2, 16_000, 0, "NONE", ""))
            second = (9000 * np.sin(2 * math.pi * hertz * np.arange(16_000) / 16_000)).astype("<i2")
            for number in range(length):
                file.writeframes((second * (number % 4 < 2)).tobytes() if name == "voice.wav" else second.tobytes())
    sound = [
        TrackSpec(kind="music", path=folder / "music.wav", loop=True),
        TrackSpec(kind="voiceover", path=folder / "voice.wav"),
    ]
    settings = FilmSettings(width=320, height=180, fps=12, preset="ultrafast")
    with WorkerPool(2) as pool:
        render_film([resolve_scene(template, "main")], settings, folder / "film.mp4", sound=sound, pool=pool)


def _make_large(short_side: int, folder: Path) -> None:
    """The promo template's scenes at one size."""
    template = load_template(_PROMO)
    design = template.sizes[0]
    scale = short_side / min(design.width, design.height)
    settings = FilmSettings(
        width=2 * round(design.width * scale / 2), height=2 * round(design.height * scale / 2), fps=template.fps
    )
    scenes = [resolve_scene(template, scene.key, frames=min(scene.duration_frames, 45)) for scene in template.scenes]
    with WorkerPool(1) as pool:
        render_film(scenes, settings, folder / "film.mp4", pool=pool)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench memory", description=__doc__)
    parser.add_argument("--minutes", type=int, nargs="+", default=[1, 30], help="lengths of the cheap film")
    parser.add_argument(
        "--sides", type=int, nargs="+", default=[1080, 2160], help="pixels of the promo film's short side"
    )
    options = parser.parse_args()
    table = Table("film", *ROLES, title="largest resident size, MiB")

    def row(name: str, found: dict[str, float]) -> None:
        table.add_row(name, *(f"{found[role]:.0f}" for role in ROLES))

    for side in options.sides:
        row(f"promo, {side} px", peaks("large", str(side)))
    for minutes in options.minutes:
        row(f"cheap, {minutes} min with sound", peaks("long", str(60 * minutes)))
    Console().print(table)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="flatrender-bench-") as made:
        {"long": _make_long, "large": _make_large}[sys.argv[1]](int(sys.argv[2]), Path(made))
