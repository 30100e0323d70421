"""Writing values into a Lottie: colours, slots, visibility, tints."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from flatrender.engine.errors import TemplateError
from flatrender.engine.lottie.document import Json, canonical, is_number
from flatrender.engine.lottie.walk import (
    IMAGE,
    PRECOMP,
    SOLID,
    dicts,
    objects,
    property_values,
    shape_items,
    text_documents,
)

Rgb = tuple[float, float, float]
"""Red, green, blue, each 0 to 1."""

_TINT_EFFECT, _FILL_EFFECT = 20, 21
_TINT = "flatrender-tint"
# What a slot may bring: a property's value, a gradient's stops, a picture's size and place.
_SLOT_MEMBERS = frozenset({"a", "k", "p", "w", "h", "u", "e"})
_MAX_SLOT_BYTES = 16 * 1024 * 1024


def rgb_of_hex(color: str) -> Rgb:
    """`#rrggbb` as fractions."""
    return (
        round(int(color[1:3], 16) / 255, 6),
        round(int(color[3:5], 16) / 255, 6),
        round(int(color[5:7], 16) / 255, 6),
    )


def hex_of_rgb(value: object) -> str | None:
    """Three or more fractions as `#rrggbb`; None when they are none."""
    if not isinstance(value, list) or len(value) < 3 or not all(is_number(v) for v in value[:3]):
        return None
    return "#" + "".join(f"{round(255 * min(max(v, 0), 1)):02x}" for v in value[:3])


def set_color(prop: object, color: Rgb) -> bool:
    """Give a colour property one colour in all its keyframes; its fourth component stays. False when it is no colour."""
    if not isinstance(prop, dict):
        return False
    done = False
    for holder, key in property_values(prop):
        old = holder[key]
        if isinstance(old, list) and 3 <= len(old) <= 4 and all(is_number(v) for v in old):
            holder[key] = [*color, *old[3:]]
            done = True
    return done


def color_layer(layer: Json, color: Rgb, shape: str | None = None) -> bool:
    """Colour every fill, stroke, solid, text and fill effect of a layer, or only what is inside the shape item of that name."""
    done = False
    for item in shape_items(layer, shape):
        if item.get("ty") in ("fl", "st"):
            done |= set_color(item.get("c"), color)
    if shape is not None:
        return done
    if layer.get("ty") == SOLID:
        layer["sc"] = hex_of_rgb(list(color))
        done = True
    for document in text_documents(layer):
        document["fc"] = list(color)
        if "sc" in document:
            document["sc"] = list(color)
        done = True
    for effect in dicts(layer.get("ef")):
        if effect.get("ty") == _FILL_EFFECT:
            for control in dicts(effect.get("ef")):
                if control.get("ty") == 2:
                    done |= set_color(control.get("v"), color)
    return done


def apply_color_slots(lottie: Json, colors: Mapping[str, Rgb]) -> set[str]:
    """Write slot colours to every property, text document, solid and gradient stop that names the slot; returns the slots met."""
    met: set[str] = set()
    for node in objects([lottie.get("layers"), lottie.get("assets")]):
        slot = node.get("sid")
        if isinstance(slot, str) and slot in colors:
            color = colors[slot]
            if "t" in node and "f" in node:
                node["fc"] = list(color)
                met.add(slot)
            elif node.get("ty") == SOLID and isinstance(node.get("sc"), str):
                node["sc"] = hex_of_rgb(list(color))
                met.add(slot)
            elif set_color(node, color):
                met.add(slot)
        tint_slot = node.get("tint_sid")
        if isinstance(tint_slot, str) and tint_slot in colors and tint_layer(node, colors[tint_slot]):
            met.add(tint_slot)
        stroke_slot = node.get("stroke_sid")
        if isinstance(stroke_slot, str) and stroke_slot in colors and "t" in node:
            node["sc"] = list(colors[stroke_slot])
            met.add(stroke_slot)
        stops = node.get("sids")
        if isinstance(stops, dict):
            met |= _color_gradient(node.get("g"), stops, colors)
    return met


def _color_gradient(gradient: object, stops: Json, colors: Mapping[str, Rgb]) -> set[str]:
    """Colour stops of a gradient: `g.k` holds `p` times (offset, red, green, blue), then the opacity stops."""
    met: set[str] = set()
    prop = gradient.get("k") if isinstance(gradient, dict) else None
    if not isinstance(gradient, dict) or not isinstance(prop, dict):
        return met
    count = gradient.get("p")
    for holder, key in property_values(prop):
        values = holder[key]
        if not isinstance(values, list):
            continue
        for index, slot in stops.items():
            if not isinstance(slot, str) or slot not in colors or not index.isdecimal():
                continue
            at = 4 * int(index)
            if at + 4 > len(values) or (is_number(count) and int(index) >= count):
                continue
            values[at + 1 : at + 4] = colors[slot]
            met.add(slot)
    return met


def set_visible(layer: Json, *, visible: bool) -> None:
    """Show or hide a layer."""
    layer["hd"] = not visible


def change_values(prop: Json, change: Callable[[float], float]) -> None:
    """Apply a function to every number of a property, keyframes included."""
    for holder, key in property_values(prop):
        old = holder[key]
        if is_number(old):
            holder[key] = round(change(old), 4)
        elif isinstance(old, list):
            holder[key] = [round(change(v), 4) if is_number(v) else v for v in old]


def tint_layer(layer: Json, color: Rgb) -> bool:
    """Show a picture or composition in shades of one colour: its black stays black, its white becomes the colour."""
    if layer.get("ty") not in (PRECOMP, IMAGE):
        return False
    effects = layer.setdefault("ef", [])
    if not isinstance(effects, list):
        return False
    controls: list[Json] = [
        {"ty": 2, "nm": "Map Black To", "ix": 1, "v": {"a": 0, "k": [0, 0, 0, 1]}},
        {"ty": 2, "nm": "Map White To", "ix": 2, "v": {"a": 0, "k": [*color, 1]}},
        {"ty": 0, "nm": "Amount to Tint", "ix": 3, "v": {"a": 0, "k": 100}},
    ]
    made: Json = {
        "ty": _TINT_EFFECT,
        "nm": _TINT,
        "np": 6,
        "mn": "ADBE Tint",
        "ix": len(effects) + 1,
        "en": 1,
        "ef": controls,
    }
    effects[:] = [*(e for e in effects if not (isinstance(e, dict) and e.get("nm") == _TINT)), made]
    return True


def fill_slots(lottie: Json, where: str) -> None:
    """Give every object that names a slot (`sid`) what the animation's own `slots` says of it; raises TemplateError `template_too_large`."""
    slots = lottie.get("slots")
    if not isinstance(slots, dict):
        return
    written: dict[str, bytes] = {}
    total = 0
    for node in list(objects([lottie.get("layers"), lottie.get("assets")])):
        key = node.get("sid")
        slot = slots.get(key) if isinstance(key, str) else None
        value = slot.get("p") if isinstance(slot, dict) else None
        if not isinstance(key, str) or not isinstance(value, dict):
            continue
        if key not in written:
            written[key] = canonical({name: part for name, part in value.items() if name in _SLOT_MEMBERS})
        total += len(written[key])
        if total > _MAX_SLOT_BYTES:
            raise TemplateError(
                f"its slots repeat more than {_MAX_SLOT_BYTES} bytes: simplify the file",
                code="template_too_large",
                where=where,
            )
        node.update(msgspec.json.decode(written[key]))
