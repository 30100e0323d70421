"""The layers of a composition and of those inside it, each once, with a name that no other layer has."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from flatrender.aftereffects.errors import ProjectError
from flatrender.aftereffects.fields.model import Step

if TYPE_CHECKING:
    from collections.abc import Iterator

    from py_aep.models.items.composition import CompItem
    from py_aep.models.layers.layer import Layer

MAX_DEPTH = 64
MAX_LAYERS = 20_000


class SceneLayer(NamedTuple):
    """One layer of a scene."""

    comp: CompItem
    layer: Any
    number: int
    """From 1 in its composition."""
    name: str
    """Its name in the converted Lottie: the layer's own where no other of the scene has it."""
    shown: bool
    """It is switched on, as are those in which its composition lies."""

    @property
    def source(self) -> Any:
        """The project item that the layer shows; None for texts, shapes, cameras and lights."""
        return getattr(self.layer, "source", None)

    @property
    def kind(self) -> str:
        """`text`, `shape`, `composition`, `solid`, `footage`, `null`, `adjustment`, `camera`, `light` or `other`."""
        layer = self.layer
        if layer.null_layer:
            return "null"
        by_class = {"TextLayer": "text", "ShapeLayer": "shape", "CameraLayer": "camera", "LightLayer": "light"}
        name = type(layer).__name__
        if name in by_class:
            return by_class[name]
        source = self.source
        if source is None:
            return "other"
        if getattr(layer, "adjustment_layer", False):
            return "adjustment"
        if type(source).__name__ == "CompItem":
            return "composition"
        return "solid" if source.asset_type == "solid" else "footage"


def scene_layers(comp: CompItem) -> list[SceneLayer]:
    """Return the composition's layers from the top, each followed by those of the composition that it shows (the first time).

    Raises ProjectError `composition_too_deep` and `project_too_large` (more than 20 000 layers).
    """
    found: list[tuple[CompItem, Any, int, bool]] = []
    _collect(comp, shown=True, found=found, seen={}, open_comps=[])
    return _named(found)


def shows(layer: Layer, layers: list[Layer]) -> bool:
    """Whether the layer is seen in the film, by its switches and unless its opacity is 0 throughout."""
    if not layer.enabled or getattr(layer, "guide_layer", False) or _is_clear(layer):
        return False
    return layer.solo or not any(other.solo for other in layers)


def _is_clear(layer: Any) -> bool:
    try:
        opacity = layer.transform["ADBE Opacity"]
    except (KeyError, AttributeError, TypeError):  # cameras, lights and sound have none
        return False
    return opacity.value == 0 and not opacity.keyframes and not (opacity.expression and opacity.expression_enabled)


def _collect(
    comp: CompItem,
    *,
    shown: bool,
    found: list[tuple[CompItem, Any, int, bool]],
    seen: dict[int, bool],
    open_comps: list[int],
) -> None:
    if comp.id in open_comps or len(open_comps) >= MAX_DEPTH:
        raise ProjectError(
            f"the composition {comp.name!r} contains itself or lies more than {MAX_DEPTH} deep",
            code="composition_too_deep",
            where=str(comp.name),
        )
    if comp.id in seen and (seen[comp.id] or not shown):
        return
    again = comp.id in seen
    seen[comp.id] = shown
    open_comps.append(comp.id)
    layers = list(comp.layers)
    for index, layer in enumerate(layers, start=1):
        visible = shown and shows(layer, layers)
        if not again:
            found.append((comp, layer, index, visible))
            if len(found) > MAX_LAYERS:
                raise ProjectError(f"the scene has more than {MAX_LAYERS} layers", code="project_too_large")
        elif visible:  # seen before through a layer that is switched off
            _show(found, layer)
        source: Any = getattr(layer, "source", None)
        if type(source).__name__ == "CompItem":
            _collect(source, shown=visible, found=found, seen=seen, open_comps=open_comps)
    open_comps.pop()


def _show(found: list[tuple[CompItem, Any, int, bool]], layer: Any) -> None:
    for place, (its_comp, its_layer, index, _) in enumerate(found):
        if its_layer is layer:
            found[place] = (its_comp, its_layer, index, True)
            return


def _named(found: list[tuple[CompItem, Any, int, bool]]) -> list[SceneLayer]:
    used = Counter(layer.name for _, layer, _, _ in found)
    given: set[str] = set()
    made: list[SceneLayer] = []
    for comp, layer, index, shown in found:
        own = layer.name if layer.name not in {"", "*"} else "Layer"
        name, number = own, 2
        while name in given or (name != layer.name and used[name]):
            name = f"{own} ({number})"
            number += 1
        given.add(name)
        made.append(SceneLayer(comp, layer, index, name, shown))
    return made


def matte_ids(layers: list[SceneLayer]) -> set[int]:
    """Return the ids of layers that others have as their matte: shown through these although they may be switched off."""
    return {matte.id for one in layers if (matte := getattr(one.layer, "track_matte_layer", None)) is not None}


def properties(node: Any, steps: tuple[Step, ...] = (), depth: int = 0) -> Iterator[tuple[tuple[Step, ...], Any]]:
    """Yield every property below a layer or group with the steps to it; at most 40 deep."""
    counts: Counter[str] = Counter()
    for child in node:
        step = Step(child.match_name, counts[child.match_name], child.name or "")
        counts[child.match_name] += 1
        if hasattr(child, "properties"):
            if depth < 40:
                yield from properties(child, (*steps, step), depth + 1)
        else:
            yield (*steps, step), child
