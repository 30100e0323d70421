"""`flatrender aep inspect`: what is in a project."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from flatrender.cli.aep.options import ProjectFile
from flatrender.cli.options import Json

if TYPE_CHECKING:
    from rich.console import Console

    from flatrender.aftereffects.inspection_report import CompositionReport, ProjectReport


def inspect(
    project: ProjectFile,
    comp: Annotated[
        list[str] | None,
        typer.Option("--comp", metavar="NAME", help="Layers and fields of this composition too. May be repeated."),
    ] = None,
    json: Json = False,
) -> None:
    """Show a project's compositions, fields, fonts, footage, effects and expressions, and what of them is missing.

    For example: `flatrender aep inspect promo.aep --comp Main`

    Exit codes: 0 readable, 2 not a usable project.
    """
    from flatrender.cli.ending import one_line_errors
    from flatrender.cli.output import print_json

    with one_line_errors(project, json=json):
        from flatrender.aftereffects.apart import inspect_apart
        from flatrender.aftereffects.errors import ProjectError

        report = inspect_apart(project)
        known = {one.name: one for one in report.compositions}
        for name in comp or []:
            if name not in known:
                raise ProjectError(
                    f"the project has no composition {name!r}; it has {', '.join(map(repr, list(known)[:12])) or 'none'}",
                    code="composition_unknown",
                )
    if json:
        print_json(report)
    else:
        _print(report, [known[name] for name in comp or []])


def _print(report: ProjectReport, shown: list[CompositionReport]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console(highlight=False)
    saved = f"saved by After Effects {report.after_effects}" if report.after_effects else ""
    console.print(f"{report.file}  {saved}  {len(report.compositions)} compositions", markup=False)
    table = Table("composition", "size", "fps", "seconds", "layers", "scene", "fields")
    for one in report.compositions:
        table.add_row(
            escape(one.name),
            f"{one.width}×{one.height}",
            f"{one.fps:g}",
            f"{one.seconds:g}",
            str(len(one.layers)),
            "yes" if one.is_scene else f"in {escape(one.used_in[0])}" if one.used_in else "",
            str(len(one.fields)) if one.is_scene else "",
        )
    console.print(table)
    for one in report.compositions:
        _print_remarks(console, one)
    for one in shown or ([one for one in report.compositions if one.is_scene][:1]):
        _print_fields(console, one)
    for one in shown:
        _print_layers(console, one)
    _print_material(console, report)


def _print_remarks(console: Console, one: CompositionReport) -> None:
    spoken = one.expressions
    parts = [
        f"{count} {what if count > 1 else what[:-1]}"
        for count, what in ((one.three_d_layers, "3D layers"), (one.cameras, "cameras"), (one.lights, "lights"))
        if count
    ]
    if spoken.count:
        tried = f", {spoken.not_tried} not tried" if spoken.not_tried else ""
        parts.append(f"{spoken.count} expressions, {spoken.evaluated} of them evaluated{tried}")
    if parts:
        console.print(f"{one.name}: {'; '.join(parts)}", markup=False)
    for failed in spoken.failed[:10]:
        console.print(f"  not evaluated: {failed.where}: {failed.reason}", markup=False)


def _print_fields(console: Console, one: CompositionReport) -> None:
    from rich.markup import escape
    from rich.table import Table

    if one.fields:
        table = Table(
            "key", "type", "default", "where", "from", title=f"Fields of {escape(one.name)}", title_justify="left"
        )
        for field in one.fields:
            default = "" if field.default is None else str(field.default).replace("\n", " ⏎ ")[:40]
            more = f" (and {len(field.places) - 1} more)" if len(field.places) > 1 else ""
            table.add_row(
                field.key, field.type, escape(default), escape(field.places[0].path()) + more, _ORIGINS[field.origin]
            )
        console.print(table)
    for finding in one.not_offered:
        console.print(f"No field: {finding.where}: {finding.detail}", markup=False)


_ORIGINS = {
    "essential_graphics": "Essential Graphics", "control": "control", "name": "layer's name", "text": "text layer", "footage": "footage",
    "color": "colour",
}  # fmt: skip


def _print_layers(console: Console, one: CompositionReport) -> None:
    from rich.markup import escape
    from rich.table import Table

    table = Table(
        "#",
        "layer",
        "kind",
        "shows",
        "seconds",
        "parent",
        "effects",
        title=f"Layers of {escape(one.name)}",
        title_justify="left",
    )
    for layer in one.layers:
        table.add_row(
            str(layer.number),
            escape(layer.name) + ("" if layer.enabled else " (off)"),
            layer.kind + (" 3D" if layer.three_d else ""),
            escape(layer.source),
            f"{layer.begins:g} – {layer.ends:g}",
            "" if layer.parent is None else str(layer.parent),
            escape(", ".join(layer.effects)),
        )
    console.print(table)


def _print_material(console: Console, report: ProjectReport) -> None:
    states = {"brought": "with the project", "available": "available"}
    for font in report.fonts:
        told = states.get(font.state) or f"MISSING, drawn in {font.drawn_in}"
        console.print(f"Font     {font.post_script_name}: {told}", markup=False)
    for file in report.footage:
        size = f" {file.width}×{file.height}" if file.width else ""
        console.print(f"Footage  {file.name} ({file.kind}{size}): {'found' if file.found else 'MISSING'}", markup=False)
    for effect in report.effects:
        plug_in = " – a plug-in that does not come with After Effects" if effect.third_party else ""
        console.print(f"Effect   {effect.name} ({effect.match_name}) × {effect.count}{plug_in}", markup=False)
