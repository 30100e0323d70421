"""What an edit costs: a film of ten scenes rendered by the command, then again unchanged, with one scene edited, with other music, in another order.

Each line is a whole process of `flatrender render`, start-up counted; the ratio is to the first render of the same run. Processor seconds are of the
process and its children, and say more than the clock on a machine that does other work.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

_TEMPLATES = Path(__file__).resolve().parent.parent / "templates"
_SCENES = "teaser,percent,product,price,extras,coupon,deadline,percent,price,ending"
_TARGETS = {"nothing changed": ("1 s", None), "one scene edited": ("0.2", 0.2), "other music": ("0.1", 0.1)}


class Run(NamedTuple):
    """One process."""

    seconds: float
    processor_s: float
    frames: int
    frames_reused: int


def _render(folder: Path, *options: str) -> Run:
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "flatrender", "render", str(_TEMPLATES / "sale"), "--scenes", _SCENES, "--json", "--quiet",
         "--store", str(folder / "store"), "-o", str(folder / "film.mp4"), *options],
        stdout=subprocess.PIPE,
        check=True,
    )  # fmt: skip
    seconds, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    report = json.loads(done.stdout)
    processor_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Run(seconds, processor_s, report["frames"], report["frames_reused"])


def _median(runs: list[Run]) -> Run:
    return Run(
        statistics.median(run.seconds for run in runs),
        statistics.median(run.processor_s for run in runs),
        runs[0].frames,
        runs[0].frames_reused,
    )


def main(arguments: list[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.incremental", description=__doc__)
    parser.add_argument("--size", default="1080p", help="as for flatrender render")
    parser.add_argument("--repeat", type=int, default=3, help="runs of each edit; the median counts")
    options = parser.parse_args(arguments)
    music = next((_TEMPLATES / "promo" / "music").iterdir())
    size = ("--size", options.size)
    table = Table("film of ten scenes", "drawn", "seconds", "ratio", "processor s", "ratio", "aim")
    with tempfile.TemporaryDirectory(prefix="flatrender-bench-") as name:
        folder = Path(name)
        first = _render(folder, *size)
        edits: dict[str, list[list[str]]] = {
            "nothing changed": [[] for _ in range(options.repeat)],
            "one scene edited": [["--set", f"extras.gift_one=هدیهٔ {n}"] for n in range(options.repeat)],
            "other music": [["--music", str(music), "--fade-out", str(1 + n)] for n in range(options.repeat)],
            "one colour of every scene": [["--colors", "primary=#2040c0"]],
            "without the store": [["--no-store"]],
        }
        runs = {"first render": first} | {
            what: _median([_render(folder, *size, *more) for more in each]) for what, each in edits.items()
        }
        for what, run in runs.items():
            aim, limit = _TARGETS.get(what, ("", None))
            ratio = run.seconds / first.seconds
            met = "" if not aim else ("met" if (ratio <= limit if limit else run.seconds < 1) else "missed")
            table.add_row(
                what,
                str(run.frames - run.frames_reused),
                f"{run.seconds:.2f}",
                f"{ratio:.3f}",
                f"{run.processor_s:.2f}",
                f"{run.processor_s / first.processor_s:.3f}",
                f"{aim} {met}".strip(),
            )
    table.caption = (
        f"{options.size}, {first.frames} frames; {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end"
    )
    Console().print(table)


if __name__ == "__main__":
    main()
