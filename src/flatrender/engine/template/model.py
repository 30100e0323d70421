"""The manifest of a template package, `template.json` (see docs/template-format.md)."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from flatrender.engine.template.rules import Background, Condition, Derivation, Duration, Key
from flatrender.engine.template.source import SceneSource, SourceProject

FORMAT = "flatrender-template/1"

LocaleText = dict[str, str]
"""A text for people by locale; `fa` and `en` are expected."""

FieldType = Literal["text", "textarea", "image", "color", "number", "slider", "checkbox", "dropdown", "font", "date"]
Property = Literal[
    "text",
    "image",
    "color",
    "visible",
    "opacity",
    "rotation",
    "scale",
    "font",
    "switch",
    "composition",
    "slot",
    "sid",
    "tint",
    "anchor",
    "anchor.x",
    "anchor.y",
    "position",
    "position.x",
    "position.y",
    "scale.x",
    "scale.y",
    "skew",
    "skew_axis",
    "start",
    "time_remap",
    "effect",
    "path",
    "text.size",
    "text.tracking",
    "text.leading",
    "text.color",
    "text.stroke_color",
    "text.stroke_width",
    "fill.color",
    "fill.opacity",
    "stroke.color",
    "stroke.opacity",
    "stroke.width",
    "gradient.color",
    "gradient.start",
    "gradient.end",
    "trim.start",
    "trim.end",
    "trim.offset",
    "rectangle.size",
    "rectangle.size.x",
    "rectangle.size.y",
    "rectangle.position",
    "rectangle.roundness",
    "ellipse.size",
    "ellipse.size.x",
    "ellipse.size.y",
    "ellipse.position",
    "star.points",
    "star.inner_radius",
    "star.outer_radius",
    "star.rotation",
    "round_corners.radius",
    "repeater.copies",
    "group.anchor",
    "group.position",
    "group.position.x",
    "group.position.y",
    "group.scale",
    "group.scale.x",
    "group.scale.y",
    "group.rotation",
    "group.opacity",
]


class _Frozen(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    pass


class Size(_Frozen, frozen=True, kw_only=True):
    """A picture size that the template is designed for, px."""

    key: Key
    width: int
    height: int


class ColorSlot(_Frozen, frozen=True, kw_only=True):
    """A colour of the template as a whole."""

    key: Key
    label: LocaleText
    default: str = ""
    """`#rrggbb`; of a derived slot it follows from the others' defaults and may be left out."""
    derive: Derivation | None = None


class Preset(_Frozen, frozen=True, kw_only=True):
    """A named set of colours for the slots."""

    key: Key
    name: LocaleText
    colors: dict[str, str]
    is_default: bool = False


class Font(_Frozen, frozen=True, kw_only=True):
    """A font file of the package."""

    file: str
    family: str | None = None


class Music(_Frozen, frozen=True, kw_only=True):
    """Bundled music."""

    key: Key
    title: LocaleText
    file: str
    license: str = ""
    bpm: float | None = None
    duration_seconds: float | None = None


class OwnTransition(_Frozen, frozen=True, kw_only=True):
    """A transition of the template's own: a Lottie a size, whose layers named `from` and `to` stand for the two scenes."""

    key: Key
    files: dict[str, str]
    title: LocaleText = {}
    seconds: float = 0.5
    """How long it lasts unless somebody says otherwise."""


class Option(_Frozen, frozen=True, kw_only=True):
    """A choice of a dropdown."""

    key: Key
    label: LocaleText


class Constraints(_Frozen, frozen=True, kw_only=True):
    """What a value must keep to."""

    max_length: int | None = None
    max_lines: int | None = None
    min_font_size: float | None = None
    max_font_size: float | None = None
    """A text that leaves room in its box or width grows up to this, px."""
    digits: Literal["as_written", "fa", "ar", "latin"] = "as_written"
    """Digits of a text are written with these."""
    kerning: bool = True
    ligatures: bool = True
    """Ligatures that a script cannot do without stay."""
    letter_spacing: Literal["unjoined", "kashida"] = "unjoined"
    """What letter spacing and justification do to joined letters: nothing, or lengthen the strokes between them."""
    fit: Literal["cover", "contain", "fill"] = "cover"
    min: float | None = None
    max: float | None = None
    step: float | None = None
    decimals: int | None = None
    grouping: bool = False
    """Thousands are set apart."""
    suffix: str | LocaleText = ""
    prefix: str | LocaleText = ""
    date_style: Literal["short", "long", "full", "month"] = "long"
    calendar: Literal["auto", "gregorian", "jalali"] = "auto"
    """`auto`: Jalali in Persian, Gregorian otherwise."""
    options: tuple[Option, ...] = ()


class Count(_Frozen, frozen=True, kw_only=True):
    """A number that counts up (or down) to its value."""

    start: int
    """Frame of the scene at which it begins to count."""
    end: int
    """Frame at which it has its value."""
    begin: float = msgspec.field(default=0.0, name="from")
    """The number that it begins with."""
    ease: Literal["linear", "out", "in_out"] = "out"


class Binding(_Frozen, frozen=True, kw_only=True):
    """Where a field's value goes."""

    property: Property
    layer: str = ""
    layers: tuple[str, ...] = ()
    """Further layers that take the value too."""
    path: str | None = None
    """Of the property `path`: the steps from the layer to a property of the file."""
    effect: str | None = None
    control: str | None = None
    """Of the property `effect`: the effect's and the control's name."""
    slot: Key | None = None
    """Of the property `slot`: the colour slot; of `sid`: the slot id of properties in the scene's file."""
    stop: int | None = None
    """Of the property `gradient.color`: which of the colours, from 0."""
    mode: Literal["auto", "set", "add", "multiply"] = "auto"
    values: dict[str, Any] = {}
    """What a choice's option, or a switch's `true` and `false`, stands for here; one that is not named changes nothing."""
    input: tuple[float, float] | None = None
    output: tuple[float, float] | None = None
    """A number from the first range is brought to the second, and kept within it."""
    format: str | LocaleText = ""
    """Of the property `text`: the words around `{value}` and around other fields' `{key}`."""
    count: Count | None = None
    only_when: tuple[Condition, ...] = ()
    shape: str | None = None
    max_width: float | None = None
    justify: (
        Literal[
            "start", "end", "left", "right", "center",
            "justify_left", "justify_right", "justify_center", "justify_start", "justify_all",
        ]
        | None
    ) = None  # fmt: skip
    valign: Literal["top", "middle", "bottom"] | None = None
    direction: Literal["auto", "rtl", "ltr"] = "auto"
    invert: bool = False
    when: str | tuple[str, ...] | None = None

    def targets(self) -> tuple[str, ...]:
        """Return the names of all layers that take the value."""
        return (self.layer, *self.layers) if self.layer else self.layers


class Field(_Frozen, frozen=True, kw_only=True):
    """Something a person can change."""

    key: Key
    type: FieldType
    label: LocaleText
    bindings: tuple[Binding, ...] = ()
    default: Any = None
    help: LocaleText = {}
    constraints: Constraints = Constraints()
    is_required: bool = False
    visible_when: tuple[Condition, ...] = ()
    """The field is asked for, and its value used, only while all of these hold."""


class Scene(_Frozen, frozen=True, kw_only=True):
    """One scene: a Lottie file a size, and what can be changed in it."""

    key: Key
    files: dict[str, str]
    duration_frames: int
    title: LocaleText = {}
    scene_type: Literal["intro", "normal", "outro"] = "normal"
    snapshot_frame: int = 0
    can_repeat: bool = False
    is_required: bool = False
    fields: tuple[Field, ...] = ()
    duration: Duration | None = None
    background: Background | None = None
    background_layers: tuple[str, ...] = ()
    """Designed layers that another background takes the place of."""
    colors: dict[str, str] = {}
    """The scene's own colours: slot → `#rrggbb`, or another slot whose colour is shown in its place."""
    engine: Literal["thorvg", "aerender"] = "thorvg"
    """What draws the scene as it was designed; `aerender` is After Effects, of which the scene's files are an approximation."""
    compositions: dict[str, SceneSource] = {}
    """The compositions of the template's `source` that the files were made of, by size."""


class Manifest(_Frozen, frozen=True, kw_only=True):
    """A whole template.json."""

    format: str
    key: Key
    title: LocaleText
    fps: float
    sizes: tuple[Size, ...]
    scenes: tuple[Scene, ...]
    description: LocaleText = {}
    category: str = ""
    tags: tuple[str, ...] = ()
    license: str = ""
    author: str = ""
    color_slots: tuple[ColorSlot, ...] = ()
    presets: tuple[Preset, ...] = ()
    fonts: tuple[Font, ...] = ()
    music: tuple[Music, ...] = ()
    transitions: tuple[OwnTransition, ...] = ()
    fields: tuple[Field, ...] = ()
    background: Background | None = None
    """Behind every scene that names none of its own."""
    source: SourceProject | None = None
    """The After Effects project that the template was made of, kept while a scene needs After Effects."""
