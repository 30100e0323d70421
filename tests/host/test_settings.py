"""Settings: read from the environment, refused when wrong, described as they are."""

import runpy
from pathlib import Path

import pytest
from pydantic import ValidationError

from flatrender.host.settings import Settings

ROOT = Path(__file__).resolve().parents[2]


def test_the_settings_page_says_what_the_code_says() -> None:
    page = runpy.run_path(str(ROOT / "scripts" / "write_settings_page.py"))["page"]
    assert (ROOT / "docs" / "settings.md").read_text(encoding="utf-8") == page()


def test_development_snapshots_are_off_unless_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RENDER_DEV_SNAPSHOTS", raising=False)
    assert Settings().dev_snapshots is False
    monkeypatch.setenv("RENDER_DEV_SNAPSHOTS", "1")
    assert Settings().dev_snapshots is True


def test_peers_are_read_from_one_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLATRENDER_PEERS", "identity=http://10.0.0.2:8081/, content=http://10.0.0.3:8082")
    assert Settings().peers == {"identity": "http://10.0.0.2:8081", "content": "http://10.0.0.3:8082"}
    monkeypatch.setenv("FLATRENDER_PEERS", "identity")
    with pytest.raises(ValidationError):
        Settings()
