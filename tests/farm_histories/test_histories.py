"""Histories of the farm: nodes that come back, fall silent, deliver late, twice or nothing, people who cancel, servers that are away, a clock that jumps.

The farm's rules run as they are, on a real PostgreSQL; only nobody draws, and time is turned instead of waited for. Every history is made from a
seed, so a failing one can be played again: the error shows the seed and the shortest history that fails. FLATRENDER_HISTORIES sets how many there
are in all.
"""

import logging
import os
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.database_server import DatabaseCopy
from tests.farm_histories.history import CODES, History, Step, step_of
from tests.farm_histories.world import FarmWorld

BLOCKS = 16
HISTORIES = int(os.environ.get("FLATRENDER_HISTORIES", "2000"))
STEPS_AT_LEAST = 40
STEPS_AT_MOST = 48
FIRST_SEED = 20_260

histories = st.lists(st.integers(0, CODES - 1).map(step_of), min_size=STEPS_AT_LEAST, max_size=STEPS_AT_MOST)


@pytest.fixture(scope="module")
def world(module_database: DatabaseCopy) -> Iterator[FarmWorld]:
    configured = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    made = FarmWorld(module_database)
    yield made
    made.close()
    structlog.configure(**configured)


def played(world: FarmWorld, history: list[Step]) -> None:
    world.begin()

    async def play() -> None:
        telling = History(world)
        await telling.begin()
        await telling.play(Step("film"))
        for step in history:
            await telling.play(step)
        await telling.end()

    world.run(play())


@pytest.mark.parametrize("block", range(BLOCKS))
def test_no_history_loses_a_chunk_takes_one_twice_or_leaves_a_film_stuck(world: FarmWorld, block: int) -> None:
    logging.getLogger(__name__).info("the seed of these histories is %d", FIRST_SEED + block)

    @seed(FIRST_SEED + block)
    @settings(
        max_examples=-(-HISTORIES // BLOCKS),
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(histories)
    def check(history: list[Step]) -> None:
        played(world, history)

    check()
