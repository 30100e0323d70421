"""`python -m bench fidelity [FILE or FOLDER …]`: the table by feature, and every file that is not similar enough."""

import argparse
import importlib.util
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from .reference import PLAYER, ROOT
from .run import ENOUGH, Compared, compare

_CORPUS = ROOT.parent / "shared" / "corpus" / "fidelity"


def found_chromium() -> str | None:
    """Return the system's Chromium as the tests find it."""
    spec = importlib.util.spec_from_file_location("system_tools", ROOT / "scripts" / "system_tools.py")
    assert spec is not None
    assert spec.loader is not None
    tools = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tools)
    path: str | None = tools.find_chromium()
    return path


def main() -> None:
    """Compare and print."""
    parser = argparse.ArgumentParser(prog="python -m bench fidelity", description=__doc__)
    parser.add_argument("paths", nargs="*", type=Path, default=[_CORPUS])
    options = parser.parse_args()
    paths = sorted(
        path
        for given in options.paths
        for path in (given.glob("*.json") if given.is_dir() else [given])
        if path.is_file()
    )
    chromium = found_chromium()
    if not paths or chromium is None or not PLAYER.is_file():
        print("needs Lottie files, Chromium and lottie-web (`make web`)", file=sys.stderr)
        raise SystemExit(1)
    console = Console()
    files: list[Compared] = []
    for compared in compare(paths, chromium):
        files.append(compared)
        if console.is_terminal:
            console.print(f"{len(files)}/{len(paths)} {compared.name}", end="\r")
    console.print(_by_feature(files))
    console.print(_missed(files))
    for line in _summary(files):
        console.print(line, markup=False)


def _similar(files: Sequence[Compared]) -> int:
    return sum(file.middle >= ENOUGH for file in files)


def _by_feature(files: Sequence[Compared]) -> Table:
    table = Table(
        "feature",
        "files",
        f"SSIM ≥ {ENOUGH}",
        "share",
        "median",
        "least",
        title="Middle frame, 400 px, against lottie-web",
    )
    for feature in ("", *sorted({feature for file in files for feature in file.features})):
        having = [file for file in files if not feature or feature in file.features]
        middle = [file.middle for file in having]
        good = _similar(having)
        table.add_row(
            feature or "all files", str(len(having)), str(good), f"{good / len(having):.0%}",
            f"{statistics.median(middle):.3f}", f"{min(middle):.3f}",
        )  # fmt: skip
    return table


def _missed(files: Sequence[Compared]) -> Table:
    table = Table("file", "0", "¼", "½", "¾", "verdict", "causes", title=f"Below {ENOUGH} in one of four frames")
    for file in sorted(files, key=lambda one: one.middle):
        if file.similar and min(file.similar) >= ENOUGH:
            continue
        shown = [f"{value:.3f}" for value in file.similar] or [file.error, "", "", ""]
        causes = "; ".join(dict.fromkeys(f"{finding.feature}: {finding.cause}" for finding in file.report.findings))
        table.add_row(file.name, *shown, file.report.verdict, causes)
    return table


def named(file: Compared) -> bool:
    """Whether the report says that the file looks otherwise than in lottie-web."""
    return any(finding.verdict != "exact" or finding.unlike_lottie_web for finding in file.report.findings)


def _summary(files: Sequence[Compared]) -> list[str]:
    below = [file for file in files if file.middle < ENOUGH]
    absent = [file for file in files if any(finding.verdict == "not_drawn" for finding in file.report.findings)]
    told = [file for file in files if named(file)]
    frames = [value for file in files for value in file.similar]
    return [
        f"similar enough: {_similar(files)} of {len(files)} files ({_similar(files) / len(files):.1%})",
        f"of the four frames of each: {sum(value >= ENOUGH for value in frames)} of {len(frames)}",
        f"the report names {sum(named(file) for file in below)} of the {len(below)} files below",
        f"it names {len(told)} files in all, {sum(file in below for file in told)} of them below",
        f"called not drawn: {len(absent)} files, {sum(file not in below for file in absent)} of them similar enough",
    ]


if __name__ == "__main__":
    main()
