"""Identity, put together."""

from flatrender.contracts.identity import IdentityApi
from flatrender.kit.clock import Clock, system_clock
from flatrender.kit.db import Database
from flatrender.kit.module import ServiceModule
from flatrender.services.identity.api import LocalIdentity
from flatrender.services.identity.endpoints import router
from flatrender.services.identity.service.passwords import Passwords
from flatrender.services.identity.service.people import People, ensure_account, ensure_tenant
from flatrender.services.identity.service.sessions import Sessions
from flatrender.services.identity.service.sign_in import SignIn
from flatrender.services.identity.service.tenants import Tenants
from flatrender.services.identity.settings import IdentitySettings
from flatrender.services.identity.tasks import housekeeping, keep_partitions

__all__ = ["build", "ensure_account", "ensure_tenant"]


def build(
    *, database: Database, settings: IdentitySettings | None = None, clock: Clock = system_clock
) -> ServiceModule:
    """Return the service. `database` holds the pools of `svc_identity`."""
    chosen = settings or IdentitySettings()
    passwords = Passwords(queue_limit=chosen.hash_queue_limit)
    sessions, tenants, people = Sessions(database, chosen), Tenants(database, chosen), People(database)
    sign_in = SignIn(database, passwords, chosen)

    async def open_() -> None:
        await keep_partitions(database, clock)

    async def close() -> None:
        passwords.close()

    return ServiceModule(
        name="identity",
        schema="identity",
        database=database,
        contract=IdentityApi,
        api=LocalIdentity(sessions, tenants, people),
        routers=(router(sign_in=sign_in, sessions=sessions, people=people, tenants=tenants),),
        background=(housekeeping(database, clock),),
        open=open_,
        close=close,
    )
