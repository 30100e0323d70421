"""The audio library: music of published templates, and what a person brought."""

from uuid import UUID

import msgspec

from flatrender.contracts.content import ContentApi
from flatrender.contracts.files import FilesApi
from flatrender.kit.db import Database, Event
from flatrender.kit.errors import AppError
from flatrender.services.studio.queries import tracks
from flatrender.services.studio.queries.tracks import TrackRow


class ListedTrack(msgspec.Struct, frozen=True, kw_only=True):
    """A track with the address of its sound; None when files does not answer or the sound is private."""

    row: TrackRow
    url: str | None


class AudioLibrary:
    """Tracks that can be put under a film."""

    def __init__(self, *, database: Database, content: ContentApi, files: FilesApi) -> None:
        self._database = database
        self._content = content
        self._files = files

    async def tracks(
        self, *, tenant_id: UUID, user_id: UUID, kind: str | None, before: UUID | None, limit: int
    ) -> list[ListedTrack]:
        """Return library tracks and the person's own, newest first."""
        async with self._database.tenant(tenant_id) as conn:
            rows = await tracks.library(
                conn, tenant_id=tenant_id, user_id=user_id, kind=kind, before=before, limit=limit
            )
        urls: dict[UUID, str | None] = {}
        for owner in {row.tenant_id for row in rows}:
            ids = [row.file_id for row in rows if row.tenant_id == owner]
            try:
                files = await self._files.files(tenant_id=owner, ids=ids)
            except AppError:
                continue
            urls |= {file_id: file.permanent_url for file_id, file in files.items()}
        return [ListedTrack(row=row, url=urls.get(row.file_id) or _content_url(row)) for row in rows]

    async def on_project_published(self, event: Event) -> None:
        """Put the music of a published template into the library of its tenant; doing it again changes nothing."""
        found = await self._content.template_details(tenant_id=event.tenant_id, project_ids=[event.aggregate_id])
        pieces = [piece for template in found for piece in template.music]
        if not pieces:
            return
        async with self._database.tenant(event.tenant_id) as conn:
            for piece in pieces:
                title = piece.title.get("fa") or piece.title.get("en") or piece.key
                await tracks.put(
                    conn,
                    tenant_id=event.tenant_id,
                    file_id=piece.file_id,
                    owner_user_id=None,
                    kind="music",
                    source="library",
                    title=title,
                    duration_ms=piece.duration_ms,
                    license=piece.license or "unknown",
                )


def _content_url(row: TrackRow) -> str | None:
    """Return where the person's own sound is read, signed in; a library track has only its public address."""
    return None if row.source == "library" else f"/v1/files/{row.file_id}/content"
