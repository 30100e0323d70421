"""After Effects scenes on their way to a node: what it is told of the project, and the project's bytes in the store."""

import hashlib
from collections.abc import Callable
from uuid import UUID

import msgspec

from flatrender.contracts.content import ResolvedSceneData, SourceProject
from flatrender.kit.objects import ObjectStore
from flatrender.protocol.work import AssetFigures, SceneFigures, SegmentTask, SourceFigures, StillTask


class PlannedSource(msgspec.Struct, frozen=True, kw_only=True):
    """What After Effects needs to draw one scene of a film."""

    source: SourceFigures
    overlay: SceneFigures | None = None


def source_object_key(tenant_id: UUID, sha256: str) -> str:
    """Return where a project lies for as long as its scenes may be drawn; the key is the content's hash."""
    return f"projects/{tenant_id}/{sha256}"


def scene_object_key(tenant_id: UUID, sha256: str) -> str:
    """Return where a resolved scene's Lottie lies; the key is the content's hash, so an object is written once and never changed."""
    return f"scenes/{tenant_id}/{sha256}.json"


def asset_object_key(tenant_id: UUID, sha256: str) -> str:
    """Return where a film that scenes show, or another file of the tenant's, lies for as long as its scenes may be drawn."""
    return f"clips/{tenant_id}/{sha256}"


def source_figures(source: SourceProject) -> SourceFigures:
    """Return what a node must know of the project."""
    return SourceFigures(
        sha256=source.sha256,
        bytes=source.size_bytes,
        path=source.path,
        composition=source.composition,
        first_frame=source.first_frame,
        fps=source.fps,
        fields=source.fields,
        values=source.values,
        assets={
            name: AssetFigures(sha256=asset.sha256, name=asset.name) for name, asset in sorted(source.assets.items())
        },
    )


def planned_source(scene: ResolvedSceneData) -> PlannedSource | None:
    """Return what After Effects needs for a scene; None for one that ThorVG draws."""
    if scene.source is None:
        return None
    overlay = None
    if scene.source.overlay is not None:
        overlay = SceneFigures(
            scene_key=scene.scene_key,
            sha256=hashlib.sha256(scene.source.overlay).hexdigest(),
            width=scene.width,
            height=scene.height,
            fps=scene.fps,
            first_frame=scene.first_frame,
            frames=scene.frames,
        )
    return PlannedSource(source=source_figures(scene.source), overlay=overlay)


async def store_source(objects: ObjectStore, tenant_id: UUID, source: SourceProject) -> None:
    """Keep a project, the files of its values and its overlay under their hashes unless they are there."""
    wanted = {source_object_key(tenant_id, source.sha256): source.object_key}
    wanted |= {asset_object_key(tenant_id, asset.sha256): asset.object_key for asset in source.assets.values()}
    for key, lies_at in wanted.items():
        if not await objects.exists(key):
            await objects.copy(lies_at, key)
    if source.overlay is not None:
        key = scene_object_key(tenant_id, hashlib.sha256(source.overlay).hexdigest())
        if not await objects.exists(key):
            await objects.put(key, source.overlay)


class Links(msgspec.Struct, frozen=True, kw_only=True):
    """Signed links of one assignment besides its scene's and its output's."""

    clip_urls: dict[str, str]
    source_url: str | None
    overlay_url: str | None


def links_of(tenant_id: UUID, task: SegmentTask | StillTask, sign: Callable[[str], str]) -> Links:
    """Return a signed link for each object that a task needs."""
    files = set(task.scene.clips) if task.source is None else {asset.sha256 for asset in task.source.assets.values()}
    overlay = task.overlay if isinstance(task, SegmentTask) else None
    return Links(
        clip_urls={sha256: sign(asset_object_key(tenant_id, sha256)) for sha256 in sorted(files)},
        source_url=sign(source_object_key(tenant_id, task.source.sha256)) if task.source is not None else None,
        overlay_url=sign(scene_object_key(tenant_id, overlay.sha256)) if overlay is not None else None,
    )
