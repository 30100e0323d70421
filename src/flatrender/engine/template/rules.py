"""Parts of a manifest that say how things depend on each other: conditions, derived colours, durations, backgrounds."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

Key = str


class _Frozen(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    pass


class Condition(_Frozen, frozen=True, kw_only=True):
    """Holds when a field has a value: one of `is`, or any at all (a text that is not empty, a switch that is on) without it."""

    field: Key
    equals: Any = msgspec.field(default=None, name="is")
    """A value, or a list of which one must be met."""
    negated: bool = msgspec.field(default=False, name="not")


class Derivation(_Frozen, frozen=True, kw_only=True):
    """How a colour slot follows from another one; the steps are taken in the order of these members."""

    source: Key = msgspec.field(name="from")
    mix: str | None = None
    """A slot or colour to mix in."""
    amount: float = 0.5
    """How much of `mix`, 0 to 1."""
    lighten: float = 0.0
    """Oklab lightness added, -1 to 1 (negative darkens)."""
    chroma: float = 1.0
    """Factor of the colourfulness, 0 (grey) to 4."""
    hue: float = 0.0
    """Degrees by which the hue turns."""
    contrast: tuple[str, ...] = ()
    """Slots or colours of which the one that reads best on the colour so far is taken."""
    min_contrast: float = 1.0
    """WCAG ratio that the colour must have to `against`, 1 to 21; it grows lighter or darker until it does."""
    against: str | None = None
    """A slot or colour; `from` without it."""


class Region(_Frozen, frozen=True, kw_only=True):
    """The frames that give way when a scene lasts longer or shorter than designed."""

    first: int = msgspec.field(name="from")
    last: int = msgspec.field(name="to")
    """The first frame after it."""
    fill: Literal["hold", "loop", "stretch"] = "hold"


class Duration(_Frozen, frozen=True, kw_only=True):
    """How long a scene lasts."""

    mode: Literal["fixed", "stretch", "follow_text", "follow_clip", "follow_voice"] = "stretch"
    min_frames: int | None = None
    max_frames: int | None = None
    fields: tuple[Key, ...] = ()
    """Whose texts or clips are followed; all of the scene without it."""
    base_seconds: float = 1.5
    """Of `follow_text`: for a text of no words."""
    seconds_per_word: float = 0.4
    seconds_per_character: float = 0.0
    padding_seconds: float = 0.0
    """Of `follow_clip` and `follow_voice`: added to the length followed."""
    region: Region | None = None
    keep_playing: tuple[str, ...] = ()
    """Layers that go on from their beginning again while the rest of the scene waits in a held region."""


class GradientStop(_Frozen, frozen=True, kw_only=True):
    """A colour of a gradient and where it is."""

    color: str
    """`#rrggbb` or a slot's key."""
    at: float
    """0 to 1."""
    opacity: float = 100.0
    """Percent."""


class Gradient(_Frozen, frozen=True, kw_only=True):
    """A gradient over the whole frame."""

    stops: tuple[GradientStop, ...]
    kind: Literal["linear", "radial"] = "linear"
    angle: float = 90.0
    """Degrees: the direction that a linear one runs in, 0 to the right, 90 down."""


class Background(_Frozen, frozen=True, kw_only=True):
    """What lies behind a scene: nothing, a colour, a gradient or a picture, the later over the earlier."""

    color: str | None = None
    """`#rrggbb` or a slot's key."""
    gradient: Gradient | None = None
    image: Any = None
    """A picture as an image field takes it."""
    opacity: float = 100.0
    """Percent, of the uppermost of the three: what lies below it shows through."""


BACKGROUND_KEY = "@background"
"""The key of a person's background among a scene's values; no field can have it."""
