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
    """The scene's name, for messages to people."""
    sha256: str
    """Hexadecimal, of the Lottie's bytes: what is fetched must have it."""
    width: int
    """Of the Lottie's own canvas, pixels."""
    height: int
    """Of the Lottie's own canvas, pixels."""
    fps: float
    """The Lottie's own frames a second."""
    first_frame: float
    """The Lottie's in point; frames of a task count from it."""
    frames: int
    """How many of its own frames the scene has."""
    clips: tuple[str, ...] = ()
    """SHA-256 (hexadecimal) of the films that the scene shows."""


class AssetFigures(msgspec.Struct, frozen=True, kw_only=True):
    """A file that a value of an After Effects scene names."""

    sha256: str
    """Hexadecimal; its link is in `clip_urls`."""
    name: str
    """A short ASCII file name of our own with the ending of the file's form."""


class SourceFigures(msgspec.Struct, frozen=True, kw_only=True):
    """The After Effects project that draws a scene; `SceneFigures` then describe its approximation."""

    sha256: str
    """Hexadecimal, of the object: the archive with the project, its footage and its fonts, or the project alone."""
    bytes: int
    """Of the object."""
    path: str = ""
    """Where the project (.aep) lies in the archive; empty: the object is the project."""
    composition: str
    """Name of the composition that is drawn."""
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
    """What is drawn."""
    first: int
    """Output frame, counted from the scene's first in the rate of the film."""
    last: int
    """Output frame, drawn too."""
    width: int
    """Of the segment, pixels, even."""
    height: int
    """Of the segment, pixels, even."""
    fps: float
    """Of the film; 23.976, 29.97 and 59.94 mean 24000/1001 and so on."""
    preset: str
    """Speed against size on x264's scale."""
    crf: int
    """Quality on H.264's scale, 0 to 51."""
    background: tuple[int, int, int] = (255, 255, 255)
    """Red, green, blue (0 to 255) behind what is transparent; unused with `alpha`."""
    kind: str = "mp4_h264"
    """What the film is written as (`engine.kinds.OutputKind`): decides the segment's codec."""
    alpha: bool = False
    """Keep transparency."""
    max_kbps: int | None = None
    """The most thousand bits a second that the picture may take; None: no cap."""
    source: SourceFigures | None = None
    """Not None: After Effects draws the frames from this project."""
    overlay: SceneFigures | None = None
    """A scene with transparency that is laid over what After Effects draws (a watermark)."""


class StillTask(msgspec.Struct, frozen=True, kw_only=True, tag="still"):
    """Draw one frame of a scene as a picture."""

    scene: SceneFigures
    """What is drawn."""
    frame: float
    """Counted from the scene's first frame, in the scene's own frame rate."""
    width: int
    """Of the picture, pixels."""
    height: int
    """Of the picture, pixels."""
    format: Literal["png", "jpeg"] = "jpeg"
    """Of the picture."""
    background: tuple[int, int, int] | None = (255, 255, 255)
    """Red, green, blue behind what is transparent; None: it stays transparent (PNG)."""
    source: SourceFigures | None = None
    """Not None: After Effects draws the frame from this project."""


Task = SegmentTask | StillTask


class Lease(msgspec.Struct, frozen=True, kw_only=True):
    """The right to do one piece of work once. `epoch` rises with each claim of the same work; a result counts only with the newest one."""

    kind: Kind
    """What the work is; it decides the route of the reports."""
    id: UUID
    """Of the work."""
    lease_id: UUID
    """New with each claim."""
    epoch: int
    """One more with each claim of the same work."""


class Assignment(msgspec.Struct, frozen=True, kw_only=True):
    """One piece of work with everything that it takes."""

    lease: Lease
    """What the node may do, once."""
    lease_s: float
    """How long it lasts without a heartbeat, seconds."""
    task: Task
    """What is to be drawn; its member `type` tells which of the two it is."""
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
    """The object key of the output, for logs."""
    log_url: str | None = None
    """Where the attempt's log is put (PUT, gzip, at most 256 KiB) before its result or failure is reported; None: no log is wanted."""
    deadline_s: float
    """After this many seconds the node gives the work up as `node`."""
    traceparent: str | None = None
    """W3C trace context of the work, for spans of the node's own; sent back as the header of that name with its calls about the work."""
    also: "list[Assignment]" = []
    """More pictures of the same project, each with a lease of its own, to be drawn in the same launch of After Effects."""


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """A request for work. The answer comes when there is some, at the latest after `wait_s`."""

    boot_id: UUID
    """Of this start."""
    wait_s: float = 20.0
    """How long the answer may take, seconds; at most `claim_wait_s` of the registration."""
    engine: Engine = "thorvg"
    """Which engine the work is for; the node registered it."""
    batch: int = 1
    """How many pictures of one project the node takes at once, at most 32."""
