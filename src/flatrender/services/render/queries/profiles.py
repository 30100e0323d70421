"""A tenant's own output profiles (`output_profiles`)."""

from datetime import datetime
from uuid import UUID

import msgspec
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from flatrender.kit.db import Conn


class ProfileValues(msgspec.Struct, frozen=True, kw_only=True):
    """What a profile says."""

    name: dict[str, str]
    container: str
    video_codec: str | None
    max_height: int
    crf: int | None
    bitrate_kbps: int | None
    pixel_format: str | None
    watermark: bool
    cost_multiplier: float
    is_active: bool


class OwnProfile(ProfileValues, frozen=True, kw_only=True):
    """A profile of the tenant's own."""

    key: str
    row_version: int
    updated_at: datetime


async def own(conn: Conn, *, tenant_id: UUID) -> list[OwnProfile]:
    """Return the tenant's own profiles by key."""
    async with conn.cursor(row_factory=class_row(OwnProfile)) as cursor:
        await cursor.execute(
            "SELECT key, name, container, video_codec, max_height, crf, bitrate_kbps, pixel_format, watermark, cost_multiplier::float8 AS cost_multiplier,"
            " is_active, row_version, updated_at FROM render.output_profiles WHERE tenant_id = %s AND container <> 'mp3' ORDER BY key",
            (tenant_id,),
        )
        return await cursor.fetchall()


async def insert(conn: Conn, *, tenant_id: UUID, key: str, values: ProfileValues) -> bool:
    """Insert a profile; False when the tenant has one of this key."""
    cursor = await conn.execute(
        "INSERT INTO render.output_profiles (tenant_id, key, name, container, video_codec, max_height, crf, bitrate_kbps, pixel_format, watermark,"
        " cost_multiplier, is_active) VALUES (%(tenant)s, %(key)s, %(name)s, %(container)s, %(video_codec)s, %(max_height)s, %(crf)s, %(bitrate_kbps)s,"
        " %(pixel_format)s, %(watermark)s, %(cost_multiplier)s, %(is_active)s) ON CONFLICT (tenant_id, key) DO NOTHING",
        {"tenant": tenant_id, "key": key, **msgspec.to_builtins(values), "name": Jsonb(values.name)},
    )
    return cursor.rowcount == 1


async def update(conn: Conn, *, tenant_id: UUID, key: str, values: ProfileValues) -> None:
    """Change a profile."""
    await conn.execute(
        "UPDATE render.output_profiles SET name = %(name)s, container = %(container)s, video_codec = %(video_codec)s, max_height = %(max_height)s,"
        " crf = %(crf)s, bitrate_kbps = %(bitrate_kbps)s, pixel_format = %(pixel_format)s, watermark = %(watermark)s,"
        " cost_multiplier = %(cost_multiplier)s, is_active = %(is_active)s WHERE tenant_id = %(tenant)s AND key = %(key)s",
        {"tenant": tenant_id, "key": key, **msgspec.to_builtins(values), "name": Jsonb(values.name)},
    )


async def delete(conn: Conn, *, tenant_id: UUID, key: str) -> bool:
    """Remove a profile; False when there is none."""
    cursor = await conn.execute(
        "DELETE FROM render.output_profiles WHERE tenant_id = %s AND key = %s", (tenant_id, key)
    )
    return cursor.rowcount == 1
