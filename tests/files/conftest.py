"""Files on a real database and a real folder."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from flatrender.kit.db import Database
from flatrender.services.files.settings import FilesSettings
from tests.database_server import DatabaseCopy
from tests.files.files_platform import Platform


@pytest.fixture
async def platform(module_database: DatabaseCopy, tmp_path: Path) -> AsyncIterator[Platform]:
    database = Database("files", module_database.dsn("svc_file"), module_database.dsn("svc_file_worker"))
    await database.open()
    settings = FilesSettings(
        max_upload_bytes=4_000_000,
        purpose_bytes={"user_media": 2_000_000, "audio": 3_000_000},
        max_object_bytes=1_000_000,
        user_quota_bytes=20_000_000,
        spool_folder=tmp_path / "spool",
        max_pixels=2_000_000,
        stall_s=2.0,
    )
    platform = Platform(settings, database, module_database.admin_dsn, tmp_path / "objects")
    # the store is new for each test, so the rows that point into it are too
    platform.admin("TRUNCATE file_mgr.files, file_mgr.blobs, file_mgr.quotas, file_mgr.outbox_events CASCADE")
    yield platform
    assert list((tmp_path / "spool").glob("*")) == [] if (tmp_path / "spool").exists() else True
    assert platform.module.close
    await platform.module.close()
    await database.close()
