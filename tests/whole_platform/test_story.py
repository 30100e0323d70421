"""The newcomer's story over HTTP: in one process, and with every service in a process of its own."""

from pathlib import Path
from typing import Any

import pytest

from .apart import apart
from .films import check_frames, sound_level, video_facts
from .running import Running
from .story import HEADLINE, tell

pytestmark = pytest.mark.xdist_group("platform")


def check(told: dict[str, Any]) -> None:
    """Assert that the film is the document: every frame there, the right pictures at the right places, the music under it."""
    document, film = told["document"], told["film"]
    check_frames(film, document, told["lengths"], assets=told["assets"])
    facts = video_facts(film)
    assert (facts["codec"], facts["height"], facts["fps"], facts["sound"]) == ("h264", 360, 30.0, ["aac"])
    assert sound_level(film, 1.0, 2.0) > 0.01
    assert any(HEADLINE in str(scene["values"]) for scene in document["scenes"])
    assert told["notice"]["action_url"]


def test_a_newcomer_gets_a_film_from_the_platform_in_one_process(platform: Running, tmp_path: Path) -> None:
    check(tell(platform, tmp_path))


def test_a_newcomer_gets_the_same_film_when_every_service_runs_alone(tmp_path: Path) -> None:
    with apart(tmp_path / "var") as platform:
        check(tell(platform, tmp_path))
