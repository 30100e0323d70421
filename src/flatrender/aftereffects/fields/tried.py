"""Bindings for what trials found."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from flatrender.aftereffects.convert.footage import hex_color
from flatrender.aftereffects.fields.trial import Changed, straight
from flatrender.engine.template.model import Binding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flatrender.aftereffects.convert.context import Json
    from flatrender.aftereffects.fields.model import ProjectPlace, SuggestedField
    from flatrender.aftereffects.fields.trial import Path, Trials

_COLORS = ([0.2, 0.4, 0.6, 1.0], [0.8, 0.6, 0.2, 1.0])
"""Tried as colours: parts of 255 that are exact, and nobody's default."""
_FAR = 10_000.0
_MAX_BINDINGS = 200
NOTHING_FOLLOWS = "nothing in the drawn scene follows it"
MOVES = "an expression makes a motion or a shape of it"


class Found(NamedTuple):
    """What a field's value reaches."""

    bindings: tuple[Binding, ...] = ()
    slots: tuple[Json, ...] = ()
    """The Lottie's properties that take a colour."""
    unbound: str = ""


def find_by_trial(field: SuggestedField, place: ProjectPlace, lottie: Json, trials: Trials) -> Found:
    """Return where the value of a control arrives in the drawn scene, whose layers have distinct names already."""
    values = _values(field, place)
    if values is None or trials.left() < len(values):
        return Found(unbound="the scene has too many controls to try them all")
    changes = trials.changes(place, [project for _, project in values])
    if not changes:
        return Found(unbound=NOTHING_FOLLOWS)
    others = [change for change in changes if change.kind == "other"]
    reached = [change for change in changes if change.kind != "other"]
    if place.takes == "color":
        found = _colors(reached, lottie)
    elif place.takes == "number":
        found = _numbers(field, [shown for shown, _ in values], reached, lottie)
    else:
        found = _choices(field, [shown for shown, _ in values], reached, lottie)
    return found._replace(unbound=MOVES) if others and not found.unbound else found


def _values(field: SuggestedField, place: ProjectPlace) -> list[tuple[Any, Any]] | None:
    """Return values to try as the field and as the project have them."""
    match place.takes:
        case "color":
            return [(hex_color(color), color) for color in _COLORS]
        case "checkbox":
            other = not field.default
            return [(other, float(other != place.invert))]
        case "choice":
            return [(key, number) for key, number in place.values.items() if key != field.default]
        case "number":
            low, high = _range(field)
            tried = [value for value in (low, high, (low + high) / 2 + 1 / 3) if value != field.default]
            return [(value, value) for value in tried[:2]]
    return None


def _range(field: SuggestedField) -> tuple[float, float]:
    now = float(field.default or 0)
    low, high = field.constraints.min, field.constraints.max
    return (now - 10 if low is None else low), (now + 10 if high is None else high)


def _colors(changes: Sequence[Changed], lottie: Json) -> Found:
    slots: list[Json] = []
    derived = False
    for change in changes:
        wanted = [hex_color(color) for color in _COLORS]
        same = (
            change.kind == "still"
            and [hex_color(value) for value in change.values[1:] if isinstance(value, list) and len(value) >= 3]
            == wanted
        )
        node = _node(lottie, change.path) if same else None
        if isinstance(node, dict):
            slots.append(node)
        else:
            derived = True
    return Found(slots=tuple(slots), unbound="some of the scene's colours are computed from it" if derived else "")


def _numbers(field: SuggestedField, tried: Sequence[float], changes: Sequence[Changed], lottie: Json) -> Found:
    inputs = [float(field.default), *tried]
    low, high = field.constraints.min, field.constraints.max
    ends = (inputs[0] - _FAR if low is None else low, inputs[0] + _FAR if high is None else high)
    bindings: list[Binding] = []
    bent = ""
    for change in changes:
        layer, inside = _layer_of(lottie, change.path)
        if layer is None:
            bent = MOVES
        elif change.kind == "text":
            form = _form(change.values, inputs)
            if form is None:
                bent = "a text says something else than the number"
            else:
                bindings.append(Binding(layer=layer, property="text", format=form))
        else:
            for suffix, outputs in _parts(change.values):
                line = straight(inputs, outputs)
                if line is None:
                    bent = "an expression follows it in a curve"
                elif line[0]:
                    output = (round(line[0] * ends[0] + line[1], 4), round(line[0] * ends[1] + line[1], 4))
                    bindings.append(
                        Binding(layer=layer, property="path", path=inside + suffix, input=ends, output=output)
                    )
    return Found(tuple(bindings[:_MAX_BINDINGS]), unbound=bent)


def _choices(field: SuggestedField, tried: Sequence[Any], changes: Sequence[Changed], lottie: Json) -> Found:
    keys = [str(key).lower() if isinstance(key, bool) else str(key) for key in (field.default, *tried)]
    bindings: list[Binding] = []
    lost = ""
    for change in changes:
        layer, inside = _layer_of(lottie, change.path)
        if layer is None:
            lost = MOVES
        elif change.kind == "text":
            words = [re.sub("\r", "\n", text) for text in change.values]
            bindings.append(Binding(layer=layer, property="text", values=dict(zip(keys, words, strict=True))))
        else:
            for suffix, outputs in _parts(change.values):
                values = dict(zip(keys, outputs, strict=True))
                bindings.append(Binding(layer=layer, property="path", path=inside + suffix, values=values))
    return Found(tuple(bindings[:_MAX_BINDINGS]), unbound=lost)


def _parts(values: Sequence[Any]) -> list[tuple[str, list[float]]]:
    """Return each number of a property that changes, with the end of its path."""
    if not isinstance(values[0], list):
        return [("", [float(value) for value in values])]
    size = min(len(value) for value in values)
    columns = [(f"/{place}", [float(value[place]) for value in values]) for place in range(size)]
    return [(suffix, column) for suffix, column in columns if any(part != column[0] for part in column)]


def _form(texts: Sequence[str], numbers: Sequence[float]) -> str | None:
    """Return the words around the number, with `{value}` in its place; None where the text does not hold it as it is."""
    forms = set()
    for text, number in zip(texts, numbers, strict=True):
        written = f"{number:g}"
        if text.count(written) != 1:
            return None
        forms.add(text.replace(written, "{value}"))
    return forms.pop() if len(forms) == 1 else None


def _layer_of(lottie: Json, path: Path) -> tuple[str | None, str]:
    """Return the name of the layer in which a path of the Lottie lies, and the path from there as bindings write it."""
    length = 2 if path[:1] == ("layers",) else 4
    layer = _node(lottie, path[:length])
    if not isinstance(layer, dict) or len(path) <= length:
        return None, ""
    node: Any = layer
    for step in path[length:]:
        if isinstance(node, list) and any(isinstance(item, dict) and item.get("nm") == str(step) for item in node):
            return None, ""  # the number would be read as the name of another item
        node = node[step]
    return layer.get("nm"), "/".join(str(step) for step in path[length:])


def _node(lottie: Json, path: Path) -> Any:
    node: Any = lottie
    for step in path:
        try:
            node = node[step]
        except (KeyError, IndexError, TypeError):
            return None
    return node
