"""Writing one value to one layer: numbers, colours, times."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from flatrender.engine.lottie.document import Json, is_number
from flatrender.engine.lottie.edit import color_layer, rgb_of_hex, set_color, tint_layer
from flatrender.engine.lottie.keyframes import change, grow_to, rest_at
from flatrender.engine.lottie.locate import (
    SHAPE,
    TRANSFORM,
    Place,
    effect_places,
    path_places,
    remap_places,
    shape_places,
    shift_in_time,
    transform_places,
)
from flatrender.engine.lottie.walk import is_animated, property_values, shape_items, text_documents
from flatrender.engine.template.model import Binding
from flatrender.engine.template.properties import Adjust, adjust_of

_TEXT_KEYS = {"text.size": "s", "text.tracking": "tr", "text.leading": "lh", "text.stroke_width": "sw"}
_TEXT_COLORS = {"text.color": "fc", "text.stroke_color": "sc"}


def places(layer: Json, binding: Binding) -> Iterable[Place]:
    """Yield the properties of a layer that the binding means; of a transform also one that the file leaves out."""
    name = binding.property
    base = name.partition(".")[0]
    if base in TRANSFORM:
        return transform_places(layer, name)
    if name in SHAPE or name[:-2] in SHAPE:
        return shape_places(layer, name, binding.shape)
    if name == "effect":
        return effect_places(layer, binding.effect, binding.control)
    if name == "path":
        return path_places(layer, binding.path or "")
    return remap_places(layer) if name == "time_remap" else ()


def apply_number(layer: Json, binding: Binding, value: float | list[float], rest: float) -> bool:
    """Bring a number, or several, to what the binding means; `rest` is the frame at which a shifted or scaled motion has the value."""
    if binding.property == "start":
        return _start(layer, value)
    if binding.property in _TEXT_KEYS:
        return _text_number(layer, binding, value)
    return to_places(places(layer, binding), binding, value, rest)


def to_places(found: Iterable[Place], binding: Binding, value: float | list[float], rest: float) -> bool:
    """Bring a number, or several, to properties."""
    values = list(value) if isinstance(value, list) else [value]
    adjust = adjust_of(binding.property)
    done = False
    for place in found:
        own = values
        if place.pick is not None:
            if place.pick >= len(values) > 1:
                continue
            own = [values[place.pick] if len(values) > 1 else values[0]]
        elif binding.property.endswith("scale") and len(own) == 1 and place.component is None:
            own = own * 2  # the depth of a scale stays
        done |= _change(place, own, binding, adjust, rest)
    return done


def _change(place: Place, values: list[float], binding: Binding, adjust: Adjust, rest: float) -> bool:
    prop, component = place.prop, place.component
    prop.pop("x", None)  # an expression would write over what is set here
    mode = binding.mode
    if mode == "auto" and not is_animated(prop):
        mode = "set"
    if mode == "set":
        return change(prop, values, "set", component)
    if mode == "add" or (mode == "auto" and adjust == "turn"):
        return change(prop, values, "add", component)
    if mode == "multiply" or adjust == "percent":
        return change(prop, [v / 100 for v in values], "multiply", component)
    return (grow_to if adjust == "grow" else rest_at)(prop, values, rest, component)


def _start(layer: Json, value: float | list[float]) -> bool:
    if not is_number(value) or not is_number(layer.get("ip")):
        return False
    shift_in_time(layer, value - layer["ip"])
    return True


def _text_number(layer: Json, binding: Binding, value: float | list[float]) -> bool:
    documents = text_documents(layer)
    if not documents or not is_number(value):
        return False
    key = _TEXT_KEYS[binding.property]
    first = documents[0].get(key, 0)
    for document in documents:
        old = document.get(key, 0)
        old = old if is_number(old) else 0
        if binding.mode == "add":
            new = old + value
        elif binding.mode == "multiply":
            new = old * value / 100
        elif binding.mode == "auto" and key == "s" and is_number(first) and first > 0:
            new = old * value / first  # sizes that change with time keep their proportion
        else:
            new = value
        if key == "s":
            new = min(max(new, 1), 2000)
            if is_number(document.get("lh")) and old > 0:
                document["lh"] = round(document["lh"] * new / old, 4)
        document[key] = round(new, 4)
    return True


def apply_color(layer: Json, binding: Binding, color: str) -> bool:
    """Bring a colour (`#rrggbb`) to what the binding means."""
    rgb = rgb_of_hex(color)
    name = binding.property
    if name == "color":
        return color_layer(layer, rgb, binding.shape)
    if name == "tint":
        return tint_layer(layer, rgb)
    if name in _TEXT_COLORS:
        documents = text_documents(layer)
        for document in documents:
            document[_TEXT_COLORS[name]] = list(rgb)
        return bool(documents)
    if name == "gradient.color":
        return _gradient_color(layer, binding, rgb)
    done = False
    for place in places(layer, binding):
        done |= set_color(place.prop, rgb)
    return done


def _gradient_color(layer: Json, binding: Binding, rgb: Iterable[float]) -> bool:
    done = False
    for item in shape_items(layer, binding.shape):
        gradient = item.get("g")
        prop = gradient.get("k") if isinstance(gradient, dict) else None
        if item.get("ty") not in ("gf", "gs") or not isinstance(gradient, dict) or not isinstance(prop, dict):
            continue
        count = gradient.get("p")
        at = 4 * (binding.stop or 0)
        for holder, key in property_values(prop):
            values = holder[key]
            if isinstance(values, list) and at + 4 <= len(values) and (not is_number(count) or at < 4 * count):
                values[at + 1 : at + 4] = rgb
                done = True
    return done


def eased(kind: str) -> Callable[[float], float]:
    """Return the ease of a count, from 0 to 1 to 0 to 1."""
    if kind == "linear":
        return lambda share: share
    if kind == "out":
        return lambda share: float(1 - (1 - share) ** 3)
    return lambda share: float(3 * share**2 - 2 * share**3)


def is_color(value: Any) -> bool:
    """Whether a checked value is a colour."""
    return isinstance(value, str) and value.startswith("#")
