"""HTTP bodies of the traced previews."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from flatrender.engine.vector.drawing import MAX_BYTES, MAX_GROUPS
from flatrender.engine.vector.tracing import MAX_COLORS, MIN_COLORS

Slot = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,119}$")]
HexColor = Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$")]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class TraceBody(_In):
    """A picture of a scene (of the whole template without `scene_id`), from exactly one source."""

    scene_id: UUID | None = None
    file_id: UUID | None = None
    """An uploaded picture."""
    svg: Annotated[str, StringConstraints(min_length=1, max_length=MAX_BYTES, pattern=r"^[^\x00]*$")] | None = None
    """The text of an SVG; it is drawn and traced, none of it is kept."""
    snapshot: bool = False
    """The scene's own snapshot."""
    colors: Annotated[int, Field(ge=MIN_COLORS, le=MAX_COLORS)] = 24
    detail: Literal["low", "medium", "high"] = "medium"
    palette: Annotated[dict[Slot, HexColor], Field(max_length=MAX_GROUPS)] | None = None
    """The colours that the picture was drawn with; those of the default preset without it."""

    @model_validator(mode="after")
    def _one_source(self) -> "TraceBody":
        given = (self.file_id is not None) + (self.svg is not None) + self.snapshot
        if given != 1:
            raise ValueError("give one of file_id, svg and snapshot")
        if self.snapshot and self.scene_id is None:
            raise ValueError("a snapshot is of a scene: give scene_id")
        return self


class GroupPatch(_In):
    """What a group is to follow: a slot, nothing (null), or with `automatic` what tracing suggests."""

    number: Annotated[int, Field(ge=0, lt=MAX_GROUPS)]
    slot: Slot | None = None
    automatic: bool = False


class SvgPreviewPatch(_In):
    """Groups that follow something else; those left out stay as they are."""

    groups: Annotated[list[GroupPatch], Field(min_length=1, max_length=MAX_GROUPS)]


class GroupOut(BaseModel):
    """Shapes of one colour, and the rule by which it follows a slot; docs/svg-previews.md has the arithmetic."""

    number: int
    color: str
    """As it was traced."""
    share: float
    """Of the picture that it covers, 0 to 1."""
    pictured: bool
    """Whether it belongs to a picture that the scene shows."""
    chosen: bool
    """Whether an administrator chose what it follows."""
    slot: str | None
    toward: str | None = None
    amount: float = 0.0
    lighten: float = 0.0
    chroma: float = 1.0
    hue: float = 0.0


class SvgPreviewOut(BaseModel):
    """A traced preview without its drawing."""

    id: UUID
    scene_id: UUID | None
    scene_key: str | None
    width: int
    height: int
    path_count: int
    bytes: int
    source: Literal["file", "svg", "snapshot"]
    colors: int
    detail: Literal["low", "medium", "high"]
    reduced: bool
    """Whether it shows less detail than was asked for, which would have been too large."""
    palette: dict[str, str]
    """The colours that the picture was drawn with."""
    groups: list[GroupOut]
    created_at: datetime
    updated_at: datetime


class SvgPreviewDetail(SvgPreviewOut):
    """A traced preview."""

    svg: str
    """`svg`, `g` (with `fill`, `data-group`, `data-slot`) and `path` (with `d`) only."""
