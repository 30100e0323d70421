"""The colours of a template: what its slots are with somebody's choice, derived ones included."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from flatrender.engine.lottie.color import adjusted, mixed, most_readable, readable
from flatrender.engine.template.model import ColorSlot, Manifest
from flatrender.engine.template.rules import Derivation


def palette(slots: tuple[ColorSlot, ...], chosen: Mapping[str, str]) -> dict[str, str]:
    """Return every slot's colour (`#rrggbb`, lower case): what was chosen, else what it derives from, else its default.

    The manifest was checked: derivations name slots that are there and never themselves.
    """
    known = {slot.key: slot for slot in slots}
    found = {key: color.lower() for key, color in chosen.items() if key in known}

    def color_of(name: str) -> str:
        if name not in known:
            return name.lower()
        if name not in found:
            slot = known[name]
            found[name] = slot.default.lower() if slot.derive is None else _derived(slot.derive)
        return found[name]

    def _derived(rule: Derivation) -> str:
        source = color_of(rule.source)
        color = source if rule.mix is None else mixed(source, color_of(rule.mix), rule.amount)
        if rule.lighten or rule.chroma != 1 or rule.hue:
            color = adjusted(color, lightness=rule.lighten, chroma=rule.chroma, hue=rule.hue)
        if rule.contrast:
            color = most_readable(color, [color_of(name) for name in rule.contrast])
        if rule.min_contrast > 1:
            color = readable(color, source if rule.against is None else color_of(rule.against), rule.min_contrast)
        return color

    return {slot.key: color_of(slot.key) for slot in slots}


def default_choice(manifest: Manifest) -> dict[str, str]:
    """Return what the preset marked as default says of the slots."""
    chosen: dict[str, str] = {}
    for preset in manifest.presets:
        if preset.is_default:
            chosen.update(preset.colors)
    return chosen


def with_derived_defaults(manifest: Manifest) -> Manifest:
    """Return the manifest with a default for each derived slot that names none."""
    if all(slot.default for slot in manifest.color_slots):
        return manifest
    colors = palette(manifest.color_slots, {slot.key: slot.default for slot in manifest.color_slots if slot.default})
    slots = tuple(
        slot if slot.default else msgspec.structs.replace(slot, default=colors[slot.key])
        for slot in manifest.color_slots
    )
    return msgspec.structs.replace(manifest, color_slots=slots)
