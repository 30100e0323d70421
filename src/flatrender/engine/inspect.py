"""What is in a template, and what of it this engine does not draw as it was designed."""

from __future__ import annotations

import msgspec

from flatrender.engine.compatibility import Report, compatibility
from flatrender.engine.lottie.document import Json
from flatrender.engine.lottie.walk import all_layers, dicts, layers_by_name
from flatrender.engine.template.model import ColorSlot, Field, LocaleText, Music, OwnTransition, Preset, Scene, Size
from flatrender.engine.template.package import Template
from flatrender.engine.template.pictures import asset_file, image_assets


class Caution(msgspec.Struct, frozen=True, kw_only=True):
    """Something that will not look as designed.

    Codes: `font_missing`, `picture_missing`, `unknown_layer`, and the features of the compatibility report's findings that are not exact,
    with `_` for spaces (`expression`, `effect`, `layer_type`, `three_dimensions` …).
    """

    code: str
    detail: str
    scene: str
    size: str
    layer: str | None = None


class FontUse(msgspec.Struct, frozen=True, kw_only=True):
    """A font that scenes name."""

    family: str
    style: str
    available: bool


class ImageUse(msgspec.Struct, frozen=True, kw_only=True):
    """A picture that a scene shows."""

    scene: str
    size: str
    asset: str
    width: float
    height: float
    available: bool


class SceneReport(msgspec.Struct, frozen=True, kw_only=True):
    """One scene."""

    key: str
    title: LocaleText
    scene_type: str
    duration_frames: int
    seconds: float
    snapshot_frame: int
    layers: int
    """Layers in the default size, precompositions included."""
    fields: tuple[Field, ...]
    compatibility: Report
    """How the scene's default size is drawn."""


class TemplateReport(msgspec.Struct, frozen=True, kw_only=True):
    """A whole template."""

    key: str
    title: LocaleText
    sha256: str
    plain: bool
    fps: float
    sizes: tuple[Size, ...]
    color_slots: tuple[ColorSlot, ...]
    presets: tuple[Preset, ...]
    transitions: tuple[OwnTransition, ...]
    music: tuple[Music, ...]
    fields: tuple[Field, ...]
    scenes: tuple[SceneReport, ...]
    fonts: tuple[FontUse, ...]
    font_families: tuple[str, ...]
    """What a `font` field may take."""
    images: tuple[ImageUse, ...]
    warnings: tuple[Caution, ...]


def inspect_template(template: Template) -> TemplateReport:
    """Describe a loaded template."""
    scenes: list[SceneReport] = []
    fonts: dict[tuple[str, str], FontUse] = {}
    images: list[ImageUse] = []
    cautions: list[Caution] = []
    for scene in template.scenes:
        for size in template.sizes:
            lottie = template.lottie(scene.key, size.key)
            look = _Look(template, scene, size.key, lottie)
            look.run()
            cautions += look.cautions
            images += look.images
            fonts.update(look.fonts)
            if size is template.sizes[0]:
                scenes.append(_scene_report(template, scene, lottie))
    return TemplateReport(
        key=template.key,
        title=template.manifest.title,
        sha256=template.sha256,
        plain=template.plain,
        fps=template.fps,
        sizes=template.sizes,
        color_slots=template.color_slots,
        presets=template.presets,
        transitions=template.manifest.transitions,
        music=template.music,
        fields=template.fields,
        scenes=tuple(scenes),
        fonts=tuple(fonts[key] for key in sorted(fonts)),
        font_families=tuple(template.fonts.families),
        images=tuple(images),
        warnings=tuple(cautions),
    )


def _scene_report(template: Template, scene: Scene, lottie: Json) -> SceneReport:
    return SceneReport(
        key=scene.key,
        title=scene.title,
        scene_type=scene.scene_type,
        duration_frames=scene.duration_frames,
        seconds=round(scene.duration_frames / template.fps, 3),
        snapshot_frame=scene.snapshot_frame,
        layers=sum(1 for _ in all_layers(lottie)),
        fields=scene.fields,
        compatibility=compatibility(lottie, alone=False),
    )


class _Look:
    """One look through one scene in one size."""

    def __init__(self, template: Template, scene: Scene, size: str, lottie: Json) -> None:
        self._template = template
        self._scene = scene
        self._size = size
        self._lottie = lottie
        self.cautions: list[Caution] = []
        self.images: list[ImageUse] = []
        self.fonts: dict[tuple[str, str], FontUse] = {}

    def run(self) -> None:
        self._look_at_compatibility()
        self._look_at_fonts()
        self._look_at_images()
        self._look_at_bindings()

    def _warn(self, code: str, detail: str, layer: str | None = None) -> None:
        caution = Caution(code=code, detail=detail, scene=self._scene.key, size=self._size, layer=layer)
        if caution not in self.cautions:
            self.cautions.append(caution)

    def _look_at_compatibility(self) -> None:
        for finding in compatibility(self._lottie, alone=False).findings:
            if finding.verdict != "exact":
                self._warn(finding.feature.replace(" ", "_"), finding.cause, finding.layer or None)

    def _look_at_fonts(self) -> None:
        listed = self._lottie.get("fonts")
        for font in dicts(listed.get("list")) if isinstance(listed, dict) else []:
            family, style = font.get("fFamily"), font.get("fStyle")
            if not isinstance(family, str) or not isinstance(style, str):
                continue
            available = self._template.fonts.has(family)
            self.fonts[family, style] = FontUse(family=family, style=style, available=available)
            if not available:
                self._warn(
                    "font_missing", f"the font {family!r} is not in the template: another is shown for changed texts"
                )

    def _look_at_images(self) -> None:
        name = self._scene.files[self._size]
        for asset in image_assets(self._lottie):
            available = asset["p"].startswith("data:") or asset_file(self._template, asset, name) is not None
            asset_id = str(asset.get("id"))
            self.images.append(
                ImageUse(
                    scene=self._scene.key,
                    size=self._size,
                    asset=asset_id,
                    width=_length(asset.get("w")),
                    height=_length(asset.get("h")),
                    available=available,
                )
            )
            if not available:
                self._warn("picture_missing", f"the picture {asset_id!r} ({asset['p'][:80]!r}) is not in the template")

    def _look_at_bindings(self) -> None:
        names = layers_by_name(self._lottie)
        for field in self._scene.fields:
            for binding in field.bindings:
                for layer in binding.targets():
                    if layer != "*" and layer not in names:
                        self._warn("unknown_layer", f"field {field.key!r} binds to a layer that is not there", layer)


def _length(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
