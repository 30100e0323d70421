"""The document's rules: creating, loading, saving as a whole, copying, deleting."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from flatrender.contracts.content import ContentApi
from flatrender.kit.db import Conn, Database, IdempotencyKey, current_version_check, emit, run_once
from flatrender.kit.errors import NotFound
from flatrender.kit.ids import new_id
from flatrender.services.studio.checking import Checks
from flatrender.services.studio.errors import not_found
from flatrender.services.studio.forms import Checked, Saved, audio_of, new_document, scene_row
from flatrender.services.studio.queries import documents, tracks
from flatrender.services.studio.queries.documents import DocumentRow
from flatrender.services.studio.schemas import Audio, CreateBody, DocumentBody

FADE_OUT_MS = 1500
"""How a new document's music ends."""


class Documents:
    """Saved projects of one person at a time."""

    def __init__(self, *, database: Database, content: ContentApi, checks: Checks) -> None:
        self._database = database
        self._content = content
        self._checks = checks

    async def list_own(self, *, tenant_id: UUID, user_id: UUID, before: UUID | None, limit: int) -> list[DocumentRow]:
        """Return a person's saved projects, newest first."""
        async with self._database.tenant(tenant_id) as conn:
            return await documents.list_own(conn, tenant_id=tenant_id, user_id=user_id, before=before, limit=limit)

    async def load(self, *, tenant_id: UUID, user_id: UUID, document_id: UUID) -> Saved:
        """Return a document; raise NotFound when it is not this person's."""
        async with self._database.tenant(tenant_id) as conn:
            return await load(conn, tenant_id, user_id, document_id)

    async def create(
        self, *, tenant_id: UUID, user_id: UUID, locale: str, body: CreateBody, key: IdempotencyKey | None
    ) -> Saved:
        """Make a document of a released template: all of its scenes, a preset's colours, its first music, no values of its own."""
        found = await self._content.template_details(tenant_id=tenant_id, project_ids=[body.project_id])
        if not found:
            raise NotFound("there is no such template", code="studio.template_not_found")
        template = found[0]
        fresh = new_document(template, body, locale)
        async with self._database.tenant(tenant_id) as conn:

            async def effect() -> UUID:
                music = [piece.file_id for piece in template.music][:1]
                known = await tracks.by_ids(conn, tenant_id=tenant_id, ids=music)
                audio = Audio(music_track_id=known[0].id, music_fade_out_ms=FADE_OUT_MS) if known else Audio()
                checked = msgspec.structs.replace(fresh, audio=audio)
                return await _add(conn, tenant_id, user_id, template.project_id, template.version_id, checked)

            document_id = (
                await effect()
                if key is None
                else await run_once(conn, "studio", tenant_id, "create", key, UUID, effect)
            )
            return await load(conn, tenant_id, user_id, document_id)

    async def save(
        self, *, tenant_id: UUID, user_id: UUID, document_id: UUID, expected: int, body: DocumentBody
    ) -> Saved:
        """Write the whole document.

        Raises NotFound, PreconditionFailed when the caller's version is not the present one, Refused with the path of each value that
        does not fit.
        """
        async with self._database.tenant(tenant_id) as conn:
            row = await documents.own(conn, tenant_id=tenant_id, user_id=user_id, document_id=document_id)
        if row is None:
            raise not_found()
        current_version_check(expected, row.row_version)
        template = await self._checks.template(tenant_id=tenant_id, version_id=row.project_version_id)
        checked = await self._checks.check(tenant_id=tenant_id, user_id=user_id, template=template, body=body)
        async with self._database.tenant(tenant_id) as conn:
            current = await documents.lock(conn, tenant_id=tenant_id, user_id=user_id, document_id=document_id)
            if current is None:
                raise not_found()
            current_version_check(expected, current)
            await _write(conn, tenant_id, user_id, document_id, checked)
            return await load(conn, tenant_id, user_id, document_id)

    async def duplicate(
        self, *, tenant_id: UUID, user_id: UUID, document_id: UUID, key: IdempotencyKey | None
    ) -> Saved:
        """Copy a document; the copy has scenes of its own."""
        async with self._database.tenant(tenant_id) as conn:
            saved = await load(conn, tenant_id, user_id, document_id)

            async def effect() -> UUID:
                scene_ids = await documents.template_scene_ids(conn, tenant_id=tenant_id, document_id=document_id)
                row = saved.row
                copy = Checked(
                    title=f"{row.title[:190]} (2)".strip(),
                    size=row.size,
                    locale=row.locale,
                    palette=row.palette,
                    global_values=row.global_values,
                    audio=audio_of(saved),
                    scenes=[
                        scene_row(
                            scene_ids[scene.id],
                            scene.scene_key,
                            scene.duration_frames,
                            scene.field_values,
                            scene.color_overrides,
                            transition=scene.transition,
                        )
                        for scene in saved.scenes
                    ],
                    duration_frames=row.duration_frames or 0,
                    thumbnail_url=row.thumbnail_url,
                    new_tracks=[],
                )
                return await _add(conn, tenant_id, user_id, row.project_id, row.project_version_id, copy)

            copy_id = (
                await effect()
                if key is None
                else await run_once(conn, "studio", tenant_id, f"duplicate:{document_id}", key, UUID, effect)
            )
            return await load(conn, tenant_id, user_id, copy_id)

    async def delete(self, *, tenant_id: UUID, user_id: UUID, document_id: UUID) -> None:
        """Move a document to the trash; raise NotFound when it is not this person's."""
        async with self._database.tenant(tenant_id) as conn:
            project_id = await documents.soft_delete(
                conn, tenant_id=tenant_id, user_id=user_id, document_id=document_id
            )
            if project_id is None:
                raise not_found()
            await _emit(conn, tenant_id, "saved_project.deleted", document_id, user_id, project_id)


async def load(conn: Conn, tenant_id: UUID, user_id: UUID, document_id: UUID) -> Saved:
    """Return a document inside the caller's transaction; raise NotFound when it is not this person's."""
    row = await documents.own(conn, tenant_id=tenant_id, user_id=user_id, document_id=document_id)
    if row is None:
        raise not_found()
    return Saved(
        row=row,
        scenes=await documents.scenes(conn, tenant_id=tenant_id, document_id=document_id),
        effects=await documents.effects(conn, tenant_id=tenant_id, document_id=document_id),
    )


async def _add(
    conn: Conn, tenant_id: UUID, user_id: UUID, project_id: UUID, version_id: UUID, checked: Checked
) -> UUID:
    document_id = new_id()
    await documents.insert(
        conn,
        tenant_id=tenant_id,
        user_id=user_id,
        document_id=document_id,
        project_id=project_id,
        project_version_id=version_id,
    )
    await _write(conn, tenant_id, user_id, document_id, checked)
    await _emit(conn, tenant_id, "saved_project.created", document_id, user_id, project_id)
    return document_id


async def _write(conn: Conn, tenant_id: UUID, user_id: UUID, document_id: UUID, checked: Checked) -> None:
    for file, kind in checked.new_tracks:
        await tracks.put(
            conn,
            tenant_id=tenant_id,
            file_id=file.id,
            owner_user_id=user_id,
            kind=kind,
            source="upload",
            title=file.name,
            duration_ms=file.duration_ms or 1,
            license="own",
        )
    audio = checked.audio
    await documents.update(
        conn,
        tenant_id=tenant_id,
        document_id=document_id,
        title=checked.title,
        size=checked.size,
        locale=checked.locale,
        palette=checked.palette,
        global_values=checked.global_values,
        music_track_id=audio.music_track_id,
        music_volume=audio.music_volume,
        music_start_ms=audio.music_start_ms,
        music_fade_out_ms=audio.music_fade_out_ms,
        voiceover_track_id=audio.voiceover_track_id,
        voiceover_volume=audio.voiceover_volume,
        voiceover_start_ms=audio.voiceover_start_ms,
        sfx_enabled=audio.sfx_enabled,
        sfx_volume=audio.sfx_volume,
        duration_frames=checked.duration_frames or None,
        thumbnail_url=checked.thumbnail_url,
    )
    sent = [row["id"] for row in checked.scenes if row["id"] is not None]
    own = await documents.keep_scenes(conn, tenant_id=tenant_id, document_id=document_id, ids=sent)
    await documents.write_scenes(conn, tenant_id=tenant_id, document_id=document_id, rows=_placed(checked.scenes, own))
    await documents.replace_effects(
        conn,
        tenant_id=tenant_id,
        document_id=document_id,
        rows=[(effect.track_id, effect.start_ms, effect.volume) for effect in audio.sfx],
    )


def _placed(rows: Sequence[dict[str, Any]], own: set[UUID]) -> list[dict[str, Any]]:
    """Give each scene its place, and an id of its own where the client's is none of the document's or stands there twice."""
    left = set(own)
    placed = []
    for position, row in enumerate(rows):
        scene_id = row["id"] if row["id"] in left else new_id()
        left.discard(scene_id)
        placed.append({**row, "id": str(scene_id), "scene_id": str(row["scene_id"]), "position": position})
    return placed


async def _emit(conn: Conn, tenant_id: UUID, event: str, document_id: UUID, user_id: UUID, project_id: UUID) -> None:
    await emit(
        conn,
        "studio",
        tenant_id=tenant_id,
        type=event,
        aggregate_type="saved_project",
        aggregate_id=document_id,
        payload={"saved_project_id": str(document_id), "user_id": str(user_id), "project_id": str(project_id)},
    )
