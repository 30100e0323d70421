"""Colour effects on what has flat colours: the colours themselves are changed, of solids, shapes, gradients and texts, also in nested compositions.

A picture has no colours of its own in the Lottie; its asset takes the change along (`fr_picture`), for the picture that is put there.
"""

from __future__ import annotations

import base64
import copy
import itertools
from typing import TYPE_CHECKING, Any

from flatrender.aftereffects.convert.context import rounded_all
from flatrender.aftereffects.convert.nesting import (
    IMAGE,
    LUMA,
    LUMA_INVERTED,
    PRECOMPOSITION,
    SHAPE,
    SOLID,
    TEXT,
    rectangle,
)
from flatrender.aftereffects.convert.values import baked, static
from flatrender.engine.lottie.rewrite.timing import keyframes, sampler
from flatrender.engine.lottie.walk import shape_items, text_documents
from flatrender.engine.picture_value import GRADE_SIDE
from flatrender.engine.resolve.images import OPTIONS_MEMBER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flatrender.aftereffects.convert.context import Json
    from flatrender.aftereffects.convert.grading import Rgb

_COLORED_EFFECTS = frozenset({20, 21, 22, 23, 25})
_COLOR_CONTROL = 2
_BETWEEN = 3
"""Stops that are added between two of a gradient, whose colours the change may bend."""
_MAX_BAKED = 1200


class Recoloring:
    """A change of colours that may itself move."""

    def __init__(self, at: Callable[[float], Callable[[Rgb], Rgb]], span: tuple[int, int] | None) -> None:
        self.at = at
        """Of a frame of the composition, the change."""
        self.span = span
        """The frames between which the change moves."""

    def later(self, frames: float) -> Recoloring:
        """Return the change as a composition sees it that begins so many frames later."""
        at, span = self.at, self.span
        moved = None if span is None else (round(span[0] - frames), round(span[1] - frames))
        return Recoloring(lambda frame: at(frame + frames), moved)

    def stopped(self, frame: float) -> Recoloring:
        """Return the change as it is at one frame."""
        change = self.at(frame)
        return Recoloring(lambda _: change, None)


class Repainter:
    """Recolours layers of one conversion; compositions that others show too are copied."""

    def __init__(self, assets: dict[Any, Json]) -> None:
        self._assets = assets
        self.stopped = False
        """Whether something could only take the change as it is at one frame."""

    def repaint(self, layer: Json, change: Recoloring) -> None:
        """Change the colours of a layer and of what it shows."""
        for effect in layer.get("ef", ()):
            if effect["ty"] in _COLORED_EFFECTS and effect.get("en", 1):
                for control in effect["ef"]:
                    if control["ty"] == _COLOR_CONTROL:
                        control["v"] = self._property(control["v"], change)
        match layer["ty"]:
            case kind if kind == SOLID:
                self._solid(layer, change)
            case kind if kind == SHAPE:
                self._shapes(layer, change)
            case kind if kind == TEXT:
                self._text(layer, change)
            case kind if kind == PRECOMPOSITION:
                self._nested(layer, change)
            case kind if kind == IMAGE:
                self._picture(layer, self._still(layer, change))

    def _still(self, layer: Json, change: Recoloring) -> Recoloring:
        if change.span is not None:
            self.stopped = True
        return change.stopped(layer["ip"])

    def _solid(self, layer: Json, change: Recoloring) -> None:
        parts = [int(layer["sc"][at : at + 2], 16) / 255 for at in (1, 3, 5)]
        if change.span is None:
            layer["sc"] = "#" + "".join(
                f"{round(part * 255):02x}" for part in change.at(0)((parts[0], parts[1], parts[2]))
            )
            return
        color = self._property(static([*parts, 1]), change)
        width, height = layer.pop("sw"), layer.pop("sh")
        del layer["sc"]
        layer["ty"] = SHAPE
        layer["shapes"] = [rectangle(0, 0, width, height), {"ty": "fl", "c": color, "o": static(100), "r": 1}]

    def _shapes(self, layer: Json, change: Recoloring) -> None:
        for item in shape_items(layer):
            if item["ty"] in {"fl", "st"}:
                item["c"] = self._property(item["c"], change)
            elif item["ty"] in {"gf", "gs"}:
                self._gradient(item["g"], self._still(layer, change).at(0))

    def _text(self, layer: Json, change: Recoloring) -> None:
        still = self._still(layer, change).at(0)
        for document in text_documents(layer):
            for key in ("fc", "sc"):
                if key in document:
                    document[key] = rounded_all(still((document[key][0], document[key][1], document[key][2])))
        for animator in layer["t"]["a"]:
            for key in ("fc", "sc"):
                if key in animator["a"]:
                    animator["a"][key] = self._property(animator["a"][key], change)

    def _property(self, prop: Json, change: Recoloring) -> Json:
        frames = keyframes(prop)
        if frames is None and change.span is None:
            return static(self._of(prop["k"], change.at(0)))
        spans = [(int(frames[0]["t"]), int(frames[-1]["t"] + 0.999))] if frames else []
        spans += [change.span] if change.span is not None else []
        first, last = min(start for start, _ in spans), max(end for _, end in spans)
        value = sampler(prop, (0, 0, 0))
        if value is None or last - first > _MAX_BAKED:
            self.stopped = self.stopped or change.span is not None
            return self._keys(prop, change.at(first))
        return baked([self._of(value(frame), change.at(frame)) for frame in range(first, last + 1)], first)

    def _keys(self, prop: Json, change: Callable[[Rgb], Rgb]) -> Json:
        if keyframes(prop) is None:
            return static(self._of(prop["k"], change))
        for frame in prop["k"]:
            for key in ("s", "e"):
                if key in frame:
                    frame[key] = self._of(frame[key], change)
        return prop

    @staticmethod
    def _of(color: Any, change: Callable[[Rgb], Rgb]) -> list[float]:
        return rounded_all([*change((color[0], color[1], color[2])), 1])

    def _gradient(self, gradient: Json, change: Callable[[Rgb], Rgb]) -> None:
        count = gradient["p"]
        for holder, key in _stops(gradient["k"]):
            numbers = holder[key]
            colors, rest = numbers[: 4 * count], numbers[4 * count :]
            holder[key] = rounded_all([*_bent([colors[at : at + 4] for at in range(0, len(colors), 4)], change), *rest])
        gradient["p"] = (count - 1) * (_BETWEEN + 1) + 1

    def _nested(self, layer: Json, change: Recoloring) -> None:
        source = next((asset for asset in self._assets.values() if asset["id"] == layer["refId"]), None)
        if source is None or "layers" not in source:
            return
        inside = (
            self._still(layer, change) if "tm" in layer or layer.get("sr", 1) != 1 else change.later(layer.get("st", 0))
        )
        made = copy.deepcopy(source)
        made["id"] = f"drawn_{len(self._assets)}"
        self._assets[made["id"]] = made
        layer["refId"] = made["id"]
        lumas = {other["tp"] for other in made["layers"] if other.get("tt") in {LUMA, LUMA_INVERTED} and "tp" in other}
        for inner in made["layers"]:
            if inner["ind"] not in lumas:
                self.repaint(inner, inside)

    def _picture(self, layer: Json, change: Recoloring) -> None:
        source = next((asset for asset in self._assets.values() if asset["id"] == layer["refId"]), None)
        if source is None:
            return
        made = copy.deepcopy(source)
        made["id"] = f"{source['id']}_{len(self._assets)}"
        self._assets[made["id"]] = made
        layer["refId"] = made["id"]
        options = made.setdefault(OPTIONS_MEMBER, {"fit": "fill"})
        filters = options.setdefault("filters", {})
        filters["grade"] = graded(change.at(0), filters.get("grade"))


def graded(change: Callable[[Rgb], Rgb], before: str | None = None) -> str:
    """Return a change of colours as a table of the colour cube, after the change that `before` says: as `Filters.grade`."""
    table = bytearray()
    earlier = base64.b64decode(before) if before else None
    last = GRADE_SIDE - 1
    for index in range(GRADE_SIDE**3):
        red, green, blue = index % GRADE_SIDE, index // GRADE_SIDE % GRADE_SIDE, index // GRADE_SIDE**2
        color = (red / last, green / last, blue / last)
        if earlier is not None:
            color = (earlier[3 * index] / 255, earlier[3 * index + 1] / 255, earlier[3 * index + 2] / 255)
        table += bytes(round(min(max(part, 0.0), 1.0) * 255) for part in change(color))
    return base64.b64encode(bytes(table)).decode("ascii")


def _stops(prop: Json) -> Iterator[tuple[Json, str]]:
    if not prop["a"]:
        yield prop, "k"
        return
    for frame in prop["k"]:
        for key in ("s", "e"):
            if key in frame:
                yield frame, key


def _bent(stops: list[list[float]], change: Callable[[Rgb], Rgb]) -> list[float]:
    made: list[float] = []
    for start, end in itertools.pairwise(stops):
        for step in range(_BETWEEN + 1):
            share = step / (_BETWEEN + 1)
            at, red, green, blue = (a + (b - a) * share for a, b in zip(start, end, strict=True))
            made += [at, *change((red, green, blue))]
    at, red, green, blue = stops[-1]
    return [*made, at, *change((red, green, blue))]
