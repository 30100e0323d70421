"""Where a template that began as an After Effects project keeps it, and which of its layers take the fields' values (see docs/template-format.md)."""

from __future__ import annotations

from typing import Literal

import msgspec

Takes = Literal["text", "color", "number", "checkbox", "choice", "footage", "solid", "visible"]
"""What is written at a place: a text's words; a colour property; a number; a checkbox (0 or 1); an entry of a menu, from 1; another source for
the layer; the colour of the layer's solid; whether the layer is switched on."""


class _Frozen(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    pass


class Step(_Frozen, frozen=True, kw_only=False):
    """One step down a layer's properties."""

    match_name: str
    nth: int = 0
    """Which of the children with that match name, from 0."""
    name: str = ""
    """What the person sees."""


class ProjectPlace(_Frozen, frozen=True, kw_only=True):
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


class PlacedField(_Frozen, frozen=True, kw_only=True):
    """A field, or a colour slot, and where its value is written in the project."""

    key: str
    type: str
    """As the template's field; a slot is a `color`."""
    places: tuple[ProjectPlace, ...]


class SceneSource(_Frozen, frozen=True, kw_only=True):
    """The composition that a scene's Lottie was made of."""

    composition: str
    composition_id: int
    first_frame: int
    """Of the composition, from 0: the scene's first."""
    fps: float
    width: int
    height: int
    """Of the composition, which may differ from the template's rate and size."""
    fields: tuple[PlacedField, ...] = ()


class SourceFootage(_Frozen, frozen=True, kw_only=True):
    """A file that the project shows."""

    item_id: int
    path: str
    """Where the project says it lies."""
    file: str
    """Where the package keeps it."""


class SourceProject(_Frozen, frozen=True, kw_only=True):
    """The project file of a template with scenes that only After Effects draws."""

    file: str
    sha256: str
    version: str = ""
    """Of the After Effects that saved it."""
    footage: tuple[SourceFootage, ...] = ()
    fonts: tuple[str, ...] = ()
    """PostScript names of the fonts that its texts are set in."""
