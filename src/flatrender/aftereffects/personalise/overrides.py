"""Layers that give an Essential Graphics property a value of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from py_aep.binary.utils import ChunkNotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from py_aep.models.properties.property import Property

_ROOT = "ADBE Layer Overrides"


def overrides_of(prop: Property) -> Iterator[tuple[Property, str]]:
    """Yield the properties, with their places, by which layers show `prop`'s composition with another value of it."""
    home = prop._owning_comp()
    for comp in home.used_in if home is not None else ():
        for layer in comp.layers:
            if getattr(layer, "source", None) is not home or not _has_overrides(layer):
                continue
            for leaf in _leaves(layer):
                if leaf.essential_property_source is prop:
                    yield leaf, f"{comp.name} › {layer.name} › Essential Properties › {leaf.name}"


def media_overrides_of(shown: Any) -> Iterator[tuple[Property, str]]:
    """Yield the media replacement slots, with their places, by which layers put something else in the place of the layer `shown`."""
    home = shown.containing_comp
    for comp in home.used_in if home is not None else ():
        for layer in comp.layers:
            if getattr(layer, "source", None) is not home or not _has_overrides(layer):
                continue
            for leaf in _leaves(layer):
                if leaf.match_name == "ADBE Layer Source Alternate" and leaf.essential_property_source is shown:
                    yield leaf, f"{comp.name} › {layer.name} › Essential Properties › {leaf.name}"


def _has_overrides(layer: Any) -> bool:
    try:
        return bool(layer.essential_property_uuids)
    except (ChunkNotFoundError, KeyError, ValueError):
        return False


def _leaves(layer: Any) -> list[Any]:
    try:
        group = layer[_ROOT]
    except KeyError:
        return []
    walked: list[Any] = []
    _collect(group, walked)
    return walked


def _collect(group: Any, found: list[Any]) -> None:
    for child in group:
        if hasattr(child, "properties"):
            _collect(child, found)
        else:
            found.append(child)
