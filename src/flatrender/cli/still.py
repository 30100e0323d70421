"""`flatrender still`: one frame of a scene as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flatrender.cli.options import (
    OUTPUT,
    SCENES,
    ColorPreset,
    Colors,
    Json,
    Locale,
    NoStore,
    Quiet,
    SetValues,
    SizeName,
    StoreFolder,
    TemplateFile,
    ValuesFile,
)

if TYPE_CHECKING:
    from flatrender.cli.choices import Frame
    from flatrender.engine.scene import ResolvedScene
    from flatrender.engine.template import Template
    from flatrender.engine.template.model import Scene

_FORMATS = {".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg"}


def still(  # noqa: PLR0917  # options of a command are positional to typer only
    template: TemplateFile,
    output: Annotated[Path, typer.Option("--output", "-o", rich_help_panel=OUTPUT, help="The picture: .png or .jpg.")],
    scene: Annotated[
        str | None, typer.Option(rich_help_panel=SCENES, help="The scene's key (default: the first).")
    ] = None,
    frame: Annotated[
        int | None,
        typer.Option(
            min=0,
            rich_help_panel=SCENES,
            help="Frame, counted from the scene's first (default: the one that shows it best).",
        ),
    ] = None,
    values: SetValues = None,
    values_file: ValuesFile = None,
    size: SizeName = None,
    locale: Locale = "fa",
    colors: Colors = None,
    color_preset: ColorPreset = None,
    background: Annotated[
        str | None,
        typer.Option(
            metavar="#RRGGBB",
            rich_help_panel=SCENES,
            help="Behind transparent scenes (default: none; white in .jpg).",
        ),
    ] = None,
    store: StoreFolder = None,
    no_store: NoStore = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Draw one frame of a scene.

    For example: `flatrender still templates/promo --scene opening --set headline="سلام" -o still.png`

    Exit codes: 0 made, 2 wrong input, 3 drawing failed, 130 interrupted.
    """
    from flatrender.cli.ending import one_line_errors

    with one_line_errors(template, json=json):
        from flatrender.cli.choices import (
            chosen_scenes,
            parse_background,
            parse_colors,
            parse_size,
            parse_values,
            read_values,
            resolve,
        )
        from flatrender.cli.kept import open_store
        from flatrender.cli.output import checked_output, print_json, write_whole
        from flatrender.engine.raster.pool import WorkerPool
        from flatrender.engine.template import load_template

        checked_output(output, tuple(_FORMATS))
        behind = parse_background(background)
        document = read_values(values_file) if values_file is not None else {}
        kept = open_store(store, none=no_store, quiet=quiet)
        with WorkerPool(1) as pool:
            pool.warm()  # the worker gets ready while the template is read
            package = load_template(template)
            shown = chosen_scenes(package, scene)[0] if scene else package.scenes[0]
            picture = parse_size(package, size)
            resolved = resolve(
                package,
                shown,
                picture.size_key,
                parse_values(package, [shown], values or [], document),
                parse_colors(package, color_preset, colors or []),
                locale,
                store=kept,
                canvas=(picture.width, picture.height),
            )
            number = _number(resolved, shown, frame)
            from flatrender.engine.still import render_still

            data = render_still(
                resolved,
                number,
                width=picture.width,
                height=picture.height,
                pool=pool,
                format="png" if _FORMATS[output.suffix.lower()] == "png" else "jpeg",
                background=behind,
                store=kept,
            )
        write_whole(output, data)
        for warning in () if quiet else resolved.warnings:
            typer.echo(f"flatrender: warning: {warning.detail} [{warning.code}]", err=True)
        if json:
            print_json(_facts(package, resolved, output, picture, number, len(data)))
        elif not quiet:
            typer.echo(f"{output}  {picture.width}×{picture.height}  {len(data):,} bytes")


def _number(resolved: ResolvedScene, scene: Scene, wanted: int | None) -> int:
    from flatrender.engine.errors import ValueRefused

    if wanted is None:
        return resolved.snapshot_frame
    if wanted >= resolved.frames:
        raise ValueRefused(
            f"frame {wanted}; the scene has frames 0 to {resolved.frames - 1}",
            code="value_out_of_range",
            where=f"scene {scene.key!r}",
        )
    return wanted


def _facts(
    template: Template, resolved: ResolvedScene, output: Path, picture: Frame, frame: int, size: int
) -> dict[str, Any]:
    import msgspec

    return {
        "path": str(output.absolute()),
        "template": template.key,
        "scene": resolved.scene_key,
        "frame": frame,
        "width": picture.width,
        "height": picture.height,
        "size_bytes": size,
        "sha256": resolved.sha256,
        "warnings": [msgspec.to_builtins(warning) for warning in resolved.warnings],
    }
