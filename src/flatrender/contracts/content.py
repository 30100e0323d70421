"""What the content service promises: templates as people published them, and scenes resolved with somebody's values.

Events: `project.published`, `project.archived`, `scene.changed`.
When content is down, lists leave titles out and resolving raises `Unavailable`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol
from uuid import UUID

import msgspec

LocaleText = dict[str, str]


class SizeOption(msgspec.Struct, frozen=True, kw_only=True):
    """One of a template's sizes, in pixels."""

    key: str
    width: int
    height: int


class TemplateField(msgspec.Struct, frozen=True, kw_only=True):
    """A field of a scene, or of the whole template; `docs/template-format.md` says what each type takes."""

    key: str
    type: str
    label: LocaleText
    default: Any
    options: list[dict[str, Any]]
    constraints: dict[str, Any]
    is_required: bool


class TemplateScene(msgspec.Struct, frozen=True, kw_only=True):
    """A scene that may be put into a film."""

    id: UUID
    key: str
    title: LocaleText
    scene_type: str
    duration_frames: int
    snapshot_frame: int
    snapshot_url: str | None
    can_repeat: bool
    is_required: bool
    color_slots: list[str]
    fields: list[TemplateField]
    duration: dict[str, Any] | None = None
    """How its length follows what it holds, as in the template's manifest; `duration_frames` is what it lasts without that."""


class TemplateMusic(msgspec.Struct, frozen=True, kw_only=True):
    """Music that comes with a template."""

    key: str
    title: LocaleText
    file_id: UUID
    url: str
    duration_ms: int
    license: str


class TemplateDetails(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the studio needs of one version of a template."""

    project_id: UUID
    version_id: UUID
    package_sha256: bytes
    slug: str
    title: LocaleText
    fps: float
    sizes: list[SizeOption]
    color_slots: list[dict[str, Any]]
    """`{key, label, default}`."""
    presets: list[dict[str, Any]]
    """`{key, name, colors, is_default}`."""
    fields: list[TemplateField]
    """Template-wide fields."""
    scenes: list[TemplateScene]
    """Active scenes in the template's order."""
    music: list[TemplateMusic]
    fonts: list[str]
    """Families that a font field may name: the package's and the engine's."""


class SceneRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One scene with somebody's values. An image value is the id of a file (picture or film) of the tenant, or an object with it (see docs/media.md)."""

    version_id: UUID
    scene_key: str
    size: str
    locale: str
    values: dict[str, Any]
    """Field key → value, template-wide fields included; a missing field takes its default."""
    colors: dict[str, str]
    """Slot → `#rrggbb`; a missing slot takes the template's default."""
    duration_frames: int | None = None
    max_width: int | None = None
    """Pictures are embedded no larger than this needs; None: as the film needs them."""
    watermark: dict[str, Any] | None = None
    """A mark over the scene (see `engine.resolve.watermark.Watermark`); its `image` is the id of a file of the tenant."""


class ClipReference(msgspec.Struct, frozen=True, kw_only=True):
    """A film that a scene shows: its hash, and where its bytes lie in the object store."""

    sha256: str
    object_key: str


class SourceAsset(msgspec.Struct, frozen=True, kw_only=True):
    """A file of the tenant's that a value of an After Effects scene names."""

    sha256: str
    object_key: str
    name: str
    """A short ASCII file name with the ending of the file's form, for the node's disk."""


class SourceProject(msgspec.Struct, frozen=True, kw_only=True):
    """The After Effects project that draws a scene as it was designed."""

    object_key: str
    """Of the archive (ZIP) with the project, its footage and its fonts, or of the project alone."""
    sha256: str
    """Hexadecimal, of that object."""
    size_bytes: int
    path: str
    """Where the project lies in the archive; empty: the object is the project."""
    composition: str
    first_frame: int = 0
    """Of the composition, from 0: the scene's first."""
    fps: float | None = None
    """Of the composition; None: the scene's."""
    fields: list[dict[str, Any]] = []
    """Where each field of the scene lies in the project, as the template's manifest says it."""
    values: dict[str, Any] = {}
    """Field key → value, colours included; only what somebody gave, the project has the rest."""
    assets: dict[str, SourceAsset] = {}
    """Name of a file in a value → the file."""
    overlay: bytes | None = None
    """A transparent Lottie of the scene's size and length that is laid over every frame (the watermark)."""


class ResolvedSceneData(msgspec.Struct, frozen=True, kw_only=True):
    """A scene as it will be drawn (see `engine.scene.ResolvedScene`)."""

    scene_key: str
    lottie: bytes
    sha256: str
    width: int
    height: int
    fps: float
    first_frame: float
    frames: int
    snapshot_frame: int
    warnings: list[dict[str, Any]]
    """`{code, detail, field, layer}`."""
    clips: list[ClipReference] = []
    """The films that `lottie` names by their hash."""
    source: SourceProject | None = None
    """Not None: only After Effects draws the scene as it was designed, from this; `lottie` is an approximation for previews."""


class SceneReference(msgspec.Struct, frozen=True, kw_only=True):
    """Where a scene belongs."""

    scene_id: UUID
    project_id: UUID
    version_id: UUID
    scene_key: str
    snapshot_frame: int


class ContentApi(Protocol):
    """The interface of content."""

    async def template_details(
        self, *, tenant_id: UUID, version_ids: Sequence[UUID] = (), project_ids: Sequence[UUID] = ()
    ) -> list[TemplateDetails]:
        """Return the named versions, and the current versions of the named templates; what the tenant may not see is absent."""

    async def template_titles(self, *, tenant_id: UUID, project_ids: Sequence[UUID]) -> Mapping[UUID, LocaleText]:
        """Return titles; a missing id is absent."""

    async def scenes(self, *, tenant_id: UUID, project_id: UUID) -> list[SceneReference]:
        """Return the active scenes of a template's newest version, published or not, in order; empty when there is no such template in this tenant."""

    async def resolve_scenes(self, *, tenant_id: UUID, requests: Sequence[SceneRequest]) -> list[ResolvedSceneData]:
        """Return the scenes resolved, in the order of the requests.

        Raises Refused with the engine's code (`studio.unknown_field`, `studio.wrong_type`, …; the field named) and NotFound for an unknown version.
        """
