"""Unsaved edits of one scene, resolved: the browser draws what comes back."""

import time
from collections import OrderedDict
from collections.abc import Callable
from uuid import UUID

import pydantic

from flatrender.contracts.content import ContentApi, ResolvedSceneData, SceneRequest, TemplateDetails
from flatrender.kit.db import Database
from flatrender.kit.errors import Refused
from flatrender.services.studio.checking import Checks
from flatrender.services.studio.errors import not_found
from flatrender.services.studio.queries import documents as queries
from flatrender.services.studio.queries.documents import DocumentRow
from flatrender.services.studio.schemas import Draft, PreviewBody
from flatrender.services.studio.values import Checker

TEMPLATE_LIFE_S = 5.0
"""How old a preview's picture of a template may be. Versions do not change; only what an administrator switches off does."""
TEMPLATES_KEPT = 64


class Previews:
    """Turns drafts into requests for content. Nothing is written."""

    def __init__(
        self,
        *,
        database: Database,
        checks: Checks,
        content: ContentApi,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._checks = checks
        self._content = content
        self._now = now
        self._templates: OrderedDict[tuple[UUID, UUID], tuple[float, TemplateDetails]] = OrderedDict()

    async def preview(
        self, *, tenant_id: UUID, user_id: UUID, document_id: UUID, body: PreviewBody
    ) -> ResolvedSceneData:
        """Return the scene as the film will have it, with pictures no larger than `max_width` needs.

        Raises NotFound, Refused with the path of what does not fit, Unavailable when content is down or busy.
        """
        row = await self._row(tenant_id, user_id, document_id)
        if row is None:
            raise not_found()
        request = await self._request(tenant_id, row, body)
        return (await self._content.resolve_scenes(tenant_id=tenant_id, requests=[request]))[0]

    async def scene_request(
        self, *, tenant_id: UUID, user_id: UUID, document_id: UUID, draft: bytes
    ) -> SceneRequest | None:
        """Return what must be resolved to see a draft (the JSON body of a preview); None when the document is not theirs."""
        try:
            body = Draft.model_validate_json(draft)
        except pydantic.ValidationError as error:
            fields = [(".".join(map(str, item["loc"])), item["msg"]) for item in error.errors()[:20]]
            raise Refused(
                "the draft does not have the form of a preview", code="request_invalid", fields=fields
            ) from error
        row = await self._row(tenant_id, user_id, document_id)
        return None if row is None else await self._request(tenant_id, row, body)

    async def _row(self, tenant_id: UUID, user_id: UUID, document_id: UUID) -> DocumentRow | None:
        async with self._database.tenant(tenant_id) as conn:
            return await queries.own(conn, tenant_id=tenant_id, user_id=user_id, document_id=document_id)

    async def _request(self, tenant_id: UUID, row: DocumentRow, body: PreviewBody) -> SceneRequest:
        template = await self._template(tenant_id, row.project_version_id)
        checker = Checker(template)
        size = body.size or row.size
        checker.size(size)
        palette = checker.colors(row.palette if body.palette is None else body.palette, "palette")
        values = checker.global_values(row.global_values if body.global_values is None else body.global_values)
        scene = checker.scene(body.scene.scene_key, "scene")
        if scene is not None:
            values |= checker.scene_values(scene, body.scene.values, "scene.values")
            palette |= checker.colors(body.scene.colors, "scene.colors")
        checker.problems.raise_any()
        await self._checks.check_pictures(tenant_id=tenant_id, user_id=row.user_id, checker=checker)
        return SceneRequest(
            version_id=row.project_version_id,
            scene_key=body.scene.scene_key,
            size=size,
            locale=body.locale or row.locale,
            values=values,
            colors=palette,
            duration_frames=body.scene.duration_frames,
            max_width=body.max_width,
        )

    async def _template(self, tenant_id: UUID, version_id: UUID) -> TemplateDetails:
        """Return the template, asked for at most every few seconds: a person who types sends a preview every 150 ms."""
        key = (tenant_id, version_id)
        kept = self._templates.get(key)
        if kept is not None and self._now() - kept[0] < TEMPLATE_LIFE_S:
            return kept[1]
        template = await self._checks.template(tenant_id=tenant_id, version_id=version_id)
        self._templates[key] = (self._now(), template)
        self._templates.move_to_end(key)
        if len(self._templates) > TEMPLATES_KEPT:
            self._templates.popitem(last=False)
        return template
