"""The templates that every installation has: imported into the platform's tenant when they are new or have changed."""

from pathlib import Path
from uuid import UUID

import structlog

from flatrender.contracts.files import FilesApi
from flatrender.engine.errors import EngineError
from flatrender.engine.template import Template, load_template, pack
from flatrender.kit.db import Database
from flatrender.kit.errors import AppError
from flatrender.kit.ids import DEFAULT_TENANT_ID
from flatrender.services.content.importing import Importer, slug_of
from flatrender.services.content.packages import PackageReader
from flatrender.services.content.queries import projects, versions
from flatrender.services.content.service import publish_newest
from flatrender.services.content.settings import ContentSettings

MANIFEST = "template.json"
PACKAGE_TYPE = "application/zip"

log = structlog.get_logger(__name__)


def demo_folders(root: Path) -> list[Path]:
    """Return the template folders directly below `root`, in alphabetical order; none when there is no such folder."""
    return sorted(path.parent for path in root.glob(f"*/{MANIFEST}"))


async def ensure_templates(
    *, database: Database, files: FilesApi, settings: ContentSettings, folders: list[Path]
) -> dict[str, UUID]:
    """Import and publish each folder's template as a shared one of the platform; return key → id of those that were new or had changed.

    What is there unchanged costs one hash and one look-up. A folder that cannot be used is logged and left out: the platform starts
    without it. The database's pools must be open.
    """
    importer = Importer(database=database, files=files, reader=PackageReader(settings), settings=settings)
    done: dict[str, UUID] = {}
    for folder in folders:
        try:
            project_id = await _ensure(database, importer, folder)
            if project_id is not None:
                done[folder.name] = project_id
        except (AppError, EngineError, OSError) as error:
            log.warning("demo_template_left_out", template=folder.name, error=str(error))
    return done


async def _ensure(database: Database, importer: Importer, folder: Path) -> UUID | None:
    template: Template = load_template(folder)
    slug = slug_of(template.key)
    async with database.tenant(DEFAULT_TENANT_ID) as conn:
        project_id = await projects.id_by_slug(conn, tenant_id=DEFAULT_TENANT_ID, slug=slug)
        if project_id is not None:
            newest = await versions.newest(conn, tenant_id=DEFAULT_TENANT_ID, project_id=project_id)
            if newest is not None and newest.package_sha256.hex() == template.sha256:
                return None
    kept = await importer.keep(
        tenant_id=DEFAULT_TENANT_ID, data=pack(folder), name=f"{slug}.frt", content_type=PACKAGE_TYPE
    )
    async with database.tenant(DEFAULT_TENANT_ID) as conn:
        if project_id is None:
            imported = await importer.write_project(
                conn, tenant_id=DEFAULT_TENANT_ID, user_id=None, kept=kept, visibility="shared"
            )
        else:
            imported = await importer.write_version(
                conn, tenant_id=DEFAULT_TENANT_ID, user_id=None, project_id=project_id, kept=kept
            )
        await publish_newest(conn, tenant_id=DEFAULT_TENANT_ID, project_id=imported.project_id)
    return imported.project_id
