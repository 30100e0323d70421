"""Scenes with somebody's values: packages loaded once and kept, pictures fetched for their tenant, the engine's binder in a few threads."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar
from uuid import UUID

import msgspec

from flatrender.contracts.content import ClipReference, ResolvedSceneData, SceneRequest
from flatrender.contracts.files import FilesApi, StoredFile
from flatrender.engine.errors import EngineError
from flatrender.engine.resolve import resolve_scene
from flatrender.engine.resolve.watermark import Watermark
from flatrender.engine.template import Template, load_template
from flatrender.engine.template.rules import BACKGROUND_KEY
from flatrender.kit.errors import Refused, Unavailable
from flatrender.kit.objects import ObjectStore
from flatrender.services.content.clips import ClipFolder, FilmAsset
from flatrender.services.content.errors import from_engine
from flatrender.services.content.project_sources import overlay_of, scene_for_after_effects, source_of
from flatrender.services.content.queries.versions import VersionRow
from flatrender.services.content.settings import ContentSettings

PREVIEW_WIDTH = 1280
"""Up to this width a scene is drawn with the smaller pictures."""
MAX_PICTURES = 200
Value = TypeVar("Value")


class Bounded(Generic[Value]):
    """The entries used last, within a number and a total weight."""

    def __init__(self, *, entries: int, weight: int) -> None:
        self._entries = entries
        self._weight = weight
        self._kept: OrderedDict[bytes, tuple[Value, int]] = OrderedDict()
        self._sum = 0

    def get(self, key: bytes) -> Value | None:
        """Return the entry and mark it used."""
        found = self._kept.get(key)
        if found is None:
            return None
        self._kept.move_to_end(key)
        return found[0]

    def put(self, key: bytes, value: Value, weight: int) -> None:
        """Keep an entry unless it is heavier than everything may be together."""
        if key in self._kept or weight > self._weight:
            return
        self._kept[key] = (value, weight)
        self._sum += weight
        while self._sum > self._weight or len(self._kept) > self._entries:
            self._sum -= self._kept.popitem(last=False)[1][1]


class Threads:
    """A few threads with a queue of limited length."""

    def __init__(self, *, threads: int, waiting: int, seconds: float) -> None:
        self._pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="resolve")
        self._most = threads + waiting
        self._busy = 0
        self._seconds = seconds

    async def run(self, work: Callable[[], Value]) -> Value:
        """Run `work` in a thread; raise Unavailable when too much waits, or when it is not done in time."""
        if self._busy >= self._most:
            raise Unavailable(
                "too many scenes are being prepared; try again in a moment", code="content.busy", retry_after_s=1
            )
        self._busy += 1
        future = self._pool.submit(work)
        loop = asyncio.get_running_loop()
        future.add_done_callback(lambda _: self._release(loop))
        try:
            return await asyncio.wait_for(asyncio.wrap_future(future), self._seconds)
        except TimeoutError as error:
            raise Unavailable(
                f"preparing the scene took longer than {self._seconds:.0f} s; try again",
                code="content.busy",
                retry_after_s=2,
            ) from error

    def _release(self, loop: asyncio.AbstractEventLoop) -> None:
        # A thread that outlives its caller still counts until it ends.
        if not loop.is_closed():
            loop.call_soon_threadsafe(self._one_less)

    def _one_less(self) -> None:
        self._busy -= 1

    def close(self) -> None:
        """Let running work end and take no more."""
        self._pool.shutdown(wait=False, cancel_futures=True)


class Resolver:
    """Resolves scenes of versions whose visibility the caller has checked."""

    def __init__(self, *, files: FilesApi, settings: ContentSettings, objects: ObjectStore | None = None) -> None:
        self._files = files
        self._clips = ClipFolder(objects, limit_bytes=settings.clips_on_disk_bytes)
        self._settings = settings
        self._threads = Threads(
            threads=settings.resolve_threads, waiting=settings.resolve_waiting, seconds=settings.resolve_seconds
        )
        self._templates: Bounded[Template] = Bounded(
            entries=settings.templates_in_memory, weight=settings.templates_in_memory_bytes
        )
        self._pictures: Bounded[bytes] = Bounded(entries=1000, weight=settings.pictures_in_memory_bytes)
        self._loading: dict[bytes, asyncio.Task[Template]] = {}

    async def resolve(
        self, *, tenant_id: UUID, requests: Sequence[tuple[VersionRow, SceneRequest]]
    ) -> list[ResolvedSceneData]:
        """Return the scenes in the order of the requests.

        Raises Refused with the engine's code, Unavailable when too much waits.
        """
        templates = await self._load({version.package_sha256: version for version, _ in requests})
        wanted = [
            asset for version, request in requests for asset in picture_ids(templates[version.package_sha256], request)
        ]
        pictures = await self._fetch(tenant_id, wanted)
        drawn = await asyncio.gather(
            *(self._one(templates[version.package_sha256], request, pictures) for version, request in requests)
        )
        return [
            await self._with_source(tenant_id, version, templates[version.package_sha256], request, scene, pictures)
            for (version, request), scene in zip(requests, drawn, strict=True)
        ]

    def close(self) -> None:
        """Stop the threads and remove the films."""
        self._threads.close()
        self._clips.close()

    async def _one(
        self, template: Template, request: SceneRequest, pictures: Mapping[str, bytes | FilmAsset]
    ) -> ResolvedSceneData:
        assets = {name: asset.path if isinstance(asset, FilmAsset) else asset for name, asset in pictures.items()}
        keys = {asset.sha256: asset.object_key for asset in pictures.values() if isinstance(asset, FilmAsset)}

        def work() -> ResolvedSceneData:
            scene = resolve_scene(
                template,
                request.scene_key,
                size=request.size,
                values=request.values,
                colors=request.colors,
                locale=language_of(request.locale),
                assets=assets,
                frames=request.duration_frames,
                watermark=None if request.watermark is None else msgspec.convert(request.watermark, Watermark),
                preview=request.max_width is not None and request.max_width <= PREVIEW_WIDTH,
            )
            return ResolvedSceneData(
                scene_key=scene.scene_key,
                lottie=scene.lottie,
                sha256=scene.sha256,
                width=scene.width,
                height=scene.height,
                fps=scene.fps,
                first_frame=scene.first_frame,
                frames=scene.frames,
                snapshot_frame=scene.snapshot_frame,
                warnings=[msgspec.to_builtins(warning) for warning in scene.warnings],
                clips=[
                    ClipReference(sha256=clip.sha256, object_key=keys[clip.sha256])
                    for clip in scene.clips
                    if clip.sha256 in keys
                ],
            )

        try:
            return await self._threads.run(work)
        except EngineError as error:
            raise from_engine(error) from error

    async def _with_source(
        self,
        tenant_id: UUID,
        version: VersionRow,
        template: Template,
        request: SceneRequest,
        drawn: ResolvedSceneData,
        pictures: Mapping[str, bytes | FilmAsset],
    ) -> ResolvedSceneData:
        """Return the scene with the project that it is drawn from, when only After Effects draws it and this is no preview."""
        scene = scene_for_after_effects(template, request)
        if scene is None or request.max_width is not None:
            return drawn
        archives: Mapping[UUID, StoredFile] = {}
        if version.source_file_id is not None:
            archives = await self._files.files(tenant_id=version.tenant_id, ids=[version.source_file_id])
        overlay = None
        if request.watermark is not None:
            mark = msgspec.convert(request.watermark, Watermark)
            assets = {name: asset for name, asset in pictures.items() if isinstance(asset, bytes)}
            try:
                overlay = await self._threads.run(lambda: overlay_of(template, drawn, mark, assets))
            except EngineError as error:
                raise from_engine(error) from error
        named = {file_id for _, file_id in picture_ids(template, msgspec.structs.replace(request, watermark=None))}
        files = await self._files.files(tenant_id=tenant_id, ids=list(named)) if named else {}
        archive = archives.get(version.source_file_id) if version.source_file_id is not None else None
        return msgspec.structs.replace(drawn, source=source_of(version, scene, request, archive, files, overlay))

    async def _load(self, versions: Mapping[bytes, VersionRow]) -> dict[bytes, Template]:
        return {sha256: await self._template(version) for sha256, version in versions.items()}

    async def _template(self, version: VersionRow) -> Template:
        """Return the loaded package; several callers at once wait for one load."""
        sha256 = version.package_sha256
        kept = self._templates.get(sha256)
        if kept is not None:
            return kept
        task = self._loading.get(sha256)
        if task is None:
            task = asyncio.create_task(self._read_template(version))
            self._loading[sha256] = task
            task.add_done_callback(lambda _: self._loading.pop(sha256, None))
        return await asyncio.shield(task)

    async def _read_template(self, version: VersionRow) -> Template:
        files = await self._files.read(
            tenant_id=version.tenant_id, ids=[version.package_file_id], limit_bytes=self._settings.package_bytes
        )
        data = files.get(version.package_file_id)
        if data is None:
            raise Unavailable(
                f"the package of template {version.slug} is not in the store", code="content.package_missing"
            )

        def load() -> Template:
            template = load_template(data, name=version.slug)
            if template.sha256 != version.package_sha256.hex():
                raise Unavailable(
                    f"the package of template {version.slug} is not what was imported", code="content.package_damaged"
                )
            return template

        try:
            template = await self._threads.run(load)
        except EngineError as error:
            raise from_engine(error) from error
        self._templates.put(version.package_sha256, template, len(data))
        return template

    async def _fetch(self, tenant_id: UUID, wanted: Sequence[tuple[str, UUID]]) -> dict[str, bytes | FilmAsset]:
        """Return the tenant's pictures and films by the text that names them; what is absent is left to the engine to name."""
        ids = {file_id for _, file_id in wanted}
        if not ids:
            return {}
        if len(ids) > MAX_PICTURES:
            raise Refused(f"more than {MAX_PICTURES} pictures at once", code="studio.value_out_of_range")
        known = await self._files.files(tenant_id=tenant_id, ids=list(ids))
        found: dict[UUID, bytes | FilmAsset] = {}
        missing: list[UUID] = []
        for file_id, file in known.items():
            if file.kind == "video":
                found[file_id] = await self._clips.fetched(file)
                continue
            kept = self._pictures.get(file.sha256)
            if kept is not None:
                found[file_id] = kept
            elif file.kind == "image":
                missing.append(file_id)
        if sum(known[file_id].size_bytes for file_id in missing) > self._settings.picture_bytes:
            raise Refused(
                f"the pictures together have more than {self._settings.picture_bytes} bytes; use smaller ones",
                code="studio.value_out_of_range",
            )
        if missing:
            read = await self._files.read(tenant_id=tenant_id, ids=missing, limit_bytes=self._settings.picture_bytes)
            for file_id, data in read.items():
                self._pictures.put(known[file_id].sha256, data, len(data))
                found[file_id] = data
        return {name: found[file_id] for name, file_id in wanted if file_id in found}


def picture_ids(template: Template, request: SceneRequest) -> list[tuple[str, UUID]]:
    """Return the pictures that a request names: the text of the value and the file's id.

    A value is always a file of the tenant: a path in the package is refused, or one template's files could be named from another's value.
    """
    found: list[tuple[str, UUID]] = []
    scene = next((scene for scene in template.scenes if scene.key == request.scene_key), None)
    for field in (*template.fields, *(scene.fields if scene is not None else ())):
        value = request.values.get(field.key)
        if field.type == "image" and value is not None and value != "":
            found.append(_named(value, f"field {field.key!r}"))
    background = request.values.get(BACKGROUND_KEY)
    if isinstance(background, dict) and background.get("image") not in (None, ""):
        found.append(_named(background["image"], BACKGROUND_KEY))
    if request.watermark is not None and request.watermark.get("image"):
        found.append(_named(request.watermark["image"], "watermark"))
    return found


def _named(value: object, where: str) -> tuple[str, UUID]:
    name = value.get("asset") if isinstance(value, dict) else value
    try:
        return str(name), UUID(str(name))
    except ValueError as error:
        raise Refused(
            f"{where}: a picture is the id of an uploaded file",
            code="studio.missing_asset",
            fields=[(where, "not the id of a file")],
        ) from error


def language_of(locale: str) -> str:
    """Return the language of a locale as templates name it: `fa` of `fa-IR`."""
    return locale.split("-", 1)[0].lower()
