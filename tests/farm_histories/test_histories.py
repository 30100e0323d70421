"""Histories of the farm: nodes that come back, fall silent, deliver late, twice or nothing, people who cancel, a clock that jumps.

The farm's rules run as they are, on a real PostgreSQL; only nobody draws, and time is turned instead of waited for. Every history is made from a
seed, so a failing one can be played again: the error shows its steps.
"""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.database_server import DatabaseCopy
from tests.farm_histories.history import STEPS, History, Step
from tests.farm_histories.world import FarmWorld

PARTS = 4
HISTORIES = int(os.environ.get("FLATRENDER_HISTORIES", "60"))
"""Of each part."""

steps = st.lists(
    st.builds(Step, st.sampled_from(STEPS), st.integers(0, 60), st.integers(0, 60)), min_size=8, max_size=40
)


@pytest.fixture(scope="module")
def world(module_database: DatabaseCopy) -> Iterator[FarmWorld]:
    made = FarmWorld(module_database)
    yield made
    made.close()


def played(world: FarmWorld, history: list[Step]) -> None:
    world.forget()

    async def play() -> None:
        telling = History(world)
        await telling.begin()
        await telling.play(Step("film"))
        for step in history:
            await telling.play(step)
        await telling.end()

    world.run(play())


@pytest.mark.parametrize("part", range(PARTS))
def test_no_history_loses_a_chunk_takes_one_twice_or_leaves_a_film_stuck(world: FarmWorld, part: int) -> None:
    @seed(20_260 + part)
    @settings(
        max_examples=HISTORIES,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(steps)
    def check(history: list[Step]) -> None:
        played(world, history)

    check()
