"""Everything a project says, place by place, so that two can be compared."""

from __future__ import annotations

from collections import Counter
from typing import Any

from py_aep.models.properties.gradient import Gradient
from py_aep.models.properties.marker import MarkerValue
from py_aep.models.properties.shape import Shape
from py_aep.models.text.text_document import TextDocument

State = dict[str, Any]
_STYLE = (
    "text", "font", "font_size", "tracking", "leading", "fill_color", "stroke_color", "stroke_width", "apply_fill", "apply_stroke",
    "stroke_over_fill", "justification", "direction", "baseline_shift", "horizontal_scale", "vertical_scale", "font_caps_option",
    "box_text", "box_text_size", "box_text_pos", "first_line_indent", "space_before", "space_after", "auto_leading", "digit_set",
)  # fmt: skip
_LAYER = (
    "name", "comment", "enabled", "solo", "start_time", "in_point", "out_point", "stretch", "label", "locked", "shy", "guide_layer",
    "null_layer", "adjustment_layer", "three_d_layer", "audio_enabled", "motion_blur", "blending_mode", "track_matte_type", "collapse_transformation",
)  # fmt: skip
_COMP = (
    "name",
    "width",
    "height",
    "pixel_aspect",
    "frame_rate",
    "duration",
    "work_area_start",
    "work_area_duration",
    "bg_color",
)


def state(project: Any) -> State:
    """Return every value of a project by its place."""
    found: State = {}
    for item in project.items.values():
        found[f"item {item.id} name"] = (item.name, item.type_name)
        source = getattr(item, "main_source", None)
        if source is not None:
            found[f"item {item.id} size"] = (item.width, item.height, item.duration)
            found[f"item {item.id} source"] = (
                item.asset_type,
                item.file,
                _plain(getattr(source, "color", None)),
                source.loop,
            )
    for comp in project.compositions:
        for name in _COMP:
            found[f"comp {comp.id} {name}"] = _plain(getattr(comp, name))
        found[f"comp {comp.id} layers"] = [layer.id for layer in comp.layers]
        for layer in comp.layers:
            _layer(layer, f"layer {layer.id}", found)
    queue = project.render_queue
    for number, item in enumerate(queue.items if queue is not None else []):
        found[f"queue {number}"] = (
            item.comp.id,
            item.time_span_start,
            item.time_span_duration,
            [module.file_template for module in item.output_modules],
        )
    return found


def differences(before: State, after: State) -> dict[str, tuple[Any, Any]]:
    """Return each place that differs, with what it said before and says after (None: there is no such place)."""
    return {
        place: (before.get(place), after.get(place))
        for place in (*before, *(place for place in after if place not in before))
        if before.get(place) != after.get(place)
    }


def _layer(layer: Any, where: str, found: State) -> None:
    for name in _LAYER:
        if hasattr(layer, name):
            found[f"{where} {name}"] = _plain(getattr(layer, name))
    parent, source = layer.parent, getattr(layer, "source", None)
    found[f"{where} parent"] = parent.id if parent is not None else None
    found[f"{where} source"] = source.id if source is not None else None
    matte = getattr(layer, "track_matte_layer", None)
    found[f"{where} matte"] = matte.id if matte is not None else None
    _group(layer, where, found)


def _group(group: Any, where: str, found: State) -> None:
    counts: Counter[str] = Counter()
    for child in group:
        here = f"{where} / {child.match_name}#{counts[child.match_name]}"
        counts[child.match_name] += 1
        found[f"{here} enabled"] = child.enabled
        if hasattr(child, "properties"):
            found[f"{here} name"] = child.name
            _group(child, here, found)
            continue
        found[f"{here} expression"] = (child.expression, child.expression_enabled)
        if child.keyframes:
            found[f"{here} keys"] = [
                (round(key.time, 6), _plain(key.value), key.in_interpolation_type, key.out_interpolation_type)
                for key in child.keyframes
            ]
        else:
            found[here] = _plain(child.value)


def _plain(value: Any) -> Any:
    if isinstance(value, TextDocument):
        return tuple((name, _plain(getattr(value, name))) for name in _STYLE)
    if isinstance(value, Gradient):
        return (
            tuple((stop.offset, stop.midpoint, _plain(stop.color)) for stop in value.color_stops),
            tuple((stop.offset, stop.midpoint, stop.alpha) for stop in value.alpha_stops),
        )
    if isinstance(value, Shape):
        return (_plain(value.vertices), _plain(value.in_tangents), _plain(value.out_tangents), value.closed)
    if isinstance(value, MarkerValue):
        return (value.comment, value.duration, value.chapter, value.url)
    if isinstance(value, float):
        return round(value, 5)
    if isinstance(value, (list, tuple)):
        return tuple(_plain(part) for part in value)
    return value if value is None or isinstance(value, (bool, int, str)) else repr(type(value))
