"""The document's rules: creating, loading, saving as a whole, copying, deleting."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from flatrender.contracts.content import ContentApi, TemplateDetails
from flatrender.contracts.files import FilesApi, StoredFile
from flatrender.kit.db import Conn, Database, IdempotencyKey, current_version_check, emit, run_once
from flatrender.kit.errors import NotFound, Refused
from flatrender.kit.ids import new_id
from flatrender.services.studio.errors import Problems, not_found, template_gone
from flatrender.services.studio.queries import documents, tracks
from flatrender.services.studio.queries.documents import DocumentRow, EffectRow, SceneRow
from flatrender.services.studio.schemas import Audio, CreateBody, DocumentBody, SceneBody
from flatrender.services.studio.values import MAX_FILM_FRAMES, Checker


class Saved(msgspec.Struct, frozen=True, kw_only=True):
    """A document as it is stored."""

    row: DocumentRow
    scenes: list[SceneRow]
    effects: list[EffectRow]


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """A document that fits its template, ready to be written."""

    title: str
    size: str
    locale: str
    palette: dict[str, str]
    global_values: dict[str, Any]
    audio: Audio
    scenes: list[dict[str, Any]]
    """Rows for `write_scenes`, ids as the client sent them."""
    duration_frames: int
    thumbnail_url: str | None
    new_tracks: list[tuple[StoredFile, str]]
    """Files that become tracks with this document, with the kind of track."""


class Documents:
    """Saved projects of one person at a time."""

    def __init__(self, *, database: Database, content: ContentApi, files: FilesApi) -> None:
        self._database = database
        self._content = content
        self._files = files

    async def list_own(self, *, tenant_id: UUID, user_id: UUID, before: UUID | None, limit: int) -> list[DocumentRow]:
        """Return a person's saved projects, newest first."""
        async with self._database.tenant(tenant_id) as conn:
            return await documents.list_own(conn, tenant_id=tenant_id, user_id=user_id, before=before, limit=limit)

    async def load(self, *, tenant_id: UUID, user_id: UUID, document_id: UUID) -> Saved:
        """Return a document; raise NotFound when it is not this person's."""
        async with self._database.tenant(tenant_id) as conn:
            return await load(conn, tenant_id, user_id, document_id)

    async def template(self, *, tenant_id: UUID, version_id: UUID) -> TemplateDetails:
        """Return the version that a document was made with; raise Conflict when it is gone."""
        found = await self._content.template_details(tenant_id=tenant_id, version_ids=[version_id])
        if not found:
            raise template_gone()
        return found[0]

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
                audio = Audio(music_track_id=known[0].id) if known else Audio()
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
        template = await self.template(tenant_id=tenant_id, version_id=row.project_version_id)
        checked = await self.check(tenant_id=tenant_id, user_id=user_id, template=template, body=body)
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
                        _scene_row(
                            scene_ids[scene.id],
                            scene.scene_key,
                            scene.duration_frames,
                            scene.field_values,
                            scene.color_overrides,
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

    async def check(self, *, tenant_id: UUID, user_id: UUID, template: TemplateDetails, body: DocumentBody) -> Checked:
        """Return the document in the form in which it is stored; raise Refused with everything that does not fit."""
        checker = Checker(template)
        checker.size(body.size)
        palette = checker.colors(body.palette, "palette")
        global_values = checker.global_values(body.global_values)
        rows: list[dict[str, Any]] = []
        frames = 0
        thumbnail = None
        for number, scene in enumerate(body.scenes):
            path = f"scenes.{number}"
            found = checker.scene(scene.scene_key, path)
            if found is None:
                continue
            frames += scene.duration_frames or found.duration_frames
            thumbnail = thumbnail or found.snapshot_url
            rows.append(
                _scene_row(
                    found.id,
                    found.key,
                    scene.duration_frames,
                    checker.scene_values(found, scene.values, f"{path}.values"),
                    checker.colors(scene.colors, f"{path}.colors"),
                    scene.id,
                )
            )
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
            elif file.kind != "image":
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


def named_tracks(audio: Audio) -> dict[UUID, tuple[str, str]]:
    """Return the tracks of a document: id → (path of the member, kind of track)."""
    found: dict[UUID, tuple[str, str]] = {}
    if audio.music_track_id is not None:
        found[audio.music_track_id] = ("audio.music_track_id", "music")
    if audio.voiceover_track_id is not None:
        found[audio.voiceover_track_id] = ("audio.voiceover_track_id", "voiceover")
    for number, effect in enumerate(audio.sfx):
        found.setdefault(effect.track_id, (f"audio.sfx.{number}.track_id", "sfx"))
    return found


def new_document(template: TemplateDetails, body: CreateBody, locale: str) -> Checked:
    """Return what a new document holds; raise Refused for a size or preset that the template does not have."""
    sizes = [size.key for size in template.sizes]
    if body.size is not None and body.size not in sizes:
        raise Refused(
            f"the template has no size {body.size}; it has {', '.join(sizes)}",
            code="studio.unknown_size",
            fields=[("size", f"one of {', '.join(sizes)}")],
        )
    return Checked(
        title=body.title or _in_locale(template.title, body.locale or locale),
        size=body.size or sizes[0],
        locale=body.locale or locale,
        palette=_preset_colors(template, body.preset),
        global_values={},
        audio=Audio(),
        scenes=[_scene_row(scene.id, scene.key, None, {}, {}) for scene in template.scenes],
        duration_frames=sum(scene.duration_frames for scene in template.scenes),
        thumbnail_url=next((scene.snapshot_url for scene in template.scenes if scene.snapshot_url), None),
        new_tracks=[],
    )


def audio_of(saved: Saved) -> Audio:
    """Return the sound of a stored document."""
    row = saved.row
    return Audio.model_validate(
        {
            "music_track_id": row.music_track_id,
            "music_volume": row.music_volume,
            "music_start_ms": row.music_start_ms,
            "music_fade_out_ms": row.music_fade_out_ms,
            "voiceover_track_id": row.voiceover_track_id,
            "voiceover_volume": row.voiceover_volume,
            "voiceover_start_ms": row.voiceover_start_ms,
            "sfx_enabled": row.sfx_enabled,
            "sfx_volume": row.sfx_volume,
            "sfx": [
                {"track_id": effect.track_id, "start_ms": effect.start_ms, "volume": effect.volume}
                for effect in saved.effects
            ],
        }
    )


def body_of(saved: Saved) -> DocumentBody:
    """Return a stored document in the form in which a client sends it."""
    row = saved.row
    return DocumentBody(
        title=row.title,
        size=row.size,
        locale=row.locale,
        palette=row.palette,
        global_values=row.global_values,
        audio=audio_of(saved),
        scenes=[
            SceneBody(
                id=scene.id,
                scene_key=scene.scene_key,
                values=scene.field_values,
                colors=scene.color_overrides,
                duration_frames=scene.duration_frames,
            )
            for scene in saved.scenes
        ],
    )


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


def _scene_row(
    template_scene_id: UUID,
    key: str,
    duration_frames: int | None,
    values: dict[str, Any],
    colors: dict[str, str],
    scene_id: UUID | None = None,
) -> dict[str, Any]:
    return {
        "id": scene_id,
        "scene_id": template_scene_id,
        "scene_key": key,
        "duration_frames": duration_frames,
        "field_values": values,
        "color_overrides": colors,
    }


def _preset_colors(template: TemplateDetails, key: str | None) -> dict[str, str]:
    """Return the colours of a preset, of the default one without a key; raise Refused for an unknown one."""
    if key is None:
        return dict(next((preset["colors"] for preset in template.presets if preset["is_default"]), {}))
    for preset in template.presets:
        if preset["key"] == key:
            return dict(preset["colors"])
    known = ", ".join(preset["key"] for preset in template.presets) or "none"
    raise Refused(
        f"the template has no preset {key}; it has {known}",
        code="studio.unknown_preset",
        fields=[("preset", f"one of {known}")],
    )


def _in_locale(text: Mapping[str, str], locale: str) -> str:
    for key in (locale, locale.split("-", 1)[0], "fa", "en"):
        if text.get(key):
            return text[key][:200]
    return next(iter(text.values()), "")[:200]


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
