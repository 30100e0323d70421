"""`resolve_scene`: values in, one self-contained Lottie out."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flatrender.engine.errors import ValueRefused
from flatrender.engine.lottie.baking import write_texts
from flatrender.engine.lottie.document import Json, canonical
from flatrender.engine.lottie.edit import apply_color_slots, fill_slots, rgb_of_hex, set_visible
from flatrender.engine.lottie.retime import Stretch, insert_time, marked_region, set_duration
from flatrender.engine.lottie.rewrite import rewrite_for_engine
from flatrender.engine.lottie.walk import TEXT, all_layers
from flatrender.engine.resolve.background import (
    Backdrop,
    Fit,
    checked_background,
    designed_background,
    frame_size,
    put_below,
    put_in_frame,
)
from flatrender.engine.resolve.bind import Binder
from flatrender.engine.resolve.duration import asked_frames, clip_seconds, content_frames, followed_texts
from flatrender.engine.resolve.images import ImageSetter
from flatrender.engine.resolve.values import Value, all_fields, check_keys, check_value, default_of
from flatrender.engine.scene import ResolvedScene, SceneWarning
from flatrender.engine.template.check_rules import HEX_COLOR
from flatrender.engine.template.model import Scene
from flatrender.engine.template.package import Template
from flatrender.engine.template.palette import default_choice, palette
from flatrender.engine.template.rules import BACKGROUND_KEY

if TYPE_CHECKING:
    from flatrender.engine.resolve.watermark import Watermark

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
    voice_seconds: float | None = None,
    canvas: tuple[int, int] | None = None,
    fit: Fit = "contain",
    watermark: Watermark | None = None,
    preview: bool = False,
) -> ResolvedScene:
    """Put values into a scene.

    `values` maps field keys to values (`@background` to what lies behind the scene), missing ones take their default in `locale`; `colors`
    maps slot keys to `#rrggbb` over the default preset; `assets` maps the asset ids in image values to a file or its bytes; `frames` is
    another duration than the scene's content asks for; `voice_seconds` is the length of what is spoken over a scene that follows it;
    `canvas` is the film's size, px, into whose shape the scene is fitted (`fit`): bars show its background; `watermark` lies over
    everything; `preview` uses smaller pictures. The same input gives the same bytes. Raises ValueRefused `unknown_scene`,
    `unknown_field`, `wrong_type`, `value_out_of_range`, `unknown_font`, `missing_asset`, `picture_invalid` or `clip_invalid`, and TemplateError
    for a file that went bad.
    """
    scene = template.scene(scene_key)
    chosen = template.size(size)
    values = values or {}
    check_keys(template, scene, values)
    lottie = template.lottie(scene_key, chosen.key)
    fill_slots(lottie, template.where)
    warnings: list[SceneWarning] = []
    frame = frame_size(chosen.width, chosen.height, canvas or (chosen.width, chosen.height), fit)
    backdrop = _backdrop(template, scene, lottie, values.get(BACKGROUND_KEY), frame)
    stamp = None
    if watermark is not None:
        from flatrender.engine.resolve.watermark import Stamp  # noqa: PLC0415  # with Pillow

        stamp = Stamp(lottie, watermark, frame, _bytes_of(assets or {}, watermark.image))
    images = ImageSetter(template, lottie, scene.files[chosen.key], assets or {}, warnings, preview=preview)
    current = current_values(template, scene, values, locale)
    binder = Binder(template, scene, lottie, locale, images, warnings, current)
    for field in all_fields(template, scene):
        if template.plain and values.get(field.key) in (None, default_of(field, locale)):
            continue  # its default was read from the animation, which says it better
        binder.bind(field, current[field.key])
    shown = _colors(template, scene, colors or {}, binder.slots)
    _paint(template, lottie, shown)
    binder.apply_colors()
    for one in (backdrop, stamp):
        if one is not None:
            one.put_picture(images)
    write_texts(lottie)
    if "fonts" in lottie or "chars" in lottie or any(layer.get("ty") == TEXT for layer in all_layers(lottie)):
        from flatrender.engine.resolve.texts import TextSetter  # noqa: PLC0415  # shaping takes longer to import than a scene of shapes to resolve

        TextSetter(lottie, template.fonts, locale, warnings, template.plain).set_all(binder.texts, binder.families)
    images.embed_rest()
    count = _set_frames(template, scene, lottie, current, frames, voice_seconds)
    put_in_frame(lottie, frame)
    if backdrop is not None:
        put_below(lottie, backdrop.layers(shown))
    if stamp is not None:
        stamp.put_on_top()
    lottie.pop("slots", None)
    rewrite_for_engine(lottie)
    data = canonical(lottie)
    return ResolvedScene(
        scene_key=scene_key,
        lottie=data,
        sha256=hashlib.sha256(data).hexdigest(),
        width=frame[0],
        height=frame[1],
        fps=template.fps,
        first_frame=float(lottie["ip"]),
        frames=count,
        snapshot_frame=min(scene.snapshot_frame, count - 1),
        warnings=_once(warnings),
        clips=tuple(images.clips.values()),
    )


def _once(warnings: list[SceneWarning]) -> tuple[SceneWarning, ...]:
    """Return the first warning of a kind about each layer: a text that counts is set many times."""
    found: dict[tuple[object, ...], SceneWarning] = {}
    for one in warnings:
        about = one.detail if one.layer is None else ""
        found.setdefault((one.code, one.field, one.layer, about), one)
    return tuple(found.values())


def current_values(template: Template, scene: Scene, values: Mapping[str, Any], locale: str) -> dict[str, Value]:
    """Return the checked value of every field of a scene, None where it has none; raises ValueRefused."""
    found: dict[str, Value] = {}
    for field in all_fields(template, scene):
        given = values.get(field.key)
        value = default_of(field, locale) if given is None else given
        empty = value is None or (field.type == "image" and value == "")
        found[field.key] = value if empty else check_value(field, value)
    return found


def _bytes_of(assets: Mapping[str, Asset], name: str) -> bytes | None:
    """Return a picture's bytes where they are at hand; what is missing is said when the picture is put in."""
    source = assets.get(name)
    if isinstance(source, str | Path):
        try:
            return Path(source).read_bytes()
        except (OSError, ValueError):
            return None
    return source


def _backdrop(template: Template, scene: Scene, lottie: Json, given: object, frame: tuple[int, int]) -> Backdrop | None:
    background = designed_background(template, scene)
    if given is not None:
        background = checked_background(given, {slot.key for slot in template.color_slots})
        for layer in all_layers(lottie):
            if layer.get("nm") in scene.background_layers:
                set_visible(layer, visible=False)
    return None if background is None else Backdrop(lottie, background, frame)


def _set_frames(
    template: Template,
    scene: Scene,
    lottie: Json,
    current: Mapping[str, Value],
    frames: int | None,
    voice_seconds: float | None,
) -> int:
    rule = scene.duration
    if frames is None:
        count = content_frames(
            rule,
            designed=scene.duration_frames,
            fps=template.fps,
            texts=() if rule is None else followed_texts(rule, ((f.key, f.type) for f in scene.fields), current),
            clip_seconds=None if rule is None else clip_seconds(rule, all_fields(template, scene), lottie),
            voice_seconds=voice_seconds,
        )
    else:
        count = asked_frames(rule, frames, designed=scene.duration_frames, where=f"scene {scene.key!r}")
    if count == scene.duration_frames:
        return count
    lottie["op"] = min(lottie["op"], lottie["ip"] + scene.duration_frames)
    region = None
    if rule is not None and rule.region is not None:
        region = Stretch(rule.region.first, rule.region.last, rule.region.fill)
    region = region or marked_region(lottie) or Stretch(scene.snapshot_frame, scene.snapshot_frame, "hold")
    if rule is not None and rule.mode == "follow_clip" and count > scene.duration_frames:
        insert_time(lottie, region.last, count - scene.duration_frames)  # held, a clip would stand still
        return count
    set_duration(lottie, count, region, keep_playing=() if rule is None else rule.keep_playing)
    return count


def _colors(template: Template, scene: Scene, colors: Mapping[str, str], fields: Mapping[str, str]) -> dict[str, str]:
    """Return the colour of every slot in this scene: the person's over the preset's, derived ones, then what the scene and its fields say."""
    known = {slot.key for slot in template.color_slots}
    wanted = default_choice(template.manifest)
    for key, color in colors.items():
        if key not in known:
            raise ValueRefused(
                f"the template has no colour {key!r}; it has {', '.join(s.key for s in template.color_slots) or 'none'}",
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
        wanted[key] = color
    shown = palette(template.color_slots, wanted)
    for instead in (scene.colors, fields):
        if not instead:
            continue
        # Colours that somebody names stand; another slot's is the one that it had before.
        base = {**wanted, **{key: shown.get(color, color) for key, color in instead.items()}}
        shown, wanted = palette(template.color_slots, base), base
    return shown


def _paint(template: Template, lottie: Json, shown: Mapping[str, str]) -> None:
    if template.plain:
        # What is written #rrggbb lost its last bits; a colour that nobody changed keeps them.
        designed = {slot.key: slot.default.lower() for slot in template.color_slots}
        shown = {key: color for key, color in shown.items() if color != designed[key]}
    if shown:
        apply_color_slots(lottie, {key: rgb_of_hex(color) for key, color in shown.items()})
