"""A pool with patience: decoders take long to start on a busy machine."""

from collections.abc import Iterator

import pytest

from flatrender.engine.raster.pool import WorkerPool


@pytest.fixture(scope="session")
def pool() -> Iterator[WorkerPool]:
    with WorkerPool(2) as made:
        yield made
