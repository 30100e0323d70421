"""Files, put together."""

from flatrender.contracts.files import FilesApi
from flatrender.kit.clock import Clock, system_clock
from flatrender.kit.db import Database
from flatrender.kit.module import ServiceModule
from flatrender.kit.objects import LinkSigner, ObjectStore
from flatrender.services.files.api import LocalFiles
from flatrender.services.files.endpoints import router
from flatrender.services.files.link_endpoints import link_router
from flatrender.services.files.service.films import Films
from flatrender.services.files.service.intake import Intake
from flatrender.services.files.service.library import Library
from flatrender.services.files.service.pictures import Pictures
from flatrender.services.files.service.sounds import Sounds
from flatrender.services.files.service.uploads import Uploads
from flatrender.services.files.service.waveforms import Waveforms
from flatrender.services.files.settings import FilesSettings
from flatrender.services.files.tasks import sweeping


def build(
    *,
    database: Database,
    objects: ObjectStore,
    links: LinkSigner,
    settings: FilesSettings | None = None,
    clock: Clock = system_clock,
) -> ServiceModule:
    """Return the service. `database` holds the pools of `svc_file`."""
    chosen = settings or FilesSettings()
    pictures = Pictures(max_pixels=chosen.max_pixels, queue_limit=chosen.picture_queue_limit)
    sounds = Sounds(limit=chosen.probe_limit, deadline_s=chosen.probe_deadline_s)
    intake = Intake(chosen.spool_folder, stall_s=chosen.stall_s)
    films = Films(objects, limit=chosen.probe_limit, max_bytes=chosen.max_upload_bytes, folder=chosen.spool_folder)
    uploads = Uploads(database, objects, chosen, intake, pictures, sounds, films)
    waveforms = Waveforms(
        objects,
        limit=chosen.probe_limit,
        deadline_s=chosen.waveform_deadline_s,
        max_bytes=chosen.max_upload_bytes,
        folder=chosen.spool_folder,
    )
    library = Library(database, objects, links, chosen, pictures, films, waveforms, clock)

    async def close() -> None:
        pictures.close()

    return ServiceModule(
        name="files",
        schema="file_mgr",
        database=database,
        contract=FilesApi,
        api=LocalFiles(database, objects, links, chosen, clock),
        routers=(
            router(uploads=uploads, library=library, objects=objects),
            link_router(
                library=library,
                objects=objects,
                links=links,
                intake=intake,
                max_object_bytes=chosen.max_object_bytes,
            ),
        ),
        background=(sweeping(database, objects, chosen),),
        close=close,
    )
