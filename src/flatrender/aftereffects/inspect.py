"""What is in a project: compositions, layers, fields, fonts, footage, effects, expressions."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Literal

from py_aep.binary.utils import ChunkNotFoundError

from flatrender.aftereffects.collected import Collected
from flatrender.aftereffects.convert.context import Place
from flatrender.aftereffects.convert.fonts import drawn_family
from flatrender.aftereffects.convert.footage import Footage, footage_of, hex_color
from flatrender.aftereffects.expressions import Expressions
from flatrender.aftereffects.fields.layers import SceneLayer, properties
from flatrender.aftereffects.fields.places import documents_of
from flatrender.aftereffects.fields.suggest import suggest_fields, unoffered
from flatrender.aftereffects.findings import Findings
from flatrender.aftereffects.footage_files import find_footage
from flatrender.aftereffects.inspection_report import (
    CompositionReport,
    EffectReport,
    ExpressionCount,
    FailedExpression,
    FontReport,
    FootageReport,
    LayerReport,
    ProjectReport,
)
from flatrender.aftereffects.project import open_project, saved_by, understood
from flatrender.aftereffects.template.fonts import FontShelf, family_and_style
from flatrender.aftereffects.template.scenes import scene_candidates

if TYPE_CHECKING:
    from py_aep.models.items.composition import CompItem
    from py_aep.models.project import Project

    from flatrender.aftereffects.fields.model import Step

MAX_COMPOSITIONS = 2_000
_EXPRESSION_SECONDS = 2.0
"""Processor time for the expressions of a project; those left are counted as not tried."""
_MAX_FAILED = 100
_OWN_EFFECTS = (
    "ADBE ", "CC ", "CS ", "APC ", "EPR ", "Pseudo/", "Keylight ", "VISINF ", "ISL ", "Synthetic Aperture ", "CINEMA 4D ", "mocha", "DRFS ",
)  # fmt: skip
"""How the match names begin of effects that come with After Effects, and of controls that scripts make."""


def inspect_project(collected: Collected) -> ProjectReport:
    """Describe a project. Raises ProjectError as `open_project` does, or `project_unsupported` for what the reader does not know."""
    project = open_project(collected.project)
    with understood("the project", collected.project.name):
        return _Inspection(project, collected).report()


class _Inspection:
    def __init__(self, project: Project, collected: Collected) -> None:
        self._project = project
        self._collected = collected
        self._effects: dict[str, EffectReport] = {}
        self._fonts: dict[str, list[str]] = {}
        self._spent = 0.0
        """Processor time that expressions took, s."""

    def report(self) -> ProjectReport:
        comps = self._project.compositions[:MAX_COMPOSITIONS]
        scenes = {comp.id for comp in scene_candidates(self._project)} if comps else set()
        told = tuple(self._composition(comp, is_scene=comp.id in scenes) for comp in comps)
        queue = self._project.render_queue
        return ProjectReport(
            file=self._collected.project.name,
            after_effects=saved_by(self._project),
            compositions=told,
            fonts=self._font_reports(),
            footage=self._footage(),
            effects=tuple(sorted(self._effects.values(), key=lambda one: (not one.third_party, one.match_name))),
            render_queue=tuple(str(item.comp.name) for item in queue.items) if queue is not None else (),
        )

    def _composition(self, comp: CompItem, *, is_scene: bool) -> CompositionReport:
        layers = [
            SceneLayer(comp, layer, number, layer.name, True) for number, layer in enumerate(comp.layers, start=1)
        ]
        numbers = {one.layer.id: one.number for one in layers}
        spoken = {
            one.number: [(steps, prop) for steps, prop in properties(one.layer) if _speaks(prop)] for one in layers
        }
        reports = tuple(self._layer(one, numbers, len(spoken[one.number])) for one in layers)
        return CompositionReport(
            name=comp.name,
            width=int(comp.width),
            height=int(comp.height),
            fps=round(float(comp.frame_rate), 3),
            seconds=round(float(comp.duration), 3),
            frames=round(comp.duration * comp.frame_rate),
            used_in=tuple(sorted({str(one.name) for one in comp.used_in})),
            is_scene=is_scene,
            layers=reports,
            fields=suggest_fields(self._project, comp) if is_scene else (),
            not_offered=tuple(unoffered(comp)),
            expressions=self._expressions(comp, [(one, *found) for one in layers for found in spoken[one.number]]),
            cameras=sum(one.kind == "camera" for one in reports),
            lights=sum(one.kind == "light" for one in reports),
            three_d_layers=sum(one.three_d for one in reports),
            background=hex_color(comp.bg_color),
            markers=_markers(comp),
        )

    def _layer(self, one: SceneLayer, numbers: dict[int, int], expressions: int) -> LayerReport:
        layer = one.layer
        effects = list(layer.effects or ())
        for effect in effects:
            self._count(effect)
        for document in documents_of(one):
            if document.font:
                self._fonts.setdefault(document.font, []).append(f"{one.comp.name} › {layer.name}")
        matte = getattr(layer, "track_matte_layer", None)
        return LayerReport(
            number=one.number,
            name=layer.name,
            kind=one.kind,
            source=str(one.source.name) if one.source is not None else "",
            enabled=bool(layer.enabled),
            begins=round(float(layer.in_point), 3),
            ends=round(float(layer.out_point), 3),
            parent=numbers.get(layer.parent.id) if layer.parent is not None else None,
            matte=numbers.get(matte.id) if matte is not None else None,
            three_d=bool(getattr(layer, "three_d_layer", False)),
            effects=tuple(effect.match_name for effect in effects),
            expressions=expressions,
            comment=str(layer.comment or "")[:500],
        )

    def _count(self, effect: Any) -> None:
        known = self._effects.get(effect.match_name)
        self._effects[effect.match_name] = EffectReport(
            match_name=effect.match_name,
            name=effect.name if known is None else known.name,
            count=1 if known is None else known.count + 1,
            third_party=not effect.match_name.startswith(_OWN_EFFECTS),
        )

    def _expressions(self, comp: CompItem, found: list[tuple[SceneLayer, tuple[Step, ...], Any]]) -> ExpressionCount:
        spoken = [
            (f"{comp.name} › {one.layer.name} › {' › '.join(step.name or step.match_name for step in steps)}", prop)
            for one, steps, prop in found
        ]
        expressions = Expressions(comp)
        failed: list[FailedExpression] = []
        tried = 0
        for where, prop in spoken:
            if self._spent > _EXPRESSION_SECONDS:
                break
            tried += 1
            before = sum(os.times()[:4])  # of this process and of those that evaluate
            error = expressions.of(prop).error
            self._spent += sum(os.times()[:4]) - before
            if error:
                failed.append(FailedExpression(where=where, reason=error[:300]))
        return ExpressionCount(
            count=len(spoken),
            evaluated=tried - len(failed),
            not_tried=len(spoken) - tried,
            failed=tuple(failed[:_MAX_FAILED]),
        )

    def _font_reports(self) -> tuple[FontReport, ...]:
        shelf = FontShelf(self._collected.fonts)
        reports: list[FontReport] = []
        for name, places in sorted(self._fonts.items()):
            family, style = family_and_style(name)
            state: Literal["brought", "available", "substituted"] = "substituted"
            if shelf.brought(name) is not None:
                state = "brought"
            elif shelf.on_machine(name) is not None:
                state = "available"
            reports.append(
                FontReport(
                    post_script_name=name,
                    family=family,
                    style=style,
                    state=state,
                    drawn_in=drawn_family(family, style) if state == "substituted" else family,
                    used_by=tuple(dict.fromkeys(places))[:20],
                )
            )
        return tuple(reports)

    def _footage(self) -> tuple[FootageReport, ...]:
        reports: list[FootageReport] = []
        for item in self._project.footages:
            if item.asset_type == "solid":
                continue
            told: Footage = footage_of(item, "", Place(Findings(), 1.0, ()), ())
            reports.append(
                FootageReport(
                    name=told.name,
                    path=told.path,
                    kind=told.kind,
                    width=told.width,
                    height=told.height,
                    found=find_footage(
                        told.path if not told.files else f"{told.path}/{told.files[0]}", self._collected.folder
                    )
                    is not None,
                    used_in=tuple(sorted({str(comp.name) for comp in item.used_in})),
                )
            )
        return tuple(reports)


def _speaks(prop: Any) -> bool:
    return bool(prop.expression and prop.expression_enabled)


def _markers(comp: CompItem) -> tuple[str, ...]:
    try:
        prop: Any = comp.marker_property
    except ChunkNotFoundError:
        return ()
    return tuple(str(key.value.comment or "") for key in (prop.keyframes if prop is not None else ()))
