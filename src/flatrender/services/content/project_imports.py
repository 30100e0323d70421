"""Imports of After Effects projects: asked for by a request, done by a loop, asked after until they are finished."""

import asyncio
import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from uuid import UUID

import msgspec
import structlog

from flatrender.contracts.files import FilesApi, StoredFile, StoreRequest
from flatrender.kit.db import Database, IdempotencyKey, run_once
from flatrender.kit.errors import AppError, Conflict, NotFound, Refused, Unavailable
from flatrender.kit.ids import new_id
from flatrender.kit.objects import ObjectStore
from flatrender.services.content.after_effects import (
    PACKAGE_FILE,
    SOURCE_FILE,
    Addition,
    Conversion,
    ProjectConverter,
)
from flatrender.services.content.errors import not_found
from flatrender.services.content.importing import Importer, KeptSource
from flatrender.services.content.queries import imports, projects, versions
from flatrender.services.content.queries.imports import ImportRow
from flatrender.services.content.settings import ContentSettings
from flatrender.services.content.uploaded import UploadedFiles

log = structlog.get_logger(__name__)

ATTEMPTS = 2
"""How often an import is begun: the second time when the process that did it ended."""
PUT_BACK = 10
"""How often an import is begun when something that it needs does not answer."""
LOOK_S = 2.0
"""How often the loop looks for imports that another process was asked for."""
EXPIRE_EVERY_S = 15.0
SAME_TYPES = (
    (frozenset({".png"}), "image/png"),
    (frozenset({".jpg", ".jpeg"}), "image/jpeg"),
    (frozenset({".webp"}), "image/webp"),
    (frozenset({".mp4", ".m4v"}), "video/mp4"),
    (frozenset({".mov"}), "video/quicktime"),
    (frozenset({".webm"}), "video/webm"),
    (frozenset({".wav"}), "audio/wav"),
    (frozenset({".mp3"}), "audio/mpeg"),
    (frozenset({".ogg"}), "audio/ogg"),
    (frozenset({".m4a"}), "audio/mp4"),
)
"""How files end and what they hold: After Effects goes by the one, so it must agree with the other."""
_LOST = {
    "code": "content.import_failed",
    "detail": "the import was interrupted more than once; upload the project again",
    "where": None,
}


class _Asked(msgspec.Struct, frozen=True):
    import_id: UUID


class WantedFile(msgspec.Struct, frozen=True, kw_only=True):
    """An uploaded file that completes a project; footage is named as the project calls it."""

    file_id: UUID
    name: str | None


class ProjectImports:
    """Makes templates of After Effects projects."""

    def __init__(
        self,
        *,
        database: Database,
        files: FilesApi,
        importer: Importer,
        settings: ContentSettings,
        objects: ObjectStore | None,
    ) -> None:
        self._database = database
        self._files = files
        self._importer = importer
        self._settings = settings
        self._objects = objects
        self._uploaded = UploadedFiles(files=files, objects=objects)
        self._converter = ProjectConverter(settings)
        self._asked = asyncio.Event()
        self._expire_at = 0.0

    async def project_file(self, *, tenant_id: UUID, user_id: UUID, file_id: UUID) -> StoredFile | None:
        """Return the uploaded file when it is an After Effects project; None when it is something else.

        Raises NotFound `content.file_not_found`, Refused `content.project_too_large`.
        """
        file = await self._uploaded.find(tenant_id=tenant_id, user_id=user_id, file_id=file_id)
        limit = self._settings.project_bytes
        if not await self._uploaded.is_project(tenant_id, file, limit_bytes=limit):
            return None
        if file.size_bytes > limit:
            raise Refused(
                f"{file.name}: {file.size_bytes >> 20} MB; at most {limit >> 20} MB are imported",
                code="content.project_too_large",
            )
        return file

    async def ask(
        self, *, tenant_id: UUID, user_id: UUID, project_id: UUID | None, file: StoredFile, key: IdempotencyKey | None
    ) -> ImportRow:
        """Ask for a project as a new draft, or as the next version of one of the tenant's templates.

        Raises NotFound for an unknown template, Conflict `content.import_running`, Unavailable `content.import_busy`.
        """
        scope = "projects" if project_id is None else f"versions:{project_id}"
        return await self._ask(tenant_id, user_id, project_id, file.id, file.name, [], scope, key)

    async def complete(
        self,
        *,
        tenant_id: UUID,
        user_id: UUID,
        project_id: UUID,
        wanted: Sequence[WantedFile],
        key: IdempotencyKey | None,
    ) -> ImportRow:
        """Ask for the newest version's project with files that were missing, as the next version.

        Raises NotFound for an unknown template or file, Refused `content.no_source`, `content.not_missing`, `content.type_mismatch`, and as `ask`.
        """
        async with self._database.tenant(tenant_id) as conn:
            if await projects.own(conn, tenant_id=tenant_id, project_id=project_id) is None:
                raise not_found("template")
            newest = await versions.newest(conn, tenant_id=tenant_id, project_id=project_id)
        if newest is None or newest.source_file_id is None:
            raise Refused("this template was not made from an After Effects project", code="content.no_source")
        footage = {str(entry["name"]): entry for entry in newest.missing_footage}
        fonts = {str(entry["name"]) for entry in newest.missing_fonts}
        additions = []
        for index, want in enumerate(wanted):
            file = await self._uploaded.find(tenant_id=tenant_id, user_id=user_id, file_id=want.file_id)
            additions.append(_addition(file, want.name, footage, fonts, f"files.{index}"))
        name = PurePosixPath(newest.source_path or "project.aep").name
        return await self._ask(
            tenant_id, user_id, project_id, None, name, additions, f"missing-files:{project_id}", key
        )

    async def get(self, *, tenant_id: UUID, import_id: UUID) -> ImportRow:
        """Return an import of the tenant; raise NotFound otherwise."""
        async with self._database.tenant(tenant_id) as conn:
            row = await imports.own(conn, tenant_id=tenant_id, import_id=import_id)
        if row is None:
            raise not_found("import")
        return row

    async def owned(self, *, tenant_id: UUID, before: UUID | None, limit: int) -> list[ImportRow]:
        """Return the tenant's imports, newest first."""
        async with self._database.tenant(tenant_id) as conn:
            return await imports.owned(conn, tenant_id=tenant_id, before=before, limit=limit)

    async def run(self, stop: asyncio.Event) -> None:
        """Import what is asked for until `stop`."""
        stopped = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                self._asked.clear()
                try:
                    if await self.once():
                        continue
                except AppError as error:
                    log.warning("project_imports_wait", code=error.code)
                asked = asyncio.create_task(self._asked.wait())
                await asyncio.wait({asked, stopped}, timeout=LOOK_S, return_when=asyncio.FIRST_COMPLETED)
                asked.cancel()
        finally:
            stopped.cancel()

    async def once(self) -> bool:
        """Do the import that waits longest; return whether there was one."""
        if time.monotonic() >= self._expire_at:
            self._expire_at = time.monotonic() + EXPIRE_EVERY_S
            async with self._database.worker() as conn:
                await imports.expire(conn, attempts=ATTEMPTS, problem=_LOST)
        lease_id = new_id()
        async with self._database.worker() as conn:
            row = await imports.claim(conn, lease_id=lease_id, lease_s=self._settings.project_lease_s)
        if row is None:
            return False
        folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="flatrender-project-"))
        holding = asyncio.create_task(self._hold(row, lease_id))
        try:
            await self._import(row, lease_id, folder)
        except Unavailable as error:
            if row.attempt >= PUT_BACK:
                await self._fail(row, lease_id, error.code, error.detail, None)
                return True
            log.warning("project_import_put_back", import_id=str(row.id), code=error.code)
            async with self._database.tenant(row.tenant_id) as conn:
                await imports.give_back(conn, tenant_id=row.tenant_id, import_id=row.id, lease_id=lease_id)
            await asyncio.sleep(LOOK_S)
        except AppError as error:
            await self._fail(row, lease_id, error.code, error.detail, error.fields[0][0] if error.fields else None)
        except Exception:
            log.exception("project_import_failed", import_id=str(row.id))
            await self._fail(row, lease_id, "content.import_failed", "the import failed for a reason of ours", None)
        finally:
            holding.cancel()
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        return True

    async def _hold(self, row: ImportRow, lease_id: UUID) -> None:
        """Say that the import goes on, until cancelled."""
        lease_s = self._settings.project_lease_s
        while True:
            await asyncio.sleep(lease_s / 4)
            try:
                async with self._database.tenant(row.tenant_id) as conn:
                    if not await imports.renew(
                        conn, tenant_id=row.tenant_id, import_id=row.id, lease_id=lease_id, lease_s=lease_s
                    ):
                        return
            except AppError as error:
                log.warning("project_import_not_held", import_id=str(row.id), code=error.code)

    async def _import(self, row: ImportRow, lease_id: UUID, folder: Path) -> None:
        source = folder / "upload"
        limit = self._settings.project_bytes
        file = await self._source_of(row)
        await self._uploaded.fetch(row.tenant_id, file, source, limit_bytes=limit)
        additions = await self._fetch_additions(row, folder)
        conversion = await self._converter.convert(folder, source, row.file_name, additions)
        package = await asyncio.to_thread((folder / PACKAGE_FILE).read_bytes)
        stem = PurePosixPath(row.file_name).stem or "project"
        if len(package) > self._settings.package_bytes:
            raise Refused(
                f"{row.file_name}: converted it has {len(package) >> 20} MB; at most {self._settings.package_bytes >> 20} MB are"
                " imported: make its pictures and films smaller",
                code="content.template_too_large",
            )
        kept = await self._importer.keep(
            tenant_id=row.tenant_id, data=package, name=f"{stem}.frt", content_type="application/zip"
        )
        stored = await self._store_source(row, folder / SOURCE_FILE, f"{stem}.zip")
        kept = msgspec.structs.replace(kept, source=KeptSource(file=stored, conversion=conversion))
        async with self._database.tenant(row.tenant_id) as conn:
            if row.project_id is None:
                imported = await self._importer.write_project(
                    conn, tenant_id=row.tenant_id, user_id=row.requested_by_user_id, kept=kept, visibility="tenant"
                )
            else:
                imported = await self._importer.write_version(
                    conn,
                    tenant_id=row.tenant_id,
                    user_id=row.requested_by_user_id,
                    project_id=row.project_id,
                    kept=kept,
                    same=row.file_id is None,
                )
            if not await imports.finish(
                conn,
                tenant_id=row.tenant_id,
                import_id=row.id,
                lease_id=lease_id,
                project_id=imported.project_id,
                version_id=imported.version_id,
            ):
                raise Conflict("this import was taken over by another process", code="content.import_lost")
        log.info("project_imported", import_id=str(row.id), scenes=len(conversion.scenes), **_counts(conversion))

    async def _source_of(self, row: ImportRow) -> StoredFile:
        file_id = row.file_id
        if file_id is None and row.project_id is not None:
            async with self._database.tenant(row.tenant_id) as conn:
                newest = await versions.newest(conn, tenant_id=row.tenant_id, project_id=row.project_id)
            file_id = None if newest is None else newest.source_file_id
        if file_id is None:
            raise NotFound("the project is not there any more", code="content.file_not_found")
        return await self._uploaded.find(tenant_id=row.tenant_id, user_id=row.requested_by_user_id, file_id=file_id)

    async def _fetch_additions(self, row: ImportRow, folder: Path) -> list[Addition]:
        additions = []
        for number, entry in enumerate(row.additions):
            file = await self._uploaded.find(
                tenant_id=row.tenant_id, user_id=row.requested_by_user_id, file_id=UUID(entry["file_id"])
            )
            path = folder / f"addition-{number}"
            await self._uploaded.fetch(row.tenant_id, file, path, limit_bytes=self._settings.project_bytes)
            additions.append(Addition(kind=entry["kind"], name=entry["name"], path=str(path)))
        return additions

    async def _store_source(self, row: ImportRow, archive: Path, name: str) -> StoredFile:
        request = StoreRequest(
            name=name, purpose="template_package", content_type="application/zip", dedupe_key=f"content:source:{row.id}"
        )
        if self._objects is None:
            data = await asyncio.to_thread(archive.read_bytes)
            return (
                await self._files.store(tenant_id=row.tenant_id, requests=[msgspec.structs.replace(request, data=data)])
            )[0]
        key = f"imports/{row.tenant_id}/{row.id}.zip"
        await self._objects.put(key, archive)
        try:
            return (
                await self._files.store(
                    tenant_id=row.tenant_id, requests=[msgspec.structs.replace(request, object_key=key)]
                )
            )[0]
        finally:
            await self._objects.delete(key)

    async def _ask(
        self,
        tenant_id: UUID,
        user_id: UUID,
        project_id: UUID | None,
        file_id: UUID | None,
        name: str,
        additions: list[dict[str, str]],
        scope: str,
        key: IdempotencyKey | None,
    ) -> ImportRow:
        async with self._database.tenant(tenant_id) as conn:
            if project_id is not None and await projects.own(conn, tenant_id=tenant_id, project_id=project_id) is None:
                raise not_found("template")

            async def effect() -> _Asked:
                if await imports.count_open(conn, tenant_id=tenant_id) >= self._settings.project_imports_open:
                    raise Unavailable(
                        "too many projects are being imported; try again shortly",
                        code="content.import_busy",
                        retry_after_s=10,
                    )
                import_id = new_id()
                if not await imports.insert(
                    conn,
                    tenant_id=tenant_id,
                    import_id=import_id,
                    project_id=project_id,
                    file_id=file_id,
                    file_name=name,
                    additions=additions,
                    user_id=user_id,
                ):
                    raise Conflict(
                        "a project is being imported for this template already; wait until it is done",
                        code="content.import_running",
                    )
                return _Asked(import_id)

            asked = (
                await effect()
                if key is None
                else await run_once(conn, "content", tenant_id, scope, key, _Asked, effect)
            )
            row = await imports.own(conn, tenant_id=tenant_id, import_id=asked.import_id)
        self._asked.set()
        if row is None:
            raise not_found("import")
        return row

    async def _fail(self, row: ImportRow, lease_id: UUID, code: str, detail: str, where: str | None) -> None:
        problem = {"code": code, "detail": detail[:2000], "where": where}
        async with self._database.tenant(row.tenant_id) as conn:
            await imports.fail(conn, tenant_id=row.tenant_id, import_id=row.id, lease_id=lease_id, problem=problem)


def _addition(
    file: StoredFile, name: str | None, footage: Mapping[str, object], fonts: set[str], where: str
) -> dict[str, str]:
    if file.kind == "font":
        if not fonts:
            raise Refused("no font of this project is missing", code="content.not_missing", fields=[(where, "a font")])
        suffix = ".otf" if file.content_type == "font/otf" else ".ttf"
        return {"file_id": str(file.id), "kind": "font", "name": f"{PurePosixPath(file.name).stem[:100]}{suffix}"}
    called = name or file.name
    if called not in footage:
        known = ", ".join(list(footage)[:12]) or "nothing"
        raise Refused(
            f"the project does not miss {called}; what is missing: {known}",
            code="content.not_missing",
            fields=[(where, "not one of the missing files")],
        )
    suffix = PurePosixPath(called).suffix.lower()
    wanted = next((content_type for suffixes, content_type in SAME_TYPES if suffix in suffixes), None)
    if wanted is None:
        raise Refused(
            f"{called}: files of this type are not taken one by one; upload the collected folder as a zip archive",
            code="content.type_mismatch",
            fields=[(where, "another type")],
        )
    if wanted != file.content_type:
        raise Refused(
            f"{called} must be {wanted}, and {file.name} is {file.content_type}: After Effects goes by the file's name",
            code="content.type_mismatch",
            fields=[(where, f"not {wanted}")],
        )
    return {"file_id": str(file.id), "kind": "footage", "name": called}


def _counts(conversion: Conversion) -> dict[str, int]:
    return {
        "missing_fonts": len(conversion.missing_fonts),
        "missing_footage": len(conversion.missing_footage),
        "needs_after_effects": sum(scene.engine == "aerender" for scene in conversion.scenes.values()),
    }
