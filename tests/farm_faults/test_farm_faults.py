"""Two short runs of what `make chaos` does for an hour: real processes are killed, stopped and cut off while films run, then everything is looked at."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.farm_faults.chaos import keep
from tests.farm_faults.parts import FaultyFarm
from tests.farm_faults.runs import Runs

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("farm-faults"), pytest.mark.timeout(420)]
SEEDS = (7, 8)
FILMS = 2


@pytest.fixture(scope="module")
def runs() -> Iterator[Runs]:
    import tempfile

    with tempfile.TemporaryDirectory(prefix="faults-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        # PostgreSQL runs as another user when we are root and must pass through.
        folder.chmod(0o755)
        farm = FaultyFarm(folder, seed=SEEDS[0])
        try:
            farm.start()
            made = Runs(farm, folder)
            made.begin()
            yield made
        finally:
            farm.stop()


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_is_killed_stopped_or_cut_off_every_film_arrives_once_with_every_frame(
    runs: Runs, seed: int, tmp_path: Path
) -> None:
    report = runs.run(seed, films=FILMS, at_least=100, every=9)
    if report.wrong:
        keep(report, runs.folder, tmp_path / "report")
    assert not report.wrong, f"{report}\nfaults: {report.faults}\nlogs in {tmp_path / 'report'}"
    assert report.chunks >= 100
    assert len(report.faults) >= 5
    assert report.outcomes["completed"] >= 1
