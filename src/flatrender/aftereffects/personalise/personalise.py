"""Values into a copy of a project, so that a plain `aerender` renders it."""

from __future__ import annotations

import warnings
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flatrender.aftereffects.errors import ProjectError
from flatrender.aftereffects.fields import suggest_fields
from flatrender.aftereffects.personalise.copies import Copies
from flatrender.aftereffects.personalise.errors import PersonaliseError
from flatrender.aftereffects.personalise.footage import FootageWriter
from flatrender.aftereffects.personalise.found import keep_found
from flatrender.aftereffects.personalise.given import checked_values
from flatrender.aftereffects.personalise.media import MediaFolder
from flatrender.aftereffects.personalise.order import CopyOrder, ordered
from flatrender.aftereffects.personalise.places import Writing, read_place, same, write_place
from flatrender.aftereffects.personalise.queue import write_queue
from flatrender.aftereffects.personalise.report import Notes, PersonaliseReport
from flatrender.aftereffects.personalise.saving import checked_copy, save_copy
from flatrender.aftereffects.personalise.scenes import arrange
from flatrender.aftereffects.personalise.timing import write_timing
from flatrender.aftereffects.project import composition as composition_named
from flatrender.aftereffects.project import open_project
from flatrender.aftereffects.template.scenes import scene_candidates
from flatrender.engine.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from py_aep.models.items.composition import CompItem
    from py_aep.models.project import Project

    from flatrender.aftereffects.fields import ProjectPlace, SuggestedField
    from flatrender.aftereffects.personalise.queue import RenderOrder
    from flatrender.aftereffects.personalise.scenes import ScenePart
    from flatrender.aftereffects.personalise.timing import Timing
    from flatrender.engine.template.model import Field
    from flatrender.engine.template.source import PlacedField


def personalise(  # each is one thing that a caller may say
    project: Path,
    values: Mapping[str, Any],
    output: Path,
    *,
    composition: str = "",
    fields: Sequence[SuggestedField | PlacedField] | None = None,
    assets: Mapping[str, Path] | None = None,
    footage: Mapping[int, Path] | None = None,
    said: Mapping[str, str] | None = None,
    scenes: Sequence[ScenePart] = (),
    timing: Timing | None = None,
    queue: Sequence[RenderOrder] | None = None,
    snapshot_s: float | None = None,
    locale: str = "fa",
) -> PersonaliseReport:
    """Write a copy of a project with a person's values, and return what differs in it.

    `values`: by the keys of `fields`, as a template's fields take them (docs/template-format.md); an image is an asset's name or an object with
    `asset` and more, its file stands in `assets`. `said`: more values, as a person writes them (`yes`, `12.5`, a picture's path). Without `fields`
    those that `suggest_fields` finds in `composition` are meant, and without `composition` the project's first scene.
    `footage`: where files of the project lie, by the ids of their items; the others are sought (see `found`). `scenes`: what the composition shows,
    one after the other, when it is a master of scenes. `timing`: its duration and work area. `queue`: what the copy's render queue holds (None: as
    it was). `snapshot_s`: the composition's time at which a property that moves has its value. `locale`: how numbers and dates are written in texts.

    The copy is written whole or not at all, and opened again first. Raises PersonaliseError (see its codes), and ProjectError as `open_project`,
    `composition` and `suggest_fields` do.
    """
    order = ordered(
        project,
        output,
        values=values,
        said=said,
        composition=composition,
        fields=fields,
        assets=assets,
        footage=footage,
        scenes=scenes,
        timing=timing,
        queue=queue,
        snapshot_s=snapshot_s,
        locale=locale,
    )
    return carried_out(order)


def carried_out(order: CopyOrder) -> PersonaliseReport:
    """Write the copy that is ordered; see `personalise`."""
    source = Path(order.project)
    target = checked_copy(source, Path(order.output))
    opened = open_project(source)
    notes = Notes()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _written(order, opened, target, notes)
    except EngineError as error:
        if isinstance(error, PersonaliseError) and error.key is None and notes.key:
            error.key = notes.key
        raise
    except (MemoryError, RecursionError) as error:
        raise ProjectError("the project is damaged: its parts do not end", where=source.name) from error
    except Exception as error:
        raise PersonaliseError(
            f"the project cannot be written there ({type(error).__name__}: {str(error)[:120]})",
            code="place_unwritable",
            where=source.name,
            key=notes.key or None,
        ) from error


def _written(order: CopyOrder, opened: Project, target: Path, notes: Notes) -> PersonaliseReport:
    comp = composition_named(opened, order.composition) if order.composition else None
    if comp is None and (order.fields is None or order.scenes or order.timing):
        comp = scene_candidates(opened)[0]
    fields = order.fields if order.fields is not None or comp is None else suggest_fields(opened, comp)
    chosen = checked_values(fields or (), order.values, order.said)
    media = MediaFolder(target)
    anchors = {comp.id: order.snapshot_s} if comp is not None and order.snapshot_s is not None else {}
    writing = Writing(
        project=opened,
        footage=FootageWriter(opened, target, media, notes),
        notes=notes,
        assets={name: Path(path) for name, path in order.assets.items()},
        locale=order.locale,
        anchors=anchors,
    )
    placed = _values_written(writing, chosen, "")
    if order.scenes and comp is not None:
        placed += _scenes_written(writing, comp, order.scenes)
    # Read once more: a later value may have been meant for the same place.
    expected = [(field, place, read_place(opened, field, place, anchors)) for field, place in placed]
    if order.timing is not None and comp is not None:
        write_timing(comp, order.timing, notes)
    queued = write_queue(opened, order.queue, target) if order.queue is not None else ()
    known = {item: Path(path) for item, path in order.footage.items()}
    brought = keep_found(opened, Path(order.project), target, notes, known)

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


def _values_written(
    writing: Writing, chosen: Sequence[tuple[SuggestedField, Field, Any]], of: str
) -> list[tuple[SuggestedField, ProjectPlace]]:
    """Write values at all their places, and return these. `of` leads the keys in the report."""
    placed = []
    for field, checked, value in chosen:
        writing.notes.key = of + field.key
        for place in field.places:
            write_place(writing, field, checked, place, value)
            placed.append((field, place))
    writing.notes.key = ""
    return placed


def _scenes_written(
    writing: Writing, master: CompItem, parts: Sequence[ScenePart]
) -> list[tuple[SuggestedField, ProjectPlace]]:
    """Arrange the scenes, and give those with values of their own a composition of their own, into which they are written."""
    placed = []
    copies = Copies()
    times: Counter[str] = Counter()
    for part, layer in zip(parts, arrange(master, parts, writing.notes), strict=True):
        times[part.scene] += 1
        if part.values or part.said:
            copy = copies.give(layer)
            chosen = checked_values(suggest_fields(writing.project, copy), part.values, part.said)
            placed += _values_written(writing, chosen, f"{part.scene}#{times[part.scene]}.")
    return placed
