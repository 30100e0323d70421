"""Groups that fade as a whole: ThorVG gives a group's opacity to each of its shapes, which then show through each other."""

from __future__ import annotations

from typing import Any

from flatrender.engine.lottie.document import Json, layer_lists
from flatrender.engine.lottie.rewrite.notes import Note, named
from flatrender.engine.lottie.rewrite.timing import scalar
from flatrender.engine.lottie.rewrite.wrapping import Wrapped, placed, still
from flatrender.engine.lottie.walk import SHAPE, dicts

_PAINTS = ("fl", "st", "gf", "gs")
_PATHS = ("sh", "rc", "el", "sr")
_MAX_LAYERS = 60


def separate_groups(lottie: Json, notes: list[Note]) -> None:
    """Make such groups layers of their own, in a precomposition in the place of their layer."""
    for layers in list(layer_lists(lottie)):
        for layer in list(layers):
            if isinstance(layer, dict) and layer.get("ty") == SHAPE and _needs_it(layer):
                _separate(lottie, layers, layer)
                notes.append(Note(feature="group opacity", detail="fading groups are layers", layer=named(layer)))


def _needs_it(layer: Json) -> bool:
    items = dicts(layer.get("shapes"))
    if not items or len(items) > _MAX_LAYERS or any(item.get("ty") != "gr" or item.get("bm") for item in items):
        return False
    return any(_fades(item) and _paintings(item) > 1 for item in items if item.get("hd") is not True)


def _transform(group: Json) -> Json | None:
    return next((item for item in reversed(dicts(group.get("it"))) if item.get("ty") == "tr"), None)


def _fades(group: Json) -> bool:
    transform = _transform(group)
    return transform is not None and scalar(transform.get("o"), 100) not in (100.0, 0.0)


def _paintings(group: Json) -> int:
    """Count the shapes that are painted one by one: a path with its fill and stroke is one."""
    count = 0
    for inner in dicts(group.get("it")):
        if inner.get("hd") is True:
            continue
        if inner.get("ty") == "gr":
            count += _paintings(inner)
    own = [item for item in dicts(group.get("it")) if item.get("hd") is not True]
    fills = sum(item.get("ty") in ("fl", "gf") for item in own)
    strokes = sum(item.get("ty") in ("st", "gs") for item in own)
    if any(item.get("ty") in _PATHS for item in own):
        count += max(fills, strokes, 1)
    return count


def _separate(lottie: Json, siblings: list[Any], layer: Json) -> None:
    wrapped = Wrapped(lottie, siblings, layer)
    inner = wrapped.inner
    runs: list[tuple[list[Json], Json]] = []
    for group in dicts(inner["shapes"]):
        opacity = still(100)
        if _fades(group) and _paintings(group) > 1:
            transform = _transform(group)
            if transform is not None:
                opacity = transform["o"]
                transform["o"] = still(100)
            runs.append(([group], opacity))
        elif runs and runs[-1][1] == still(100):
            runs[-1][0].append(group)
        else:
            runs.append(([group], opacity))
    wrapped.layers[:] = [
        {**inner, "ind": number, "shapes": groups, "ks": placed(wrapped.shift, wrapped.shift, opacity)}
        for number, (groups, opacity) in enumerate(runs, start=1)
    ]
