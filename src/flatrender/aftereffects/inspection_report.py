"""What `inspect_project` says of a project."""

from __future__ import annotations

from typing import Literal

import msgspec

from flatrender.aftereffects.fields.model import SuggestedField
from flatrender.aftereffects.findings import Finding


class LayerReport(msgspec.Struct, frozen=True, kw_only=True):
    """One layer."""

    number: int
    name: str
    kind: str
    """`text`, `shape`, `composition`, `solid`, `footage`, `null`, `adjustment`, `camera`, `light` or `other`."""
    source: str
    """The name of the item that it shows."""
    enabled: bool
    begins: float
    """s of the composition."""
    ends: float
    parent: int | None
    matte: int | None
    three_d: bool
    effects: tuple[str, ...]
    """Match names, those switched off too."""
    expressions: int
    comment: str


class FailedExpression(msgspec.Struct, frozen=True, kw_only=True):
    """An expression that is not evaluated here: its property keeps its keys."""

    where: str
    reason: str


class ExpressionCount(msgspec.Struct, frozen=True, kw_only=True):
    """The enabled expressions of a composition."""

    count: int
    evaluated: int
    not_tried: int
    """Left when the time for it was over."""
    failed: tuple[FailedExpression, ...]


class CompositionReport(msgspec.Struct, frozen=True, kw_only=True):
    """One composition."""

    name: str
    width: int
    height: int
    fps: float
    seconds: float
    frames: int
    used_in: tuple[str, ...]
    """Compositions that show it; none for an outermost one."""
    is_scene: bool
    """A template made of the project has a scene of it."""
    layers: tuple[LayerReport, ...]
    fields: tuple[SuggestedField, ...]
    """Of scenes."""
    not_offered: tuple[Finding, ...]
    """Essential Graphics controllers and marked layers that become no field, with the reason."""
    expressions: ExpressionCount
    cameras: int
    lights: int
    three_d_layers: int
    background: str
    markers: tuple[str, ...]


class FontReport(msgspec.Struct, frozen=True, kw_only=True):
    """A font that texts are set in."""

    post_script_name: str
    family: str
    style: str
    state: Literal["brought", "available", "substituted"]
    """It lies with the project; the engine or this machine has it; or `drawn_in` stands in for it."""
    drawn_in: str
    used_by: tuple[str, ...]
    """Compositions and layers, at most 20."""


class FootageReport(msgspec.Struct, frozen=True, kw_only=True):
    """A file that the project shows."""

    name: str
    path: str
    kind: str
    """`picture`, `clip`, `sequence`, `sound` or `placeholder`."""
    width: int
    height: int
    found: bool
    used_in: tuple[str, ...]


class EffectReport(msgspec.Struct, frozen=True, kw_only=True):
    """An effect, and how often it is applied."""

    match_name: str
    name: str
    count: int
    third_party: bool
    """A plug-in that does not come with After Effects."""


class ProjectReport(msgspec.Struct, frozen=True, kw_only=True):
    """A whole project."""

    file: str
    after_effects: str
    """The version that saved it."""
    compositions: tuple[CompositionReport, ...]
    fonts: tuple[FontReport, ...]
    footage: tuple[FootageReport, ...]
    effects: tuple[EffectReport, ...]
    render_queue: tuple[str, ...]
