"""Whether bindings, derived colours, durations and backgrounds of a manifest make sense."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from flatrender.engine.errors import TemplateError
from flatrender.engine.lottie.document import MAX_FRAMES, is_number
from flatrender.engine.template.model import Binding, Field, Manifest, Scene
from flatrender.engine.template.properties import Kind, allowed, is_vector, kind_of, takes
from flatrender.engine.template.rules import Background, Duration

HEX_COLOR = re.compile(r"#[0-9A-Fa-f]{6}\Z")
PLACEHOLDER = re.compile(r"\{([A-Za-z0-9_.-]+)\}")
MAX_COUNT_FRAMES = 600
MAX_STOPS = 16


def refuse(what: str, where: str) -> NoReturn:
    """Raise TemplateError `manifest_invalid`."""
    raise TemplateError(what, code="manifest_invalid", where=where)


def check_color(color: str, what: str, where: str) -> None:
    """Refuse what is no `#rrggbb`."""
    if not HEX_COLOR.match(color):
        refuse(f"{what} is {color!r}; a colour is written #rrggbb", where)


def check_binding(field: Field, binding: Binding, fields: tuple[Field, ...], manifest: Manifest, where: str) -> None:
    """Refuse a binding that its field's values cannot serve, or that lacks what its property needs."""
    name, who = binding.property, f"field {field.key!r}"
    options = [option.key for option in field.constraints.options]
    if not takes(name, field.type, mapped=bool(binding.values)):
        if field.type in ("checkbox", "dropdown"):
            refuse(f"{who}: a {field.type} bound to {name!r} needs `values`, one for each of its own", where)
        refuse(
            f"{who}: a {field.type} cannot bind to {name!r}, only to {', '.join(sorted(allowed(field.type)))}", where
        )
    _check_place(field, binding, manifest, where)
    if field.type == "dropdown" and name == "visible" and not binding.values:
        wanted = (binding.when,) if isinstance(binding.when, str | None) else binding.when
        for key in wanted:
            if key not in options:
                refuse(f"{who}: `when` is {key!r}, which is no option", where)
    _check_values(field, binding, manifest, where)
    _check_numbers(field, binding, where)
    _check_format(field, binding, fields, where)


def _check_place(field: Field, binding: Binding, manifest: Manifest, where: str) -> None:
    name, who = binding.property, f"field {field.key!r}"
    if name in ("slot", "sid", "switch"):
        if binding.targets():
            refuse(f"{who}: a binding to {name!r} names no layer", where)
    elif not binding.targets():
        refuse(f"{who}: the binding to {name!r} names no layer", where)
    if "*" in binding.targets() and (name != "font" or binding.layers):
        refuse(f"{who}: only `font` may bind to every layer", where)
    if name == "slot" and binding.slot not in {slot.key for slot in manifest.color_slots}:
        refuse(f"{who}: `slot` is {binding.slot!r}, which is no color slot", where)
    if name == "sid" and not binding.slot:
        refuse(f"{who}: a binding to `sid` needs the `slot`", where)
    if name == "path" and not binding.path:
        refuse(f"{who}: a binding to `path` needs the `path`", where)
    if name == "effect" and not (binding.effect or binding.control):
        refuse(f"{who}: a binding to `effect` needs the `effect` or the `control`", where)
    if name == "gradient.color" and (binding.stop is None or not 0 <= binding.stop < MAX_STOPS):
        refuse(f"{who}: a binding to `gradient.color` needs the `stop`, 0 to {MAX_STOPS - 1}", where)


def _check_format(field: Field, binding: Binding, fields: tuple[Field, ...], where: str) -> None:
    keys = {"value", *(one.key for one in fields)}
    texts = (binding.format,) if isinstance(binding.format, str) else tuple(binding.format.values())
    for text in texts:
        for key in PLACEHOLDER.findall(text):
            if key not in keys:
                refuse(f"field {field.key!r}: `format` names {{{key}}}, which is no field here", where)


def _check_values(field: Field, binding: Binding, manifest: Manifest, where: str) -> None:
    known = {"checkbox": ["true", "false"], "dropdown": [o.key for o in field.constraints.options]}.get(field.type)
    if binding.values and known is None:
        refuse(f"field {field.key!r}: `values` belong to a checkbox or dropdown", where)
    good = _VALUES[kind_of(binding.property)]
    slots = {slot.key for slot in manifest.color_slots}
    for key, value in binding.values.items():
        if known is not None and key not in known:
            refuse(f"field {field.key!r}: `values` names {key!r}; there are {', '.join(known)}", where)
        if not good(value) or (binding.property == "slot" and not HEX_COLOR.match(value) and value not in slots):
            refuse(f"field {field.key!r}: {str(value)[:60]!r} is nothing for {binding.property!r}", where)


def _check_numbers(field: Field, binding: Binding, where: str) -> None:
    for what, pair in (("input", binding.input), ("output", binding.output)):
        if pair is not None and not (field.type in ("number", "slider") and all(is_number(v) for v in pair)):
            refuse(f"field {field.key!r}: `{what}` is two numbers, of a number or slider", where)
    if (binding.input is None) != (binding.output is None) or (binding.input and binding.input[0] == binding.input[1]):
        refuse(f"field {field.key!r}: `input` and `output` go together, and `input` has a length", where)
    count = binding.count
    if count is None:
        return
    if field.type not in ("number", "slider") or binding.property != "text":
        refuse(f"field {field.key!r}: only a number bound to a text can count", where)
    if not 0 <= count.start < count.end <= MAX_FRAMES or count.end - count.start > MAX_COUNT_FRAMES:
        refuse(
            f"field {field.key!r}: it counts from frame {count.start} to {count.end}; at most {MAX_COUNT_FRAMES}", where
        )
    if not is_number(count.begin) or abs(count.begin) > 1e15:
        refuse(f"field {field.key!r}: it counts from no number that can be shown", where)


def _is_color(value: Any) -> bool:
    return isinstance(value, str) and HEX_COLOR.match(value) is not None


def _is_text(value: Any) -> bool:
    return isinstance(value, str) or (
        isinstance(value, dict) and bool(value) and all(isinstance(v, str) for v in value.values())
    )


def _is_names(value: Any) -> bool:
    return isinstance(value, str) or (isinstance(value, list) and all(isinstance(v, str) for v in value))


_VALUES: Mapping[Kind, Callable[[Any], bool]] = {
    "text": _is_text,
    "font": lambda value: isinstance(value, str),
    "image": lambda value: isinstance(value, str),
    "visible": lambda value: isinstance(value, bool),
    "color": _is_color,
    "slot": lambda value: isinstance(value, str),
    "switch": _is_names,
    "composition": lambda value: isinstance(value, str),
    "number": is_number,
    "vector": is_vector,
    "any_number": lambda value: is_number(value) or is_vector(value) or _is_color(value),
}


def check_rules(manifest: Manifest, where: str) -> None:
    """Refuse derived colours that follow from themselves, and durations and backgrounds that cannot be."""
    _check_derivations(manifest, where)
    _check_background(manifest.background, manifest, where)
    for scene in manifest.scenes:
        at = f"{where}: scene {scene.key}"
        _check_background(scene.background, manifest, at)
        slots = {slot.key for slot in manifest.color_slots}
        for key, color in scene.colors.items():
            if key not in slots or not (HEX_COLOR.match(color) or color in slots):
                refuse(f"`colors` gives {key!r} the colour {color!r}; both must be slots, or the second #rrggbb", at)
        if scene.duration is not None:
            _check_duration(scene, scene.duration, {f.key for f in (*manifest.fields, *scene.fields)}, at)


def _check_derivations(manifest: Manifest, where: str) -> None:
    slots = {slot.key: slot for slot in manifest.color_slots}
    sources: dict[str, list[str]] = {}
    for slot in manifest.color_slots:
        rule = slot.derive
        if rule is None:
            continue
        at = f"color_slots.{slot.key}"
        if rule.source not in slots:
            refuse(f"{at}: `from` is {rule.source!r}, which is no color slot", where)
        named = [c for c in (rule.mix, rule.against, *rule.contrast) if c is not None]
        for color in named:
            if color not in slots and not HEX_COLOR.match(color):
                refuse(f"{at}: {color!r} is neither a slot nor #rrggbb", where)
        numbers = (
            (rule.amount, 0, 1),
            (rule.lighten, -1, 1),
            (rule.chroma, 0, 4),
            (rule.hue, -360, 360),
            (rule.min_contrast, 1, 21),
        )
        if not all(is_number(value) and low <= value <= high for value, low, high in numbers):
            refuse(f"{at}: a number is out of its range; see the template format", where)
        sources[slot.key] = [rule.source, *(color for color in named if color in slots)]
    done: set[str] = set()
    for start in sources:
        trail: list[str] = []
        _walk(start, sources, trail, done, where)


def _walk(key: str, sources: Mapping[str, list[str]], trail: list[str], done: set[str], where: str) -> None:
    if key in trail:
        refuse(f"color_slots: {' → '.join([*trail, key])}: a colour cannot follow from itself", where)
    if key in done or len(trail) > len(sources):
        return
    for source in sources.get(key, ()):
        _walk(source, sources, [*trail, key], done, where)
    done.add(key)


def _check_background(background: Background | None, manifest: Manifest, where: str) -> None:
    if background is None:
        return
    slots = {slot.key for slot in manifest.color_slots}
    problem = background_problem(background, slots)
    if problem is not None:
        refuse(f"`background`: {problem}", where)


def background_problem(background: Background, slots: set[str]) -> str | None:
    """Return what is wrong with a background, or None."""
    colors = [background.color] if background.color is not None else []
    gradient = background.gradient
    if gradient is not None:
        if not 2 <= len(gradient.stops) <= MAX_STOPS:
            return f"a gradient has 2 to {MAX_STOPS} stops"
        colors += [stop.color for stop in gradient.stops]
        if not is_number(gradient.angle) or abs(gradient.angle) > 3600:
            return "`angle` is a number of degrees"
        for stop in gradient.stops:
            if not (is_number(stop.at) and 0 <= stop.at <= 1 and is_number(stop.opacity) and 0 <= stop.opacity <= 100):
                return "a stop's `at` is 0 to 1, its `opacity` 0 to 100"
    for color in colors:
        if color not in slots and not HEX_COLOR.match(color):
            return f"{color[:40]!r} is neither a colour slot nor #rrggbb"
    if not is_number(background.opacity) or not 0 <= background.opacity <= 100:
        return "`opacity` is 0 to 100"
    return None


def _check_duration(scene: Scene, rule: Duration, keys: set[str], where: str) -> None:
    low, high = rule.min_frames, rule.max_frames
    if any(limit is not None and not 1 <= limit <= MAX_FRAMES for limit in (low, high)):
        refuse(f"`duration`: `min_frames` and `max_frames` are 1 to {MAX_FRAMES}", where)
    if low is not None and high is not None and low > high:
        refuse("`duration`: `min_frames` is above `max_frames`", where)
    for seconds in (rule.base_seconds, rule.seconds_per_word, rule.seconds_per_character, rule.padding_seconds):
        if not is_number(seconds) or not 0 <= seconds <= 3600:
            refuse("`duration`: seconds are 0 to 3600", where)
    for key in rule.fields:
        if key not in keys:
            refuse(f"`duration` follows {key!r}, which is no field here", where)
    region = rule.region
    if region is not None and not 0 <= region.first <= region.last <= scene.duration_frames:
        refuse(f"`duration.region` is not within the scene's {scene.duration_frames} frames", where)
    if region is not None and region.fill != "hold" and region.first == region.last:
        refuse("`duration.region`: what loops or stretches needs at least one frame", where)
