"""What tests of After Effects projects share."""

from collections.abc import Iterator

import pytest

from flatrender.engine.raster.pool import RasterLimits, WorkerPool


@pytest.fixture(scope="module")
def pool() -> Iterator[WorkerPool]:
    """One worker that draws."""
    with WorkerPool(1, limits=RasterLimits(frame_s=30, load_s=30)) as started:
        yield started
