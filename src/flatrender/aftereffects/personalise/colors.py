"""Colours into properties, gradients and solids."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

from py_aep.models.properties.gradient import Gradient
from py_aep.models.sources.solid import SolidSource

from flatrender.aftereffects.personalise.errors import PersonaliseError
from flatrender.aftereffects.personalise.expressions import disable_expression

if TYPE_CHECKING:
    from py_aep.models.items.footage import FootageItem
    from py_aep.models.layers.av_layer import AVLayer
    from py_aep.models.properties.property import Property

    from flatrender.aftereffects.personalise.report import Notes

Color = tuple[float, float, float]
"""Red, green and blue from 0 to 1."""
_HEX = re.compile(r"#[0-9A-Fa-f]{6}\Z")


def parsed_color(value: Any, where: str) -> Color:
    """Return red, green and blue of `#rrggbb`. Raises PersonaliseError `value_invalid`."""
    if not isinstance(value, str) or not _HEX.match(value):
        raise PersonaliseError(f"{str(value)[:40]!r} is no colour; write it as '#1E3A8A'", where=where)
    red, green, blue = (int(value[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def hex_of(color: Any) -> str:
    """Return `#rrggbb` of red, green and blue from 0 to 1."""
    return "#" + "".join(f"{round(min(max(float(part), 0), 1) * 255):02x}" for part in color[:3])


def write_color(prop: Property, color: Color, *, where: str, notes: Notes, stop: int | None = None) -> None:
    """Write a colour into a property in all its keys; its transparency stays. Of a gradient into its colour stop `stop`, or into all.

    Raises PersonaliseError `place_unwritable` for a property that has no colour, or no such stop.
    """
    values: list[Any] = [key.value for key in prop.keyframes] if prop.keyframes else [prop.value]
    disable_expression(prop, where, notes)
    if all(isinstance(value, Gradient) for value in values):
        for gradient in values:
            _write_stops(gradient, color, stop, where)
        prop._ensure_materialized()
        return
    if not all(isinstance(value, list) and len(value) == 4 for value in values):
        raise PersonaliseError("the property has no colour", code="place_unwritable", where=where)
    try:
        if prop.keyframes:
            for key, value in zip(prop.keyframes, values, strict=True):
                key.value = [*color, float(value[3])]
        else:
            prop.value = [*color, float(values[0][3])]
    except (ValueError, TypeError, NotImplementedError) as error:
        raise PersonaliseError(
            f"the colour cannot be written: {error}", code="place_unwritable", where=where
        ) from error


def color_of(prop: Property, stop: int | None = None) -> str:
    """Return the property's colour as `#rrggbb`, of a gradient that of its stop; of a moving one that of the first key."""
    value = prop.keyframes[0].value if prop.keyframes else prop.value
    if isinstance(value, Gradient):
        stops = value.color_stops
        return hex_of(stops[min(stop or 0, len(stops) - 1)].color) if stops else ""
    return hex_of(value)


def write_solid(layer: AVLayer, color: Color, *, where: str, notes: Notes, shared_by_all: bool) -> None:
    """Give a layer's solid another colour. `shared_by_all`: every layer that shows the solid is meant, so the solid itself changes.

    Otherwise, and when other layers show the same solid, the layer gets a solid of its own. Raises PersonaliseError `place_unwritable`.
    """
    item: Any = layer.source
    if item is None or not isinstance(getattr(item, "main_source", None), SolidSource):
        raise PersonaliseError("the layer shows no solid", code="place_unwritable", where=where)
    if not shared_by_all and len(layers_showing(item)) > 1:
        item = _another_solid(item)
        layer.replace_source(item)
        notes.note("source_shared", where, "other layers show the same solid and keep its colour")
    item.main_source.color = list(color)


def solid_color_of(layer: AVLayer) -> str:
    """Return the colour of the layer's solid."""
    item: Any = layer.source
    return hex_of(item.main_source.color)


def layers_showing(item: Any) -> list[AVLayer]:
    """Return all layers of the project whose source is this item."""
    found = []
    for comp in item.used_in:  # known from the layers' headers: compositions that do not show it need not be read
        found += [layer for layer in comp.layers if getattr(layer, "source", None) is item]
    return found


def _another_solid(item: FootageItem) -> FootageItem:
    project = item._project
    made: Any = project.import_placeholder(item.name, max(4, item.width), max(4, item.height), 30.0, 1.0)
    made.replace_with_solid([0.0, 0.0, 0.0], item.name, item.width, item.height, item.pixel_aspect)
    made.parent_folder = item.parent_folder
    return cast("FootageItem", made)


def _write_stops(gradient: Gradient, color: Color, stop: int | None, where: str) -> None:
    stops = gradient.color_stops
    if stop is not None and not 0 <= stop < len(stops):
        raise PersonaliseError(f"the gradient has {len(stops)} colours", code="place_unwritable", where=where)
    for index, one in enumerate(stops):
        if stop in {None, index}:
            one.color = color
