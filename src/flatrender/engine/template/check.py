"""What a manifest must keep to beyond its types: keys, references, files, sizes, colours."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from flatrender.engine.lottie.document import is_number
from flatrender.engine.template.check_rules import check_binding, check_color, check_rules, refuse
from flatrender.engine.template.model import FORMAT, Field, Manifest, OwnTransition, Scene, Size
from flatrender.engine.template.package import Template
from flatrender.engine.template.pictures import asset_file, image_assets
from flatrender.engine.template.store import name_problem

MAX_TRANSITION_SECONDS = 10.0
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}\Z")


def check_manifest(manifest: Manifest, where: str) -> None:
    """Raise TemplateError `manifest_invalid` when the manifest contradicts itself."""
    if manifest.format != FORMAT:
        refuse(f"`format` is {manifest.format!r}; this engine reads {FORMAT!r}", where)
    if not is_number(manifest.fps) or not 1 <= manifest.fps <= 240:
        refuse(f"`fps` is {manifest.fps}; give 1 to 240", where)
    if not manifest.sizes or not manifest.scenes:
        refuse("it needs at least one size and one scene", where)
    _check_keys((manifest.key,), "key", where)
    _check_keys((s.key for s in manifest.sizes), "sizes", where)
    _check_keys((s.key for s in manifest.scenes), "scenes", where)
    _check_keys((s.key for s in manifest.color_slots), "color_slots", where)
    _check_keys((p.key for p in manifest.presets), "presets", where)
    _check_keys((m.key for m in manifest.music), "music", where)
    _check_keys((t.key for t in manifest.transitions), "transitions", where)
    for transition in manifest.transitions:
        _check_sizes(transition.files, f"transition {transition.key!r}", manifest, where)
        if not 0 < transition.seconds <= MAX_TRANSITION_SECONDS:
            refuse(f"transition {transition.key!r} lasts {transition.seconds:g} s; give above 0 to 10", where)
    for size in manifest.sizes:
        if not (16 <= size.width <= 8192 and 16 <= size.height <= 8192):
            refuse(f"size {size.key!r} is {size.width}×{size.height}; give 16 to 8192 px", where)
    slots = {slot.key for slot in manifest.color_slots}
    for slot in manifest.color_slots:
        if slot.default or slot.derive is None:
            check_color(slot.default, f"color_slots.{slot.key}", where)
    for preset in manifest.presets:
        for key, color in preset.colors.items():
            if key not in slots:
                refuse(f"preset {preset.key!r} colours {key!r}, which is no color slot", where)
            check_color(color, f"presets.{preset.key}.{key}", where)
    for scene in manifest.scenes:
        _check_scene(manifest, scene, where)
    _check_fields(manifest.fields, manifest, where)
    check_rules(manifest, where)


def _check_keys(keys: Iterable[str], what: str, where: str) -> None:
    seen: set[str] = set()
    for key in keys:
        if not _KEY.match(key):
            refuse(f"{what}: the key {key!r} must be 1 to 64 letters, digits, `_`, `-` or `.`", where)
        if key in seen:
            refuse(f"{what}: the key {key!r} is there twice", where)
        seen.add(key)


def _check_sizes(files: Mapping[str, str], what: str, manifest: Manifest, where: str) -> None:
    for size in manifest.sizes:
        if size.key not in files:
            refuse(f"{what} has no file for size {size.key!r}", where)
    for name in files.values():
        if problem := name_problem(name):
            refuse(f"{what}: the file name {name!r} {problem}", where)


def _check_scene(manifest: Manifest, scene: Scene, where: str) -> None:
    _check_sizes(scene.files, f"scene {scene.key!r}", manifest, where)
    if scene.duration_frames < 1 or not 0 <= scene.snapshot_frame < scene.duration_frames:
        refuse(
            f"scene {scene.key!r} lasts {scene.duration_frames} frames and shows frame {scene.snapshot_frame} as its snapshot",
            where,
        )
    if scene.engine == "aerender" and (manifest.source is None or not scene.compositions):
        refuse(f"scene {scene.key!r} needs After Effects: `source` and its `compositions` say of which project", where)
    for size_key in scene.compositions:
        if size_key not in {size.key for size in manifest.sizes}:
            refuse(f"scene {scene.key!r}: `compositions` names the size {size_key!r}, which is none", where)
    _check_fields((*manifest.fields, *scene.fields), manifest, f"{where}: scene {scene.key}")


def _check_fields(fields: tuple[Field, ...], manifest: Manifest, where: str) -> None:
    _check_keys((f.key for f in fields), "fields", where)
    keys = {field.key for field in fields}
    for field in fields:
        limits = field.constraints
        options = {option.key for option in limits.options}
        if field.type == "dropdown" and not options:
            refuse(f"field {field.key!r} is a dropdown without options", where)
        if limits.min is not None and limits.max is not None and limits.min > limits.max:
            refuse(f"field {field.key!r}: its `min` is above its `max`", where)
        if limits.decimals is not None and not 0 <= limits.decimals <= 10:
            refuse(f"field {field.key!r}: `decimals` must be 0 to 10", where)
        for binding in field.bindings:
            check_binding(field, binding, fields, manifest, where)
        for condition in (*field.visible_when, *(c for b in field.bindings for c in b.only_when)):
            if condition.field not in keys or condition.field == field.key:
                refuse(f"field {field.key!r}: it depends on {condition.field!r}, which is no other field here", where)


def check_files(template: Template) -> None:
    """Read every scene and look for every file named; raises TemplateError."""
    manifest = template.manifest
    source = manifest.source
    kept = () if source is None else (source.file, *(footage.file for footage in source.footage))
    for file in (*(f.file for f in manifest.fonts), *(m.file for m in manifest.music), *kept):
        if problem := name_problem(file):
            refuse(f"the file name {file!r} {problem}", template.where)
        if not template.has_file(file):
            template.read_file(file)
    if manifest.fonts:
        _ = template.fonts
    for scene in manifest.scenes:
        for size in manifest.sizes:
            _check_animation(template, scene, size.key)
    for transition in manifest.transitions:
        for size in manifest.sizes:
            _check_transition(template, transition, size)
    for field in (*manifest.fields, *(f for s in manifest.scenes for f in s.fields)):
        if field.type == "image" and field.default:
            names = field.default.values() if isinstance(field.default, dict) else (field.default,)
            for name in names:
                if not isinstance(name, str):
                    refuse(f"field {field.key!r}: its default is no file name", template.where)
                if not template.has_file(name):
                    template.read_file(name)


def _check_transition(template: Template, transition: OwnTransition, size: Size) -> None:
    where = f"{template.where}: {transition.files[size.key]}"
    lottie = template.transition_lottie(transition.key, size.key)
    if (lottie["w"], lottie["h"]) != (size.width, size.height):
        refuse(f"its size is {lottie['w']}×{lottie['h']}, but size {size.key!r} is {size.width}×{size.height}", where)
    names = {str(layer.get("nm", "")).strip().lower() for layer in lottie["layers"]}
    if missing := sorted({"from", "to"} - names):
        refuse(f"a transition needs layers named `from` and `to`; there is no {' and no '.join(missing)}", where)
    for asset in image_assets(lottie):
        if not str(asset.get("p", "data:")).startswith("data:"):
            refuse(f"its picture {str(asset['p'])[:80]!r} is a file: embed the pictures of a transition", where)


def _check_animation(template: Template, scene: Scene, size_key: str) -> None:
    name = scene.files[size_key]
    size = template.size(size_key)
    lottie = template.lottie(scene.key, size_key)
    if (lottie["w"], lottie["h"]) != (size.width, size.height):
        refuse(
            f"its size is {lottie['w']}×{lottie['h']}, but size {size_key!r} is {size.width}×{size.height}",
            f"{template.where}: {name}",
        )
    if abs(lottie["fr"] - template.fps) > 0.01:
        refuse(f"it runs at {lottie['fr']} frames/s, the template at {template.fps}", f"{template.where}: {name}")
    length = lottie["op"] - lottie["ip"]
    if scene.duration_frames > length + 1e-6:
        refuse(
            f"it lasts {length:g} frames, shorter than scene {scene.key!r} ({scene.duration_frames})",
            f"{template.where}: {name}",
        )
    for asset in image_assets(lottie):
        reference = str(asset.get("p", ""))
        if reference and not reference.startswith("data:") and asset_file(template, asset, name) is None:
            template.read_file(f"{asset.get('u') or ''}{reference}")
