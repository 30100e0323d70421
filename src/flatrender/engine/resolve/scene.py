"""`resolve_scene`: values in, one self-contained Lottie out."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flatrender.engine.errors import ValueRefused
from flatrender.engine.lottie.document import MAX_FRAMES, Json, canonical
from flatrender.engine.lottie.edit import apply_color_slots, rgb_of_hex, set_duration
from flatrender.engine.lottie.rewrite import rewrite_for_engine
from flatrender.engine.resolve.bind import Binder
from flatrender.engine.resolve.images import ImageSetter
from flatrender.engine.resolve.texts import TextSetter
from flatrender.engine.resolve.values import all_fields, check_keys, check_value, default_of
from flatrender.engine.scene import ResolvedScene, SceneWarning
from flatrender.engine.template.check import HEX_COLOR
from flatrender.engine.template.model import Scene
from flatrender.engine.template.package import Template

Asset = str | Path | bytes


def resolve_scene(
    template: Template,
    scene_key: str,
    *,
    size: str | None = None,
    values: Mapping[str, Any] | None = None,
    colors: Mapping[str, str] | None = None,
    locale: str = "fa",
    assets: Mapping[str, Asset] | None = None,
    frames: int | None = None,
    preview: bool = False,
) -> ResolvedScene:
    """Put values into a scene.

    `values` maps field keys to values, missing ones take their default in `locale`; `colors` maps slot keys to `#rrggbb` over the default
    preset; `assets` maps the asset ids in image values to a file or its bytes; `frames` is another duration; `preview` uses smaller
    pictures. The same input gives the same bytes. Raises ValueRefused `unknown_scene`, `unknown_field`, `wrong_type`,
    `value_out_of_range`, `unknown_font`, `missing_asset` or `picture_invalid`, and TemplateError for a file that went bad.
    """
    scene = template.scene(scene_key)
    chosen = template.size(size)
    values = values or {}
    check_keys(template, scene, values)
    lottie = template.lottie(scene_key, chosen.key)
    warnings: list[SceneWarning] = []
    images = ImageSetter(template, lottie, scene.files[chosen.key], assets or {}, warnings, preview=preview)
    binder = Binder(template, lottie, locale, images, warnings)
    for field in all_fields(template, scene):
        given = values.get(field.key)
        default = default_of(field, locale)
        if template.plain and given in (None, default):
            continue  # its default was read from the animation, which says it better
        value = default if given is None else given
        if value is None or (field.type == "image" and value == ""):
            continue
        binder.bind(field, check_value(field, value))
    _color(template, lottie, colors or {})
    binder.apply_colors()
    TextSetter(lottie, template.fonts, locale, warnings).set_all(binder.texts, binder.families)
    images.embed_rest()
    count = _set_frames(lottie, scene, frames)
    lottie.pop("slots", None)
    rewrite_for_engine(lottie)
    data = canonical(lottie)
    return ResolvedScene(
        scene_key=scene_key,
        lottie=data,
        sha256=hashlib.sha256(data).hexdigest(),
        width=chosen.width,
        height=chosen.height,
        fps=template.fps,
        first_frame=float(lottie["ip"]),
        frames=count,
        snapshot_frame=min(scene.snapshot_frame, count - 1),
        warnings=tuple(warnings),
    )


def _set_frames(lottie: Json, scene: Scene, frames: int | None) -> int:
    if frames is None or frames == scene.duration_frames:
        return scene.duration_frames
    if isinstance(frames, bool) or not isinstance(frames, int) or not 1 <= frames <= MAX_FRAMES:
        raise ValueRefused(
            f"{frames} frames; give 1 to {MAX_FRAMES}", code="value_out_of_range", where=f"scene {scene.key!r}"
        )
    lottie["op"] = min(lottie["op"], lottie["ip"] + scene.duration_frames)
    set_duration(lottie, frames, scene.snapshot_frame)
    return frames


def _color(template: Template, lottie: Json, colors: Mapping[str, str]) -> None:
    defaults = {slot.key: slot.default.lower() for slot in template.color_slots}
    wanted = dict(defaults)
    for preset in template.presets:
        if preset.is_default:
            wanted.update({key: color.lower() for key, color in preset.colors.items()})
    for key, color in colors.items():
        if key not in defaults:
            raise ValueRefused(
                f"the template has no colour {key!r}; it has {', '.join(defaults) or 'none'}",
                code="unknown_field",
                where=template.where,
            )
        if not isinstance(color, str):
            raise ValueRefused(
                f"a colour is a string #rrggbb, not {type(color).__name__}", code="wrong_type", where=f"colour {key!r}"
            )
        if not HEX_COLOR.match(color):
            raise ValueRefused(
                f"{color[:40]!r} is no colour; write #rrggbb", code="value_out_of_range", where=f"colour {key!r}"
            )
        wanted[key] = color.lower()
    if template.plain:
        # What is written #rrggbb lost its last bits; a colour that nobody changed keeps them.
        wanted = {key: color for key, color in wanted.items() if color != defaults[key]}
    if wanted:
        apply_color_slots(lottie, {key: rgb_of_hex(color) for key, color in wanted.items()})
