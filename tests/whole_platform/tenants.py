"""Second and third tenants for tests: made in the platform's own database, signed in by host name as their people would."""

import asyncio
import json
import secrets
import uuid
from dataclasses import dataclass

import httpx

from flatrender.kit.db import Database
from flatrender.services.identity.service.people import ensure_account, ensure_tenant

from .running import Running


@dataclass(frozen=True)
class Tenant:
    """A tenant with an administrator and a client signed in as them."""

    id: uuid.UUID
    slug: str
    user_id: uuid.UUID
    client: httpx.Client


def new_tenant(platform: Running, *, patient: bool = False) -> Tenant:
    """Make a tenant with one person who has every permission, and whose client is `patient` (see `Running.client`)."""
    tenant_id, slug, password = uuid.uuid4(), f"tenant-{secrets.token_hex(4)}", secrets.token_urlsafe(12)
    addresses = json.loads((platform.data_dir / "database.json").read_text())

    async def make() -> uuid.UUID:
        database = Database(
            "tests", addresses["svc_identity"], addresses["svc_identity_worker"], max_size=1, worker_max_size=1
        )
        await database.open()
        try:
            await ensure_tenant(database, tenant_id, slug=slug, name=slug)
            account = await ensure_account(
                database,
                tenant_id=tenant_id,
                email="owner@example.org",
                password=password,
                roles=("admin",),
                display_name="Owner",
            )
        finally:
            await database.close()
        return account.user_id

    user_id = asyncio.run(make())
    client = platform.client(None, patient=patient)
    client.headers["Host"] = f"{slug}.localhost:{platform.port}"
    answer = client.post("/v1/auth/login", json={"email": "owner@example.org", "password": password})
    assert answer.status_code == 200, answer.text
    client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
    return Tenant(tenant_id, slug, user_id, client)
