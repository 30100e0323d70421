"""One farm a test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.database_server import DatabaseCopy
from tests.render.farm import Farm, numbered


@pytest.fixture
async def farm(fresh_database: DatabaseCopy, tmp_path: Path) -> AsyncIterator[Farm]:
    """A farm with three scenes whose frames show numbers: 0–29, 100–139, 200–219."""
    made = Farm(fresh_database, tmp_path)
    for key, frames, base in (("a", 30, 0), ("b", 40, 100), ("c", 20, 200)):
        made.templates.add(key, numbered(frames, base=base), frames)
    async with made:
        yield made
