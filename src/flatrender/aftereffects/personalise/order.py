"""What a copy is to be: everything that `personalise` is told, in a form that goes to another process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from flatrender.aftereffects.fields import SuggestedField
from flatrender.aftereffects.personalise.paths import absolute
from flatrender.aftereffects.personalise.queue import RenderOrder
from flatrender.aftereffects.personalise.scenes import ScenePart
from flatrender.aftereffects.personalise.timing import Timing
from flatrender.engine.template.source import PlacedField


class CopyOrder(msgspec.Struct, frozen=True, kw_only=True):
    """A copy of a project; the paths are absolute."""

    project: str
    output: str
    values: dict[str, Any]
    said: dict[str, str]
    composition: str
    fields: tuple[SuggestedField, ...] | None
    assets: dict[str, str]
    footage: dict[int, str]
    scenes: tuple[ScenePart, ...]
    timing: Timing | None
    queue: tuple[RenderOrder, ...] | None
    snapshot_s: float | None
    locale: str


def ordered(  # each is one thing that a caller may say
    project: Path,
    output: Path,
    *,
    values: Mapping[str, Any],
    said: Mapping[str, str] | None,
    composition: str,
    fields: Sequence[SuggestedField | PlacedField] | None,
    assets: Mapping[str, Path] | None,
    footage: Mapping[int, Path] | None,
    scenes: Sequence[ScenePart],
    timing: Timing | None,
    queue: Sequence[RenderOrder] | None,
    snapshot_s: float | None,
    locale: str,
) -> CopyOrder:
    """Return the order for what `personalise` was told."""
    return CopyOrder(
        project=str(absolute(project)),
        output=str(absolute(output)),
        values=dict(values),
        said=dict(said or {}),
        composition=composition,
        fields=None if fields is None else tuple(map(_suggested, fields)),
        assets={name: str(absolute(path)) for name, path in (assets or {}).items()},
        footage={item: str(absolute(path)) for item, path in (footage or {}).items()},
        scenes=tuple(scenes),
        timing=timing,
        queue=None if queue is None else tuple(queue),
        snapshot_s=snapshot_s,
        locale=locale,
    )


def _suggested(field: SuggestedField | PlacedField) -> SuggestedField:
    """A template keeps of its fields what the project needs; what it says of their limits was checked there."""
    if isinstance(field, SuggestedField):
        return field
    kept = {"key": field.key, "type": field.type, "label": {}, "origin": "name"}
    return msgspec.structs.replace(msgspec.convert({**kept, "places": []}, SuggestedField), places=field.places)
