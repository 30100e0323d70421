"""What a person can change in a scene of a project: the one description that writing into the project, converting it and the platform share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec

from flatrender.aftereffects.errors import ProjectError
from flatrender.engine.template.model import Binding, Constraints, FieldType, LocaleText

if TYPE_CHECKING:
    from py_aep.models.items.composition import CompItem
    from py_aep.models.layers.layer import Layer
    from py_aep.models.project import Project

Origin = Literal["essential_graphics", "control", "name", "text", "footage", "color"]
"""What suggested the field, the surest first: an Essential Graphics controller, a control effect, a name by the designers' convention, a text
layer, a picture or film, a colour that several layers have."""

Takes = Literal["text", "color", "number", "checkbox", "choice", "footage", "solid", "visible"]
"""What is written at a place: a text's words; a colour property; a number; a checkbox (0 or 1); an entry of a menu, from 1; another source for
the layer; the colour of the layer's solid; whether the layer is switched on."""


class Step(msgspec.Struct, frozen=True):
    """One step down a layer's properties."""

    match_name: str
    nth: int = 0
    """Which of the children with that match name, from 0."""
    name: str = ""
    """What the person sees."""


class ProjectPlace(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One place of a project that takes a field's value. Ids are those of the file, and stay when it is saved again."""

    takes: Takes
    composition: str
    composition_id: int
    layer: str
    layer_id: int
    layer_index: int
    """From 1, the topmost first, as After Effects counts."""
    property: tuple[Step, ...] = ()
    """From the layer to the property; empty where the layer itself takes the value (`footage`, `solid`, `visible`)."""
    component: int | None = None
    """Of a value with several numbers: the one that is meant, from 0."""
    values: dict[str, float] = {}
    """Of `choice`: what each option's key stands for."""
    invert: bool = False
    """Of `visible` and `checkbox`: written when the field is off."""
    controller: str = ""
    """The id of the Essential Graphics controller that stands for the property."""
    item_id: int | None = None
    """Of `footage` and `solid`: the project item that the layer shows now."""

    def path(self) -> str:
        """Return the place for people: composition › layer › property."""
        return " › ".join((self.composition, self.layer, *(step.name or step.match_name for step in self.property)))


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
