"""The manifest of a template package, `template.json` (see docs/template-format.md)."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

FORMAT = "flatrender-template/1"

LocaleText = dict[str, str]
"""A text for people by locale; `fa` and `en` are expected."""

Key = str
FieldType = Literal["text", "textarea", "image", "color", "number", "slider", "checkbox", "dropdown", "font"]
Property = Literal["text", "image", "color", "visible", "opacity", "rotation", "scale", "font"]


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
    default: str


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
    options: tuple[Option, ...] = ()


class Binding(_Frozen, frozen=True, kw_only=True):
    """Where a field's value goes."""

    layer: str
    property: Property
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
    when: str | None = None


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
    fields: tuple[Field, ...] = ()
