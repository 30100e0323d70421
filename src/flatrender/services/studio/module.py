"""The studio service, put together."""

from flatrender.contracts.content import ContentApi
from flatrender.contracts.files import FilesApi
from flatrender.contracts.render import RenderApi
from flatrender.contracts.studio import StudioApi
from flatrender.kit.db import Database
from flatrender.kit.module import ServiceModule
from flatrender.services.studio.api import LocalStudio
from flatrender.services.studio.audio import AudioLibrary
from flatrender.services.studio.checking import Checks
from flatrender.services.studio.documents import Documents
from flatrender.services.studio.endpoints import router
from flatrender.services.studio.previews import Previews
from flatrender.services.studio.rendering import Renders


def build(*, database: Database, content: ContentApi, files: FilesApi, render: RenderApi) -> ServiceModule:
    """Return the service; it opens no connection before the host does."""
    checks = Checks(database=database, content=content, files=files)
    documents = Documents(database=database, content=content, checks=checks)
    previews = Previews(database=database, checks=checks, content=content)
    renders = Renders(database=database, documents=documents, checks=checks, render=render)
    library = AudioLibrary(database=database, content=content, files=files)
    return ServiceModule(
        name="studio",
        schema="studio",
        database=database,
        contract=StudioApi,
        api=LocalStudio(database=database, previews=previews),
        routers=(router(documents, previews, renders, library),),
        handlers={"project.published": library.on_project_published},
    )
