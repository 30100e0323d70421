"""Routes that bring templates in: packages at once, After Effects projects by an import that goes on after the request."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from fastapi.responses import JSONResponse

from flatrender.contracts.identity import PERMISSION_TEMPLATES
from flatrender.kit.http import Caller, IdempotencyDep, Page, PageDep, etag, require, responses
from flatrender.services.content.bodies import import_body, project_detail
from flatrender.services.content.details import VersionDetails
from flatrender.services.content.importing import Importer
from flatrender.services.content.project_imports import ProjectImports, WantedFile
from flatrender.services.content.queries.imports import ImportRow
from flatrender.services.content.queries.projects import ProjectRow
from flatrender.services.content.schemas import AdminProjectDetail, ImportBody, ImportOut, MissingFilesBody
from flatrender.services.content.service import Catalogue

AdminDep = Annotated[Caller, Depends(require(PERMISSION_TEMPLATES))]
LATER: dict[int | str, dict[str, Any]] = {202: {"model": ImportOut, "description": "The import goes on"}}


def router(catalogue: Catalogue, importer: Importer, imports: ProjectImports) -> APIRouter:
    """Return the routes that import."""
    routes = APIRouter(prefix="/v1", tags=["content"])

    @routes.post(
        "/admin/projects",
        status_code=201,
        response_model=AdminProjectDetail,
        responses=responses(402, 403, 503) | LATER,
    )
    async def import_project(
        who: AdminDep, body: ImportBody, key: IdempotencyDep, response: Response
    ) -> AdminProjectDetail | JSONResponse:
        """Import an uploaded package as a draft; an After Effects project takes longer, its import is answered (202) and goes on."""
        file = await imports.project_file(tenant_id=who.tenant_id, user_id=who.user_id, file_id=body.file_id)
        if file is not None:
            return _later(
                await imports.ask(tenant_id=who.tenant_id, user_id=who.user_id, project_id=None, file=file, key=key)
            )
        imported = await importer.add_project(
            tenant_id=who.tenant_id, user_id=who.user_id, file_id=body.file_id, key=key
        )
        return _answer(response, *await catalogue.own_detail(tenant_id=who.tenant_id, project_id=imported.project_id))

    @routes.get("/admin/imports", responses=responses(400, 403))
    async def list_imports(who: AdminDep, page: PageDep) -> Page[ImportOut]:
        """List the imports of After Effects projects, newest first."""
        rows = await imports.owned(tenant_id=who.tenant_id, before=page.before, limit=page.limit)
        return Page(items=[import_body(row) for row in rows], next_cursor=page.cursor_after([row.id for row in rows]))

    @routes.get("/admin/imports/{import_id}", responses=responses(403))
    async def get_import(who: AdminDep, import_id: UUID) -> ImportOut:
        """Return how far the import of an After Effects project is."""
        return import_body(await imports.get(tenant_id=who.tenant_id, import_id=import_id))

    @routes.post(
        "/admin/projects/{project_id}/versions",
        status_code=201,
        response_model=AdminProjectDetail,
        responses=responses(402, 403, 409, 503) | LATER,
    )
    async def import_version(
        who: AdminDep, project_id: UUID, body: ImportBody, key: IdempotencyDep, response: Response
    ) -> AdminProjectDetail | JSONResponse:
        """Import an uploaded package, or (202) an After Effects project, as the next version; people get it when it is published."""
        file = await imports.project_file(tenant_id=who.tenant_id, user_id=who.user_id, file_id=body.file_id)
        if file is not None:
            return _later(
                await imports.ask(
                    tenant_id=who.tenant_id, user_id=who.user_id, project_id=project_id, file=file, key=key
                )
            )
        await importer.add_version(
            tenant_id=who.tenant_id, user_id=who.user_id, project_id=project_id, file_id=body.file_id, key=key
        )
        return _answer(response, *await catalogue.own_detail(tenant_id=who.tenant_id, project_id=project_id))

    @routes.post("/admin/projects/{project_id}/missing-files", status_code=202, responses=responses(402, 403, 409, 503))
    async def add_missing_files(
        who: AdminDep, project_id: UUID, body: MissingFilesBody, key: IdempotencyDep
    ) -> ImportOut:
        """Add fonts and footage that the After Effects project of the newest version misses, and convert it again as the next version."""
        wanted = [WantedFile(file_id=file.file_id, name=file.name) for file in body.files]
        return import_body(
            await imports.complete(
                tenant_id=who.tenant_id, user_id=who.user_id, project_id=project_id, wanted=wanted, key=key
            )
        )

    return routes


def _answer(response: Response, row: ProjectRow, details: VersionDetails) -> AdminProjectDetail:
    response.headers["ETag"] = etag(row.row_version)
    return project_detail(row, details)


def _later(row: ImportRow) -> JSONResponse:
    headers = {"Location": f"/v1/admin/imports/{row.id}"}
    return JSONResponse(import_body(row).model_dump(mode="json"), status_code=202, headers=headers)
