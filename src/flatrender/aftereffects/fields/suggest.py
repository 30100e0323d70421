"""All fields of a composition: the surest sources first, no place offered twice."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from flatrender.aftereffects.fields.colors import color_slots
from flatrender.aftereffects.fields.contents import (
    footage_fields,
    marked_layers,
    named_fields,
    text_fields,
    wrongly_named,
)
from flatrender.aftereffects.fields.controls import control_effects, control_fields
from flatrender.aftereffects.fields.essential import controllers, essential_fields, not_offered
from flatrender.aftereffects.fields.keys import Keys
from flatrender.aftereffects.fields.layers import properties, scene_layers
from flatrender.aftereffects.fields.model import SuggestedField
from flatrender.aftereffects.fields.places import place_key
from flatrender.aftereffects.findings import Finding
from flatrender.aftereffects.project import composition as composition_named
from flatrender.aftereffects.project import understood
from flatrender.engine.template.model import Binding

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from py_aep.models.items.composition import CompItem
    from py_aep.models.project import Project

    from flatrender.aftereffects.fields.layers import SceneLayer
    from flatrender.aftereffects.fields.places import PlaceKey

MAX_FIELDS = 400
"""Of one composition."""


def suggest_fields(project: Project, composition: CompItem | str) -> tuple[SuggestedField, ...]:
    """Return what a person can change in a composition and in those inside it.

    Deterministic: the same project gives the same keys in the same order. Raises ProjectError `composition_unknown`, `composition_too_deep`,
    `project_too_large`, or `project_unsupported` for what the reader does not know.
    """
    comp = composition_named(project, composition) if isinstance(composition, str) else composition
    with understood("the composition", str(comp.name)):
        layers = scene_layers(comp)
        return tuple(_with_bindings(field, layers) for field in _suggested(layers, comp))


def unoffered(comp: CompItem) -> list[Finding]:
    """Return a finding for each line of the Essential Graphics panel, and each name of the convention, that becomes no field."""
    layers = scene_layers(comp)
    found: list[Finding] = []
    for line in controllers(comp, layers):
        if reason := not_offered(line):
            where = f"{comp.name} › Essential Graphics › {line.name}"
            found.append(Finding(feature=f"essential.{line.kind}", where=where, verdict="not_drawn", detail=reason))
    for one, reason in wrongly_named(layers, marked_layers(layers)):
        where = f"{one.comp.name} › {one.layer.name}"
        found.append(Finding(feature="field.name", where=where, verdict="approximate", detail=reason))
    return found


def _suggested(layers: list[SceneLayer], comp: CompItem) -> list[SuggestedField]:
    told = marked_layers(layers)
    fixed = {place for place, words in told.items() if words.wanted == "none" or words.options.get("fixed")}
    named = list(named_fields(layers, told))
    unmarked = [one for place, one in enumerate(layers) if place not in told]
    chosen = _Chosen()
    chosen.add(essential_fields(controllers(comp, layers)))
    if any(
        True for one in layers for _ in control_effects(one)
    ):  # the expressions of large scenes take a while to read
        chosen.add(control_fields(layers, _named_by_expressions(layers)))
    chosen.add(named)
    kinds = {_KINDS.get(field.type, "") for field in named}
    if "text" not in kinds:
        chosen.add(text_fields(unmarked))
    if "image" not in kinds:
        chosen.add(footage_fields(unmarked))
    if "color" not in kinds:
        chosen.add(color_slots(layers, chosen.taken, fixed))
    return chosen.fields


_KINDS = {"text": "text", "textarea": "text", "image": "image", "color": "color"}


class _Chosen:
    """The fields so far: each place once, each key once."""

    def __init__(self) -> None:
        self.fields: list[SuggestedField] = []
        self.taken: set[PlaceKey] = set()
        self._keys = Keys()

    def add(self, fields: Iterable[SuggestedField]) -> None:
        """Add fields whose `key` is still a name; places that another field has are left out."""
        for field in fields:
            places = tuple(place for place in field.places if place_key(place) not in self.taken)
            if places and len(self.fields) < MAX_FIELDS:
                self.taken.update(map(place_key, places))
                key = self._keys.take(field.key, field.type)
                self.fields.append(msgspec.structs.replace(field, key=key, places=places))


def _named_by_expressions(layers: Iterable[SceneLayer]) -> frozenset[str]:
    """Return every quoted word of the scene's expressions."""
    words: set[str] = set()
    for one in layers:
        for _, prop in properties(one.layer):
            if prop.expression and prop.expression_enabled:
                words.update(
                    part for pair in _QUOTED.findall(prop.expression[:_MAX_EXPRESSION]) for part in pair if part
                )
    return frozenset(words)


_QUOTED = re.compile(r"\"([^\"\n]{1,80})\"|'([^'\n]{1,80})'")
_MAX_EXPRESSION = 20_000


def _with_bindings(field: SuggestedField, layers: Sequence[SceneLayer]) -> SuggestedField:
    """Name the places of the converted Lottie that take the value, as far as the kind of place says it by itself."""
    names = {(one.comp.id, one.layer.id): one.name for one in layers}
    bindings: list[Binding] = []
    for place in field.places:
        layer = names[place.composition_id, place.layer_id]
        if place.takes == "text":
            bindings.append(Binding(layer=layer, property="text"))
        elif place.takes == "footage":
            bindings.append(Binding(layer=layer, property="image"))
        elif place.takes == "visible":
            bindings.append(Binding(layer=layer, property="visible", invert=place.invert))
    if not bindings and field.type in {"color", "number", "slider"} and not field.slot:
        bindings.append(Binding(slot=field.key, property="sid"))
    return msgspec.structs.replace(field, bindings=tuple(bindings))
