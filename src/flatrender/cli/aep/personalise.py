"""`flatrender aep personalise`: a copy of a project with a person's values, for After Effects to render."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flatrender.cli.aep.options import Composition, ProjectFile
from flatrender.cli.options import OUTPUT, SCENES, Json, Quiet

if TYPE_CHECKING:
    from flatrender.aftereffects.personalise import Change, PersonaliseReport, RenderOrder, ScenePart, Timing

_PART = re.compile(
    r"(?P<scene>.+?)(?:=(?P<seconds>\d+(?:\.\d+)?)(?::(?P<how>trim|stretch|hold))?(?:\+(?P<overlap>\d+(?:\.\d+)?))?)?\Z"
)
_AREA = re.compile(r"(\d+(?:\.\d+)?):(\d+(?:\.\d+)?)\Z")
_TIMES = "What is shown when"


def personalise(  # options of a command are positional to typer only
    project: ProjectFile,
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", rich_help_panel=OUTPUT, help="The copy: .aep. What it needs goes to `media/` beside it."
        ),
    ],
    comp: Composition = None,
    values: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="[NAME#TURN.]KEY=VALUE",
            rich_help_panel=SCENES,
            help="Value of a field that `aep inspect` lists; with --scene also of one turn of a scene (NAME#2.KEY). "
            "A picture or film is a path. May be repeated.",
        ),
    ] = None,
    values_file: Annotated[
        Path | None,
        typer.Option(
            "--values",
            metavar="FILE|-",
            rich_help_panel=SCENES,
            help='JSON object of values, `{"key": value}`; `-` reads standard input. `--set` wins.',
        ),
    ] = None,
    locale: Annotated[
        str, typer.Option(rich_help_panel=SCENES, help="How numbers and dates are written in texts: fa, en.")
    ] = "fa",
    scene: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME[=SECONDS[:trim|stretch|hold][+OVERLAP]]",
            rich_help_panel=_TIMES,
            help="Show only these scenes of the composition, in this order. May be repeated.",
        ),
    ] = None,
    duration: Annotated[
        float | None, typer.Option(metavar="SECONDS", rich_help_panel=_TIMES, help="The composition's duration.")
    ] = None,
    work_area: Annotated[
        str | None,
        typer.Option(metavar="START:SECONDS", rich_help_panel=_TIMES, help="What of the composition is rendered."),
    ] = None,
    queue: Annotated[
        str | None,
        typer.Option(
            metavar="FILM",
            rich_help_panel=OUTPUT,
            help="Put the composition alone into the render queue, to be rendered as this file.",
        ),
    ] = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Write values into a copy of a project, which any After Effects renders: `aerender -project copy.aep -comp …`.

    The project itself is never changed. Texts keep their style, pictures and films are fitted into what they replace.

    For example: `flatrender aep personalise promo.aep --comp Main --set headline="سلام" --set photo=me.jpg -o copy.aep`

    Exit codes: 0 made, 2 wrong input.
    """
    from flatrender.cli.ending import one_line_errors
    from flatrender.cli.output import print_json

    with one_line_errors(project, json=json):
        report = _made(
            project, output, comp, values or [], values_file, locale, scene or [], duration, work_area, queue
        )
    if json:
        print_json(report)
    elif not quiet:
        _print(report)


def _made(  # the command's options
    project: Path,
    output: Path,
    comp: str | None,
    options: list[str],
    values_file: Path | None,
    locale: str,
    scenes: list[str],
    duration: float | None,
    work_area: str | None,
    queue: str | None,
) -> PersonaliseReport:
    import tempfile

    from flatrender.aftereffects.collected import open_collected
    from flatrender.aftereffects.personalise import personalise_apart
    from flatrender.cli.choices import read_values

    document = read_values(values_file) if values_file is not None else {}
    said = dict(_pair(option) for option in options)
    parts = _with_values([_part(text) for text in scenes], said)
    timing = _timing(duration, work_area)
    with tempfile.TemporaryDirectory(prefix="flatrender-aep-") as work:
        collected = open_collected(project, Path(work))
        return personalise_apart(
            collected.project,
            document,
            _assets(document, said, parts),
            output,
            composition=comp or "",
            said=said,
            scenes=parts,
            timing=timing,
            queue=_queue(queue, comp),
            locale=locale,
        )


def _pair(option: str) -> tuple[str, str]:
    key, sign, text = option.partition("=")
    if not sign or not key:
        raise _wrong(f"--set {option[:80]!r}: write key=value")
    return key, text


def _with_values(parts: list[ScenePart], said: dict[str, str]) -> list[ScenePart]:
    """Move values of one turn of a scene, `NAME#TURN.KEY`, from `said` to their parts."""
    import msgspec

    turns: dict[str, int] = {}
    for number, part in enumerate(parts):
        turns[part.scene] = turns.get(part.scene, 0) + 1
        lead = f"{part.scene}#{turns[part.scene]}."
        own = {name.removeprefix(lead): said.pop(name) for name in list(said) if name.startswith(lead)}
        parts[number] = msgspec.structs.replace(part, said=own)
    return parts


def _assets(document: dict[str, Any], said: dict[str, str], parts: list[ScenePart]) -> dict[str, Path]:
    """Return the files that values may name: those of their words that are paths."""
    named: list[Any] = [*said.values(), *document.values()]
    for part in parts:
        named += part.said.values()
    for value in tuple(named):
        if isinstance(value, dict):
            named.append(value.get("asset"))
        elif isinstance(value, str) and value.startswith("{"):
            named.append(_asset_in(value))
    found: dict[str, Path] = {}
    for name in named:
        if isinstance(name, str) and 0 < len(name) < 4096 and "\n" not in name and "\0" not in name:
            try:
                there = Path(name).is_file()
            except OSError:
                there = False
            if there:
                found[name] = Path(name)
    return found


def _asset_in(text: str) -> Any:
    import msgspec

    try:
        decoded = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return None
    return decoded.get("asset") if isinstance(decoded, dict) else None


def _part(text: str) -> ScenePart:
    from flatrender.aftereffects.personalise import ScenePart

    match = _PART.match(text)
    if match is None:
        raise _wrong(
            f"--scene {text[:80]!r}: write a scene's name, or NAME=SECONDS, NAME=SECONDS:stretch, NAME=SECONDS+OVERLAP"
        )
    seconds = match["seconds"]
    how: Any = match["how"] or "trim"
    return ScenePart(
        scene=match["scene"],
        seconds=float(seconds) if seconds else None,
        how=how,
        overlap_s=float(match["overlap"] or 0),
    )


def _timing(duration: float | None, work_area: str | None) -> Timing | None:
    from flatrender.aftereffects.personalise import Timing

    if work_area is None:
        return None if duration is None else Timing(duration_s=duration)
    match = _AREA.match(work_area)
    if match is None:
        raise _wrong(f"--work-area {work_area[:40]!r}: write START:SECONDS, for example 0:12.5")
    return Timing(duration_s=duration, work_area_start_s=float(match[1]), work_area_duration_s=float(match[2]))


def _queue(film: str | None, comp: str | None) -> list[RenderOrder] | None:
    from flatrender.aftereffects.personalise import RenderOrder

    if film is None:
        return None
    if comp is None:
        raise _wrong("--queue needs --comp: say which composition is rendered")
    return [RenderOrder(composition=comp, file=str(Path(film).absolute()))]


def _wrong(what: str) -> Exception:
    from flatrender.aftereffects.personalise import PersonaliseError

    return PersonaliseError(what)


def _print(report: PersonaliseReport) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console(highlight=False)
    for note in report.notes:
        typer.echo(f"flatrender: note: {note.where}: {note.detail} [{note.code}]", err=True)
    if report.changes:
        table = Table("field", "where", "before", "now")
        for changes in _by_field(report):
            first, more = changes[0], len(changes) - 1
            where = first.where + (f" and {more} more" if more else "")
            table.add_row(first.key, escape(where), escape(_short(first.before)), escape(_short(first.after)))
        console.print(table)
    told = f"{_count(len(report.changes), 'place')} changed"
    files = f", {_count(len(report.media), 'file')} in media/" if report.media else ""
    console.print(f"{report.output}  {told}{files}", markup=False)


def _by_field(report: PersonaliseReport) -> list[list[Change]]:
    """Return the changes of each field; what belongs to none stands alone."""
    found: dict[str, list[Change]] = {}
    for number, change in enumerate(report.changes):
        found.setdefault(change.key or f" {number}", []).append(change)
    return list(found.values())


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _short(value: Any) -> str:
    text = "" if value is None else ("yes" if value is True else "no" if value is False else str(value))
    line = " ⏎ ".join(text.split("\n"))
    return line if len(line) <= 40 else line[:39] + "…"
