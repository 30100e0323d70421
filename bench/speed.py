"""Whole films, file in and MP4 out: ours, Remotion's, and the encoder alone, side by side in one run. x264 `veryfast`, crf 20, 1080p.

Ours is the command with its start; Remotion's time is without bundling; the encoder alone is fed with the same frames, drawn before, from memory:
as they were drawn, or (planes) already converted for it.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

from bench.films import Film, Took, draw_ready, encode_ready, film, measure, psnr, render_ours
from bench.remotion_films import browser, render_with_remotion
from flatrender.engine.film.plan import output_frames
from flatrender.engine.film.segments import render_segment
from flatrender.engine.film.settings import FilmSettings
from flatrender.engine.raster.pool import WorkerPool
from flatrender.engine.scene import ResolvedScene
from flatrender.engine.still import render_still

_ROOT = Path(__file__).resolve().parent.parent
_TEMPLATES = _ROOT / "templates"
_CORPUS = _ROOT.parent / "shared" / "corpus" / "lottie"
_QUICK = ("seawalk", "promo")
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108  # ready frames are read from memory, not from a disk


class _Measured:
    """All figures of one film."""

    def __init__(self, one: Film) -> None:
        self.film = one
        self.ours: list[Took] = []
        self.encoder: list[Took] = []
        """Fed with pictures as they were drawn."""
        self.encoder_planes: list[Took] = []
        self.ours_psnr = self.encoder_psnr = 0.0
        self.remotion: list[float] = []

    def rate(self, seconds: list[float]) -> float:
        """Frames a second at the median of these times."""
        return self.film.frames / statistics.median(seconds) if seconds else 0.0


def _sources(quick: bool, given: list[Path]) -> list[Path]:
    corpus = [_CORPUS / f"{name}.json" for name in ("tractor", "seawalk", "train")]
    found = given or [path for path in (*corpus, _TEMPLATES / "promo", _TEMPLATES / "sale") if path.exists()]
    return [path for path in found if given or not quick or path.stem in _QUICK]


def _measure_ours(measured: _Measured, folder: Path, repetitions: int) -> None:
    one, ready, drawn = measured.film, folder / "ready.yuv", folder / "drawn.bgra"
    ours, alone = folder / "ours.mp4", folder / "alone.mp4"
    with WorkerPool() as pool:
        draw_ready(one, pool, ready, planar=True)
        draw_ready(one, pool, drawn, planar=False)
    for _ in range(repetitions):
        measured.ours.append(render_ours(one, ours))
        measured.encoder.append(encode_ready(one, drawn, alone, planar=False))
        measured.encoder_planes.append(encode_ready(one, ready, alone, planar=True))
    measured.ours_psnr, measured.encoder_psnr = psnr(ours, ready), psnr(alone, ready)
    ready.unlink()
    drawn.unlink()


def _film_table(all_measured: list[_Measured]) -> Table:
    table = Table(title="Films, 1920×1080: frames a second, processor time a frame, PSNR (medians)")
    for heading in ("film", "frames", "ours", "Remotion", "ratio", "encoder", "ratio", "encoder\n(planes)", "ratio", "CPU ms\nours", "CPU ms\nencoder",
                    "dB\nours", "dB\nencoder"):  # fmt: skip
        table.add_column(heading, justify="left" if heading == "film" else "right", no_wrap=True)
    for one in all_measured:
        ours, encoder, planes = (
            one.rate([took.seconds for took in side]) for side in (one.ours, one.encoder, one.encoder_planes)
        )
        remotion = one.rate(one.remotion)
        cpu = [
            statistics.median(took.cpu_s for took in side) * 1000 / one.film.frames for side in (one.ours, one.encoder)
        ]
        table.add_row(
            one.film.key,
            str(one.film.frames),
            f"{ours:.1f}",
            f"{remotion:.1f}" if remotion else "—",
            f"{ours / remotion:.1f}×" if remotion else "—",
            f"{encoder:.1f}",
            f"{ours / encoder:.2f}",
            f"{planes:.1f}",
            f"{ours / planes:.2f}",
            *(f"{value:.1f}" for value in cpu),
            f"{one.ours_psnr:.2f}",
            f"{one.encoder_psnr:.2f}",
        )
    return table


def _still_rows(table: Table, source: Path, scene: ResolvedScene, folder: Path, repetitions: int) -> None:
    with WorkerPool(1) as pool:
        render_still(scene, 0, width=640, height=360, pool=pool)
        warm = []
        for frame in range(min(scene.frames, 10 * repetitions)):
            began = time.perf_counter()
            render_still(scene, frame, width=640, height=360, pool=pool)
            warm.append(time.perf_counter() - began)
    table.add_row("still of a warm scene, 640×360", f"{statistics.median(warm) * 1000:.0f} ms", "60 ms")
    command = [sys.executable, "-m", "flatrender", "still", str(source), "--size", "640x360", "--no-store"]
    cold = [measure([*command, "-o", str(folder / "still.png")]).seconds for _ in range(repetitions)]
    table.add_row("`flatrender still`, a cold process", f"{statistics.median(cold):.2f} s", "1.2 s")


def _memory_row(table: Table, one: Film, name: str, width: int, height: int, limit_mb: int, folder: Path) -> None:
    settings = FilmSettings(width=width, height=height, fps=one.settings.fps)
    with WorkerPool(1) as pool:
        for scene in one.scenes:
            last = min(45, output_frames(scene.frames, scene.fps, settings.rate)) - 1
            render_segment(scene, 0, last, settings, folder / "segment.mp4", pool=pool, threads=2)
        worker = next(
            child for child in psutil.Process().children() if "flatrender.engine.raster.worker" in child.cmdline()
        )
        peak = next(
            int(line.split()[1])
            for line in Path(f"/proc/{worker.pid}/status").read_text().splitlines()
            if line.startswith("VmHWM")
        )
    table.add_row(f"memory of a {name} worker, at most", f"{peak / 1024:.0f} MB", f"{limit_mb} MB")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench speed", description=__doc__)
    parser.add_argument("sources", nargs="*", type=Path, help="templates or Lottie files (default: five of both)")
    parser.add_argument("--quick", action="store_true", help=f"only {' and '.join(_QUICK)}, one repetition")
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--no-remotion", action="store_true")
    options = parser.parse_args()
    console = Console(width=max(110, Console().width))
    repetitions = 1 if options.quick else max(1, options.repetitions)
    parent = _SHARED_MEMORY if _SHARED_MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="flatrender-bench-", dir=parent) as name:
        folder = Path(name)
        all_measured = [_Measured(film(source)) for source in _sources(options.quick, options.sources)]
        for measured in all_measured:
            console.print(f"{measured.film.key}: ours and the encoder, {repetitions}×", style="dim")
            _measure_ours(measured, folder, repetitions)
        if not options.no_remotion and browser():
            by_key = {measured.film.key: measured for measured in all_measured}
            try:
                for key, seconds in render_with_remotion([measured.film for measured in all_measured], folder):
                    console.print(f"{key}: Remotion, {seconds:.1f} s", style="dim")
                    by_key[key].remotion.append(seconds)
            except (OSError, subprocess.CalledProcessError) as error:
                console.print(f"Remotion could not be run: {error}")
        console.print(_film_table(all_measured))
        others = Table("what", "measured", "wanted below", title="Stills and memory")
        promo = next((one.film for one in all_measured if one.film.key == "promo"), all_measured[0].film)
        _still_rows(others, promo.source, promo.scenes[0], folder, 1 if options.quick else 5)
        if sys.platform == "linux":
            _memory_row(others, promo, "1080p", 1920, 1080, 350, folder)
            _memory_row(others, promo, "4K", 3840, 2160, 1024, folder)
        others.caption = f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end"
        console.print(others)


if __name__ == "__main__":
    main()
