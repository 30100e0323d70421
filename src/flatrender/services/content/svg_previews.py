"""Traced previews of scenes: a picture in, a drawing out whose colours follow the template's slots, so that browsers recolour it at once."""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Literal
from uuid import UUID

import msgspec

from flatrender.contracts.files import FilesApi
from flatrender.engine.template.model import ColorSlot
from flatrender.engine.template.palette import palette as palette_of
from flatrender.engine.vector.drawing import from_svg, to_svg
from flatrender.engine.vector.mapping import rule_for, variation_of
from flatrender.engine.vector.recoloring import ColorRule
from flatrender.engine.vector.tracing import TRACER, Detail, Traced, TraceRefused, TracerFailed, trace
from flatrender.kit.db import Conn, Database
from flatrender.kit.errors import NotFound, Refused, Unavailable
from flatrender.services.content.details import VersionDetails
from flatrender.services.content.errors import not_found
from flatrender.services.content.queries import projects, scenes
from flatrender.services.content.queries import svg_previews as queries
from flatrender.services.content.queries.svg_previews import SvgPreviewRow
from flatrender.services.content.resolving import Threads
from flatrender.services.content.service import Catalogue
from flatrender.services.content.settings import ContentSettings

Source = Literal["file", "svg", "snapshot"]
TRACER_RETRY_S = 5


class MappedGroup(msgspec.Struct, frozen=True, kw_only=True):
    """A group of a drawing as `color_map` keeps it."""

    color: str
    share: float
    pictured: bool
    rule: ColorRule
    chosen: bool = False
    """Whether an administrator chose the rule."""


class ColorMap(msgspec.Struct, frozen=True, kw_only=True):
    """What `template_svg_previews.color_map` holds."""

    palette: dict[str, str]
    """The colours that the picture was drawn with, in the template's order."""
    groups: list[MappedGroup]


class TraceParams(msgspec.Struct, frozen=True, kw_only=True):
    """What `template_svg_previews.params` holds."""

    source: Source
    colors: int
    detail: Detail
    reduced: bool


class TraceRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A picture to trace, from one of the three sources."""

    scene_id: UUID | None
    file_id: UUID | None = None
    svg: str | None = None
    """Neither of the two: the scene's snapshot."""
    colors: int
    detail: Detail
    palette: dict[str, str] | None = None


class GroupChoice(msgspec.Struct, frozen=True, kw_only=True):
    """What a group is to follow; `automatic`: what tracing suggests."""

    number: int
    slot: str | None
    automatic: bool


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """A preview with what its template calls the scene; `svg` only where it was asked for."""

    row: SvgPreviewRow
    scene_key: str | None
    colors: ColorMap
    params: TraceParams
    svg: str = ""


class SvgPreviews:
    """Traced previews of one tenant's templates, and of those that the platform shares with it."""

    def __init__(self, *, database: Database, files: FilesApi, catalogue: Catalogue, settings: ContentSettings) -> None:
        self._database = database
        self._files = files
        self._catalogue = catalogue
        self._settings = settings
        self._threads = Threads(threads=1, waiting=settings.traces_waiting, seconds=settings.trace_seconds)

    def close(self) -> None:
        """Stop the thread."""
        self._threads.close()

    async def released(self, *, tenant_id: UUID, reference: str, version_id: UUID | None) -> list[Preview]:
        """Return the previews of a released template, or of the version of it that a document was made with; raise NotFound."""
        _, details = await self._catalogue.detail(tenant_id=tenant_id, reference=reference, version_id=version_id)
        return await self._of(tenant_id, details, active_only=True)

    async def released_one(self, *, tenant_id: UUID, reference: str, preview_id: UUID) -> Preview:
        """Return a preview of a released template with its drawing; raise NotFound."""
        project = await self._catalogue.visible(tenant_id=tenant_id, reference=reference)
        async with self._database.tenant(tenant_id) as conn:
            row = await queries.one(conn, tenant_id=project.tenant_id, preview_id=preview_id)
            if row is None or row.project_id != project.id:
                raise not_found("preview")
            return await _whole(conn, row)

    async def own(self, *, tenant_id: UUID, project_id: UUID) -> list[Preview]:
        """Return the previews of the newest version of one of the tenant's own templates."""
        _, details = await self._catalogue.own_detail(tenant_id=tenant_id, project_id=project_id)
        return await self._of(tenant_id, details, active_only=False)

    async def own_one(self, *, tenant_id: UUID, preview_id: UUID) -> Preview:
        """Return a preview of one of the tenant's own templates with its drawing; raise NotFound."""
        async with self._database.tenant(tenant_id) as conn:
            row = await queries.one(conn, tenant_id=tenant_id, preview_id=preview_id)
            if row is None:
                raise not_found("preview")
            return await _whole(conn, row)

    async def create(self, *, tenant_id: UUID, user_id: UUID, project_id: UUID, request: TraceRequest) -> Preview:
        """Trace a picture and keep it as the preview of its scene, in the place of the one before.

        Raises NotFound for an unknown template, scene or file; Refused `content.picture_invalid`, `content.picture_too_detailed`,
        `content.no_snapshot` or `content.unknown_color_slot`; Unavailable when too many wait, and `content.tracer_failed` when the tracer died or
        took too long.
        """
        _, details = await self._catalogue.own_detail(tenant_id=tenant_id, project_id=project_id)
        palette = _drawn_with(details, request)
        data, file_id, source = await self._picture(tenant_id, user_id, details, request)
        try:
            traced = await self._threads.run(lambda: trace(data, palette, colors=request.colors, detail=request.detail))
        except TraceRefused as error:
            raise Refused(error.detail, code=f"content.{error.code}") from error
        except TracerFailed as error:
            raise Unavailable(
                f"{error.detail}; try again, with fewer colours or less detail when it fails again",
                code=f"content.{error.code}",
                retry_after_s=TRACER_RETRY_S,
            ) from error
        colors = ColorMap(
            palette=palette,
            groups=[
                MappedGroup(color=group.color, share=group.share, pictured=group.pictured, rule=group.rule)
                for group in traced.groups
            ],
        )
        svg = await asyncio.to_thread(to_svg, traced.drawing, _slots(colors.groups))
        params = TraceParams(source=source, colors=request.colors, detail=request.detail, reduced=traced.reduced)
        preview_id = await self._keep(tenant_id, project_id, request, data, file_id, colors, params, traced, svg)
        return await self.own_one(tenant_id=tenant_id, preview_id=preview_id)

    async def change(self, *, tenant_id: UUID, preview_id: UUID, choices: Sequence[GroupChoice]) -> Preview:
        """Let groups follow what an administrator chose; raise NotFound, Refused for a group or slot that is not there."""
        async with self._database.tenant(tenant_id) as conn:
            row = await queries.one(conn, tenant_id=tenant_id, preview_id=preview_id, lock=True)
            if row is None:
                raise not_found("preview")
            colors = msgspec.convert(row.color_map, ColorMap)
            groups = list(colors.groups)
            for choice in choices:
                _check_choice(choice, colors)
                groups[choice.number] = _follows(groups[choice.number], choice, colors.palette)
            text = await queries.drawing(conn, tenant_id=tenant_id, preview_id=preview_id)
            svg = await asyncio.to_thread(lambda: to_svg(from_svg(text)[0], _slots(groups)))
            await queries.recolor(
                conn,
                tenant_id=tenant_id,
                preview_id=preview_id,
                color_map=msgspec.to_builtins(ColorMap(palette=colors.palette, groups=groups)),
                svg=svg,
                svg_sha256=hashlib.sha256(svg.encode()).digest(),
            )
        return await self.own_one(tenant_id=tenant_id, preview_id=preview_id)

    async def delete(self, *, tenant_id: UUID, preview_id: UUID) -> None:
        """Delete a preview; raise NotFound."""
        async with self._database.tenant(tenant_id) as conn:
            if not await queries.delete(conn, tenant_id=tenant_id, preview_id=preview_id):
                raise not_found("preview")

    async def _of(self, tenant_id: UUID, details: VersionDetails, *, active_only: bool) -> list[Preview]:
        shown = [scene.row.id for scene in details.scenes if scene.row.is_active or not active_only]
        async with self._database.tenant(tenant_id) as conn:
            rows = await queries.of_version(
                conn,
                tenant_id=details.version.tenant_id,
                project_id=details.version.project_id,
                scene_ids=shown,
            )
        return [_preview(row, _keys(details)) for row in rows]

    async def _picture(
        self, tenant_id: UUID, user_id: UUID, details: VersionDetails, request: TraceRequest
    ) -> tuple[bytes, UUID | None, Source]:
        if request.svg is not None:
            return request.svg.encode(), None, "svg"
        if request.file_id is not None:
            file = (await self._files.files(tenant_id=tenant_id, ids=[request.file_id])).get(request.file_id)
            if file is None or file.owner_user_id not in (None, user_id) or file.kind != "image":
                raise NotFound("there is no such picture: upload it first", code="content.file_not_found")
            source: Source = "file"
        else:
            url = next((s.row.snapshot_url for s in details.scenes if s.row.id == request.scene_id), None)
            found = None if url is None else await self._files.by_permanent_url(tenant_id=tenant_id, urls=[url])
            if url is None or not found:
                raise Refused(
                    "the scene has no snapshot yet: build the scene previews first, or choose a picture",
                    code="content.no_snapshot",
                )
            file, source = found[url], "snapshot"
        read = await self._files.read(
            tenant_id=tenant_id, ids=[file.id], limit_bytes=self._settings.traced_picture_bytes
        )
        if file.id not in read:
            raise NotFound("there is no such picture: upload it first", code="content.file_not_found")
        return read[file.id], file.id, source

    async def _keep(
        self,
        tenant_id: UUID,
        project_id: UUID,
        request: TraceRequest,
        data: bytes,
        file_id: UUID | None,
        colors: ColorMap,
        params: TraceParams,
        traced: Traced,
        svg: str,
    ) -> UUID:
        async with self._database.tenant(tenant_id) as conn:
            if await projects.lock(conn, tenant_id=tenant_id, project_id=project_id) is None:
                raise not_found("template")
            return await queries.put(
                conn,
                tenant_id=tenant_id,
                project_id=project_id,
                scene_id=request.scene_id,
                source_file_id=file_id,
                source_sha256=hashlib.sha256(data).digest(),
                tracer=TRACER,
                params=msgspec.to_builtins(params),
                svg=svg,
                svg_sha256=hashlib.sha256(svg.encode()).digest(),
                color_map=msgspec.to_builtins(colors),
                width=traced.drawing.width,
                height=traced.drawing.height,
                path_count=len(traced.drawing.shapes),
            )


def _drawn_with(details: VersionDetails, request: TraceRequest) -> dict[str, str]:
    """Return the colours of the slots that the scene has, as the picture was drawn with them."""
    used: Sequence[str] | None = None
    if request.scene_id is not None:
        scene = next((scene for scene in details.scenes if scene.row.id == request.scene_id), None)
        if scene is None:
            raise not_found("scene")
        used = scene.row.color_slots
    slots = tuple(msgspec.convert(slot, ColorSlot) for slot in details.manifest.color_slots)
    chosen: Mapping[str, str] = next((preset["colors"] for preset in details.presets if preset["is_default"]), {})
    if request.palette is not None:
        for slot in request.palette:
            _check_slot(slot, [known.key for known in slots], f"palette.{slot}")
        chosen = request.palette
    colors = palette_of(slots, chosen)
    return {slot: color for slot, color in colors.items() if used is None or slot in used}


def _check_slot(slot: str, known: Sequence[str], where: str) -> None:
    if slot not in known:
        there = ", ".join(known) or "none"
        raise Refused(
            f"there is no colour slot {slot}; there are {there}",
            code="content.unknown_color_slot",
            fields=[(where, there)],
        )


def _check_choice(choice: GroupChoice, colors: ColorMap) -> None:
    if choice.number >= len(colors.groups):
        raise Refused(
            f"the preview has the groups 0 to {len(colors.groups) - 1}; there is no group {choice.number}",
            code="content.unknown_group",
            fields=[("groups", f"0 to {len(colors.groups) - 1}")],
        )
    if choice.slot is not None:
        _check_slot(choice.slot, list(colors.palette), "groups")


def _follows(group: MappedGroup, choice: GroupChoice, palette: Mapping[str, str]) -> MappedGroup:
    if choice.automatic:
        rule = ColorRule() if group.pictured else rule_for(group.color, palette)
    else:
        rule = ColorRule() if choice.slot is None else variation_of(group.color, choice.slot, palette)
    return msgspec.structs.replace(group, rule=rule, chosen=not choice.automatic)


def _slots(groups: Sequence[MappedGroup]) -> dict[int, str]:
    return {number: group.rule.slot for number, group in enumerate(groups) if group.rule.slot is not None}


def _keys(details: VersionDetails) -> dict[UUID, str]:
    return {scene.row.id: scene.row.scene_key for scene in details.scenes}


async def _whole(conn: Conn, row: SvgPreviewRow) -> Preview:
    keys: dict[UUID, str] = {}
    if row.scene_id is not None:
        found = await scenes.by_ids(conn, tenant_ids=[row.tenant_id], scene_ids=[row.scene_id])
        keys = {scene.id: scene.scene_key for scene in found}
    return _preview(row, keys, await queries.drawing(conn, tenant_id=row.tenant_id, preview_id=row.id))


def _preview(row: SvgPreviewRow, keys: Mapping[UUID, str], svg: str = "") -> Preview:
    return Preview(
        row=row,
        scene_key=None if row.scene_id is None else keys.get(row.scene_id),
        colors=msgspec.convert(row.color_map, ColorMap),
        params=msgspec.convert(row.params, TraceParams),
        svg=svg,
    )


def described(preview: Preview) -> dict[str, Any]:
    """Return what a body says of a preview."""
    row = preview.row
    return {
        "id": row.id,
        "scene_id": row.scene_id,
        "scene_key": preview.scene_key,
        "width": row.width,
        "height": row.height,
        "path_count": row.path_count,
        "bytes": row.bytes,
        **msgspec.structs.asdict(preview.params),
        "palette": preview.colors.palette,
        "groups": [
            {
                "number": number,
                "color": group.color,
                "share": group.share,
                "pictured": group.pictured,
                "chosen": group.chosen,
                **msgspec.structs.asdict(group.rule),
            }
            for number, group in enumerate(preview.colors.groups)
        ],
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }
