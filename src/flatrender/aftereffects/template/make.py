"""A project becomes a template package."""

from __future__ import annotations

import hashlib
import re
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from flatrender.aftereffects.collected import Collected, files_below
from flatrender.aftereffects.convert import Conversion, convert_composition
from flatrender.aftereffects.convert.footage import hex_color
from flatrender.aftereffects.fields.bound import bind_fields
from flatrender.aftereffects.fields.keys import Keys, slug
from flatrender.aftereffects.fields.model import layer_at
from flatrender.aftereffects.fields.suggest import suggest_fields, unoffered
from flatrender.aftereffects.fields.trial import MAX_TRIALS, Trials
from flatrender.aftereffects.fields.tried import NOTHING_FOLLOWS
from flatrender.aftereffects.findings import Finding
from flatrender.aftereffects.project import open_project, saved_by, understood
from flatrender.aftereffects.stand_in.sound import sound_tracks
from flatrender.aftereffects.template.fitting import at_rate, in_size
from flatrender.aftereffects.template.fonts import FontShelf, PackageFonts, family_and_style
from flatrender.aftereffects.template.footage import PackageMedia
from flatrender.aftereffects.template.manifest import SizedFields, color_slots, merged_fields, scene_fields
from flatrender.aftereffects.template.report import SceneSound, TemplateResult, TemplateScene, engine_for
from flatrender.aftereffects.template.scenes import ChosenScene, chosen_scenes, template_rate, template_sizes
from flatrender.aftereffects.template.snapshot import snapshot_frame
from flatrender.engine.template.load import load_template
from flatrender.engine.template.model import FORMAT, Manifest, Music, Scene, Size
from flatrender.engine.template.rules import Background
from flatrender.engine.template.source import PlacedField, SceneSource, SourceFootage, SourceProject

if TYPE_CHECKING:
    from collections.abc import Sequence

    from py_aep.models.items.composition import CompItem
    from py_aep.models.project import Project

    from flatrender.aftereffects.convert.context import Json
    from flatrender.aftereffects.fields.model import SuggestedField
    from flatrender.aftereffects.findings import Verdict

MANIFEST = "template.json"
_MAX_NOTES = 2_000
_TRIAL_SECONDS, _LEAST_TRIALS = 60.0, 12
"""About so long controls of one composition are tried, but so many values at least."""


class _Drawn(NamedTuple):
    """A composition as it is in the template, in one of its sizes."""

    comp: CompItem
    conversion: Conversion
    lottie: Json
    fields: tuple[SuggestedField, ...]
    findings: list[Finding]


class _MadeScene(NamedTuple):
    chosen: ChosenScene
    drawn: dict[str, _Drawn]
    fields: list[SuggestedField]
    findings: tuple[Finding, ...]
    frames: int
    snapshot: int
    sounds: tuple[SceneSound, ...]


def make_template(
    collected: Collected,
    folder: Path,
    *,
    compositions: Sequence[str] = (),
    only_first: bool = False,
    title: str = "",
    extra: Path | None = None,
) -> TemplateResult:
    """Write a template package into the empty `folder`: one scene for each scene composition, or for each of `compositions`.

    With `only_first` there is one scene, of the first. `extra` is a folder with fonts and footage that were added to the project later. Raises
    ProjectError, and TemplateError for a template that breaks a limit of the format.
    """
    with understood("the project", collected.project.name):
        return _Maker(collected, folder, title, extra).make(compositions, only_first=only_first)


class _Maker:
    def __init__(self, collected: Collected, folder: Path, title: str, extra: Path | None) -> None:
        self._collected = collected
        self._folder = folder
        self._title = title or collected.project.stem
        added = files_below(extra) if extra is not None else []
        fonts = [file for file in added if file.suffix.lower() in {".ttf", ".otf"}]
        roots = [root for root in (extra, collected.folder) if root is not None]
        self._media = PackageMedia(folder, roots)
        self._fonts = PackageFonts(folder, FontShelf([*fonts, *collected.fonts]))
        self._project: Project = open_project(collected.project)
        self._music: list[Music] = []
        self._music_keys = Keys()
        self._items: dict[str, int] = {}
        self._texts: set[str] = set()

    def make(self, names: Sequence[str], *, only_first: bool) -> TemplateResult:
        scenes, left_out = chosen_scenes(self._project, names)
        if only_first:
            scenes, left_out = [scenes[0]._replace(comps=scenes[0].comps[:1])], []
        sizes, fps = template_sizes(scenes), template_rate(scenes)
        for scene in scenes:
            used = [scene.nearest(size) for size in sizes]
            left_out += [comp.name for comp in scene.comps if not any(comp is one for one in used)]
        made = [self._scene(scene, sizes, fps) for scene in scenes]
        slots = color_slots([(scene.fields, [drawn.lottie for drawn in scene.drawn.values()]) for scene in made])
        needs_after_effects = any(engine_for(scene.findings) == "aerender" for scene in made)
        source = self._source() if needs_after_effects else None
        manifest = Manifest(
            format=FORMAT,
            key=slug(self._title) or "project",
            title={"fa": self._title, "en": self._title},
            fps=fps,
            sizes=sizes,
            color_slots=slots,
            fonts=self._fonts.fonts(),
            music=tuple(self._music),
            scenes=tuple(self._manifest_scene(scene, kept=source is not None) for scene in made),
            source=source,
        )
        (self._folder / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n")
        load_template(self._folder)
        return TemplateResult(
            key=manifest.key,
            title=self._title,
            fps=fps,
            sizes=sizes,
            scenes=tuple(_told(scene) for scene in made),
            missing_fonts=tuple(self._fonts.missing.values()),
            missing_footage=tuple(self._media.missing.values()),
            left_out=tuple(left_out),
            after_effects=saved_by(self._project),
            source=source.file if source is not None else None,
        )

    def _scene(self, scene: ChosenScene, sizes: Sequence[Size], fps: float) -> _MadeScene:
        drawn: dict[str, _Drawn] = {}
        for size in sizes:
            drawn[size.key] = self._drawn(scene.nearest(size))
        fields = merged_fields([SizedFields(one.fields, one.lottie) for one in drawn.values()])
        for size in sizes:
            one = drawn[size.key]
            at_rate(one.lottie, fps)
            if in_size(one.lottie, size):
                detail = f"the composition has {one.comp.width} × {one.comp.height} px; the scene is fitted into {size.width} × {size.height}"
                one.findings.append(_finding("exact", "scene.fitted", one.comp.name, detail))
        first = drawn[sizes[0].key]
        frames = max(1, int(min(one.lottie["op"] - one.lottie["ip"] for one in drawn.values()) + 1e-6))
        findings = dict.fromkeys(finding for one in drawn.values() for finding in one.findings)
        snapshot = snapshot_frame(first.lottie, frames)
        return _MadeScene(
            scene, drawn, list(fields), tuple(findings)[:_MAX_NOTES], frames, snapshot, self._sounds(first)
        )

    def _drawn(self, comp: CompItem) -> _Drawn:
        fields = suggest_fields(self._project, comp)
        for field in fields:
            for place in field.places:
                if place.takes == "visible":  # what is switched off is not converted, and could not be switched on
                    layer_at(self._project, place).enabled = True
        began = time.monotonic()
        conversion = convert_composition(comp)
        trials = min(MAX_TRIALS, max(_LEAST_TRIALS, round(_TRIAL_SECONDS / max(time.monotonic() - began, 0.01))))
        lottie: Json = msgspec.json.decode(msgspec.json.encode(conversion.lottie))
        bound = bind_fields(comp, fields, lottie, Trials(self._project, comp, conversion.lottie, trials))
        _hide_what_is_off(lottie, bound)
        findings = [*conversion.findings, *_field_findings(bound), *unoffered(comp)]
        self._bring_media(conversion, lottie, findings)
        findings = self._with_fonts(lottie, findings)
        return _Drawn(comp, conversion, lottie, bound, findings)

    def _bring_media(self, conversion: Conversion, lottie: Json, findings: list[Finding]) -> None:
        """Bring the composition's files along, and say which are missing."""
        assets = {asset["id"]: asset for asset in lottie["assets"]}
        for footage in conversion.footage:
            self._items[footage.path] = int(footage.asset.removeprefix("file_"))
            if footage.kind == "sound":
                self._add_sound(footage.name, self._media.sound(footage))
            elif footage.asset in assets and not self._media.place(footage, assets[footage.asset]):
                detail = f"{footage.name!r} is missing or cannot be read: add the file to the project's folder"
                findings.append(_finding("not_drawn", "footage.missing", footage.name, detail))

    def _sounds(self, drawn: _Drawn) -> tuple[SceneSound, ...]:
        """Return when the composition's sounds are heard."""
        begins = drawn.conversion.lottie["ip"] / drawn.conversion.lottie["fr"]
        ends = drawn.conversion.lottie["op"] / drawn.conversion.lottie["fr"]
        kept = {files[0]: self._media.sounds.get(path) for path, files in self._media.used.items()}
        tracks = sound_tracks(drawn.comp, self._collected.project, begins_s=begins, ends_s=ends)
        return tuple(
            SceneSound(
                file=str(kept[track.path]),
                start_s=track.start_s,
                offset_s=track.offset_s,
                end_s=track.end_s or 0,
                speed=track.speed,
                volume=track.volume,
            )
            for track in tracks
            if kept.get(track.path) is not None
        )

    def _add_sound(self, name: str, file: str | None) -> None:
        if file is not None and all(music.file != file for music in self._music):
            title = re.sub(r"\.\w{2,4}$", "", name)
            key = self._music_keys.take(title, "music")
            self._music.append(Music(key=key, title={"fa": title, "en": title}, file=file))

    def _with_fonts(self, lottie: Json, findings: list[Finding]) -> list[Finding]:
        """Bring the texts' fonts along, and take back what was said of those that were found."""
        entries = lottie.get("fonts", {}).get("list", [])
        self._texts.update(str(entry["fName"]) for entry in entries)
        brought = [str(entry["fName"]) for entry in entries if self._fonts.place(entry)]
        families = {repr(family_and_style(name)[0]) for name in brought}
        return [
            one
            for one in findings
            if one.feature != "font.substituted"
            or not (len(brought) == len(entries) or any(family in one.detail for family in families))
        ]

    def _source(self) -> SourceProject:
        """Keep the project, with the files that its scenes show as they lie beside it."""
        target = self._folder / "source" / "project.aep"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self._collected.project, target)
        footage: list[SourceFootage] = []
        for number, (path, files) in enumerate(sorted(self._media.used.items()), start=1):
            for file in files:
                name = (
                    f"source/footage/{number}/{file.name}"
                    if len(files) > 1
                    else f"source/footage/{number}{file.suffix.lower()}"
                )
                kept = self._folder / name
                kept.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, kept)
            whole = name if len(files) == 1 else f"source/footage/{number}"
            footage.append(SourceFootage(item_id=self._items[path], path=path, file=whole))
        return SourceProject(
            file="source/project.aep",
            sha256=hashlib.sha256(target.read_bytes()).hexdigest(),
            version=saved_by(self._project),
            footage=tuple(footage),
            fonts=tuple(sorted(self._texts)),
        )

    def _manifest_scene(self, made: _MadeScene, *, kept: bool) -> Scene:
        engine = engine_for(made.findings)
        scene = made.chosen
        files: dict[str, str] = {}
        for size, drawn in made.drawn.items():
            files[size] = f"scenes/{scene.key}.{size}.json"
            target = self._folder / files[size]
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(msgspec.json.encode(drawn.lottie))
        first = next(iter(made.drawn.values()))
        return Scene(
            key=scene.key,
            title={"fa": scene.title, "en": scene.title},
            files=files,
            duration_frames=made.frames,
            scene_type=scene.scene_type,
            snapshot_frame=made.snapshot,
            can_repeat=scene.can_repeat,
            fields=scene_fields(made.fields, all_of_them=engine == "aerender"),
            background=Background(color=hex_color(first.comp.bg_color)),
            engine=engine,
            compositions={size: _scene_source(drawn, made.fields) for size, drawn in made.drawn.items()}
            if kept
            else {},
        )


def _finding(verdict: Verdict, feature: str, where: str, detail: str) -> Finding:
    return Finding(feature=feature, where=where, verdict=verdict, detail=detail)


def _field_findings(fields: Sequence[SuggestedField]) -> list[Finding]:
    """Say which fields the drawn scene does not take, or not everywhere."""
    found: list[Finding] = []
    for field in fields:
        if not field.unbound:
            continue
        reached = bool(field.bindings or field.slot)
        designed = field.origin in {"essential_graphics", "control", "name"}
        verdict: Verdict = "approximate" if reached or not designed else "not_drawn"
        if field.unbound == NOTHING_FOLLOWS:
            verdict = "exact"
        detail = f"the value of {field.key!r} is not drawn{' everywhere' if reached else ''}: {field.unbound}"
        found.append(_finding(verdict, f"field.{field.origin}", field.places[0].path(), detail))
    return found


def _hide_what_is_off(lottie: Json, fields: Sequence[SuggestedField]) -> None:
    """Hide the layers that a switch shows and that the designer left switched off."""
    off = {
        binding.layer
        for field in fields
        if field.default is False
        for binding in field.bindings
        if binding.property == "visible"
    }
    for layers in (lottie["layers"], *(asset["layers"] for asset in lottie["assets"] if "layers" in asset)):
        for layer in layers:
            if layer.get("nm") in off:
                layer["hd"] = True


def _scene_source(drawn: _Drawn, fields: Sequence[SuggestedField]) -> SceneSource:
    comp = drawn.comp
    keys = {field.key for field in fields}
    return SceneSource(
        composition=comp.name,
        composition_id=int(comp.id),
        first_frame=int(drawn.conversion.lottie["ip"]),
        fps=float(comp.frame_rate),
        width=int(comp.width),
        height=int(comp.height),
        fields=tuple(
            PlacedField(key=field.key, type=field.type, places=field.places)
            for field in drawn.fields
            if field.key in keys
        ),
    )


def _told(made: _MadeScene) -> TemplateScene:
    return TemplateScene(
        key=made.chosen.key,
        title=made.chosen.title,
        compositions={size: str(drawn.comp.name) for size, drawn in made.drawn.items()},
        duration_frames=made.frames,
        snapshot_frame=made.snapshot,
        engine=engine_for(made.findings),
        fields=tuple(made.fields),
        findings=made.findings,
        sounds=made.sounds,
    )
