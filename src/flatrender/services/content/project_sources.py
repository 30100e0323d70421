"""Scenes that only After Effects draws: the project, where the values go in it, and what is laid over its frames."""

import re
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

import msgspec

from flatrender.contracts.content import ResolvedSceneData, SceneRequest, SourceAsset, SourceProject
from flatrender.contracts.files import StoredFile
from flatrender.engine.resolve import resolve_scene
from flatrender.engine.resolve.values import check_value, value_text
from flatrender.engine.resolve.watermark import Watermark
from flatrender.engine.template import Template, load_template
from flatrender.engine.template.model import Scene
from flatrender.engine.template.source import PlacedField
from flatrender.kit.errors import Unavailable
from flatrender.services.content.queries.versions import VersionRow

_ENDINGS = {
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/webp": ".webp",
    "video/mp4": ".mp4",
    "video/quicktime": ".mov",
    "video/webm": ".webm",
}


_WRITTEN = ("number", "slider", "dropdown", "date")
"""Fields whose value is not what their text says."""


def scene_for_after_effects(template: Template, request: SceneRequest) -> Scene | None:
    """Return the scene that a request names when only After Effects draws it."""
    for scene in template.manifest.scenes:
        if scene.key == request.scene_key:
            return scene if scene.engine == "aerender" else None
    return None


def source_of(
    version: VersionRow,
    scene: Scene,
    request: SceneRequest,
    archive: StoredFile | None,
    files: Mapping[UUID, StoredFile],
    overlay: bytes | None,
) -> SourceProject:
    """Return what a node must know to have After Effects draw the scene; `files` are those that the values name."""
    made_of = scene.compositions.get(request.size)
    if archive is None or version.source_path is None or made_of is None:
        raise Unavailable(
            f"the After Effects project of template {version.slug} is not in the store", code="content.package_missing"
        )
    fields, values = written_out(made_of.fields, scene, request)
    return SourceProject(
        object_key=archive.object_key,
        sha256=archive.sha256.hex(),
        size_bytes=archive.size_bytes,
        path=version.source_path,
        composition=made_of.composition,
        first_frame=made_of.first_frame,
        fps=made_of.fps,
        fields=[msgspec.to_builtins(field) for field in fields],
        values=values,
        assets={
            str(file_id): SourceAsset(
                sha256=file.sha256.hex(), object_key=file.object_key, name=_disk_name(file, file_id)
            )
            for file_id, file in files.items()
        },
        overlay=overlay,
    )


def written_out(
    placed: Sequence[PlacedField], scene: Scene, request: SceneRequest
) -> tuple[list[PlacedField], dict[str, Any]]:
    """Return the fields and their values for a node, which knows neither locales nor options: what only texts show is written out here."""
    described = {field.key: field for field in scene.fields}
    given = {**request.values, **request.colors}
    fields = list(placed)
    values = {one.key: given[one.key] for one in placed if given.get(one.key) is not None}
    for number, one in enumerate(placed):
        field = described.get(one.key)
        if one.key in values and field is not None and field.type in _WRITTEN and _only_texts(one):
            fields[number] = msgspec.structs.replace(one, type="textarea")
            values[one.key] = value_text(field, check_value(field, values[one.key]), request.locale)
    return fields, values


def _only_texts(field: PlacedField) -> bool:
    return all(place.takes == "text" for place in field.places)


def overlay_of(template: Template, drawn: ResolvedSceneData, mark: Watermark, assets: Mapping[str, Any]) -> bytes:
    """Return the watermark alone, as long and as large as the scene, on nothing."""
    blank = {
        "v": "5.7.0",
        "fr": template.fps,
        "ip": 0,
        "op": drawn.frames,
        "w": drawn.width,
        "h": drawn.height,
        "assets": [],
        "layers": [{"ty": 3, "nm": "nothing", "ind": 1, "ip": 0, "op": drawn.frames, "st": 0, "ks": {}}],
    }
    empty = load_template(msgspec.json.encode(blank), name="overlay")
    (scene,) = empty.scenes
    resolved = resolve_scene(
        empty, scene.key, size=empty.sizes[0].key, assets=dict(assets), frames=drawn.frames, watermark=mark
    )
    return resolved.lottie


def _disk_name(file: StoredFile, file_id: UUID) -> str:
    stem = re.sub(r"[^A-Za-z0-9]+", "_", PurePosixPath(file.name).stem).strip("_")[:24]
    return f"{stem or 'file'}_{file_id.hex[-6:]}{_ENDINGS.get(file.content_type, '.bin')}"
