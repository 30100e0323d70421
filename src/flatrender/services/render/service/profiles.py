"""A tenant's own output profiles, as its administrators handle them.

What the engine could not make is refused when it is written, not when somebody renders.
"""

from uuid import UUID

import msgspec

from flatrender.engine.errors import RenderError
from flatrender.kit.db import Conn, Database, current_version_check
from flatrender.services.render import errors
from flatrender.services.render.queries import profiles as rows
from flatrender.services.render.queries.jobs import ProfileRow
from flatrender.services.render.queries.profiles import OwnProfile, ProfileValues
from flatrender.services.render.service.planning import film_settings, film_size

LOWEST, HIGHEST = 16, 2160
TRIED_RATES = (24.0, 60.0)
MOST_PROFILES = 100


class Profiles:
    """The output profiles of all tenants, each call for one."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def own(self, tenant_id: UUID) -> list[OwnProfile]:
        """Return the tenant's own profiles by key, also those that are switched off."""
        async with self._database.tenant(tenant_id) as conn:
            return await rows.own(conn, tenant_id=tenant_id)

    async def make(self, tenant_id: UUID, key: str, values: ProfileValues) -> OwnProfile:
        """Make a profile; one with a key of the platform's takes its place. Raises ProfileInvalid and NameTaken."""
        check(key, values)
        async with self._database.tenant(tenant_id) as conn:
            if len(await rows.own(conn, tenant_id=tenant_id)) >= MOST_PROFILES:
                raise errors.ProfileInvalid(f"a tenant has at most {MOST_PROFILES} profiles of its own")
            if not await rows.insert(conn, tenant_id=tenant_id, key=key, values=values):
                raise errors.NameTaken(f"there is a profile {key} already; choose another key")
            return await self._one(conn, tenant_id, key)

    async def change(self, tenant_id: UUID, key: str, *, version: int, values: ProfileValues) -> OwnProfile:
        """Change a profile; films that are planned already stay as they were planned. Raises ProfileInvalid, ProfileNotFound and PreconditionFailed."""
        check(key, values)
        async with self._database.tenant(tenant_id) as conn:
            row = await self._one(conn, tenant_id, key)
            current_version_check(version, row.row_version)
            await rows.update(conn, tenant_id=tenant_id, key=key, values=values)
            return await self._one(conn, tenant_id, key)

    async def delete(self, tenant_id: UUID, key: str) -> None:
        """Remove a profile; the platform's of the same key is there again. Raises ProfileNotFound."""
        async with self._database.tenant(tenant_id) as conn:
            if not await rows.delete(conn, tenant_id=tenant_id, key=key):
                raise errors.ProfileNotFound(f"there is no profile {key} of your own")

    async def _one(self, conn: Conn, tenant_id: UUID, key: str) -> OwnProfile:
        found = next((row for row in await rows.own(conn, tenant_id=tenant_id) if row.key == key), None)
        if found is None:
            raise errors.ProfileNotFound(f"there is no profile {key} of your own")
        return found


def check(key: str, values: ProfileValues) -> None:
    """Raise ProfileInvalid unless the engine makes films of these settings, in the usual shapes and rates."""
    if not LOWEST <= values.max_height <= HIGHEST:
        raise errors.ProfileInvalid(
            f"a profile's height is {LOWEST} to {HIGHEST} pixels", fields=[("max_height", f"{LOWEST} to {HIGHEST}")]
        )
    profile = as_row(key, values)
    for shape in ((3840, 2160), (2160, 3840), (2160, 2160)):
        for fps in TRIED_RATES:
            width, height = film_size(*shape, values.max_height)
            try:
                film_settings(profile, width=width, height=height, fps=fps)
            except RenderError as error:
                raise errors.ProfileInvalid(str(error)) from error


def as_row(key: str, values: ProfileValues) -> ProfileRow:
    """Return the profile as planning takes it."""
    given = msgspec.to_builtins(values)
    return ProfileRow(key=key, **{name: given[name] for name in given if name in ProfileRow.__struct_fields__})
