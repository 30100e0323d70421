"""Pressing render: the document is frozen as a revision, and the revision becomes one job, however often it is pressed."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from flatrender.contracts.content import SceneRequest, TemplateDetails
from flatrender.contracts.render import FilmInput, RenderApi, RenderJobBrief, RenderRequest, SceneTransition, SoundTrack
from flatrender.kit.db import Conn, Database, IdempotencyKey, emit, run_once
from flatrender.kit.errors import Conflict, Unavailable
from flatrender.kit.ids import new_id
from flatrender.services.studio.checking import Checks
from flatrender.services.studio.documents import Documents
from flatrender.services.studio.errors import Problems, not_found
from flatrender.services.studio.forms import Checked, Saved, body_of, named_tracks
from flatrender.services.studio.queries import documents, revisions, tracks
from flatrender.services.studio.queries.tracks import TrackRow
from flatrender.services.studio.values import is_asked_for, is_filled

FINAL = frozenset({"completed", "failed", "canceled", "expired"})


class Frozen(msgspec.Struct, frozen=True, kw_only=True):
    """What a revision holds: everything that render is asked for, but the ids that belong to the moment."""

    title: str
    project_id: UUID
    project_version_id: UUID
    package_sha256: bytes
    input: FilmInput
    music_volume: float
    sfx_volume: float
    voiceover_volume: float
    has_voiceover: bool


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What a press asks for besides the document."""

    profile: str
    outputs: list[str] = []
    deliver_to: list[UUID] | None = None


class Pressed(msgspec.Struct, frozen=True, kw_only=True):
    """The job of a press."""

    job: RenderJobBrief
    title: str
    profile: str


class Renders:
    """Freezes documents and hands them to render."""

    def __init__(self, *, database: Database, documents: Documents, checks: Checks, render: RenderApi) -> None:
        self._database = database
        self._documents = documents
        self._checks = checks
        self._render = render

    async def press(
        self, *, tenant_id: UUID, user_id: UUID, document_id: UUID, wanted: Wanted, key: IdempotencyKey | None
    ) -> Pressed:
        """Return the job of the document as it is now.

        The same document pressed again while its film is made, or after render was down, is the same revision and so the same job.
        Raises NotFound, Refused with the path of what is missing, Unavailable when a peer is down, TooMany from render.
        """
        saved = await self._documents.load(tenant_id=tenant_id, user_id=user_id, document_id=document_id)
        template = await self._checks.template(tenant_id=tenant_id, version_id=saved.row.project_version_id)
        body = body_of(saved)
        checked = await self._checks.check(tenant_id=tenant_id, user_id=user_id, template=template, body=body)
        check_complete(template, checked)
        await self._render.check_wanted(
            tenant_id=tenant_id, profiles=[wanted.profile, *wanted.outputs], deliver_to=wanted.deliver_to or []
        )
        newest = (await self._render.latest_jobs(tenant_id=tenant_id, saved_project_ids=[document_id])).get(document_id)
        async with self._database.tenant(tenant_id) as conn:
            current = await documents.lock(conn, tenant_id=tenant_id, user_id=user_id, document_id=document_id)
            if current is None:
                raise not_found()

            async def effect() -> UUID:
                if current != saved.row.row_version:
                    raise Conflict(
                        "the project was saved while render was pressed; press again", code="concurrent_change"
                    )
                known = await tracks.by_ids(conn, tenant_id=tenant_id, ids=list(named_tracks(body.audio)))
                frozen = freeze(tenant_id, saved, template, checked, known, wanted)
                return await _revision(conn, tenant_id, user_id, document_id, frozen, newest)

            revision_id = (
                await effect()
                if key is None
                else await run_once(conn, "studio", tenant_id, f"render:{document_id}", key, UUID, effect)
            )
            revision = await revisions.by_id(conn, tenant_id=tenant_id, revision_id=revision_id)
        if revision is None:
            raise Unavailable("the frozen project is not there; press render again", code="studio.revision_missing")
        frozen = msgspec.convert(revision.snapshot, Frozen)
        jobs = await self._render.create_jobs(
            tenant_id=tenant_id, requests=[_request(user_id, document_id, revision_id, frozen)]
        )
        return Pressed(job=jobs[0], title=frozen.title, profile=frozen.input.profile)


def check_complete(template: TemplateDetails, checked: Checked) -> None:
    """Raise Refused when a film cannot be made of the document yet: no scenes, required ones absent, required fields empty."""
    problems = Problems()
    used = [row["scene_key"] for row in checked.scenes]
    if not used:
        problems.add("no_scenes", "scenes", "the film has no scenes: add one")
    for scene in template.scenes:
        count = used.count(scene.key)
        if scene.is_required and not count and used:
            problems.add("scene_required", "scenes", f"the film needs the scene {scene.key}: add it")
        if count > 1 and not scene.can_repeat:
            place = len(used) - 1 - used[::-1].index(scene.key)
            problems.add(
                "scene_not_repeatable", f"scenes.{place}", f"the scene {scene.key} can be there once; remove the others"
            )
    for field in template.fields:
        if not is_asked_for(field, template.fields, checked.global_values):
            continue
        if field.is_required and not is_filled(field, checked.global_values.get(field.key)):
            problems.add(
                "field_required", f"global_values.{field.key}", f"the template's field {field.key} is empty: fill it in"
            )
    by_key = {scene.key: scene for scene in template.scenes}
    for number, row in enumerate(checked.scenes):
        fields = by_key[row["scene_key"]].fields
        current = {**checked.global_values, **row["field_values"]}
        for field in fields:
            if not is_asked_for(field, [*template.fields, *fields], current):
                continue
            if field.is_required and not is_filled(field, row["field_values"].get(field.key)):
                problems.add(
                    "field_required",
                    f"scenes.{number}.values.{field.key}",
                    f"scene {row['scene_key']}: the field {field.key} is empty: fill it in",
                )
    problems.raise_any()


def freeze(
    tenant_id: UUID,
    saved: Saved,
    template: TemplateDetails,
    checked: Checked,
    known: Sequence[TrackRow],
    wanted: Wanted,
) -> Frozen:
    """Return the frozen input of the film. Volumes of tracks are what is heard: an effect's own times that of all effects."""
    size = next(size for size in template.sizes if size.key == checked.size)
    audio = checked.audio
    return Frozen(
        title=checked.title,
        project_id=saved.row.project_id,
        project_version_id=template.version_id,
        package_sha256=template.package_sha256,
        input=FilmInput(
            scenes=[
                SceneRequest(
                    version_id=template.version_id,
                    scene_key=row["scene_key"],
                    size=checked.size,
                    locale=checked.locale,
                    values={**checked.global_values, **row["field_values"]},
                    colors={**checked.palette, **row["color_overrides"]},
                    duration_frames=row["duration_frames"],
                )
                for row in checked.scenes
            ],
            tracks=sound_tracks(tenant_id, checked, {row.id: row for row in known}),
            profile=wanted.profile,
            width=size.width,
            height=size.height,
            fps=template.fps,
            locale=checked.locale,
            transitions=scene_transitions(checked),
            outputs=wanted.outputs,
            deliver_to=wanted.deliver_to,
        ),
        music_volume=audio.music_volume,
        sfx_volume=audio.sfx_volume,
        voiceover_volume=audio.voiceover_volume,
        has_voiceover=audio.voiceover_track_id is not None,
    )


def scene_transitions(checked: Checked) -> list[SceneTransition]:
    """Return how each scene gives way to the next; empty when all are cuts. What the last scene has is for the scene that may follow it."""
    wanted = [row["transition"] for row in checked.scenes[:-1]]
    if all(one is None or one["kind"] == "cut" for one in wanted):
        return []
    return [SceneTransition(kind="cut") if one is None else msgspec.convert(one, SceneTransition) for one in wanted]


def sound_tracks(tenant_id: UUID, checked: Checked, known: Mapping[UUID, TrackRow]) -> list[SoundTrack]:
    """Return the tracks under the film: music repeats to the film's end, a voice-over and effects sound once."""
    audio = checked.audio

    def track(kind: str, track_id: UUID, volume: float, start_ms: int, **more: Any) -> SoundTrack:
        owner = known[track_id].tenant_id
        return SoundTrack(
            kind=kind,
            file_id=known[track_id].file_id,
            owner_tenant_id=None if owner == tenant_id else owner,
            volume=volume,
            start_ms=start_ms,
            **more,
        )

    found: list[SoundTrack] = []
    if audio.music_track_id is not None and audio.music_track_id in known:
        found.append(
            track(
                "music",
                audio.music_track_id,
                audio.music_volume,
                audio.music_start_ms,
                fade_out_ms=audio.music_fade_out_ms,
                loop=True,
            )
        )
    if audio.voiceover_track_id is not None and audio.voiceover_track_id in known:
        found.append(track("voiceover", audio.voiceover_track_id, audio.voiceover_volume, audio.voiceover_start_ms))
    if audio.sfx_enabled:
        found += [
            track("sfx", effect.track_id, min(2.0, effect.volume * audio.sfx_volume), effect.start_ms)
            for effect in audio.sfx
            if effect.track_id in known
        ]
    return found


async def _revision(
    conn: Conn, tenant_id: UUID, user_id: UUID, document_id: UUID, frozen: Frozen, newest: RenderJobBrief | None
) -> UUID:
    """Return the revision to render: the last one when it is the same film and its job is not over, otherwise a new one."""
    content_hash = hashlib.sha256(msgspec.json.encode(frozen, order="deterministic")).digest()
    last = await revisions.newest_for_render(conn, tenant_id=tenant_id, document_id=document_id)
    if last is not None and last.content_hash == content_hash:
        # A revision that is younger than the newest job has none of its own yet: render was down when it was frozen, or another
        # press is on its way there.
        has_job = newest is not None and newest.queued_at >= last.created_at
        if newest is None or not has_job or newest.status not in FINAL:
            return last.id
    revision_id = new_id()
    await revisions.insert(
        conn,
        tenant_id=tenant_id,
        revision_id=revision_id,
        document_id=document_id,
        snapshot=msgspec.to_builtins(frozen),
        content_hash=content_hash,
        user_id=user_id,
    )
    await emit(
        conn,
        "studio",
        tenant_id=tenant_id,
        type="render.requested",
        aggregate_type="saved_project",
        aggregate_id=document_id,
        payload={
            "saved_project_id": str(document_id),
            "revision_id": str(revision_id),
            "user_id": str(user_id),
            "profile": frozen.input.profile,
        },
    )
    return revision_id


def _request(user_id: UUID, document_id: UUID, revision_id: UUID, frozen: Frozen) -> RenderRequest:
    return RenderRequest(
        user_id=user_id,
        saved_project_id=document_id,
        revision_id=revision_id,
        project_id=frozen.project_id,
        project_version_id=frozen.project_version_id,
        package_sha256=frozen.package_sha256,
        title=frozen.title,
        input=frozen.input,
        music_volume=frozen.music_volume,
        sfx_volume=frozen.sfx_volume,
        voiceover_volume=frozen.voiceover_volume,
        has_voiceover=frozen.has_voiceover,
    )
