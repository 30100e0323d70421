"""Content on a real database, with files as a double; templates are the demo ones and small ones made here."""

import io
import json
import zipfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from flatrender.contracts.content import ContentApi
from flatrender.kit.db import Database
from flatrender.kit.module import ServiceModule
from flatrender.services.content.module import build
from flatrender.services.content.settings import ContentSettings
from tests.database_server import DatabaseCopy
from tests.service_doubles import ROOT, FakeFiles, application, caller_of, client_of, empty, pools_of

DEMO = ROOT / "templates"


@pytest.fixture
async def database(module_database: DatabaseCopy) -> AsyncIterator[Database]:
    empty(module_database, "content", "project_imports", "projects", "categories", "outbox_events", "idempotency_keys")
    database = pools_of(module_database, "content", "svc_content")
    await database.open()
    yield database
    await database.close()


@dataclass
class Content:
    """The service with its application and peers."""

    module: ServiceModule
    app: FastAPI
    files: FakeFiles
    database: Database
    settings: ContentSettings

    @property
    def api(self) -> ContentApi:
        api: ContentApi = self.module.api
        return api

    def client(self, *args: Any, **kwargs: Any) -> AsyncClient:
        return client_of(self.app, caller_of(*args, **kwargs))


@pytest.fixture
async def content(database: Database) -> AsyncIterator[Content]:
    files = FakeFiles()
    settings = ContentSettings()
    module = build(database=database, files=files, settings=settings)
    yield Content(module=module, app=application(module), files=files, database=database, settings=settings)
    assert module.close is not None
    await module.close()


def zipped(files: dict[str, bytes]) -> bytes:
    """Return an archive with these entries."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def small_template(
    key: str = "small", *, title: str = "کوچک", fields: list[dict[str, Any]] | None = None, **more: Any
) -> dict[str, bytes]:
    """Return the files of a template with one scene of 30 frames, a text and a rectangle."""
    text = {
        "ty": 5,
        "nm": "Headline",
        "ind": 1,
        "ip": 0,
        "op": 60,
        "st": 0,
        "ks": {
            "o": {"a": 0, "k": 100},
            "p": {"a": 0, "k": [160, 90, 0]},
            "a": {"a": 0, "k": [0, 0, 0]},
            "s": {"a": 0, "k": [100, 100, 100]},
        },
        "t": {
            "d": {
                "k": [{"t": 0, "s": {"s": 30, "f": "Vazirmatn", "t": "Hi", "j": 2, "tr": 0, "lh": 36, "fc": [1, 1, 1]}}]
            },
            "p": {},
            "m": {"g": 1, "a": {"a": 0, "k": [0, 0]}},
            "a": [],
        },
    }
    lottie = {
        "v": "5.7.0",
        "fr": 30,
        "ip": 0,
        "op": 60,
        "w": 320,
        "h": 180,
        "assets": [],
        "layers": [text],
        "fonts": {"list": [{"fName": "Vazirmatn", "fFamily": "Vazirmatn", "fStyle": "Regular"}]},
    }
    manifest = {
        "format": "flatrender-template/1",
        "key": key,
        "title": {"fa": title, "en": "Small"},
        "fps": 30,
        "sizes": [{"key": "16x9", "width": 320, "height": 180}],
        "scenes": [
            {
                "key": "main",
                "title": {"fa": "تنها صحنه"},
                "files": {"16x9": "scenes/main.json"},
                "duration_frames": 30,
                "snapshot_frame": 10,
                "fields": fields
                if fields is not None
                else [
                    {
                        "key": "headline",
                        "type": "text",
                        "label": {"fa": "تیتر"},
                        "default": {"fa": "سلام", "en": "Hello"},
                        "bindings": [{"layer": "Headline", "property": "text"}],
                        "constraints": {"max_length": 40},
                    }
                ],
            }
        ],
        **more,
    }
    return {
        "template.json": json.dumps(manifest, ensure_ascii=False).encode(),
        "scenes/main.json": json.dumps(lottie).encode(),
    }


def demo_archive(key: str) -> bytes:
    """Return one of the demo templates as an archive."""
    folder = DEMO / key
    return zipped({str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()})


def demo(key: str) -> Path:
    """Return the folder of a demo template."""
    return DEMO / key
