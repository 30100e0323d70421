"""The content service, put together."""

from flatrender.contracts.content import ContentApi
from flatrender.contracts.files import FilesApi
from flatrender.kit.db import Database
from flatrender.kit.module import ServiceModule
from flatrender.kit.objects import ObjectStore
from flatrender.services.content import admin_endpoints, endpoints, import_endpoints, svg_preview_endpoints
from flatrender.services.content.api import LocalContent
from flatrender.services.content.importing import Importer
from flatrender.services.content.packages import PackageReader
from flatrender.services.content.project_imports import ProjectImports
from flatrender.services.content.resolving import Resolver
from flatrender.services.content.service import Catalogue
from flatrender.services.content.settings import ContentSettings
from flatrender.services.content.svg_previews import SvgPreviews


def build(
    *, database: Database, files: FilesApi, settings: ContentSettings, objects: ObjectStore | None = None
) -> ServiceModule:
    """Return the service; it opens no connection before the host does. Without `objects` scenes with films are refused."""
    importer = Importer(database=database, files=files, reader=PackageReader(settings), settings=settings)
    imports = ProjectImports(database=database, files=files, importer=importer, settings=settings, objects=objects)
    catalogue = Catalogue(database=database)
    resolver = Resolver(files=files, settings=settings, objects=objects)

    previews = SvgPreviews(database=database, files=files, catalogue=catalogue, settings=settings)

    async def close() -> None:
        resolver.close()
        previews.close()

    return ServiceModule(
        name="content",
        schema="content",
        database=database,
        contract=ContentApi,
        api=LocalContent(database=database, resolver=resolver),
        routers=(
            endpoints.router(catalogue),
            admin_endpoints.router(catalogue),
            import_endpoints.router(catalogue, importer, imports),
            svg_preview_endpoints.router(previews),
        ),
        background=(imports.run,),
        close=close,
    )
