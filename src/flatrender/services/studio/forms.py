"""A document's forms: as it is stored, as a client sends it, and checked, ready to be written. Pure."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec

from flatrender.contracts.content import TemplateDetails
from flatrender.contracts.files import StoredFile
from flatrender.kit.errors import Refused
from flatrender.services.studio.queries.documents import DocumentRow, EffectRow, SceneRow
from flatrender.services.studio.schemas import Audio, CreateBody, DocumentBody, SceneBody, Transition
from flatrender.services.studio.values import frames_of


class Saved(msgspec.Struct, frozen=True, kw_only=True):
    """A document as it is stored."""

    row: DocumentRow
    scenes: list[SceneRow]
    effects: list[EffectRow]


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """A document that fits its template, ready to be written."""

    title: str
    size: str
    locale: str
    palette: dict[str, str]
    global_values: dict[str, Any]
    audio: Audio
    scenes: list[dict[str, Any]]
    """Rows for `write_scenes`, ids as the client sent them."""
    duration_frames: int
    thumbnail_url: str | None
    new_tracks: list[tuple[StoredFile, str]]
    """Files that become tracks with this document, with the kind of track."""


def new_document(template: TemplateDetails, body: CreateBody, locale: str) -> Checked:
    """Return what a new document holds; raise Refused for a size or preset that the template does not have."""
    sizes = [size.key for size in template.sizes]
    if body.size is not None and body.size not in sizes:
        raise Refused(
            f"the template has no size {body.size}; it has {', '.join(sizes)}",
            code="studio.unknown_size",
            fields=[("size", f"one of {', '.join(sizes)}")],
        )
    return Checked(
        title=body.title or _in_locale(template.title, body.locale or locale),
        size=body.size or sizes[0],
        locale=body.locale or locale,
        palette=_preset_colors(template, body.preset),
        global_values={},
        audio=Audio(),
        scenes=[scene_row(scene.id, scene.key, None, {}, {}) for scene in template.scenes],
        duration_frames=sum(frames_of(template, scene, {}, body.locale or locale) for scene in template.scenes),
        thumbnail_url=next((scene.snapshot_url for scene in template.scenes if scene.snapshot_url), None),
        new_tracks=[],
    )


def audio_of(saved: Saved) -> Audio:
    """Return the sound of a stored document."""
    row = saved.row
    return Audio.model_validate(
        {
            "music_track_id": row.music_track_id,
            "music_volume": row.music_volume,
            "music_start_ms": row.music_start_ms,
            "music_fade_out_ms": row.music_fade_out_ms,
            "voiceover_track_id": row.voiceover_track_id,
            "voiceover_volume": row.voiceover_volume,
            "voiceover_start_ms": row.voiceover_start_ms,
            "sfx_enabled": row.sfx_enabled,
            "sfx_volume": row.sfx_volume,
            "sfx": [
                {"track_id": effect.track_id, "start_ms": effect.start_ms, "volume": effect.volume}
                for effect in saved.effects
            ],
        }
    )


def body_of(saved: Saved) -> DocumentBody:
    """Return a stored document in the form in which a client sends it."""
    row = saved.row
    return DocumentBody(
        title=row.title,
        size=row.size,
        locale=row.locale,
        palette=row.palette,
        global_values=row.global_values,
        audio=audio_of(saved),
        scenes=[
            SceneBody(
                id=scene.id,
                scene_key=scene.scene_key,
                values=scene.field_values,
                colors=scene.color_overrides,
                duration_frames=scene.duration_frames,
                transition=None if scene.transition is None else Transition.model_validate(scene.transition),
            )
            for scene in saved.scenes
        ],
    )


def named_tracks(audio: Audio) -> dict[UUID, tuple[str, str]]:
    """Return the tracks of a document: id → (path of the member, kind of track)."""
    found: dict[UUID, tuple[str, str]] = {}
    if audio.music_track_id is not None:
        found[audio.music_track_id] = ("audio.music_track_id", "music")
    if audio.voiceover_track_id is not None:
        found[audio.voiceover_track_id] = ("audio.voiceover_track_id", "voiceover")
    for number, effect in enumerate(audio.sfx):
        found.setdefault(effect.track_id, (f"audio.sfx.{number}.track_id", "sfx"))
    return found


def overlap_of(transition: Transition | None, fps: float) -> int:
    """Return for how many frames a transition shows both scenes, by the rule by which films are made; 0 for a cut."""
    if transition is None or transition.kind == "cut":
        return 0
    return max(1, round(transition.duration_ms / 1000 * fps))


def scene_row(
    template_scene_id: UUID,
    key: str,
    duration_frames: int | None,
    values: dict[str, Any],
    colors: dict[str, str],
    scene_id: UUID | None = None,
    transition: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Return a scene in the form in which it is written; its place is given later."""
    return {
        "id": scene_id,
        "scene_id": template_scene_id,
        "scene_key": key,
        "duration_frames": duration_frames,
        "field_values": values,
        "color_overrides": colors,
        "transition": transition,
    }


def _preset_colors(template: TemplateDetails, key: str | None) -> dict[str, str]:
    """Return the colours of a preset, of the default one without a key; raise Refused for an unknown one."""
    if key is None:
        return dict(next((preset["colors"] for preset in template.presets if preset["is_default"]), {}))
    for preset in template.presets:
        if preset["key"] == key:
            return dict(preset["colors"])
    known = ", ".join(preset["key"] for preset in template.presets) or "none"
    raise Refused(
        f"the template has no preset {key}; it has {known}",
        code="studio.unknown_preset",
        fields=[("preset", f"one of {known}")],
    )


def _in_locale(text: Mapping[str, str], locale: str) -> str:
    for key in (locale, locale.split("-", 1)[0], "fa", "en"):
        if text.get(key):
            return text[key][:200]
    return next(iter(text.values()), "")[:200]
