"""What a control moves in the drawn scene, found by trying: the value is set, the composition converted again, and the two are compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from flatrender.aftereffects.convert import convert_composition
from flatrender.aftereffects.fields.model import property_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from py_aep.models.items.composition import CompItem
    from py_aep.models.project import Project

    from flatrender.aftereffects.convert.context import Json
    from flatrender.aftereffects.fields.model import ProjectPlace

MAX_TRIALS = 60
"""Conversions for one composition: each takes as long as converting it does."""
_NEAR = 2e-3

Path = tuple[str | int, ...]


class Changed(NamedTuple):
    """One thing that differs between conversions."""

    kind: str
    """`still`: the value of a property that stands still; `text`: the words of a text; `other`: anything else, for example a motion."""
    path: Path
    """From the Lottie's root."""
    values: tuple[Any, ...]
    """In the designed scene, then with each value that was tried."""


class Trials:
    """Tries values of a composition's controls. The project is as it was after each trial."""

    def __init__(self, project: Project, comp: CompItem, designed: Json, limit: int = MAX_TRIALS) -> None:
        self._project = project
        self._comp = comp
        self._designed = designed
        self._left = limit

    def left(self) -> int:
        """How many more conversions may be made."""
        return self._left

    def changes(self, place: ProjectPlace, values: Sequence[Any]) -> list[Changed]:
        """Return what differs from the designed scene with each of the values, given as the project has them.

        Raises ProjectError `place_unknown`, and what converting raises.
        """
        prop = property_at(self._project, place)
        before = prop.value
        tried: list[Json] = []
        try:
            for value in values:
                self._left -= 1
                prop.value = _whole(before, place.component, value)
                tried.append(convert_composition(self._comp).lottie)
        finally:
            prop.value = before
        return list(_compare((self._designed, *tried), ()))


def _whole(before: Any, component: int | None, value: Any) -> Any:
    if component is None:
        return value
    return [value if number == component else part for number, part in enumerate(before)]


def _compare(nodes: tuple[Any, ...], path: Path) -> Iterator[Changed]:
    first = nodes[0]
    if all(node == first for node in nodes[1:]):
        return
    if all(isinstance(node, dict) for node in nodes):
        if all("k" in node and "ty" not in node for node in nodes) and not _holds_documents(first):
            still = all(node.get("a", 0) == 0 and _is_value(node["k"]) for node in nodes)
            yield Changed("still" if still else "other", path, tuple(node["k"] for node in nodes))
            return
        if any(node.keys() != first.keys() for node in nodes[1:]):
            yield Changed("other", path, ())
            return
        for key in first:
            yield from _compare(tuple(node[key] for node in nodes), (*path, key))
    elif all(isinstance(node, list) and len(node) == len(first) for node in nodes):
        for number in range(len(first)):
            yield from _compare(tuple(node[number] for node in nodes), (*path, number))
    elif path[-1:] == ("t",) and all(isinstance(node, str) for node in nodes):
        yield Changed("text", path, nodes)
    else:
        yield Changed("other", path, nodes)


def _holds_documents(node: Json) -> bool:
    keys = node["k"]
    return (
        isinstance(keys, list)
        and bool(keys)
        and isinstance(keys[0], dict)
        and "s" in keys[0]
        and isinstance(keys[0]["s"], dict)
    )


def _is_value(value: Any) -> bool:
    return isinstance(value, (int, float)) or (
        isinstance(value, list) and all(isinstance(part, (int, float)) for part in value)
    )


def straight(inputs: Sequence[float], outputs: Sequence[float]) -> tuple[float, float] | None:
    """Return slope and offset of the line through all points; None when they lie on none."""
    slope = (outputs[1] - outputs[0]) / (inputs[1] - inputs[0])
    offset = outputs[0] - slope * inputs[0]
    near = all(abs(slope * x + offset - y) <= _NEAR * max(1.0, abs(y)) for x, y in zip(inputs, outputs, strict=True))
    return (slope, offset) if near else None
