"""One platform a test worker for the tests that only use it; tests that break things start their own."""

from collections.abc import Iterator

import pytest

from .running import Running, running


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A platform that stays up for all tests of this worker."""
    yield from running(tmp_path_factory.mktemp("platform") / "var")


@pytest.fixture(scope="session")
def breakable_platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A platform for tests that kill parts of it, one after the other. Leases are short, so that what is lost is noticed soon."""
    yield from running(tmp_path_factory.mktemp("breakable") / "var", FLATRENDER_LEASE_S="6", FLATRENDER_HEARTBEAT_S="1")
