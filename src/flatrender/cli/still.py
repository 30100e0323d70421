"""`flatrender still`: one frame of a scene as a picture."""

from pathlib import Path
from typing import Annotated

import typer

_FORMATS = {".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg"}


def still(
    template: Annotated[Path, typer.Argument(help="A template's folder, .frt, Lottie .json or dotLottie .lottie.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The picture: .png or .jpg.")],
    scene: Annotated[str | None, typer.Option(help="The scene's key (default: the first).")] = None,
    frame: Annotated[
        int | None,
        typer.Option(min=0, help="Frame, counted from the scene's first (default: the one that shows it best)."),
    ] = None,
    values: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Value of a field; may be repeated.")
    ] = None,
    size: Annotated[
        str | None, typer.Option(help="A size of the template (9x16), pixels (1280x720) or a short side (720p).")
    ] = None,
    locale: Annotated[str, typer.Option(help="Language of the default texts and digits.")] = "fa",
    colors: Annotated[list[str] | None, typer.Option(metavar="SLOT=#RRGGBB", help="Colours; may be repeated.")] = None,
    color_preset: Annotated[str | None, typer.Option(help="A colour preset of the template.")] = None,
    background: Annotated[
        str | None, typer.Option(metavar="#RRGGBB", help="Behind transparent scenes (default: none; white in .jpg).")
    ] = None,
) -> None:
    """Draw one frame of a scene.

    Example: flatrender still templates/promo --scene opening --set headline="سلام" -o still.png
    """
    from flatrender.cli.ending import one_line_errors

    with one_line_errors(template):
        _still(template, output, scene, frame, values or [], size, locale, colors or [], color_preset, background)


def _still(
    source: Path,
    output: Path,
    scene_key: str | None,
    frame: int | None,
    values: list[str],
    size: str | None,
    locale: str,
    colors: list[str],
    preset: str | None,
    background: str | None,
) -> None:
    from flatrender.cli.choices import chosen_scenes, parse_background, parse_colors, parse_size, parse_values, resolve
    from flatrender.cli.output import checked_output, write_whole
    from flatrender.engine.errors import ValueRefused
    from flatrender.engine.raster.pool import WorkerPool
    from flatrender.engine.template import load_template

    checked_output(output, tuple(_FORMATS))
    with WorkerPool(1) as pool:
        pool.warm()  # the worker gets ready while the template is read
        template = load_template(source)
        scene = chosen_scenes(template, scene_key)[0] if scene_key else template.scenes[0]
        picture = parse_size(template, size)
        behind = parse_background(background)
        resolved = resolve(
            template,
            scene,
            picture.size_key,
            parse_values(template, [scene], values),
            parse_colors(template, preset, colors),
            locale,
        )
        wanted = resolved.snapshot_frame if frame is None else frame
        if wanted >= resolved.frames:
            raise ValueRefused(
                f"frame {wanted}; the scene has frames 0 to {resolved.frames - 1}",
                code="value_out_of_range",
                where=f"scene {scene.key!r}",
            )
        for warning in resolved.warnings:
            typer.echo(f"flatrender: warning: {warning.detail} [{warning.code}]", err=True)
        from flatrender.engine.still import render_still

        data = render_still(
            resolved,
            wanted,
            width=picture.width,
            height=picture.height,
            pool=pool,
            format="png" if _FORMATS[output.suffix.lower()] == "png" else "jpeg",
            background=behind,
        )
    write_whole(output, data)
    typer.echo(f"{output}  {picture.width}×{picture.height}  {len(data):,} bytes")
