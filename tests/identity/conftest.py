"""Identity on a real database behind the real gateway."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from flatrender.kit.db import Database
from flatrender.services.identity.module import ensure_tenant
from flatrender.services.identity.settings import IdentitySettings
from tests.database_server import DatabaseCopy
from tests.identity.identity_platform import SECOND_TENANT, Platform


@pytest.fixture
async def database(module_database: DatabaseCopy) -> AsyncIterator[Database]:
    database = Database("identity", module_database.dsn("svc_identity"), module_database.dsn("svc_identity_worker"))
    await database.open()
    yield database
    await database.close()


@pytest.fixture
async def platform(database: Database, module_database: DatabaseCopy) -> AsyncIterator[Platform]:
    settings = IdentitySettings(refresh_grace=timedelta(seconds=10), base_domains=("flatrender.test",))
    platform = Platform(settings, database, module_database.admin_dsn)
    assert platform.module.open
    await platform.module.open()
    await ensure_tenant(database, SECOND_TENANT, slug="second", name="Second", default_locale="en")
    platform.admin("TRUNCATE identity.auth_throttles")
    yield platform
    assert platform.module.close
    await platform.module.close()
