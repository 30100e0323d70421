"""What a version is made of, as the catalogue and the contract show it. A version names its rows; rows of earlier versions stay."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from flatrender.contracts.content import (
    SizeOption,
    TemplateDetails,
    TemplateField,
    TemplateMusic,
    TemplateScene,
)
from flatrender.kit.db import Conn
from flatrender.services.content.queries import scenes as scene_queries
from flatrender.services.content.queries import versions as version_queries
from flatrender.services.content.queries.scenes import FieldRow, SceneRow
from flatrender.services.content.queries.versions import PresetRow, VersionRow

CONFIG_SCENE_KEY = "_template"
"""Key of the scene of type `config` that holds the template-wide fields; a package's keys begin with a letter or digit."""


class StoredMusic(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of music of a version, kept as a public file."""

    key: str
    title: dict[str, str]
    license: str
    file_id: UUID
    url: str
    duration_ms: int


class VersionManifest(msgspec.Struct, frozen=True, kw_only=True):
    """What `project_versions.manifest` holds: everything of the package that has no rows of its own, and the ids of those that have."""

    key: str
    title: dict[str, str]
    description: dict[str, str]
    category: str | None
    tags: list[str]
    fps: float
    duration_frames: int
    sizes: list[SizeOption]
    color_slots: list[dict[str, Any]]
    fonts: list[str]
    music: list[StoredMusic]
    preset_ids: list[UUID]
    default_preset_id: UUID | None
    scene_ids: list[UUID]
    config_scene_id: UUID
    durations: dict[str, dict[str, Any]] = {}
    """Scene → the rule that its length follows."""


class SceneDetails(msgspec.Struct, frozen=True, kw_only=True):
    """A scene with its fields."""

    row: SceneRow
    fields: list[TemplateField]
    duration: dict[str, Any] | None = None
    """The rule that its length follows."""
    findings: list[dict[str, Any]] = []
    """What becomes of the features of the After Effects project that it was made from; loaded for administrators."""


class VersionDetails(msgspec.Struct, frozen=True, kw_only=True):
    """One version with all of its rows."""

    version: VersionRow
    manifest: VersionManifest
    presets: list[dict[str, Any]]
    fields: list[TemplateField]
    scenes: list[SceneDetails]
    """All of them, switched off ones too, in the template's order."""

    def template(self) -> TemplateDetails:
        """Return what the contract promises: active scenes only."""
        return TemplateDetails(
            project_id=self.version.project_id,
            version_id=self.version.id,
            package_sha256=self.version.package_sha256,
            slug=self.version.slug,
            title=self.version.title,
            fps=self.manifest.fps,
            sizes=self.manifest.sizes,
            color_slots=self.manifest.color_slots,
            presets=self.presets,
            fields=self.fields,
            scenes=[_scene(scene) for scene in self.scenes if scene.row.is_active],
            music=[
                TemplateMusic(
                    key=piece.key,
                    title=piece.title,
                    file_id=piece.file_id,
                    url=piece.url,
                    duration_ms=piece.duration_ms,
                    license=piece.license,
                )
                for piece in self.manifest.music
            ],
            fonts=self.manifest.fonts,
        )


def manifest_of(version: VersionRow) -> VersionManifest:
    """Return a version's manifest."""
    return msgspec.convert(version.manifest, VersionManifest)


async def load_details(conn: Conn, versions: Sequence[VersionRow]) -> list[VersionDetails]:
    """Return the versions with their rows, in the order given; three statements whatever their number."""
    if not versions:
        return []
    manifests = [manifest_of(version) for version in versions]
    tenants = list({version.tenant_id for version in versions})
    ids = [scene_id for manifest in manifests for scene_id in (*manifest.scene_ids, manifest.config_scene_id)]
    rows = {row.id: row for row in await scene_queries.by_ids(conn, tenant_ids=tenants, scene_ids=ids)}
    fields: dict[UUID, list[TemplateField]] = {}
    for field in await scene_queries.fields(conn, tenant_ids=tenants, scene_ids=ids):
        fields.setdefault(field.scene_id, []).append(_field(field))
    preset_ids = [preset_id for manifest in manifests for preset_id in manifest.preset_ids]
    presets = {row.id: row for row in await version_queries.presets(conn, tenant_ids=tenants, preset_ids=preset_ids)}
    return [
        VersionDetails(
            version=version,
            manifest=manifest,
            presets=[
                _preset(presets[preset_id], is_default=preset_id == manifest.default_preset_id)
                for preset_id in manifest.preset_ids
                if preset_id in presets
            ],
            fields=fields.get(manifest.config_scene_id, []),
            scenes=[
                SceneDetails(
                    row=rows[scene_id],
                    fields=fields.get(scene_id, []),
                    duration=manifest.durations.get(rows[scene_id].scene_key),
                )
                for scene_id in manifest.scene_ids
                if scene_id in rows
            ],
        )
        for version, manifest in zip(versions, manifests, strict=True)
    ]


def _preset(row: PresetRow, *, is_default: bool) -> dict[str, Any]:
    return {"key": row.payload["key"], "name": row.name, "colors": row.payload["colors"], "is_default": is_default}


def _field(row: FieldRow) -> TemplateField:
    return TemplateField(
        key=row.field_key,
        type=row.type,
        label=row.label,
        default=row.default_value,
        options=row.options or [],
        constraints=row.constraints,
        is_required=row.is_required,
    )


def _scene(scene: SceneDetails) -> TemplateScene:
    row = scene.row
    return TemplateScene(
        id=row.id,
        key=row.scene_key,
        title=row.title,
        scene_type=row.scene_type,
        duration_frames=row.default_duration_frames,
        snapshot_frame=row.snapshot_frame,
        snapshot_url=row.snapshot_url or row.image,
        can_repeat=row.can_repeat,
        is_required=row.is_required,
        color_slots=row.color_slots,
        fields=scene.fields,
        duration=scene.duration,
    )
