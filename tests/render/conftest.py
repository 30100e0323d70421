"""One farm a module, emptied before each test."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.database_server import DatabaseCopy
from tests.render.farm import Farm, numbered


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running_farm(module_database: DatabaseCopy, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Farm]:
    async with Farm(module_database, tmp_path_factory.mktemp("farm")) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def farm(running_farm: Farm) -> Farm:
    """A farm with three scenes whose frames show numbers: 0–29, 100–139, 200–219."""
    # In a thread: what the last test left may hold a lock that only this loop can release.
    await asyncio.to_thread(running_farm.empty)
    running_farm.templates.clear()
    for key, frames, base in (("a", 30, 0), ("b", 40, 100), ("c", 20, 200)):
        running_farm.templates.add(key, numbered(frames, base=base), frames)
    return running_farm
