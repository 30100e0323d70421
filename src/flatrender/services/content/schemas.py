"""HTTP bodies of the content service."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

NO_NUL = r"^[^\x00]*$"
"""PostgreSQL's text holds no NUL."""
LocaleKey = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
Title = Annotated[
    dict[LocaleKey, Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=NO_NUL)]],
    Field(min_length=1, max_length=20),
]
Description = Annotated[
    dict[LocaleKey, Annotated[str, StringConstraints(max_length=4000, pattern=NO_NUL)]], Field(max_length=20)
]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,79}$")]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ImportBody(_In):
    """An uploaded package."""

    file_id: UUID


class MissingFile(_In):
    """An uploaded file that completes an After Effects project."""

    file_id: UUID
    name: Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=NO_NUL)] | None = None
    """Which of the missing files it is; without it the uploaded file's own name. A font says by itself which it is."""


class MissingFilesBody(_In):
    """Files that were missing."""

    files: Annotated[list[MissingFile], Field(min_length=1, max_length=50)]


class PublishIn(_In):
    """What is accepted with publishing a template."""

    accept_after_effects: bool = False
    """That films with some of its scenes wait for nodes with After Effects."""


class ProjectPatch(_In):
    """What an administrator may change of a template; what is left out stays."""

    title: Title | None = None
    description: Description | None = None
    category: Slug | None = None
    visibility: Literal["tenant", "shared", "private"] | None = None


class ScenePatch(_In):
    """What an administrator may change of a scene; what is left out stays."""

    title: Title | None = None
    snapshot_frame: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    is_active: bool | None = None


class Category(BaseModel):
    """A category."""

    slug: str
    name: dict[str, str]


class Size(BaseModel):
    """A size in pixels."""

    key: str
    width: int
    height: int


class FieldOut(BaseModel):
    """A field; the default of a picture is its address."""

    key: str
    type: str
    label: dict[str, str]
    default: Any
    options: list[dict[str, Any]]
    constraints: dict[str, Any]
    is_required: bool


class SceneOut(BaseModel):
    """A scene."""

    id: UUID
    key: str
    title: dict[str, str]
    scene_type: str
    engine: Literal["thorvg", "aerender"]
    """What draws its films: with `aerender` only After Effects draws it as designed, and a preview is approximate."""
    duration_frames: int
    snapshot_frame: int
    snapshot_url: str | None
    image: str | None
    can_repeat: bool
    is_required: bool
    is_active: bool
    color_slots: list[str]
    duration: dict[str, Any] | None
    """How its length follows what it holds; see docs/binding.md."""
    fields: list[FieldOut]


class MusicOut(BaseModel):
    """Music that comes with a template; `track_id` is what a document names."""

    key: str
    title: dict[str, str]
    track_id: UUID
    url: str
    duration_ms: int
    license: str


class ColorSlotOut(BaseModel):
    """A colour of the template."""

    key: str
    label: dict[str, str]
    default: str
    derive: dict[str, Any] | None = None
    """How it follows from other colours while nobody chooses it; see docs/binding.md."""


class PresetOut(BaseModel):
    """A set of colours."""

    key: str
    name: dict[str, str]
    colors: dict[str, str]
    is_default: bool


class ProjectOut(BaseModel):
    """A template in a list."""

    id: UUID
    slug: str
    title: dict[str, str]
    description: dict[str, str]
    category: str | None
    cover_url: str | None
    fps: float
    duration_frames: int | None
    sizes: list[Size]
    scene_count: int
    published_at: datetime | None


class ProjectDetail(ProjectOut):
    """A template with everything that the studio needs."""

    version_id: UUID
    color_slots: list[ColorSlotOut]
    presets: list[PresetOut]
    fields: list[FieldOut]
    fonts: list[str]
    music: list[MusicOut]
    scenes: list[SceneOut]


class AdminProject(ProjectOut):
    """A template in the administrator's list."""

    status: str
    visibility: str
    row_version: int
    created_at: datetime
    updated_at: datetime


class ImportNotice(BaseModel):
    """Something that the import noticed."""

    code: str
    detail: str
    scene: str | None = None
    size: str | None = None
    field: str | None = None
    layer: str | None = None
    where: str
    """The same in one line, for people."""


class FindingOut(BaseModel):
    """A feature of an After Effects project at one place, and what becomes of it in the open engine."""

    feature: str
    verdict: Literal["exact", "approximate", "not_drawn"]
    place: str
    sentence: str


class AdminScene(SceneOut):
    """A scene as administrators see it."""

    composition: str | None
    """The composition of the After Effects project that it is."""
    findings: list[FindingOut]


class MissingFontOut(BaseModel):
    """A font that the project names and nobody has; another one is drawn in its place."""

    name: str
    """PostScript name."""
    family: str
    style: str
    drawn_in: str
    """The family that stands in for it."""


class MissingFootageOut(BaseModel):
    """A file that the project shows and that did not come with it, or that cannot be read."""

    name: str
    path: str
    """Where it lay on the designer's machine."""
    kind: Literal["picture", "clip", "sound"]
    reason: Literal["missing", "unreadable"]


class SourceOut(BaseModel):
    """The After Effects project that a version was made from."""

    path: str
    """Where the project lies in the archive that is kept."""
    file_id: UUID
    sha256: str
    missing_fonts: list[MissingFontOut]
    missing_footage: list[MissingFootageOut]


class ImportProblem(BaseModel):
    """Why an import came to nothing."""

    code: str
    detail: str
    where: str | None


class ImportOut(BaseModel):
    """The import of an After Effects project, which goes on after the request."""

    id: UUID
    status: Literal["queued", "running", "done", "failed"]
    file_name: str
    project_id: UUID | None
    """The template; of a new one once the import is done."""
    version_id: UUID | None
    problem: ImportProblem | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class AdminProjectDetail(AdminProject):
    """A template's newest version, published or not."""

    version_id: UUID
    version_no: int
    published_version_id: UUID | None
    color_slots: list[ColorSlotOut]
    presets: list[PresetOut]
    fields: list[FieldOut]
    fonts: list[str]
    music: list[MusicOut]
    scenes: list[AdminScene]
    warnings: list[ImportNotice]
    source: SourceOut | None
    """None for a template that was not made from an After Effects project."""
