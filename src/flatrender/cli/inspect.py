"""`flatrender inspect`: what is in a template."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flatrender.cli.options import Json, TemplateFile

if TYPE_CHECKING:
    from flatrender.engine.inspect import TemplateReport
    from flatrender.engine.template.model import Field


def inspect(template: TemplateFile, json: Json = False) -> None:
    """Show a template's scenes, fields, sizes, fonts and what is not drawn as designed.

    For example: `flatrender inspect templates/promo --json`

    Exit codes: 0 readable, 2 not a usable template.
    """
    from flatrender.cli.ending import one_line_errors
    from flatrender.cli.output import print_json

    with one_line_errors(template, json=json):
        from flatrender.engine.inspect import inspect_template
        from flatrender.engine.template import load_template

        report = inspect_template(load_template(template))
    if json:
        print_json(report)
    else:
        _print(report)


_DRAWN = {
    "open_engine": "as designed",
    "approximate": "nearly as designed",
    "after_effects": "in part; After Effects needed",
}


def _print(report: TemplateReport) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    sizes = ", ".join(f"{s.key} {s.width}×{s.height}" for s in report.sizes)
    console.print(f"[bold]{report.key}[/bold]  {_label(report.title)}  {sizes}  {report.fps:g} frames/s")
    scenes = Table("scene", "type", "seconds", "layers", "drawn", "fields")
    for scene in report.scenes:
        fields = ", ".join(f"{f.key} ({f.type})" for f in scene.fields)
        scenes.add_row(
            scene.key,
            scene.scene_type,
            f"{scene.seconds:g}",
            str(scene.layers),
            _DRAWN[scene.compatibility.verdict],
            fields,
        )
    console.print(scenes)
    if report.fields:
        console.print("In every scene: " + ", ".join(map(_described, report.fields)), markup=False)
    if report.color_slots:
        console.print("Colours: " + ", ".join(f"{s.key} {s.default}" for s in report.color_slots), markup=False)
    if report.presets:
        console.print("Presets: " + ", ".join(p.key for p in report.presets), markup=False)
    if report.transitions:
        console.print("Transitions: " + ", ".join(t.key for t in report.transitions), markup=False)
    if report.music:
        console.print("Music: " + ", ".join(m.key for m in report.music), markup=False)
    if report.fonts:
        fonts = (f"{f.family} {f.style}" + ("" if f.available else " (missing)") for f in report.fonts)
        console.print("Fonts: " + ", ".join(fonts), markup=False)
    if report.images:
        console.print(f"Pictures: {len(report.images)}", markup=False)
    if report.warnings:
        warnings = Table("warning", "scene", "layer", "detail")
        for warning in report.warnings:
            warnings.add_row(warning.code, f"{warning.scene} {warning.size}", warning.layer or "", warning.detail)
        console.print(warnings)


def _described(field: Field) -> str:
    return f"{field.key} ({field.type})"


def _label(title: dict[str, str]) -> str:
    return title.get("en") or next(iter(title.values()), "")
