"""Runs with new seeds until the time is over, or until the first run after which something is wrong: `make chaos`.

CHAOS_MINUTES (60), CHAOS_SEED (the first seed; default: from the clock), CHAOS_RUNS (no limit), CHAOS_FOLDER (where a failure's report goes; default
var/chaos). Everything that a failing run needs to be understood stays there: the parts' logs, the schedule, what the audit found.
"""

import os
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.farm_faults.parts import FaultyFarm
from tests.farm_faults.runs import Report, Runs
from tests.farm_faults.schedule import schedule

RUNS_OF_A_FARM = 5
"""After so many runs the farm is made anew."""


def say(text: object) -> None:
    """Write a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def keep(report: Report, farm_folder: Path, into: Path) -> None:
    """Leave everything about a failed run in a folder."""
    into.mkdir(parents=True, exist_ok=True)
    (into / "report.txt").write_text(
        "\n".join(
            [str(report), "", "wrong:", *report.wrong, "", "faults:", *report.faults, "", "answered with 500:", *report.refused_500, "", "schedule:",
             *(str(fault) for fault in schedule(report.seed, chunks=320))]
        )
    )  # fmt: skip
    for log in [*farm_folder.glob("*.log"), *farm_folder.glob("pg/*.log")]:
        shutil.copy(log, into / log.name)


def main() -> int:
    """Run; return the exit code. SIGTERM and SIGINT end the run in order: nothing is left behind."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(130))
    until = time.monotonic() + 60 * float(os.environ.get("CHAOS_MINUTES", "60"))
    seed = int(os.environ.get("CHAOS_SEED", str(int(time.time()) % 1_000_000)))
    left = int(os.environ.get("CHAOS_RUNS", "1000000"))
    reports = Path(os.environ.get("CHAOS_FOLDER", "var/chaos"))
    runs = chunks = 0
    while time.monotonic() < until and left > 0:
        folder = Path(tempfile.mkdtemp(prefix="chaos-"))
        folder.chmod(0o755)
        farm = FaultyFarm(folder, seed=seed)
        on_farm = Runs(farm, folder)
        try:
            farm.start()
            on_farm.begin()
            for _ in range(RUNS_OF_A_FARM):
                if time.monotonic() > until or left == 0:
                    break
                report = on_farm.run(seed)
                say(report)
                for line, times in Counter(line.split(" → ")[0] for line in report.refused_500).items():
                    say(f"   answered with 500, {times} times: {line}")
                runs, chunks, left = runs + 1, chunks + report.chunks, left - 1
                if report.wrong:
                    keep(report, folder, reports / f"seed-{seed}")
                    say(f"something is wrong: see {reports / f'seed-{seed}'}")
                    say(f"play it again with CHAOS_SEED={seed} CHAOS_RUNS=1 make chaos")
                    return 1
                seed += 1
        finally:
            farm.stop()
            shutil.rmtree(folder, ignore_errors=True)
    say(f"{runs} runs, {chunks} chunks: nothing lost, nothing accepted twice, nothing stuck")
    return 0


if __name__ == "__main__":
    sys.exit(main())
