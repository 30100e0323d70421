"""A composition's properties described for the evaluating process, and its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from flatrender.engine.expressions import AFTER_EFFECTS, ExpressionsNotEvaluated, ask

if TYPE_CHECKING:
    from py_aep.models.items.composition import CompItem
    from py_aep.models.properties.property import Property

MAX_FRAMES = 20_000
"""Frames of a composition for which expressions are evaluated."""
_MAX_SAMPLES = 400_000
"""Values of all properties with keys; about ten seconds."""
_MAX_DEPTH = 40


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

    def of(self, prop: Property) -> Evaluated:
        """Return what the property's expression gives."""
        if self._answers is None:
            self._answers = self._ask()
        return self._answers.get(
            self._ids.get(id(prop), ""), Evaluated(error="the property is none of the composition's")
        )

    def _ask(self) -> dict[str, Evaluated]:
        comp = self._comp
        fps = float(comp.frame_rate)
        frames = max(1, round(comp.duration * fps))
        layers = list(comp.layers)
        numbers = {layer.id: index + 1 for index, layer in enumerate(layers)}
        model = {
            "name": comp.name, "width": comp.width, "height": comp.height, "duration": comp.duration, "fps": fps,
            "start": 0, "frames": frames, "limit": MAX_FRAMES,
            "layers": [self._layer(layer, numbers, frames, fps) for layer in layers],
        }  # fmt: skip
        try:
            answer = ask(AFTER_EFFECTS, msgspec.json.encode(model))
            return msgspec.json.decode(answer, type=dict[str, Evaluated])
        except (ExpressionsNotEvaluated, msgspec.MsgspecError) as error:
            return dict.fromkeys(self._ids.values(), Evaluated(error=str(error)))

    def _layer(self, layer: Any, numbers: dict[int, int], frames: int, fps: float) -> dict[str, Any]:
        facts = {
            "index": numbers[layer.id], "name": layer.name, "inPoint": layer.in_point, "outPoint": layer.out_point,
            "startTime": layer.start_time, "width": getattr(layer, "width", 0), "height": getattr(layer, "height", 0),
            "parent": numbers[layer.parent.id] if layer.parent is not None else 0,
        }  # fmt: skip
        return {
            "name": layer.name, "match": "layer", "layer": facts,
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
            made |= {"id": number, "code": part.expression}
        return made


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
    return getattr(value, "text", None)
