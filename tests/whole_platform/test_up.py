"""`flatrender up`: ready soon, stopped by ctrl-C with nothing left running and nothing lost."""

from pathlib import Path

import pytest

from .running import Running
from .story import edited

pytestmark = pytest.mark.xdist_group("up")


def test_ctrl_c_stops_everything_and_a_second_start_finds_everything(tmp_path: Path) -> None:
    platform = Running(tmp_path / "var")
    platform.start()
    client = platform.client("user")
    document = edited(client, scenes=1)
    passwords = platform.accounts()
    platform.stop()
    assert platform.processes() == []
    assert platform.process is not None
    assert platform.process.returncode == 0

    platform.start()
    try:
        assert platform.accounts() == passwords
        assert client.get(f"/v1/saved-projects/{document['id']}").json() == document
        assert all(account["password"] in platform.output for account in passwords.values())
        assert platform.address in platform.output
    finally:
        platform.hang_up()
        platform.stop()
    assert platform.processes() == []


def test_a_second_platform_in_the_same_folder_says_that_it_is_in_use(platform: Running) -> None:
    second = Running(platform.data_dir)
    with pytest.raises(AssertionError, match="in use"):
        second.start()
