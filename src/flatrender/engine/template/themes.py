"""The themes of a dotLottie (version 2) as colour presets."""

from __future__ import annotations

import re
from typing import Any

from flatrender.engine.errors import TemplateError
from flatrender.engine.lottie.document import decode_json
from flatrender.engine.lottie.edit import hex_of_rgb
from flatrender.engine.lottie.walk import dicts
from flatrender.engine.template.model import Preset
from flatrender.engine.template.store import ArchiveStore

_MAX_THEMES = 40
_MAX_BYTES = 1024 * 1024
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}\Z")


def theme_presets(
    archive: ArchiveStore, manifest: dict[str, Any], animation: str, slots: set[str], where: str
) -> tuple[Preset, ...]:
    """Return a preset for each theme that colours one of the slots; the animation's `initialTheme` is the default.

    Of a theme's rules those of the type `Color` with one value are taken (dotLottie 2.0, themes). Raises TemplateError for a damaged theme.
    """
    about = next((one for one in dicts(manifest.get("animations")) if one.get("id") == animation), {})
    meant = about.get("themes")
    presets: list[Preset] = []
    for theme in dicts(manifest.get("themes"))[:_MAX_THEMES]:
        key = theme.get("id")
        if not isinstance(key, str) or not _ID.match(key) or f"t/{key}.json" not in archive.names:
            continue
        if (isinstance(meant, list) and meant and key not in meant) or any(preset.key == key for preset in presets):
            continue
        colors = _colors(archive, f"t/{key}.json", animation, slots, where)
        if colors:
            name = theme["name"] if isinstance(theme.get("name"), str) and theme["name"] else key
            initial = about.get("initialTheme") == key
            presets.append(Preset(key=key, name={"fa": name, "en": name}, colors=colors, is_default=initial))
    return tuple(presets)


def _colors(archive: ArchiveStore, name: str, animation: str, slots: set[str], where: str) -> dict[str, str]:
    raw = decode_json(archive.read(name), f"{where}: {name}", limit=_MAX_BYTES)
    if not isinstance(raw, dict):
        raise TemplateError("a theme is a JSON object", code="manifest_invalid", where=f"{where}: {name}")
    found: dict[str, str] = {}
    for rule in dicts(raw.get("rules")):
        only = rule.get("animations")
        if rule.get("type") != "Color" or (isinstance(only, list) and only and animation not in only):
            continue
        color = hex_of_rgb(rule.get("value"))
        slot = rule.get("id")
        if isinstance(slot, str) and slot in slots and color is not None:
            found[slot] = color
    return found
