"""`flatrender aep report`: how a project is drawn without After Effects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from flatrender.cli.aep.options import ProjectFile
from flatrender.cli.options import Json

if TYPE_CHECKING:
    from flatrender.aftereffects.template.report import TemplateResult


def report(
    project: ProjectFile,
    comp: Annotated[
        list[str] | None,
        typer.Option("--comp", metavar="NAME", help="Only this composition. May be repeated (default: all scenes)."),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Name also what is drawn as designed.")] = False,
    json: Json = False,
) -> None:
    """Say of each scene what is drawn exactly, approximately or not at all, where, and whether it needs After Effects.

    For example: `flatrender aep report promo.aep --comp Main`

    Exit codes: 0 reported, 2 not a usable project.
    """
    import tempfile
    from pathlib import Path

    from flatrender.cli.ending import one_line_errors
    from flatrender.cli.output import print_json

    with one_line_errors(project, json=json), tempfile.TemporaryDirectory(prefix="flatrender-report-") as folder:
        from flatrender.aftereffects.apart import template_apart

        result = template_apart(project, Path(folder), compositions=tuple(comp or ()))
    if json:
        print_json(result)
    else:
        _print(result, every=every)


_ENGINES = {"thorvg": "drawn by FlatRender", "aerender": "needs After Effects"}
_VERDICTS = {"not_drawn": "not drawn", "approximate": "approximate", "exact": "exact"}


def _print(result: TemplateResult, *, every: bool) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console(highlight=False)
    for scene in result.scenes:
        counts = [sum(one.verdict == verdict for one in scene.findings) for verdict in _VERDICTS]
        told = ", ".join(f"{count} {words}" for count, words in zip(counts, _VERDICTS.values(), strict=True) if count)
        console.print(f"[bold]{escape(scene.title)}[/bold]: {_ENGINES[scene.engine]}" + (f" ({told})" if told else ""))
        findings = [one for one in scene.findings if every or one.verdict != "exact"]
        if findings:
            table = Table("verdict", "where", "what")
            for one in sorted(findings, key=lambda one: list(_VERDICTS).index(one.verdict)):
                table.add_row(_VERDICTS[one.verdict], escape(one.where), escape(one.detail))
            console.print(table)
    print_missing(console, result)


def print_missing(console: object, result: TemplateResult) -> None:
    """Say which fonts and files a project lacks, and which compositions became no scene."""
    say = getattr(console, "print")  # noqa: B009  # rich is imported by the caller only
    for font in result.missing_fonts:
        say(f"Missing font     {font.post_script_name}: drawn in {font.drawn_in}", markup=False)
    for file in result.missing_footage:
        told = "cannot be read" if file.reason == "unreadable" else f"not found ({file.path})"
        say(f"Missing footage  {file.name}: {told}", markup=False)
    for name in result.left_out:
        say(f"Left out         {name}: not every scene has its size", markup=False)
