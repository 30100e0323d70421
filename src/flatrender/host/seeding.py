"""What a new platform starts with: two accounts with generated passwords, the demo templates, the token of its own node."""

from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

import structlog

from flatrender.contracts.files import FilesApi
from flatrender.contracts.render import RenderApi
from flatrender.host.accounts import seed_accounts
from flatrender.kit.errors import AppError
from flatrender.kit.ids import DEFAULT_TENANT_ID
from flatrender.kit.module import ServiceModule

log = structlog.get_logger(__name__)


async def seed(modules: Mapping[str, ServiceModule], files: FilesApi, render: RenderApi, data_dir: Path) -> None:
    """Make what is missing, in the services that run in this process. Costs little when all is there."""
    if "identity" in modules:
        from flatrender.services.identity.service.people import ensure_account

        for account in seed_accounts(data_dir):
            await ensure_account(
                modules["identity"].database,
                tenant_id=DEFAULT_TENANT_ID,
                email=account.email,
                password=account.password,
                roles=(account.role,),
                display_name=account.display_name,
            )
    if "content" in modules:
        from flatrender.services.content.demo import demo_folders, ensure_templates
        from flatrender.services.content.settings import ContentSettings

        made = await ensure_templates(
            database=modules["content"].database,
            files=files,
            settings=ContentSettings(),
            folders=demo_folders(templates_folder()),
        )
        if made:
            log.info("templates_imported", templates=sorted(made))
            await _first_previews(render, list(made.values()))


async def _first_previews(render: RenderApi, project_ids: list[UUID]) -> None:
    """Let the farm draw the thumbnails of new demo templates; without it they can be asked for later with the admin's button."""
    try:
        await render.enqueue_scene_previews(tenant_id=DEFAULT_TENANT_ID, project_ids=project_ids, locale="fa")
    except AppError as error:
        log.warning("first_previews_left_out", error=error.detail)


def templates_folder() -> Path:
    """Return where the demo templates lie: inside the installed package, else the checkout's."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "_templates"
    return installed if installed.is_dir() else package.parents[1] / "templates"
