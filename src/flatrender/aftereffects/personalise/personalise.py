"""Values into a copy of a project, so that a plain `aerender` renders it."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import msgspec

from flatrender.aftereffects.errors import ProjectError
from flatrender.aftereffects.fields import ProjectPlace, SuggestedField, suggest_fields
from flatrender.aftereffects.personalise.errors import PersonaliseError
from flatrender.aftereffects.personalise.footage import FootageWriter
from flatrender.aftereffects.personalise.found import keep_found
from flatrender.aftereffects.personalise.media import MediaFolder
from flatrender.aftereffects.personalise.places import Writing, read_place, same, write_place
from flatrender.aftereffects.personalise.queue import RenderOrder, write_queue
from flatrender.aftereffects.personalise.report import Notes, PersonaliseReport
from flatrender.aftereffects.personalise.saving import checked_copy, save_copy
from flatrender.aftereffects.personalise.scenes import ScenePart, arrange
from flatrender.aftereffects.personalise.timing import Timing, write_timing
from flatrender.aftereffects.project import composition as composition_named
from flatrender.aftereffects.project import open_project
from flatrender.engine.errors import EngineError, ValueRefused
from flatrender.engine.resolve.values import check_value
from flatrender.engine.template.model import Field

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from py_aep.models.project import Project

MAX_VALUES = 2_000


def personalise(
    project: Path,
    values: Mapping[str, Any],
    output: Path,
    *,
    composition: str = "",
    fields: Sequence[SuggestedField] | None = None,
    assets: Mapping[str, Path] | None = None,
    scenes: Sequence[ScenePart] = (),
    timing: Timing | None = None,
    queue: Sequence[RenderOrder] | None = None,
    snapshot_s: float | None = None,
    locale: str = "fa",
) -> PersonaliseReport:
    """Write a copy of a project with a person's values, and return what differs in it.

    `values`: by the keys of `fields`, as a template's fields take them (docs/template-format.md); an image is an asset's name or an object with
    `asset` and more, its file stands in `assets`. Without `fields` those that `suggest_fields` finds in `composition` are meant.
    `scenes`: what the composition shows, one after the other, when it is a master of scenes. `timing`: its duration and work area. `queue`: what the
    copy's render queue holds (None: as it was). `snapshot_s`: the composition's time at which a property that moves has its value.

    The copy is written whole or not at all, and opened again first. Raises PersonaliseError (see its codes), and ProjectError as `open_project`,
    `composition` and `suggest_fields` do.
    """
    target = checked_copy(project, output)
    opened = open_project(project)
    notes = Notes()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _written(
                opened,
                project,
                target,
                values,
                composition,
                fields,
                assets or {},
                scenes,
                timing,
                queue,
                snapshot_s,
                locale,
                notes,
            )
    except EngineError as error:
        if isinstance(error, PersonaliseError) and error.key is None and notes.key:
            error.key = notes.key
        raise
    except (MemoryError, RecursionError) as error:
        raise ProjectError("the project is damaged: its parts do not end", where=project.name) from error
    except Exception as error:
        raise PersonaliseError(
            f"the project cannot be written there ({type(error).__name__}: {str(error)[:120]})",
            code="place_unwritable",
            where=project.name,
            key=notes.key or None,
        ) from error


def checked_values(
    fields: Sequence[SuggestedField], values: Mapping[str, Any]
) -> list[tuple[SuggestedField, Field, Any]]:
    """Return each field that has a value, in the fields' order. Raises PersonaliseError `field_unknown` and `value_invalid` with the key."""
    if len(values) > MAX_VALUES:
        raise PersonaliseError(f"{len(values)} values; at most {MAX_VALUES} are written")
    known = {field.key for field in fields}
    for key in values:
        if key not in known:
            listed = ", ".join(sorted(known)[:20]) + (", …" if len(known) > 20 else "")
            raise PersonaliseError(
                f"there is no such field; there are {listed or 'none'}", code="field_unknown", key=str(key)[:60]
            )
    return [_checked(field, values[field.key]) for field in fields if field.key in values]


def _checked(field: SuggestedField, value: Any) -> tuple[SuggestedField, Field, Any]:
    described = Field(key=field.key, type=field.type, label=field.label, constraints=field.constraints)
    try:
        return field, described, check_value(described, value)
    except ValueRefused as error:
        raise PersonaliseError(
            error.detail, key=field.key, where=field.places[0].path() if field.places else None
        ) from error


def _written(  # noqa: PLR0917  # the arguments of its only caller
    opened: Project,
    source: Path,
    target: Path,
    values: Mapping[str, Any],
    name: str,
    fields: Sequence[SuggestedField] | None,
    assets: Mapping[str, Path],
    scenes: Sequence[ScenePart],
    timing: Timing | None,
    queue: Sequence[RenderOrder] | None,
    snapshot_s: float | None,
    locale: str,
    notes: Notes,
) -> PersonaliseReport:
    comp = composition_named(opened, name) if name else None
    if comp is None and (fields is None or scenes or timing):
        raise PersonaliseError("say which composition is meant", code="value_invalid")
    found = suggest_fields(opened, comp) if fields is None and comp is not None else fields or ()
    chosen = checked_values(found, values)
    media = MediaFolder(target)
    anchors = {comp.id: snapshot_s} if comp is not None and snapshot_s is not None else {}
    writing = Writing(
        project=opened,
        footage=FootageWriter(opened, target, media, notes),
        notes=notes,
        assets=assets,
        locale=locale,
        anchors=anchors,
    )
    placed: list[tuple[SuggestedField, ProjectPlace]] = []
    for field, checked, value in chosen:
        notes.key = field.key
        for place in field.places:
            write_place(writing, field, checked, place, value)
            placed.append((field, place))
    notes.key = ""
    # Read once more: a later value may have been meant for the same place.
    expected = [(field, place, read_place(opened, field, place, anchors)) for field, place in placed]
    if scenes and comp is not None:
        arrange(comp, scenes, notes)
    if timing is not None and comp is not None:
        write_timing(comp, timing, notes)
    queued = write_queue(opened, tuple(queue), target) if queue is not None else ()
    brought = keep_found(opened, source, target, notes)

    def verify(saved: Project) -> None:
        for field, place, wanted in expected:
            read = read_place(saved, field, place, anchors)
            if not same(wanted, read):
                raise PersonaliseError(
                    f"the saved copy says {read!r} where {wanted!r} was written",
                    code="copy_differs",
                    where=place.path(),
                    key=field.key,
                )

    save_copy(opened, target, verify)
    return PersonaliseReport(
        output=str(target),
        changes=tuple(change for change in notes.changes if change.before != change.after),
        notes=tuple(notes.notes),
        media=(*media.written, *brought),
        queued=queued,
    )


def encoded_report(report: PersonaliseReport) -> bytes:
    """Return the report as JSON."""
    return msgspec.json.encode(report)
