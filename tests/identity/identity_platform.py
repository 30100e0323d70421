"""Identity on a real database behind the real gateway."""

from typing import Any
from uuid import UUID

import httpx
import psycopg
from fastapi import FastAPI

from flatrender.host.gateway import Gateway
from flatrender.kit.db import Database
from flatrender.kit.http import install_problem_handlers
from flatrender.kit.ids import DEFAULT_TENANT_ID
from flatrender.services.identity.module import build, ensure_account
from flatrender.services.identity.settings import IdentitySettings

SECOND_TENANT = UUID("00000000-0000-7000-8000-000000000002")
PASSWORD = "گذرواژهٔ بلند 42"


class Platform:
    """The service as people reach it."""

    def __init__(self, settings: IdentitySettings, database: Database, admin_dsn: str) -> None:
        self.module = build(database=database, settings=settings)
        self.database = database
        self._admin_dsn = admin_dsn
        app = FastAPI()
        install_problem_handlers(app)
        for router in self.module.routers:
            app.include_router(router)
        self.app = Gateway(app, identity=self.module.api)

    def client(self, *, host: str = "flatrender.test", ip: str = "198.51.100.7", **headers: str) -> httpx.AsyncClient:
        """Return a client with its own cookies."""
        transport = httpx.ASGITransport(app=self.app, client=(ip, 40000))
        return httpx.AsyncClient(
            transport=transport,
            base_url=f"http://{host}",
            headers={name.replace("_", "-"): value for name, value in headers.items()},
        )

    def admin(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Run one statement as superuser."""
        with psycopg.connect(self._admin_dsn, autocommit=True) as conn:
            cursor = conn.execute(statement, parameters)  # type: ignore[arg-type]
            return cursor.fetchall() if cursor.description else []

    async def account(
        self,
        email: str,
        *,
        tenant: UUID = DEFAULT_TENANT_ID,
        roles: tuple[str, ...] = ("user",),
        password: str = PASSWORD,
    ) -> UUID:
        """Make an account."""
        made = await ensure_account(
            self.database, tenant_id=tenant, email=email, password=password, roles=roles, display_name="مینا"
        )
        return made.user_id
