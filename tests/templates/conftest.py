"""The demo templates as they are committed, and one small pool that draws them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from flatrender.engine.raster.pool import WorkerPool
from flatrender.engine.template import Template, load_template

FOLDER = Path(__file__).parents[2] / "templates"
KEYS = ("opener", "promo", "quote", "sale")


@pytest.fixture(scope="session")
def templates() -> dict[str, Template]:
    return {key: load_template(FOLDER / key) for key in KEYS}


@pytest.fixture(params=KEYS)
def template(request: pytest.FixtureRequest, templates: dict[str, Template]) -> Template:
    return templates[request.param]


@pytest.fixture(scope="session")
def pool() -> Iterator[WorkerPool]:
    with WorkerPool(1) as workers:
        yield workers
