"""What a person can change in a scene of a project: the one description that writing into the project, converting it and the platform share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, cast

import msgspec

from flatrender.aftereffects.errors import ProjectError
from flatrender.engine.template.model import Binding, Constraints, FieldType, LocaleText
from flatrender.engine.template.source import PlacedField, ProjectPlace, Step, Takes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from py_aep.models.items.composition import CompItem
    from py_aep.models.layers.layer import Layer
    from py_aep.models.project import Project

    from flatrender.engine.template.model import ColorSlot, Field

Origin = Literal["essential_graphics", "control", "name", "text", "footage", "color"]
"""What suggested the field, the surest first: an Essential Graphics controller, a control effect, a name by the designers' convention, a text
layer, a picture or film, a colour that several layers have."""


class SuggestedField(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that a person can change in a composition.

    `key` is ASCII (`a-z`, digits, `_`), unique in the composition, and the same for every way of giving a value: `--set key=…` of the commands,
    fields and colour slots of the template.
    """

    key: str
    type: FieldType
    label: LocaleText
    origin: Origin
    places: tuple[ProjectPlace, ...]
    """Where the value is written in the project; all take it."""
    default: Any = None
    """As a template's field has it: words, `#rrggbb`, a number, true or false, an option's key. A picture has none: the file of the project is shown."""
    constraints: Constraints = Constraints()
    group: str = ""
    """The heading under which the designer put it."""
    help: LocaleText = {}
    is_required: bool = False
    bindings: tuple[Binding, ...] = ()
    """Where the value goes in the converted Lottie, after `fields.bound` gave its layers distinct names."""
    slot: bool = False
    """A colour of the whole composition: a colour slot of the template, not a field. Its key is the slot's."""
    unbound: str = ""
    """Why the converted Lottie cannot take the value, or not everywhere. Written into the project it is taken all the same."""


__all__ = [
    "Origin", "PlacedField", "ProjectPlace", "Step", "SuggestedField", "Takes", "layer_at", "property_at", "stored_fields",
]  # fmt: skip


def stored_fields(
    placed: Iterable[PlacedField], fields: Iterable[Field], slots: Iterable[ColorSlot]
) -> tuple[SuggestedField, ...]:
    """Return the fields of a template's scene as they were suggested, from what its template.json keeps: places, and what the manifest says of them."""
    known = {field.key: field for field in fields}
    colors = {slot.key: slot for slot in slots}
    made = []
    for one in placed:
        field, slot = known.get(one.key), colors.get(one.key)
        made.append(
            SuggestedField(
                key=one.key,
                type=cast("FieldType", one.type),
                label=field.label if field is not None else slot.label if slot is not None else {},
                origin="name",
                places=one.places,
                default=field.default if field is not None else slot.default if slot is not None else None,
                constraints=field.constraints if field is not None else Constraints(),
                bindings=field.bindings if field is not None else (),
                is_required=field is not None and field.is_required,
                slot=field is None,
            )
        )
    return tuple(made)


def layer_at(project: Project, place: ProjectPlace) -> Layer:
    """Return the layer of a place: by its id, in the composition with its id; else by the names of both.

    Raises ProjectError `place_unknown`.
    """
    comp = _composition_at(project, place)
    layers = list(comp.layers) if comp is not None else []
    for layer in layers:
        if layer.id == place.layer_id:
            return layer
    for layer in layers:
        if layer.name == place.layer:
            return layer
    raise ProjectError("the project has no such layer (any more)", code="place_unknown", where=place.path())


def property_at(project: Project, place: ProjectPlace) -> Any:
    """Return the property of a place that has one. Raises ProjectError `place_unknown`."""
    node: Any = layer_at(project, place)
    for step in place.property:
        same = [child for child in node if child.match_name == step.match_name] if hasattr(node, "properties") else []
        if step.nth >= len(same):
            raise ProjectError(
                f"the layer has no {step.name or step.match_name!r} there (any more)",
                code="place_unknown",
                where=place.path(),
            )
        node = same[step.nth]
    return node


def _composition_at(project: Project, place: ProjectPlace) -> CompItem | None:
    by_name = None
    for comp in project.compositions:
        if comp.id == place.composition_id:
            return comp
        if by_name is None and comp.name == place.composition:
            by_name = comp
    return by_name
