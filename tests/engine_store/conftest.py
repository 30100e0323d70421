"""Scenes whose frames say which they are, as for the films' tests."""

from collections.abc import Iterator

import pytest

from flatrender.engine.raster.pool import WorkerPool
from tests.engine_film.conftest import LIMITS


@pytest.fixture(scope="session")
def pool() -> Iterator[WorkerPool]:
    with WorkerPool(2, limits=LIMITS) as made:
        yield made
