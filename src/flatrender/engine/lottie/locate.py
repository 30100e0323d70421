"""Finding properties of a layer by what designers call them, or by their path in the file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from flatrender.engine.lottie.document import Json, is_number
from flatrender.engine.lottie.keyframes import Component
from flatrender.engine.lottie.walk import PRECOMP, dicts, shape_items


class Place(NamedTuple):
    """A property, and which of its components is meant."""

    prop: Json
    component: Component = None
    pick: int | None = None
    """The property is one axis of a split vector: it takes this one of the values given."""


_AXES = {"x": 0, "y": 1, "z": 2}

# Transform members (`ks`, or a group's `tr`): name → key and the value that an absent one has.
TRANSFORM: dict[str, tuple[str, object]] = {
    "anchor": ("a", [0, 0, 0]),
    "position": ("p", [0, 0, 0]),
    "scale": ("s", [100, 100, 100]),
    "rotation": ("r", 0),
    "opacity": ("o", 100),
    "skew": ("sk", 0),
    "skew_axis": ("sa", 0),
}

# Members of shape items: name → item types (`ty`) and key.
SHAPE: dict[str, tuple[tuple[str, ...], str]] = {
    "fill.color": (("fl",), "c"),
    "fill.opacity": (("fl", "gf"), "o"),
    "stroke.color": (("st",), "c"),
    "stroke.opacity": (("st", "gs"), "o"),
    "stroke.width": (("st", "gs"), "w"),
    "gradient.start": (("gf", "gs"), "s"),
    "gradient.end": (("gf", "gs"), "e"),
    "trim.start": (("tm",), "s"),
    "trim.end": (("tm",), "e"),
    "trim.offset": (("tm",), "o"),
    "rectangle.size": (("rc",), "s"),
    "rectangle.position": (("rc",), "p"),
    "rectangle.roundness": (("rc",), "r"),
    "ellipse.size": (("el",), "s"),
    "ellipse.position": (("el",), "p"),
    "star.points": (("sr",), "pt"),
    "star.inner_radius": (("sr",), "ir"),
    "star.outer_radius": (("sr",), "or"),
    "star.rotation": (("sr",), "r"),
    "round_corners.radius": (("rd",), "r"),
    "repeater.copies": (("rp",), "c"),
    "group.anchor": (("tr",), "a"),
    "group.position": (("tr",), "p"),
    "group.scale": (("tr",), "s"),
    "group.rotation": (("tr",), "r"),
    "group.opacity": (("tr",), "o"),
}


def transform_places(layer: Json, name: str) -> Iterator[Place]:
    """Yield the transform property `position`, `scale.x`, …; one that the layer does not have is made with its neutral value."""
    base, _, axis = name.partition(".")
    key, neutral = TRANSFORM[base]
    transform = layer.get("ks")
    if not isinstance(transform, dict):
        transform = layer["ks"] = {}
    if key == "r" and "rz" in transform:
        key = "rz"
    prop = transform.get(key)
    if not isinstance(prop, dict):
        prop = transform[key] = {"a": 0, "k": list(neutral) if isinstance(neutral, list) else neutral}
    yield from _components(prop, axis)


def _components(prop: Json, axis: str) -> Iterator[Place]:
    # A position may be split into one property an axis (`s`).
    split = [(name, prop[name]) for name in _AXES if isinstance(prop.get(name), dict)]
    if split and "k" not in prop:
        for name, part in split:
            if axis in ("", name):
                yield Place(part, None, None if axis else _AXES[name])
        return
    yield Place(prop, _AXES[axis] if axis else None)


def shape_places(layer: Json, name: str, shape: str | None) -> Iterator[Place]:
    """Yield the property `fill.color`, `rectangle.size.x`, … of every shape item, or of those in the item of the name `shape`."""
    base, axis = (name[:-2], name[-1]) if name[-2:] in (".x", ".y") else (name, "")
    types, key = SHAPE[base]
    own_group = base.startswith("group.")
    if own_group and shape is not None:
        items: list[Json] = [
            item
            for group in shape_items(layer)
            if group.get("ty") == "gr" and group.get("nm") == shape
            for item in dicts(group.get("it"))
        ]
    else:
        items = list(shape_items(layer, shape))
    for item in items:
        if item.get("ty") in types and isinstance(item.get(key), dict):
            yield from _components(item[key], axis)


def effect_places(layer: Json, effect: str | None, control: str | None) -> Iterator[Place]:
    """Yield the values of an effect's controls: those of the names given, or the only one."""
    for found in dicts(layer.get("ef")):
        if effect is not None and effect not in (found.get("nm"), found.get("mn")):
            continue
        controls = [one for one in dicts(found.get("ef")) if isinstance(one.get("v"), dict)]
        if control is not None:
            controls = [one for one in controls if control in (one.get("nm"), one.get("mn"))]
        for one in controls[:1] if control is None else controls:
            yield Place(one["v"])


def remap_places(layer: Json) -> Iterator[Place]:
    """Yield the time remapping of a precomposition's layer (seconds), made where there is none."""
    if layer.get("ty") != PRECOMP:
        return
    if not isinstance(layer.get("tm"), dict):
        layer["tm"] = {"a": 0, "k": 0}
    yield Place(layer["tm"])


def path_places(layer: Json, path: str) -> Iterator[Place]:
    """Yield what a path in the layer leads to: `shapes/Button/Fill 1/c`, `ks/p/1`, `masksProperties/0/o`.

    Its steps are members of objects, and in lists either a place (from 0) or the name (`nm`) of an item; in a group the step into `it` may be left
    out. A last step that is a number after a property means one of its components. A bare number or string is no property.
    """
    steps = [step for step in path.split("/") if step]
    yield from _follow(layer, steps)


def _follow(node: object, steps: list[str]) -> Iterator[Place]:
    if not steps:
        if isinstance(node, dict) and "k" in node:
            yield Place(node)
        return
    step, rest = steps[0], steps[1:]
    if isinstance(node, dict):
        if step in node:
            yield from _follow(node[step], rest)
        elif "k" in node and step.isdecimal() and not rest and int(step) < 16:
            yield Place(node, int(step))
        elif isinstance(node.get("it"), list):
            yield from _follow(node["it"], steps)
    elif isinstance(node, list):
        named = [item for item in dicts(node) if item.get("nm") == step]
        for item in named:
            yield from _follow(item, rest)
        if not named and step.isdecimal() and len(step) < 6 and int(step) < len(node):
            yield from _follow(node[int(step)], rest)


def shift_in_time(layer: Json, frames: float) -> None:
    """Move a layer in time: its in and out points, its start and every keyframe."""
    for key in ("ip", "op", "st"):
        if is_number(layer.get(key)):
            layer[key] = round(layer[key] + frames, 4)
    stack: list[object] = [value for key, value in layer.items() if key not in ("ip", "op", "st")]
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            moving = [f for f in dicts(node.get("k")) if is_number(f.get("t"))]
            for keyframe in moving:
                keyframe["t"] = round(keyframe["t"] + frames, 4)
            stack.extend(value for value in node.values() if isinstance(value, dict | list))
        elif isinstance(node, list):
            stack.extend(value for value in node if isinstance(value, dict | list))
