"""What the render service promises: films from frozen input, and how far they are.

Events: `render_job.queued`, `render_job.started`, `render_job.progress`, `render_job.completed`, `render_job.failed`, `render_job.canceled`,
`render_job.repaired` (frames of a finished film were drawn again, its file is another), `template.flagged`,
`snapshot.ready`, `export.ready`, `export.expiring`, `export.expired`, `export.delivery_dead`. Payloads of `render_job.*`: `{job_id, user_id,
saved_project_id, title, status, progress_pct, file_id?, error_code?}`; of `export.*`: `{job_id, user_id, title, export_ids, …}`.
When render is down, pressing render raises `Unavailable` and nothing is frozen twice.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID

import msgspec

from flatrender.contracts.content import SceneRequest


class SoundTrack(msgspec.Struct, frozen=True, kw_only=True):
    """One track under the film; times in milliseconds, volume 0–2."""

    kind: str
    """`music`, `voiceover` or `sfx`."""
    file_id: UUID
    owner_tenant_id: UUID | None = None
    """Whose file it is, when not the film's own tenant: music of a template that the platform shares."""
    volume: float
    start_ms: int = 0
    """When it begins in the film."""
    trim_start_ms: int = 0
    trim_end_ms: int | None = None
    """Where in the file it begins and stops, both from the file's beginning; None: at its end."""
    fade_in_ms: int = 0
    fade_out_ms: int = 0
    loop: bool = False


class SceneTransition(msgspec.Struct, frozen=True, kw_only=True):
    """How a scene gives way to the next one (`engine.film.transitions.Transition`, without a template's own)."""

    kind: Literal["cut", "dissolve", "push", "slide", "wipe", "circle", "zoom", "fade"]
    duration_ms: int = 500
    """By so much both are seen, and the film is shorter; 1 to 10000. A cut has none."""
    direction: Literal["left", "right", "up", "down"] = "left"
    color: str = "#000000"
    """What a fade goes through, `#rrggbb`."""


class FilmInput(msgspec.Struct, frozen=True, kw_only=True):
    """The frozen input of a film: nothing of it is read again from the project while it renders."""

    scenes: list[SceneRequest]
    tracks: list[SoundTrack]
    profile: str
    """Key of an output profile: `draft`, `720p`, `1080p`, `gif` and so on."""
    width: int
    height: int
    """The template's size; the profile's height scales it."""
    fps: float
    locale: str
    transitions: list[SceneTransition] = []
    """Between each scene and the next; empty: cuts."""
    outputs: list[str] = []
    """Keys of further output profiles that the same film is made in, at most 5."""
    deliver_to: list[UUID] | None = None
    """Delivery targets that get the finished files; None: the tenant's usual ones."""


class RenderRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A film that somebody wants."""

    user_id: UUID
    saved_project_id: UUID
    revision_id: UUID
    project_id: UUID
    project_version_id: UUID
    package_sha256: bytes
    title: str
    input: FilmInput
    music_volume: float
    sfx_volume: float
    voiceover_volume: float
    has_voiceover: bool


class RenderJobBrief(msgspec.Struct, frozen=True, kw_only=True):
    """How far a film is."""

    id: UUID
    saved_project_id: UUID
    status: str
    progress_pct: float
    queued_at: datetime


class RenderApi(Protocol):
    """The interface of render."""

    async def create_jobs(self, *, tenant_id: UUID, requests: Sequence[RenderRequest]) -> list[RenderJobBrief]:
        """Queue films; the revision is the natural key, so the same revision again returns the job that exists.

        Raises TooMany when the tenant has as many queued films as it may.
        """

    async def latest_jobs(self, *, tenant_id: UUID, saved_project_ids: Sequence[UUID]) -> Mapping[UUID, RenderJobBrief]:
        """Return each project's newest job; a project without one is absent."""

    async def check_wanted(self, *, tenant_id: UUID, profiles: Sequence[str], deliver_to: Sequence[UUID]) -> None:
        """Raise Refused when films of the tenant cannot be made in these profiles together, or not be delivered to these targets: before anything is frozen."""

    async def enqueue_scene_previews(self, *, tenant_id: UUID, project_ids: Sequence[UUID], locale: str) -> int:
        """Queue a picture of each scene of the templates, as the admin's button does; return how many are open now. An unknown id is left out."""
