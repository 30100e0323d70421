"""Identity on a real database behind the real gateway."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest
from identity_platform import SECOND_TENANT, Platform

from flatrender.kit.db import Database
from flatrender.services.identity.module import ensure_tenant
from flatrender.services.identity.settings import IdentitySettings


@pytest.fixture
async def database(dsn: Callable[[str], str]) -> AsyncIterator[Database]:
    database = Database("identity", dsn("svc_identity"), dsn("svc_identity_worker"))
    await database.open()
    yield database
    await database.close()


@pytest.fixture
async def platform(database: Database, dsn: Callable[[str], str]) -> AsyncIterator[Platform]:
    settings = IdentitySettings(refresh_grace=timedelta(seconds=10), base_domains=("flatrender.test",))
    platform = Platform(settings, database, dsn("postgres"))
    assert platform.module.open
    await platform.module.open()
    await ensure_tenant(database, SECOND_TENANT, slug="second", name="Second", default_locale="en")
    platform.admin("TRUNCATE identity.auth_throttles")
    yield platform
    assert platform.module.close
    await platform.module.close()
