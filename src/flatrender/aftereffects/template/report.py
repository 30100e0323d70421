"""What became of a project: its scenes with fields, findings and verdicts, and what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from flatrender.aftereffects.fields.model import SuggestedField
from flatrender.aftereffects.findings import Finding
from flatrender.engine.template.model import Size

if TYPE_CHECKING:
    from collections.abc import Iterable

Engine = Literal["thorvg", "aerender"]

_SAME_IN_AFTER_EFFECTS = frozenset({"footage.missing", "footage.placeholder"})
"""Not drawn, and not drawn by After Effects either."""


class MissingFont(msgspec.Struct, frozen=True, kw_only=True):
    """A font that neither the project's folder nor this machine has."""

    post_script_name: str
    family: str
    style: str
    drawn_in: str
    """The family that stands in for it."""


class MissingFootage(msgspec.Struct, frozen=True, kw_only=True):
    """A file that the project shows and that was not found, or that is in no form that can be read."""

    name: str
    path: str
    """Where the project says it lies."""
    kind: str
    """`picture`, `clip`, `sequence` or `sound`."""
    width: int
    height: int
    reason: Literal["missing", "unreadable"]


class SceneSound(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of sound of a scene, where the composition has it."""

    file: str
    """Below the package."""
    start_s: float
    """Of the scene."""
    offset_s: float
    end_s: float
    """The part of the file that sounds, s of it."""
    speed: float
    volume: float


class TemplateScene(msgspec.Struct, frozen=True, kw_only=True):
    """One scene of the template."""

    key: str
    title: str
    compositions: dict[str, str]
    """The composition of each size."""
    duration_frames: int
    snapshot_frame: int
    engine: Engine
    """What draws it as it was designed."""
    fields: tuple[SuggestedField, ...]
    """All that could be offered; those with `unbound` and without bindings are no fields of the drawn scene."""
    findings: tuple[Finding, ...]
    sounds: tuple[SceneSound, ...]


class TemplateResult(msgspec.Struct, frozen=True, kw_only=True):
    """A template made of a project."""

    key: str
    title: str
    fps: float
    sizes: tuple[Size, ...]
    scenes: tuple[TemplateScene, ...]
    missing_fonts: tuple[MissingFont, ...]
    missing_footage: tuple[MissingFootage, ...]
    left_out: tuple[str, ...]
    """Compositions that are in no scene although they could be: in a size that not every scene has, or beyond the limit."""
    after_effects: str
    """The version that saved the project."""
    source: str | None
    """Where the package keeps the project: only while a scene needs After Effects."""


def engine_for(findings: Iterable[Finding]) -> Engine:
    """Return `aerender` when something that After Effects would show is not drawn here, else `thorvg`."""
    lost = any(one.verdict == "not_drawn" and one.feature not in _SAME_IN_AFTER_EFFECTS for one in findings)
    return "aerender" if lost else "thorvg"
