"""Compositions of their own for scenes that come several times with different values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from py_aep.models.items.composition import CompItem

from flatrender.aftereffects.errors import ProjectError

if TYPE_CHECKING:
    from py_aep.models.layers.av_layer import AVLayer

_MAX_COPIES = 2_000
"""Compositions that one film may add to the project."""


class Copies:
    """Copies compositions with all that lie inside them."""

    def __init__(self) -> None:
        self._made = 0

    def give(self, layer: AVLayer) -> CompItem:
        """Let a layer show a copy of its composition, and return the copy. Expressions that name a composition still mean the first.

        Raises ProjectError `project_too_large` and `composition_too_deep`.
        """
        source: Any = layer.source
        name = str(layer.name)
        copy = self._copied(source, {}, 0)
        layer.replace_source(copy)
        if layer.name != name:
            layer.name = name
        return copy

    def _copied(self, comp: CompItem, done: dict[int, CompItem], depth: int) -> CompItem:
        if comp.id in done:
            return done[comp.id]
        self._made += 1
        if self._made > _MAX_COPIES:
            raise ProjectError(
                f"the film would need more than {_MAX_COPIES} compositions more",
                code="project_too_large",
                where=comp.name,
            )
        if depth > 64:
            raise ProjectError("compositions lie more than 64 deep", code="composition_too_deep", where=comp.name)
        copy = comp.duplicate()
        done[comp.id] = copy
        for layer in copy.layers:
            inner: Any = getattr(layer, "source", None)
            if isinstance(inner, CompItem):
                name = str(layer.name)
                layer.replace_source(self._copied(inner, done, depth + 1))
                if layer.name != name:
                    layer.name = name
        return copy
