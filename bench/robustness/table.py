"""`python -m bench robustness`: every public file as it is and damaged in 200 ways, by outcome."""

import argparse
import json
import multiprocessing
import os
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.robustness.cases import Outcome, corpus_files, run_file

_AT_ONCE = 50
"""Cases of one file that a process takes together."""


def outcomes(files: list[Path], mutations: int, processes: int) -> Iterator[Outcome]:
    """Yield what becomes of every file as it is and of its mutations, as they come."""
    work = [
        (path, range(first, min(first + _AT_ONCE, mutations + 1)))
        for path in files
        for first in range(0, mutations + 1, _AT_ONCE)
    ]
    # `spawn`: no file and no lock of this process in the others
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        for found in pool.imap_unordered(_run, work):
            yield from found


def _run(work: tuple[Path, range]) -> list[Outcome]:
    return run_file(*work)


def main() -> None:
    """Run and print; exits with 1 when a case had no end or no code."""
    parser = argparse.ArgumentParser(prog="python -m bench robustness", description=__doc__)
    parser.add_argument("--mutations", type=int, default=200, help="of each file")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", default="", help="files whose name holds this")
    parser.add_argument("--keep", type=Path, help="write each outcome as a line of JSON to this file")
    options = parser.parse_args()
    files = [path for path in corpus_files() if options.only in str(path)]
    began = time.monotonic()
    counts: Counter[tuple[str, str]] = Counter()
    slowest = 0.0
    problems: list[Outcome] = []
    kept = options.keep.open("w", encoding="utf-8") if options.keep else None
    for outcome in outcomes(files, options.mutations, options.processes):
        counts[outcome.stage, outcome.result] += 1
        slowest = max(slowest, outcome.seconds)
        if outcome.problem:
            problems.append(outcome)
        if kept is not None:
            kept.write(json.dumps(dict(zip(outcome.__struct_fields__, _fields(outcome), strict=True))) + "\n")
            kept.flush()
    table = Table("came to", "outcome", "cases", title=f"{len(files)} files, {options.mutations} mutations of each")
    for (stage, result), count in sorted(counts.items(), key=lambda item: -item[1]):
        table.add_row(stage, result, str(count))
    table.caption = (
        f"{sum(counts.values())} cases in {time.monotonic() - began:.0f} s; the slowest took {slowest:.1f} s; "
        f"{len(problems)} without an end or a code"
    )
    console = Console()
    console.print(table)
    for outcome in problems[:50]:
        console.print(f"{outcome.file} mutation {outcome.number}: {outcome.stage}: {outcome.problem}", markup=False)
    if problems:
        raise SystemExit(1)


def _fields(outcome: Outcome) -> list[object]:
    return [getattr(outcome, name) for name in outcome.__struct_fields__]
