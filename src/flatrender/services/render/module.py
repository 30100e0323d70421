"""The render service, put together."""

from flatrender.contracts.content import ContentApi
from flatrender.contracts.files import FilesApi
from flatrender.contracts.identity import IdentityApi
from flatrender.contracts.render import RenderApi
from flatrender.contracts.studio import StudioApi
from flatrender.kit.clock import Clock, system_clock
from flatrender.kit.db import Bells, Database
from flatrender.kit.module import ServiceModule
from flatrender.kit.objects import LinkSigner, ObjectStore
from flatrender.kit.outgoing import Outgoing
from flatrender.kit.secret_box import SecretBox
from flatrender.kit.workflows import Workflows
from flatrender.services.render import (
    endpoints,
    export_endpoints,
    farm_endpoints,
    fleet_endpoints,
    internal,
    limits_endpoints,
    repair_endpoints,
    rerender_endpoints,
)
from flatrender.services.render.api import LocalRenderApi
from flatrender.services.render.service.assembly import Assembly
from flatrender.services.render.service.crashes import Crashes
from flatrender.services.render.service.delivering import Delivering
from flatrender.services.render.service.delivery_targets import DeliveryTargets
from flatrender.services.render.service.development import DevelopmentWorker
from flatrender.services.render.service.events import CHANNEL, SCHEMA
from flatrender.services.render.service.exports import Exports
from flatrender.services.render.service.farm import FarmHealth
from flatrender.services.render.service.films import Films
from flatrender.services.render.service.fleet import Fleet
from flatrender.services.render.service.forecasting import Forecaster, Learner
from flatrender.services.render.service.jobs import Jobs
from flatrender.services.render.service.leases import Leases
from flatrender.services.render.service.limits import Limits
from flatrender.services.render.service.nodes import Nodes
from flatrender.services.render.service.profiles import Profiles
from flatrender.services.render.service.repairs import Repairs
from flatrender.services.render.service.rerender import Rerenders
from flatrender.services.render.service.snapshots import Snapshots
from flatrender.services.render.settings import RenderSettings
from flatrender.services.render.tasks import HealthKeeping, Sweep, register_workflows


def build(
    *,
    database: Database,
    content: ContentApi,
    identity: IdentityApi,
    files: FilesApi,
    studio: StudioApi,
    objects: ObjectStore,
    links: LinkSigner,
    workflows: Workflows,
    box: SecretBox,
    outgoing: Outgoing | None = None,
    settings: RenderSettings | None = None,
    node_token: str | None = None,
    clock: Clock = system_clock,
) -> ServiceModule:
    """Put the service together and register its workflows with `workflows`, which the host opens after the pools and before the first request.

    `node_token` is a fleet-wide node token that the operator chose (the node beside the services uses it); it is kept when the service opens.
    """
    settings = settings or RenderSettings()
    bells = Bells(database, CHANNEL)
    nodes = Nodes(database, bells, settings)
    jobs = Jobs(database, bells, settings)
    learner = Learner(database)
    leases = Leases(database, bells, nodes, objects, links, settings, learner)
    snapshots = Snapshots(
        database=database,
        bells=bells,
        nodes=nodes,
        content=content,
        files=files,
        studio=studio,
        objects=objects,
        links=links,
        settings=settings,
    )
    repairs = Repairs(database, bells, objects, settings)
    crashes = Crashes(database, objects, settings)
    films = Films(
        database=database,
        bells=bells,
        content=content,
        identity=identity,
        files=files,
        objects=objects,
        assembly=Assembly(objects, settings),
        repairs=repairs,
        settings=settings,
    )
    exports = Exports(database, bells, files, settings, clock)
    outgoing = outgoing or Outgoing()
    targets = DeliveryTargets(database, bells, box, outgoing, settings)
    delivering = Delivering(
        database=database,
        bells=bells,
        files=files,
        objects=objects,
        box=box,
        outgoing=outgoing,
        settings=settings,
        clock=clock,
    )
    farm = FarmHealth(database, content, identity, nodes, clock)
    register_workflows(workflows, films, snapshots, exports)
    background = [
        bells.run,
        Sweep(database, leases, snapshots, settings, crashes).run,
        HealthKeeping(farm).run,
        Forecaster(database, bells, learner, settings).run,
        delivering.run,
    ]
    if settings.dev_snapshots:
        background.append(DevelopmentWorker(database, bells, snapshots, objects, settings).run)

    async def open_service() -> None:
        if node_token is not None:
            await nodes.keep_token("this machine", node_token)
        await farm.keep_partitions()

    return ServiceModule(
        name="render",
        schema=SCHEMA,
        database=database,
        contract=RenderApi,
        api=LocalRenderApi(jobs, snapshots),
        routers=(
            endpoints.router(bells=bells, jobs=jobs, snapshots=snapshots),
            endpoints.admin_router(jobs=jobs, snapshots=snapshots, nodes=nodes),
            export_endpoints.export_router(exports=exports, targets=targets),
            export_endpoints.target_admin_router(targets=targets),
            export_endpoints.profile_admin_router(profiles=Profiles(database)),
            limits_endpoints.router(jobs=jobs, limits=Limits(database, bells, identity)),
            farm_endpoints.router(farm=farm),
            repair_endpoints.router(crashes=crashes, repairs=repairs),
            fleet_endpoints.router(fleet=Fleet(database, bells, nodes)),
            rerender_endpoints.router(rerenders=Rerenders(database, jobs, studio)),
        ),
        internal_routers=(internal.router(nodes=nodes, leases=leases, snapshots=snapshots, farm=farm),),
        handlers={"file.deleted": exports.file_deleted},
        background=tuple(background),
        open=open_service,
        measure=farm.measure,
    )
