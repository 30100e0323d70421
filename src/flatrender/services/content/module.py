"""The content service, put together."""

from flatrender.contracts.content import ContentApi
from flatrender.contracts.files import FilesApi
from flatrender.kit.db import Database
from flatrender.kit.module import ServiceModule
from flatrender.kit.objects import ObjectStore
from flatrender.services.content.api import LocalContent
from flatrender.services.content.endpoints import router
from flatrender.services.content.importing import Importer
from flatrender.services.content.packages import PackageReader
from flatrender.services.content.resolving import Resolver
from flatrender.services.content.service import Catalogue
from flatrender.services.content.settings import ContentSettings


def build(
    *, database: Database, files: FilesApi, settings: ContentSettings, objects: ObjectStore | None = None
) -> ServiceModule:
    """Return the service; it opens no connection before the host does. Without `objects` scenes with films are refused."""
    importer = Importer(database=database, files=files, reader=PackageReader(settings), settings=settings)
    resolver = Resolver(files=files, settings=settings, objects=objects)

    async def close() -> None:
        resolver.close()

    return ServiceModule(
        name="content",
        schema="content",
        database=database,
        contract=ContentApi,
        api=LocalContent(database=database, resolver=resolver),
        routers=(router(Catalogue(database=database), importer),),
        close=close,
    )
