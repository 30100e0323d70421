"""Rows as the bodies that the routes answer with."""

from typing import Any

import msgspec

from flatrender.services.content.details import SceneDetails, VersionDetails
from flatrender.services.content.queries.imports import ImportRow
from flatrender.services.content.queries.projects import ProjectRow
from flatrender.services.content.queries.versions import VersionRow
from flatrender.services.content.schemas import (
    AdminProjectDetail,
    AdminScene,
    ColorSlotOut,
    FieldOut,
    FindingOut,
    ImportNotice,
    ImportOut,
    ImportProblem,
    MissingFontOut,
    MissingFootageOut,
    MusicOut,
    PresetOut,
    SceneOut,
    Size,
    SourceOut,
)


def project_detail(row: ProjectRow, details: VersionDetails) -> AdminProjectDetail:
    """Return one of the tenant's own templates with a version."""
    report = details.version.validation_report or {}
    return AdminProjectDetail(
        **listed(row),
        **administered(row),
        version_id=details.version.id,
        version_no=details.version.version_no,
        published_version_id=row.current_version_id,
        **made_of(details),
        scenes=[
            _admin_scene(scene, from_project=details.version.source_file_id is not None) for scene in details.scenes
        ],
        warnings=[_notice(warning) for warning in report.get("warnings", [])],
        source=_source(details.version),
    )


def import_body(row: ImportRow) -> ImportOut:
    """Return an import."""
    return ImportOut(
        id=row.id,
        status=row.status,
        file_name=row.file_name,
        project_id=row.project_id,
        version_id=row.version_id,
        problem=None if row.problem is None else ImportProblem(**row.problem),
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
    )


def _source(version: VersionRow) -> SourceOut | None:
    if version.source_file_id is None or version.source_sha256 is None or version.source_path is None:
        return None
    return SourceOut(
        path=version.source_path,
        file_id=version.source_file_id,
        sha256=version.source_sha256.hex(),
        missing_fonts=[MissingFontOut(**font) for font in version.missing_fonts],
        missing_footage=[MissingFootageOut(**footage) for footage in version.missing_footage],
    )


def _notice(warning: dict[str, Any]) -> ImportNotice:
    parts = (warning.get(member) for member in ("scene", "size", "layer", "field"))
    return ImportNotice(**warning, where=" · ".join(part for part in parts if part))


def listed(row: ProjectRow) -> dict[str, Any]:
    """Return what lists and details of a template have in common."""
    return {
        "id": row.id,
        "slug": row.slug,
        "title": row.title,
        "description": row.description,
        "category": row.category,
        "cover_url": row.cover_url,
        "fps": row.fps,
        "duration_frames": row.duration_frames,
        "sizes": [Size(**size) for size in row.sizes],
        "scene_count": row.scene_count,
        "published_at": row.published_at,
    }


def administered(row: ProjectRow) -> dict[str, Any]:
    """Return what administrators see of a template besides."""
    return {
        "status": row.status,
        "visibility": row.visibility,
        "row_version": row.row_version,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }


def made_of(details: VersionDetails) -> dict[str, Any]:
    """Return what a version is made of, besides its scenes."""
    manifest = details.manifest
    return {
        "color_slots": [ColorSlotOut(**slot) for slot in manifest.color_slots],
        "presets": [PresetOut(**preset) for preset in details.presets],
        "fields": [FieldOut(**msgspec.structs.asdict(field)) for field in details.fields],
        "fonts": manifest.fonts,
        "music": [
            MusicOut(
                key=piece.key,
                title=piece.title,
                track_id=piece.file_id,
                url=piece.url,
                duration_ms=piece.duration_ms,
                license=piece.license,
            )
            for piece in manifest.music
        ],
    }


def _admin_scene(scene: SceneDetails, *, from_project: bool) -> AdminScene:
    return AdminScene(
        **dict(scene_body(scene)),
        composition=scene.row.comp_name if from_project else None,
        findings=[FindingOut(**finding) for finding in scene.findings],
    )


def scene_body(scene: SceneDetails) -> SceneOut:
    """Return a scene."""
    row = scene.row
    return SceneOut(
        id=row.id,
        key=row.scene_key,
        title=row.title,
        scene_type=row.scene_type,
        engine="aerender" if row.engine == "aerender" else "thorvg",
        duration_frames=row.default_duration_frames,
        snapshot_frame=row.snapshot_frame,
        snapshot_url=row.snapshot_url,
        image=row.image,
        can_repeat=row.can_repeat,
        is_required=row.is_required,
        is_active=row.is_active,
        color_slots=row.color_slots,
        duration=scene.duration,
        fields=[FieldOut(**msgspec.structs.asdict(field)) for field in scene.fields],
    )
