"""What a node is given to do: `POST /internal/{frame-jobs,snapshot-jobs}/claim` answers an assignment, or 204 when there was nothing to do."""

from typing import Any, Literal
from uuid import UUID

import msgspec

Kind = Literal["frame", "snapshot_job", "snapshot"]
"""`frame`: a chunk of a film; `snapshot_job`: a template scene's thumbnail; `snapshot`: a picture that somebody waits for in the studio."""


Engine = Literal["thorvg", "aerender"]
"""What draws: the open engine from the Lottie, or After Effects from the project."""


class SceneFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What must be known of a resolved scene besides its Lottie (see `engine.scene.ResolvedScene`)."""

    scene_key: str
    sha256: str
    width: int
    height: int
    fps: float
    first_frame: float
    frames: int
    clips: tuple[str, ...] = ()
    """SHA-256 (hexadecimal) of the films that the scene shows."""


class AssetFigures(msgspec.Struct, frozen=True, kw_only=True):
    """A file that a value of an After Effects scene names."""

    sha256: str
    name: str
    """A short ASCII file name of our own with the ending of the file's form."""


class SourceFigures(msgspec.Struct, frozen=True, kw_only=True):
    """The After Effects project that draws a scene; `SceneFigures` then describe its approximation."""

    sha256: str
    """Hexadecimal, of the object: the archive with the project, its footage and its fonts, or the project alone."""
    bytes: int
    path: str = ""
    """Where the project (.aep) lies in the archive; empty: the object is the project."""
    composition: str
    first_frame: int = 0
    """Of the composition, from 0: the scene's first."""
    fps: float | None = None
    """Of the composition; None: the scene's."""
    fields: list[dict[str, Any]] = []
    """Where each field lies in the project, as the template's manifest says it."""
    values: dict[str, Any] = {}
    """Field key → value; what is absent stays as it was designed."""
    assets: dict[str, AssetFigures] = {}
    """Name of a file in a value → the file."""


class SegmentTask(msgspec.Struct, frozen=True, kw_only=True, tag="segment"):
    """Encode output frames `first` to `last` of a scene (both drawn, 0 is the scene's first) as one segment."""

    scene: SceneFigures
    first: int
    last: int
    width: int
    height: int
    fps: float
    preset: str
    crf: int
    background: tuple[int, int, int] = (255, 255, 255)
    kind: str = "mp4_h264"
    """What the film is written as (`engine.kinds.OutputKind`): decides the segment's codec."""
    alpha: bool = False
    max_kbps: int | None = None
    source: SourceFigures | None = None
    """Not None: After Effects draws the frames from this project."""
    overlay: SceneFigures | None = None
    """A scene with transparency that is laid over what After Effects draws (a watermark)."""


class StillTask(msgspec.Struct, frozen=True, kw_only=True, tag="still"):
    """Draw one frame of a scene as a picture."""

    scene: SceneFigures
    frame: float
    """Counted from the scene's first frame, in the scene's own frame rate."""
    width: int
    height: int
    format: Literal["png", "jpeg"] = "jpeg"
    background: tuple[int, int, int] | None = (255, 255, 255)
    source: SourceFigures | None = None
    """Not None: After Effects draws the frame from this project."""


Task = SegmentTask | StillTask


class Lease(msgspec.Struct, frozen=True, kw_only=True):
    """The right to do one piece of work once. `epoch` rises with each claim of the same work; a result counts only with the newest one."""

    kind: Kind
    id: UUID
    lease_id: UUID
    epoch: int


class Assignment(msgspec.Struct, frozen=True, kw_only=True):
    """One piece of work with everything that it takes."""

    lease: Lease
    lease_s: float
    task: Task
    scene_url: str
    """Where the Lottie is fetched (GET): absolute, or a path on the server."""
    clip_urls: dict[str, str] = {}
    """Where each film of the scene, and each file that a value of its project names, is fetched, by its hash."""
    source_url: str | None = None
    """Where the After Effects project is fetched (GET)."""
    overlay_url: str | None = None
    """Where the Lottie of the overlay is fetched (GET)."""
    upload_url: str
    """Where the output is put (PUT); its object key contains the epoch."""
    output_key: str
    deadline_s: float
    """After this many seconds the node gives the work up as `node`."""
    traceparent: str | None = None
    """W3C trace context of the work, for spans of the node's own; sent back as the header of that name with its calls about the work."""
    also: "list[Assignment]" = []
    """More pictures of the same project, each with a lease of its own, to be drawn in the same launch of After Effects."""


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """A request for work. The answer comes when there is some, at the latest after `wait_s`."""

    boot_id: UUID
    wait_s: float = 20.0
    engine: Engine = "thorvg"
    """Which engine the work is for; the node registered it."""
    batch: int = 1
    """How many pictures of one project the node takes at once, at most 32."""
