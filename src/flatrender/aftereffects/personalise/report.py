"""What was written into the copy of a project."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

NoteCode = Literal[
    "expression_disabled",
    "motion_shifted",
    "motion_scaled",
    "override_written",
    "override_kept",
    "text_runs_merged",
    "text_direction",
    "text_composer",
    "text_box_full",
    "media_converted",
    "media_wrapped",
    "media_upscaled",
    "media_looped",
    "source_shared",
    "footage_found",
    "footage_missing",
]
"""`expression_disabled`: the property had an expression, which would have hidden the value. `motion_shifted`, `motion_scaled`: the property moves
and keeps its motion. `override_written`, `override_kept`: a layer overrides the property through Essential Graphics, with the same value as before
(then it takes the new one too) or another. `text_runs_merged`: the text had several styles, the first is kept. `text_direction`: the paragraphs
were turned to the text's direction. `text_composer`: the layer was made for Latin text only. `media_converted`: the picture was fitted and written
as PNG. `media_wrapped`: the film lies in a composition of the designed size. `source_shared`: other layers show the same footage and keep it.
`footage_found`: a file of the project lies elsewhere than the project says, and the copy says where. `footage_missing`: it was not found."""


class Note(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something worth knowing about what was written."""

    code: NoteCode
    where: str
    """Composition › layer › property, or a footage item's name."""
    detail: str
    key: str | None = None


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One place that has another value now."""

    key: str
    where: str
    before: Any
    """As After Effects counts: words, numbers, colours as `#rrggbb`, true or false, a file's name."""
    after: Any


class PersonaliseReport(msgspec.Struct, frozen=True, kw_only=True):
    """The copy, and what differs in it from its source."""

    output: str
    changes: tuple[Change, ...] = ()
    notes: tuple[Note, ...] = ()
    media: tuple[str, ...] = ()
    """Files written beside the copy, relative to its folder, which it needs to be rendered."""
    queued: tuple[str, ...] = ()
    """Compositions in the render queue, in order."""


class Notes:
    """Collects notes and changes while a project is written."""

    def __init__(self) -> None:
        self.notes: list[Note] = []
        self.changes: list[Change] = []
        self.key = ""
        """The field that is being written."""

    def note(self, code: NoteCode, where: str, detail: str) -> None:
        """Remember something; the same thing once."""
        made = Note(code=code, where=where, detail=detail, key=self.key or None)
        if made not in self.notes:
            self.notes.append(made)

    def change(self, where: str, before: Any, after: Any) -> None:
        """Remember that a place has another value."""
        self.changes.append(Change(key=self.key, where=where, before=before, after=after))
