"""Writing values into a Lottie: colours, slots, visibility, opacity, rotation, scale, duration."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flatrender.engine.lottie.document import Json, is_number
from flatrender.engine.lottie.walk import (
    SOLID,
    dicts,
    is_animated,
    objects,
    property_values,
    shape_items,
    text_documents,
)

Rgb = tuple[float, float, float]
"""Red, green, blue, each 0 to 1."""

_FILL_EFFECT = 21


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


def _transform_property(layer: Json, key: str, default: object) -> Json:
    transform = layer.get("ks")
    if not isinstance(transform, dict):
        transform = layer["ks"] = {}
    prop: object = transform.get(key)
    if isinstance(prop, dict):
        return prop
    made: Json = {"a": 0, "k": default}
    transform[key] = made
    return made


def change_values(prop: Json, change: Callable[[float], float]) -> None:
    """Apply a function to every number of a property, keyframes included."""
    for holder, key in property_values(prop):
        old = holder[key]
        if is_number(old):
            holder[key] = round(change(old), 4)
        elif isinstance(old, list):
            holder[key] = [round(change(v), 4) if is_number(v) else v for v in old]


def set_opacity(layer: Json, percent: float) -> None:
    """Set a layer's opacity: a constant one is replaced; an animated one is multiplied, so fades stay."""
    prop = _transform_property(layer, "o", 100)
    if is_animated(prop):
        change_values(prop, lambda old: old * percent / 100)
    else:
        prop["k"] = percent


def set_rotation(layer: Json, degrees: float) -> None:
    """Set a layer's rotation: a constant one is replaced; to an animated one the angle is added."""
    transform = layer.get("ks")
    key = "rz" if isinstance(transform, dict) and "rz" in transform else "r"
    prop = _transform_property(layer, key, 0)
    if is_animated(prop):
        change_values(prop, lambda old: old + degrees)
    else:
        prop["k"] = degrees


def set_scale(layer: Json, percent: float) -> None:
    """Set a layer's scale: a constant one is replaced; an animated one is multiplied."""
    prop = _transform_property(layer, "s", [100, 100, 100])
    if is_animated(prop):
        change_values(prop, lambda old: old * percent / 100)
    else:
        prop["k"] = [percent, percent, 100]


def set_duration(lottie: Json, frames: float, hold: float) -> None:
    """Make the animation last `frames`. Longer: it stands still at frame `hold` (counted from its first); shorter: it runs faster.

    Its layers move into a precomposition whose time is remapped (`tm`, seconds).
    """
    first, rate = lottie["ip"], lottie["fr"]
    length = lottie["op"] - first
    if frames == length:
        return
    if frames > length:
        hold = min(max(hold, 0), length)
        points = [(0, 0), (hold, hold), (hold + frames - length, hold), (frames, length)]
    else:
        points = [(0, 0), (frames, length)]
    points = [p for i, p in enumerate(points) if i == 0 or p[0] > points[i - 1][0]]
    ease = {"i": {"x": [1], "y": [1]}, "o": {"x": [0], "y": [0]}}
    keyframes = [{"t": first + at, "s": [round((first + shown) / rate, 6)], **ease} for at, shown in points]
    name = "flatrender-scene"
    assets = lottie.setdefault("assets", [])
    assets.append({"id": name, "layers": lottie["layers"]})
    lottie["op"] = first + frames
    lottie["layers"] = [
        {
            "ty": 0,
            "ind": 1,
            "nm": name,
            "refId": name,
            "w": lottie["w"],
            "h": lottie["h"],
            "ip": first,
            "op": first + frames,
            "st": 0,
            "sr": 1,
            "bm": 0,
            "ks": {},
            "tm": {"a": 1, "k": keyframes},
        }
    ]
