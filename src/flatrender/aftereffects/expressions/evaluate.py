"""A composition's properties described for the evaluating process, and its answer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec
from py_aep.binary.utils import ChunkNotFoundError

from flatrender.aftereffects.expressions.operators import with_array_operators
from flatrender.engine.expressions import AFTER_EFFECTS, ExpressionsNotEvaluated, ask

if TYPE_CHECKING:
    from py_aep.models.items.composition import CompItem
    from py_aep.models.properties.property import Property

MAX_FRAMES = 20_000
"""Frames of a composition for which expressions are evaluated."""
_MAX_SAMPLES = 400_000
"""Values of all properties with keys; about ten seconds."""
_MAX_DEPTH = 40
_MAX_OTHERS = 20
_COMPOSITION = re.compile(r"""\bcomp\(\s*["']([^"'\n]{1,200})["']""")


class Evaluated(msgspec.Struct, frozen=True):
    """What an expression gives at each frame from the composition's start (one value: at all of them), or why it could not be evaluated."""

    values: tuple[Any, ...] = ()
    error: str = ""


class Expressions:
    """The expressions of one composition; evaluated together when the first is asked for."""

    def __init__(self, comp: CompItem) -> None:
        self._comp = comp
        self._answers: dict[str, Evaluated] | None = None
        self._ids: dict[int, str] = {}
        self._known: list[Any] = []
        self._sampled = 0
        self._named: set[str] = set()
        self._bounds_wanted = False

    def of(self, prop: Property) -> Evaluated:
        """Return what the property's expression gives."""
        if self._answers is None:
            self._answers = self._ask()
        return self._answers.get(
            self._ids.get(id(prop), ""), Evaluated(error="the property is none of the composition's")
        )

    def _ask(self) -> dict[str, Evaluated]:
        model = self._composition(self._comp)
        answered = dict(self._ids)
        model["others"] = [self._composition(other) for other in self._others()]
        if self._bounds_wanted:
            for layer, described in zip(self._comp.layers, model["layers"], strict=True):
                described["layer"]["rect"] = _rect(layer)
        self._ids = answered  # what other compositions' expressions give counts only where this one's ask for it
        try:
            answer = ask(AFTER_EFFECTS, msgspec.json.encode(model))
            return msgspec.json.decode(answer, type=dict[str, Evaluated])
        except (ExpressionsNotEvaluated, msgspec.MsgspecError) as error:
            return dict.fromkeys(self._ids.values(), Evaluated(error=str(error)))

    def _composition(self, comp: CompItem) -> dict[str, Any]:
        fps = float(comp.frame_rate)
        frames = max(1, round(comp.duration * fps))
        layers = list(comp.layers)
        numbers = {layer.id: index + 1 for index, layer in enumerate(layers)}
        return {
            "name": comp.name, "width": comp.width, "height": comp.height, "duration": comp.duration, "fps": fps,
            "start": 0, "frames": frames, "limit": MAX_FRAMES, "markers": _markers(comp),
            "layers": [self._layer(layer, numbers, frames, fps) for layer in layers],
        }  # fmt: skip

    def _others(self) -> list[CompItem]:
        """Return the compositions that expressions name, and those that theirs name; at most twenty."""
        known = {comp.name: comp for comp in self._comp._project.compositions} if self._named else {}  # noqa: SLF001  # no public way up
        found: list[CompItem] = []
        waiting = sorted(self._named)
        while waiting and len(found) < _MAX_OTHERS:
            comp = known.get(waiting.pop(0))
            if comp is None or comp is self._comp or comp in found:
                continue
            found.append(comp)
            codes = [prop.expression for layer in comp.layers for prop in layer._leaf_properties() if prop.expression]  # noqa: SLF001
            waiting += sorted({name for code in codes for name in _COMPOSITION.findall(code)})
        return found

    def _layer(self, layer: Any, numbers: dict[int, int], frames: int, fps: float) -> dict[str, Any]:
        facts = {
            "index": numbers[layer.id], "name": layer.name, "inPoint": layer.in_point, "outPoint": layer.out_point,
            "startTime": layer.start_time, "width": getattr(layer, "width", 0), "height": getattr(layer, "height", 0),
            "parent": numbers[layer.parent.id] if layer.parent is not None else 0,
            "framed": getattr(layer, "source", None) is not None,
        }  # fmt: skip
        return {
            "name": layer.name, "match": "layer", "layer": facts, "markers": _markers(layer),
            "props": [self._node(part, numbers[layer.id], frames, fps, 1) for part in layer],
        }  # fmt: skip

    def _samples(self, part: Any, frames: int, fps: float) -> list[Any]:
        """Return the values at each frame; nothing, which the language refuses to read, when there are too many in the composition."""
        self._sampled += frames
        if frames > MAX_FRAMES or self._sampled > _MAX_SAMPLES:
            return []
        return [_plain(_value(part, frame / fps)) for frame in range(frames)]

    def _node(self, part: Any, seed: int, frames: int, fps: float, depth: int) -> dict[str, Any]:
        made: dict[str, Any] = {"name": part.name, "match": part.match_name}
        if hasattr(part, "properties"):
            inner = part if depth < _MAX_DEPTH else ()
            return made | {"props": [self._node(child, seed, frames, fps, depth + 1) for child in inner]}
        value = _plain(_value(part))
        made |= {"value": value, "seed": seed * 1000 + len(self._known)}
        keys = part.keyframes
        if len(keys) > 1 and value is not None:
            made["keys"] = [key.time for key in keys]
            made["samples"] = self._samples(part, frames, fps)
        if part.expression and part.expression_enabled and value is not None:
            number = str(len(self._known))
            self._ids[id(part)] = number
            self._known.append(part)
            made |= {"id": number, "code": with_array_operators(part.expression)}
            self._bounds_wanted = self._bounds_wanted or "sourceRectAtTime" in part.expression
            self._named.update(_COMPOSITION.findall(part.expression))
        return made


def _markers(holder: Any) -> list[dict[str, Any]]:
    try:
        marks = holder.markers
    except ChunkNotFoundError:  # an Essential Graphics panel in an older form, which is read with the markers
        return []
    prop = getattr(holder, "marker", None) or getattr(holder, "marker_property", None)
    times = [key.time for key in prop.keyframes] if prop is not None else []
    return [
        {"time": time, "comment": str(mark.comment or ""), "duration": float(mark.duration or 0)}
        for time, mark in zip(times, marks, strict=False)
    ]


def _rect(layer: Any) -> dict[str, float] | None:
    """Return the bounds of what a shape or text layer shows at its start, px; None where they are not known."""
    if type(layer).__name__ not in {"ShapeLayer", "TextLayer"}:
        return None
    try:
        found: dict[str, float] = layer.source_rect_at_time(0, False)
    except Exception:  # noqa: BLE001  # whatever the library meets in a font or a path
        return None
    return found


def _value(prop: Any, time: float | None = None) -> Any:
    try:
        return prop.value if time is None else prop.value_at_time(time)
    except (NotImplementedError, TypeError, ValueError, ZeroDivisionError):
        return prop.value if time is not None else None


def _plain(value: Any) -> Any:
    if isinstance(value, (bool, int, float)):
        return float(value)
    if isinstance(value, (list, tuple)) and all(isinstance(part, (int, float)) for part in value):
        return [float(part) for part in value]
    if hasattr(value, "vertices"):
        return {
            "v": [list(map(float, point)) for point in value.vertices],
            "i": [list(map(float, point)) for point in value.in_tangents],
            "o": [list(map(float, point)) for point in value.out_tangents],
            "c": bool(value.closed),
        }
    return getattr(value, "text", None)
