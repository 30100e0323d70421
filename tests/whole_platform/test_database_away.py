"""While PostgreSQL is away the platform refuses in words, and goes on when it is back."""

import signal

import httpx
import pytest

from .problem_documents import checked
from .running import Running, eventually
from .test_kills import postmaster_of

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("kills")]
DATABASE_AWAY = (503, "database_unavailable")


def test_while_the_database_is_away_the_platform_says_so_and_then_goes_on(breakable_platform: Running) -> None:
    platform = breakable_platform
    client = platform.client("user")
    assert platform.process is not None
    platform.process.send_signal(signal.SIGSTOP)  # or it would start PostgreSQL again at once
    try:
        postmaster_of(platform).kill()

        def refused() -> httpx.Response | None:
            answer = client.get("/v1/saved-projects")
            return answer if answer.status_code != 200 else None

        answer = eventually(refused, timeout_s=30, what="the database being missed")
        problem = checked(platform, answer, *DATABASE_AWAY)
        assert "try again" in problem["detail"]
        assert int(answer.headers["retry-after"]) >= 1
        assert client.get("/readyz").status_code == 503
    finally:
        platform.process.send_signal(signal.SIGCONT)
    eventually(lambda: client.get("/v1/saved-projects").status_code == 200, timeout_s=60, what="going on")
