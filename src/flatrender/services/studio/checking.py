"""Whether a document fits its template and names only what its owner may use. Asks content and files."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flatrender.contracts.content import ContentApi, TemplateDetails
from flatrender.contracts.files import FilesApi, StoredFile
from flatrender.engine.film.overlaps import overlap_frames
from flatrender.kit.db import Database
from flatrender.services.studio.errors import Problems, template_gone
from flatrender.services.studio.forms import Checked, named_tracks, overlap_of, scene_row
from flatrender.services.studio.queries import tracks
from flatrender.services.studio.schemas import Audio, DocumentBody
from flatrender.services.studio.values import MAX_FILM_FRAMES, Checker


class Checks:
    """Checks documents against their templates, pictures and sounds. Never called inside a transaction."""

    def __init__(self, *, database: Database, content: ContentApi, files: FilesApi) -> None:
        self._database = database
        self._content = content
        self._files = files

    async def template(self, *, tenant_id: UUID, version_id: UUID) -> TemplateDetails:
        """Return the version that a document was made with; raise Conflict when it is gone."""
        found = await self._content.template_details(tenant_id=tenant_id, version_ids=[version_id])
        if not found:
            raise template_gone()
        return found[0]

    async def check(self, *, tenant_id: UUID, user_id: UUID, template: TemplateDetails, body: DocumentBody) -> Checked:
        """Return the document in the form in which it is stored; raise Refused with everything that does not fit."""
        checker = Checker(template)
        checker.size(body.size)
        palette = checker.colors(body.palette, "palette")
        global_values = checker.global_values(body.global_values)
        rows: list[dict[str, Any]] = []
        lengths: list[int] = []
        overlaps: list[int] = []
        thumbnail = None
        for number, scene in enumerate(body.scenes):
            path = f"scenes.{number}"
            found = checker.scene(scene.scene_key, path)
            if found is None:
                continue
            thumbnail = thumbnail or found.snapshot_url
            values = checker.scene_values(found, scene.values, f"{path}.values")
            lengths.append(checker.frames(found, {**global_values, **values}, body.locale, scene.duration_frames, path))
            overlaps.append(overlap_of(scene.transition, template.fps))
            rows.append(
                scene_row(
                    found.id,
                    found.key,
                    scene.duration_frames,
                    values,
                    checker.colors(scene.colors, f"{path}.colors"),
                    scene.id,
                    None if scene.transition is None else scene.transition.model_dump(),
                )
            )
        frames = sum(lengths) - sum(overlap_frames(lengths, overlaps[:-1]))
        if frames > MAX_FILM_FRAMES:
            checker.problems.add(
                "value_out_of_range", "scenes", f"the film lasts {frames} frames; at most {MAX_FILM_FRAMES}"
            )
        checker.problems.raise_any()
        await self.check_pictures(tenant_id=tenant_id, user_id=user_id, checker=checker)
        return Checked(
            title=body.title,
            size=body.size,
            locale=body.locale,
            palette=palette,
            global_values=global_values,
            audio=body.audio,
            scenes=rows,
            duration_frames=frames,
            thumbnail_url=thumbnail,
            new_tracks=await self._new_tracks(tenant_id, user_id, body.audio),
        )

    async def check_pictures(self, *, tenant_id: UUID, user_id: UUID, checker: Checker) -> None:
        """Raise Refused for a named picture that is not there, is somebody else's or is no picture."""
        if not checker.pictures:
            return
        known = await self._files.files(tenant_id=tenant_id, ids=list(checker.pictures))
        problems = Problems()
        for file_id, path in checker.pictures.items():
            file = known.get(file_id)
            if file is None or not _usable(file, user_id):
                problems.add("missing_asset", path, f"there is no file {file_id}: upload the picture first")
            elif file.kind not in ("image", "video"):
                problems.add("wrong_type", path, f"{file.name} is no picture")
        problems.raise_any()

    async def _new_tracks(self, tenant_id: UUID, user_id: UUID, audio: Audio) -> list[tuple[StoredFile, str]]:
        """Return the sound files that are named as tracks and are none yet; raise Refused for what is neither track nor sound."""
        wanted = named_tracks(audio)
        async with self._database.tenant(tenant_id) as conn:
            known = {
                row.id: row
                for row in await tracks.by_ids(conn, tenant_id=tenant_id, ids=list(wanted))
                if row.owner_user_id in (None, user_id)
            }
        unknown = [track_id for track_id in wanted if track_id not in known]
        files: Mapping[UUID, StoredFile] = await self._files.files(tenant_id=tenant_id, ids=unknown) if unknown else {}
        problems = Problems()
        for track_id in unknown:
            path, _ = wanted[track_id]
            file = files.get(track_id)
            if file is None or not _usable(file, user_id):
                problems.add("missing_asset", path, f"there is no track or file {track_id}: upload the sound first")
            elif file.kind != "audio":
                problems.add("wrong_type", path, f"{file.name} is no sound")
        voice = audio.voiceover_track_id
        if voice is not None and voice in known and known[voice].tenant_id != tenant_id:
            problems.add("missing_asset", "audio.voiceover_track_id", "a voice-over is a recording of one's own")
        problems.raise_any()
        return [(files[track_id], wanted[track_id][1]) for track_id in unknown]


def _usable(file: StoredFile, user_id: UUID) -> bool:
    """Return whether this person may use the file: their own, or one that a service keeps for the tenant."""
    return file.owner_user_id in (None, user_id)
