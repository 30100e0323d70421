"""HTTP bodies of the studio."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

MAX_SCENES = 100
MAX_EFFECTS = 50
MAX_MEMBERS = 300
MAX_MS = 6 * 60 * 60 * 1000

Key = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,120}$")]
Title = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00]*$")]
Locale = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=35)]
Volume = Annotated[float, Field(ge=0, le=2, allow_inf_nan=False)]
Milliseconds = Annotated[int, Field(ge=0, le=MAX_MS)]
ValueKey = Annotated[str, StringConstraints(pattern=r"^(@background|[A-Za-z0-9_.-]{1,120})$")]
"""A field's key, or the reserved one of a scene's background."""
Values = Annotated[dict[ValueKey, Any], Field(max_length=MAX_MEMBERS)]
Colors = Annotated[dict[Key, Any], Field(max_length=MAX_MEMBERS)]
Frames = Annotated[int, Field(ge=1, le=36_000, strict=True)]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Effect(_In):
    """A sound effect at a moment of the film."""

    track_id: UUID
    start_ms: Milliseconds = 0
    volume: Volume = 1.0


class Audio(_In):
    """The film's sound: music, voice-over and effects, each with its volume. Times count from the film's start."""

    music_track_id: UUID | None = None
    music_volume: Volume = 0.8
    music_start_ms: Milliseconds = 0
    music_fade_out_ms: Milliseconds = 0
    voiceover_track_id: UUID | None = None
    voiceover_volume: Volume = 1.0
    voiceover_start_ms: Milliseconds = 0
    sfx_enabled: bool = True
    sfx_volume: Volume = 1.0
    sfx: Annotated[list[Effect], Field(max_length=MAX_EFFECTS)] = []


class Transition(_In):
    """How a scene gives way to the next one; see docs/outputs.md."""

    kind: Literal["cut", "dissolve", "push", "slide", "wipe", "circle", "zoom", "fade"]
    duration_ms: Annotated[int, Field(ge=100, le=10_000, strict=True)] = 500
    direction: Literal["left", "right", "up", "down"] = "left"
    color: Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$")] = "#000000"


class SceneBody(_In):
    """A scene of a document; `id` is null for a new one."""

    id: UUID | None = None
    scene_key: Key
    values: Values = {}
    colors: Colors = {}
    duration_frames: Frames | None = None
    transition: Transition | None = None
    """To the next scene; null is a cut."""


class DocumentBody(_In):
    """A whole document without its read-only members."""

    title: Title
    size: Key
    locale: Locale
    palette: Colors = {}
    global_values: Values = {}
    audio: Audio
    scenes: Annotated[list[SceneBody], Field(max_length=MAX_SCENES)]


class CreateBody(_In):
    """A new document of a template."""

    project_id: UUID
    title: Title | None = None
    size: Key | None = None
    preset: Key | None = None
    locale: Locale | None = None


class PreviewBody(_In):
    """Unsaved edits of one scene; what is left out is taken from the saved document."""

    scene: SceneBody
    palette: Colors | None = None
    global_values: Values | None = None
    locale: Locale | None = None
    size: Key | None = None
    max_width: Annotated[int, Field(ge=16, le=8192)] | None = None


class Draft(PreviewBody):
    """The same where another service wraps it: its own members are passed over."""

    model_config = ConfigDict(extra="ignore")


ProfileKey = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,39}$")]
"""The key of an output profile; which there are says `GET /v1/output-profiles`."""


class RenderBody(_In):
    """Which film is wanted."""

    profile: ProfileKey
    outputs: list[ProfileKey] = Field(default=[], max_length=5)
    """Further output profiles that the same film is made in."""
    deliver_to: list[UUID] | None = Field(default=None, max_length=20)
    """Delivery targets that get the finished files; without it the tenant's usual ones."""


class SceneOut(BaseModel):
    """A scene of a document."""

    id: UUID
    scene_key: str
    values: dict[str, Any]
    colors: dict[str, str]
    duration_frames: int | None
    transition: Transition | None


class Document(BaseModel):
    """A saved project."""

    id: UUID
    title: str
    status: str
    project_id: UUID
    project_version_id: UUID
    size: str
    locale: str
    palette: dict[str, str]
    global_values: dict[str, Any]
    audio: Audio
    scenes: list[SceneOut]
    duration_frames: int | None
    thumbnail_url: str | None
    row_version: int
    created_at: datetime
    updated_at: datetime


class SavedProject(BaseModel):
    """A saved project in a list."""

    id: UUID
    title: str
    status: str
    project_id: UUID
    project_version_id: UUID
    size: str
    locale: str
    duration_frames: int | None
    thumbnail_url: str | None
    row_version: int
    created_at: datetime
    updated_at: datetime


class PressedRender(BaseModel):
    """The job that a press of render made or found; `GET /v1/render-jobs/{id}` has the rest."""

    id: UUID
    saved_project_id: UUID
    title: str
    profile: str
    status: str
    progress_pct: float
    queued_at: datetime


class LibraryTrack(BaseModel):
    """A track that can be put under a film."""

    id: UUID
    title: str
    kind: str
    duration_ms: int
    url: str | None
    license: str


class PreviewOut(BaseModel):
    """A resolved scene; `lottie` is the animation itself, self-contained."""

    lottie: dict[str, Any]
    sha256: str
    width: int
    height: int
    fps: float
    first_frame: float
    frames: int
    snapshot_frame: int
    warnings: list[dict[str, Any]]
