"""`flatrender render`: a film from a template, or many."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from flatrender.cli.options import (
    OUTPUT,
    PICTURE,
    SCENES,
    SOUND,
    Alpha,
    ColorPreset,
    Colors,
    Crf,
    Dither,
    Draft,
    Frames,
    Json,
    Kind,
    Locale,
    NoStore,
    Preset,
    Progress,
    ProgressName,
    Quiet,
    SetValues,
    SizeName,
    StoreFolder,
    TemplateFile,
    ValuesFile,
    Workers,
)

PlaceName = Literal[
    "top_left", "top", "top_right", "left", "center", "right", "bottom_left", "bottom", "bottom_right"
]  # fmt: skip


def render(  # noqa: PLR0917  # options of a command are positional to typer only
    template: TemplateFile,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            rich_help_panel=OUTPUT,
            help="The film: .mp4, .webm, .mov, .gif, .webp, .apng, or pictures in a .zip. With --batch a folder or a pattern, `{n}-{name}.mp4`.",
        ),
    ],
    kind: Kind = None,
    alpha: Alpha = False,
    preset: Preset = None,
    crf: Crf = None,
    max_kbps: Annotated[
        int | None,
        typer.Option(
            min=100, max=400_000, rich_help_panel=OUTPUT, help="The most kbit/s the picture may take (default: no cap)."
        ),
    ] = None,
    dither: Dither = "sierra2_4a",
    values: SetValues = None,
    values_file: ValuesFile = None,
    scenes: Annotated[
        str | None, typer.Option(metavar="A,B,C", rich_help_panel=SCENES, help="Scenes in order (default: all).")
    ] = None,
    locale: Locale = "fa",
    colors: Colors = None,
    color_preset: ColorPreset = None,
    background: Annotated[
        str, typer.Option(metavar="#RRGGBB", rich_help_panel=SCENES, help="Behind transparent scenes.")
    ] = "#ffffff",
    transition: Annotated[
        str | None,
        typer.Option(
            metavar="KIND[:SECONDS[:DIRECTION]]",
            rich_help_panel=SCENES,
            help="Between scenes, for all gaps or `a,b,c`: cut, dissolve, push, slide, wipe, circle, zoom, fade or the template's own; left, right, up, down.",
        ),
    ] = None,
    watermark: Annotated[
        str | None, typer.Option(metavar="TEXT|FILE", rich_help_panel=SCENES, help="A mark over every frame.")
    ] = None,
    watermark_place: Annotated[
        PlaceName, typer.Option(rich_help_panel=SCENES, help="Where the mark is.")
    ] = "bottom_right",
    frames: Frames = None,
    begin: Annotated[
        str | None,
        typer.Option("--from", metavar="FRAME|SECONDS", rich_help_panel=SCENES, help="Begin there: 60 or 2.5s."),
    ] = None,
    end: Annotated[
        str | None, typer.Option("--to", metavar="FRAME|SECONDS", rich_help_panel=SCENES, help="End there: 60 or 2.5s.")
    ] = None,
    batch: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE|-",
            rich_help_panel=SCENES,
            help="A film for each row of a .csv or .jsonl (`-`: JSON lines from standard input); columns are fields, or _output, _scenes, "
            "_size, _locale, _music, _color_preset, _background.",
        ),
    ] = None,
    size: SizeName = None,
    fps: Annotated[
        float | None, typer.Option(rich_help_panel=PICTURE, help="Frames a second, 1 to 120 (default: the template's).")
    ] = None,
    draft: Draft = False,
    music: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|KEY|none",
            rich_help_panel=SOUND,
            help="Music: a file, one of the template's, or none (default: its first).",
        ),
    ] = None,
    music_volume: Annotated[
        float, typer.Option(min=0, max=4, rich_help_panel=SOUND, help="1 is the file's own loudness.")
    ] = 0.8,
    fade_out: Annotated[
        float, typer.Option(min=0, max=60, rich_help_panel=SOUND, help="Seconds of the music's fade at the end.")
    ] = 1.5,
    voice: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE[@SECONDS[:VOLUME]]",
            rich_help_panel=SOUND,
            help="A voice; music makes room for it. May be repeated.",
        ),
    ] = None,
    effect: Annotated[
        list[str] | None,
        typer.Option(metavar="FILE[@SECONDS[:VOLUME]]", rich_help_panel=SOUND, help="A sound effect. May be repeated."),
    ] = None,
    workers: Workers = None,
    store: StoreFolder = None,
    no_store: NoStore = False,
    progress: Progress = "auto",
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Make a film of a template: its scenes in order, with your values, under music.

    What an earlier render made is not made again: change one scene, and only that one is drawn.

    For example:

    - `flatrender render templates/promo --set headline="فروش ویژه" --set opening.hero=me.jpg -o film.mp4`
    - `flatrender render templates/promo --values values.json --size 9x16 -o story.mp4`
    - `flatrender render templates/promo --batch shops.csv -o 'films/{n}-{headline}.mp4'`

    Exit codes: 0 made, 2 wrong input, 3 rendering failed, 4 some films of a batch failed, 130 interrupted. A film that is not whole is never
    left behind.
    """
    from flatrender.cli.ending import one_line_errors

    with one_line_errors(template, json=json):
        from flatrender.cli.batch import finish, make_all, read_rows
        from flatrender.cli.choices import read_values
        from flatrender.cli.extras import parse_tracks, split_range
        from flatrender.cli.film import FilmRequest, Maker
        from flatrender.cli.film_progress import film_progress
        from flatrender.cli.kept import open_store
        from flatrender.cli.output import checked_film
        from flatrender.engine.raster.pool import WorkerPool
        from flatrender.engine.template import load_template

        if batch is None:
            checked_film(output, kind, alpha=alpha)
        rows = read_rows(batch) if batch is not None else None
        request = FilmRequest(
            output=output,
            values=values or [],
            document=read_values(values_file) if values_file is not None else {},
            scenes=scenes,
            size=size,
            fps=fps,
            preset=preset,
            crf=crf,
            locale=locale,
            colors=colors or [],
            color_preset=color_preset,
            background=background,
            music=music,
            music_volume=music_volume,
            fade_out=fade_out,
            draft=draft,
            kind=kind,
            alpha=alpha,
            max_kbps=max_kbps,
            dither=dither,
            transition=transition,
            watermark=watermark,
            watermark_place=watermark_place,
            tracks=parse_tracks(voice or [], effect or []),
            part=split_range(frames) if frames is not None else (begin, end),
        )

        def say(line: str) -> None:
            if not quiet and not json:
                typer.echo(line)

        style: ProgressName = "none" if quiet else progress
        with WorkerPool(workers) as pool:
            if no_store:
                pool.warm(
                    films=True
                )  # nothing was made before, so they are needed: they get ready while the template is read
            package = load_template(template)
            maker = Maker(package, pool, open_store(store, none=no_store, quiet=quiet), quiet=quiet)
            if rows is not None:
                results = make_all(maker, request, rows, lambda number: film_progress(style, film=number), say=say)
            else:
                with film_progress(style) as show:
                    made = maker.make(request, show)
        if rows is not None:
            finish(results, json=json, say=say)
        elif json:
            from flatrender.cli.output import print_json

            print_json(made.facts())
        else:
            say(made.line())
