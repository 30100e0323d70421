"""What a film was made of."""

from typing import Any
from uuid import UUID

import msgspec
from psycopg.rows import class_row

from flatrender.kit.db import Conn


class MadeOf(msgspec.Struct, frozen=True, kw_only=True):
    """A film's frozen input and what belongs to it."""

    user_id: UUID
    saved_project_id: UUID
    project_id: UUID
    project_version_id: UUID
    package_sha256: bytes
    status: str
    input: dict[str, Any]
    has_voiceover: bool
    music_volume: float
    sfx_volume: float
    voiceover_volume: float


async def made_of(conn: Conn, *, tenant_id: UUID, job_id: UUID) -> MadeOf | None:
    """Return what a film was made of."""
    async with conn.cursor(row_factory=class_row(MadeOf)) as cursor:
        await cursor.execute(
            "SELECT user_id, saved_project_id, project_id, project_version_id, package_sha256, status, input, has_voiceover,"
            " coalesce(music_volume, 1)::float8 AS music_volume, coalesce(sfx_volume, 1)::float8 AS sfx_volume,"
            " coalesce(voiceover_volume, 1)::float8 AS voiceover_volume FROM render.render_jobs WHERE tenant_id = %s AND id = %s",
            (tenant_id, job_id),
        )
        return await cursor.fetchone()
