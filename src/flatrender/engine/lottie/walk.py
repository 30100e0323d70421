"""Finding one's way in a Lottie: layers by name, shape items, colours, text documents, keyframes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flatrender.engine.lottie.document import Json, layer_lists

PRECOMP, SOLID, IMAGE, NULL, SHAPE, TEXT = 0, 1, 2, 3, 4, 5
"""Layer types (`ty`)."""

_NESTED = frozenset({dict, list})


def dicts(value: object) -> list[Json]:
    """Return the objects in a list; nothing when it is no list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def all_layers(lottie: Json) -> Iterator[Json]:
    """Every layer, those of precompositions included."""
    for layers in layer_lists(lottie):
        yield from dicts(layers)


def layers_by_name(lottie: Json) -> dict[str, list[Json]]:
    """Layers by their name (`nm`)."""
    names: dict[str, list[Json]] = {}
    for layer in all_layers(lottie):
        name = layer.get("nm")
        if isinstance(name, str):
            names.setdefault(name, []).append(layer)
    return names


def shape_items(layer: Json, named: str | None = None) -> Iterator[Json]:
    """Return the shape items of a layer, groups opened; with `named` only the items of that name and what is inside them."""
    stack = [(item, named is None) for item in reversed(dicts(layer.get("shapes")))]
    while stack:
        item, wanted = stack.pop()
        wanted = wanted or item.get("nm") == named
        if wanted:
            yield item
        stack.extend((child, wanted) for child in reversed(dicts(item.get("it"))))


def text_documents(layer: Json) -> list[Json]:
    """Return the text documents (`s`) of a text layer's keyframes."""
    text = layer.get("t")
    data = text.get("d") if isinstance(text, dict) else None
    frames = data.get("k") if isinstance(data, dict) else None
    return [frame["s"] for frame in dicts(frames) if isinstance(frame.get("s"), dict)]


def property_values(prop: Json) -> Iterator[tuple[Any, str]]:
    """Return the places of a property's values as (holder, key): its constant, or its keyframes' `s` and `e`."""
    value = prop.get("k")
    frames = dicts(value)
    if frames:
        for frame in frames:
            for key in ("s", "e"):
                if key in frame:
                    yield frame, key
    elif "k" in prop:
        yield prop, "k"


def is_animated(prop: Json) -> bool:
    """Whether the property has keyframes."""
    return bool(dicts(prop.get("k")))


def objects(value: object) -> Iterator[Json]:
    """Every object at any depth, outermost first."""
    # Files have a hundred thousand values and are walked several times: the exact types that JSON decodes to are the quickest to tell.
    stack = [value]
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            yield node
            stack += [v for v in node.values() if type(v) in _NESTED]
        elif isinstance(node, list):
            stack += [v for v in node if type(v) in _NESTED]
