"""The catalogue's rules: what is listed for whom, publishing, archiving, changing."""

import re
from uuid import UUID

import msgspec

from flatrender.kit.db import Conn, Database, current_version_check, emit
from flatrender.kit.errors import Conflict, Refused
from flatrender.kit.ids import DEFAULT_TENANT_ID
from flatrender.services.content.details import VersionDetails, load_details, manifest_of
from flatrender.services.content.errors import not_found
from flatrender.services.content.queries import projects, scenes, versions
from flatrender.services.content.queries.projects import CategoryRow, ProjectRow
from flatrender.services.content.queries.scenes import SceneRow
from flatrender.services.content.schemas import ProjectPatch, ScenePatch

MAX_WORDS = 200
KEY = re.compile(r"[A-Za-z0-9_.-]{1,120}")
"""What slugs and ids are made of; anything else cannot be one."""


class Catalogue:
    """Templates of one tenant and of the platform. Every method is one transaction."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    async def published(
        self, *, tenant_id: UUID, words: str | None, category: str | None, before: UUID | None, limit: int
    ) -> list[ProjectRow]:
        """Return what people can choose, newest first."""
        if category is not None and not KEY.fullmatch(category):
            return []
        async with self._database.tenant(tenant_id) as conn:
            return await projects.published(
                conn,
                tenant_id=tenant_id,
                # PostgreSQL's text holds no NUL.
                words=(words or "").replace("\0", " ").strip()[:MAX_WORDS] or None,
                category=category,
                before=before,
                limit=limit,
            )

    async def detail(
        self, *, tenant_id: UUID, reference: str, version_id: UUID | None = None
    ) -> tuple[ProjectRow, VersionDetails]:
        """Return a released template by slug or id with its current version, or with the version named; raise NotFound otherwise.

        A version that is named is found also when its template was archived since: documents made with it go on.
        """
        if not KEY.fullmatch(reference):
            raise not_found("template")
        async with self._database.tenant(tenant_id) as conn:
            row = await projects.visible(
                conn,
                tenant_id=tenant_id,
                project_id=_as_id(reference),
                slug=reference,
                archived=version_id is not None,
            )
            if row is None:
                raise not_found("template")
            if version_id is None:
                found = await versions.current(conn, tenant_id=tenant_id, project_ids=[row.id])
            else:
                found = await versions.by_ids(conn, tenant_id=tenant_id, version_ids=[version_id])
            details = await load_details(conn, [version for version in found if version.project_id == row.id])
            if not details:
                raise not_found("template version")
            return row, details[0]

    async def visible(self, *, tenant_id: UUID, reference: str) -> ProjectRow:
        """Return a template by slug or id that was released once, archived ones included: documents made with it go on; raise NotFound."""
        if not KEY.fullmatch(reference):
            raise not_found("template")
        async with self._database.tenant(tenant_id) as conn:
            row = await projects.visible(
                conn, tenant_id=tenant_id, project_id=_as_id(reference), slug=reference, archived=True
            )
        if row is None:
            raise not_found("template")
        return row

    async def categories(self, *, tenant_id: UUID) -> list[CategoryRow]:
        """Return the categories that the tenant sees."""
        async with self._database.tenant(tenant_id) as conn:
            return await projects.categories(conn, tenant_id=tenant_id)

    async def owned(self, *, tenant_id: UUID, before: UUID | None, limit: int) -> list[ProjectRow]:
        """Return the tenant's own templates of every status."""
        async with self._database.tenant(tenant_id) as conn:
            return await projects.owned(conn, tenant_id=tenant_id, before=before, limit=limit)

    async def own_detail(self, *, tenant_id: UUID, project_id: UUID) -> tuple[ProjectRow, VersionDetails]:
        """Return one of the tenant's own templates with its newest version."""
        async with self._database.tenant(tenant_id) as conn:
            return await _own_detail(conn, tenant_id, project_id)

    async def publish(
        self, *, tenant_id: UUID, project_id: UUID, accept_after_effects: bool
    ) -> tuple[ProjectRow, VersionDetails]:
        """Make the newest version the one that people get. Publishing what is published changes nothing.

        Raises NotFound, and Conflict `content.nothing_to_publish`, or `content.needs_after_effects` when people's films would wait for nodes with
        After Effects and the caller has not accepted that.
        """
        async with self._database.tenant(tenant_id) as conn:
            row, details = await _own_detail(conn, tenant_id, project_id)
            is_new = row.status != "published" or row.current_version_id != details.version.id
            if is_new and not accept_after_effects:
                _check_engines(details)
            await publish_newest(conn, tenant_id=tenant_id, project_id=project_id)
            return await _own_detail(conn, tenant_id, project_id)

    async def archive(self, *, tenant_id: UUID, project_id: UUID) -> tuple[ProjectRow, VersionDetails]:
        """Take a template out of the lists; documents that use it keep working."""
        async with self._database.tenant(tenant_id) as conn:
            if await projects.lock(conn, tenant_id=tenant_id, project_id=project_id) is None:
                raise not_found("template")
            row = await projects.own(conn, tenant_id=tenant_id, project_id=project_id)
            if row is not None and row.status != "archived":
                await projects.archive(conn, tenant_id=tenant_id, project_id=project_id)
                await emit(
                    conn,
                    "content",
                    tenant_id=tenant_id,
                    type="project.archived",
                    aggregate_type="project",
                    aggregate_id=project_id,
                    payload={"project_id": str(project_id)},
                )
            return await _own_detail(conn, tenant_id, project_id)

    async def change(
        self, *, tenant_id: UUID, project_id: UUID, expected: int, patch: ProjectPatch
    ) -> tuple[ProjectRow, VersionDetails]:
        """Change what the patch names; raise PreconditionFailed when the caller's version is not the present one."""
        if patch.visibility == "shared" and tenant_id != DEFAULT_TENANT_ID:
            raise Refused("only the platform's templates can be shared with every tenant", code="content.not_shareable")
        async with self._database.tenant(tenant_id) as conn:
            current = await projects.lock(conn, tenant_id=tenant_id, project_id=project_id)
            if current is None:
                raise not_found("template")
            current_version_check(expected, current)
            if patch.category is not None:
                await _move_to_category(conn, tenant_id, project_id, patch.category)
            await projects.describe(
                conn,
                tenant_id=tenant_id,
                project_id=project_id,
                title=patch.title,
                description=patch.description,
                visibility=patch.visibility,
            )
            return await _own_detail(conn, tenant_id, project_id)

    async def change_scene(self, *, tenant_id: UUID, scene_id: UUID, patch: ScenePatch) -> VersionDetails:
        """Change a scene of the newest version; return that version."""
        async with self._database.tenant(tenant_id) as conn:
            row = await scenes.own(conn, tenant_id=tenant_id, scene_id=scene_id)
            if row is None:
                raise not_found("scene")
            _check_snapshot_frame(row, patch.snapshot_frame)
            await scenes.change(
                conn,
                tenant_id=tenant_id,
                scene_id=scene_id,
                title=patch.title,
                snapshot_frame=patch.snapshot_frame,
                is_active=patch.is_active,
            )
            await emit(
                conn,
                "content",
                tenant_id=tenant_id,
                type="scene.changed",
                aggregate_type="scene",
                aggregate_id=scene_id,
                payload={"scene_id": str(scene_id), "project_id": str(row.project_id), "scene_key": row.scene_key},
            )
            return (await _own_detail(conn, tenant_id, row.project_id))[1]


def _check_engines(details: VersionDetails) -> None:
    """Raise Conflict when scenes that are offered need After Effects."""
    needing = [
        scene.row.scene_key for scene in details.scenes if scene.row.is_active and scene.row.engine == "aerender"
    ]
    if needing:
        raise Conflict(
            f"{len(needing)} of the scenes can only be drawn by nodes with After Effects ({', '.join(needing[:5])}):"
            " send accept_after_effects to publish all the same",
            code="content.needs_after_effects",
            fields=[("accept_after_effects", ", ".join(needing))],
        )


async def publish_newest(conn: Conn, *, tenant_id: UUID, project_id: UUID) -> None:
    """Publish the newest version in the caller's transaction; raise NotFound, or Conflict when there is nothing to publish."""
    if await projects.lock(conn, tenant_id=tenant_id, project_id=project_id) is None:
        raise not_found("template")
    row = await projects.own(conn, tenant_id=tenant_id, project_id=project_id)
    newest = await versions.newest(conn, tenant_id=tenant_id, project_id=project_id)
    if row is None or newest is None:
        raise Conflict("this template has no version to publish", code="content.nothing_to_publish")
    if row.status == "published" and row.current_version_id == newest.id:
        return
    manifest = manifest_of(newest)
    size = manifest.sizes[0]
    await projects.publish(
        conn,
        tenant_id=tenant_id,
        project_id=project_id,
        version_id=newest.id,
        width=size.width,
        height=size.height,
        fps=manifest.fps,
        duration_frames=manifest.duration_frames,
        sizes=[{"key": option.key, "width": option.width, "height": option.height} for option in manifest.sizes],
        color_slots=manifest.color_slots,
    )
    await emit(
        conn,
        "content",
        tenant_id=tenant_id,
        type="project.published",
        aggregate_type="project",
        aggregate_id=project_id,
        payload={"project_id": str(project_id), "version_id": str(newest.id), "version_no": newest.version_no},
    )


async def _own_detail(conn: Conn, tenant_id: UUID, project_id: UUID) -> tuple[ProjectRow, VersionDetails]:
    row = await projects.own(conn, tenant_id=tenant_id, project_id=project_id)
    newest = await versions.newest(conn, tenant_id=tenant_id, project_id=project_id)
    if row is None or newest is None:
        raise not_found("template")
    (details,) = await load_details(conn, [newest])
    if newest.source_file_id is None:
        return row, details
    findings = await scenes.compatibility(
        conn, tenant_id=tenant_id, scene_ids=[scene.row.id for scene in details.scenes]
    )
    return row, msgspec.structs.replace(
        details,
        scenes=[msgspec.structs.replace(scene, findings=findings.get(scene.row.id, [])) for scene in details.scenes],
    )


async def _move_to_category(conn: Conn, tenant_id: UUID, project_id: UUID, slug: str) -> None:
    known = {row.slug: row for row in await projects.categories(conn, tenant_id=tenant_id)}
    if slug not in known:
        raise Refused(
            f"there is no category {slug}; there are {', '.join(sorted(known)) or 'none'}",
            code="content.unknown_category",
            fields=[("category", "not one of the categories")],
        )
    category_id = await projects.add_category(conn, tenant_id=tenant_id, slug=slug, name=known[slug].name)
    await projects.clear_categories(conn, tenant_id=tenant_id, project_id=project_id)
    await projects.put_into_category(conn, tenant_id=tenant_id, project_id=project_id, category_id=category_id)


def _check_snapshot_frame(scene: SceneRow, frame: int | None) -> None:
    if frame is not None and frame >= scene.default_duration_frames:
        raise Refused(
            f"scene {scene.scene_key} has the frames 0 to {scene.default_duration_frames - 1}; there is no frame {frame}",
            code="content.snapshot_frame_out_of_range",
            fields=[("snapshot_frame", f"0 to {scene.default_duration_frames - 1}")],
        )


def _as_id(reference: str) -> UUID | None:
    try:
        return UUID(reference)
    except ValueError:
        return None
