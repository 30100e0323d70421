"""`flatrender aep template`: a template package of a project."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flatrender.cli.aep.options import ProjectFile
from flatrender.cli.options import OUTPUT, SCENES, Json, Quiet


def template(
    project: ProjectFile,
    output: Annotated[
        Path,
        typer.Option("--output", "-o", rich_help_panel=OUTPUT, help="An empty or new folder, or an archive: .frt."),
    ],
    comp: Annotated[
        list[str] | None,
        typer.Option(
            "--comp",
            metavar="NAME",
            rich_help_panel=SCENES,
            help="A composition that becomes a scene. May be repeated (default: those named as scenes, else the render queue's, else the outermost).",
        ),
    ] = None,
    title: Annotated[
        str, typer.Option(rich_help_panel=OUTPUT, help="The template's title (default: the project's name).")
    ] = "",
    extra: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", rich_help_panel=OUTPUT, help="A folder with fonts and footage that the project lacks."
        ),
    ] = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Make a template of a project: its scenes with fields, colours, fonts and media, to render or to upload.

    For example: `flatrender aep template promo.zip -o promo.frt`

    Exit codes: 0 made, 2 wrong input.
    """
    import shutil
    import tempfile

    from flatrender.cli.ending import one_line_errors
    from flatrender.cli.output import checked_output, print_json, write_whole

    with one_line_errors(project, json=json):
        from flatrender.aftereffects.apart import template_apart
        from flatrender.engine.errors import RenderError
        from flatrender.engine.template.pack import pack

        archive = output.suffix.lower() == ".frt"
        if archive:
            checked_output(output, (".frt",))
        elif output.is_file() or (output.is_dir() and any(output.iterdir())):
            raise RenderError("the folder must be empty or not there", code="output_unwritable", where=str(output))
        elif not output.absolute().parent.is_dir():
            raise RenderError("the folder for the output does not exist", code="output_unwritable", where=str(output))
        with tempfile.TemporaryDirectory(prefix="flatrender-template-") as folder:
            made = Path(folder) / "template"
            result = template_apart(project, made, compositions=tuple(comp or ()), title=title, extra=extra)
            if archive:
                write_whole(output, pack(made))
            else:
                shutil.copytree(made, output, dirs_exist_ok=True)
    if json:
        print_json(result)
        return
    if quiet:
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from flatrender.cli.aep.report import print_missing

    console = Console(highlight=False)
    sizes = ", ".join(f"{size.key} {size.width}×{size.height}" for size in result.sizes)
    console.print(f"{output}  {result.title}  {sizes}  {result.fps:g} frames/s", markup=False)
    table = Table("scene", "seconds", "drawn by", "fields", "colours")
    for scene in result.scenes:
        offered = [field for field in scene.fields if field.bindings or field.slot or scene.engine == "aerender"]
        table.add_row(
            scene.key,
            f"{scene.duration_frames / result.fps:.4g}",
            "FlatRender" if scene.engine == "thorvg" else "After Effects",
            escape(", ".join(f"{field.key} ({field.type})" for field in offered if not field.slot)),
            " ".join(str(field.default) for field in offered if field.slot),
        )
    console.print(table)
    print_missing(console, result)
