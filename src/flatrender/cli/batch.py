"""Many films of one template: a row of a table for each."""

from __future__ import annotations

import csv
import io
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import typer

from flatrender.cli.ending import ending_of
from flatrender.cli.errors import SOME_FAILED
from flatrender.cli.film import FilmRequest, Maker
from flatrender.engine.errors import EngineError, RenderError, ValueRefused
from flatrender.engine.film.render import FilmProgress
from flatrender.engine.kinds import KINDS

MAX_ROWS = 100_000
_MAX_BYTES = 256 << 20
_OWN = ("scenes", "size", "locale", "music", "color_preset", "background")
"""Options that a row may set, in columns named `_scenes` and so on; `_output` names the file."""
_HOLE = re.compile(r"\{([^{}]+)\}")
_UNSAFE = re.compile(r'[\x00-\x1f/\\:*?"<>|]+')

Showing = Callable[[int], AbstractContextManager[Callable[[FilmProgress], None]]]


class Row(NamedTuple):
    """One film of the table."""

    number: int
    """Counted from 1."""
    cells: dict[str, Any]


class RowResult(NamedTuple):
    """How a row ended: with a film, or with an error."""

    row: int
    output: str
    facts: dict[str, Any] | None
    error: dict[str, Any] | None


def read_rows(source: Path) -> list[Row]:
    """Read a table: `.csv` (first line: names; comma, semicolon or tab) or `.jsonl` (an object a line); `-` is JSON lines from standard input.

    Empty cells of a CSV are absent. Raises ValueRefused `missing_asset`, `wrong_type` or `value_out_of_range`.
    """
    where = "standard input" if str(source) == "-" else str(source)
    try:
        data = sys.stdin.buffer.read(_MAX_BYTES + 1) if str(source) == "-" else _read(source)
    except OSError as error:
        raise ValueRefused(f"cannot be read ({error.strerror})", code="missing_asset", where=where) from None
    if len(data) > _MAX_BYTES:
        raise ValueRefused(f"more than {_MAX_BYTES >> 20} MB", code="value_out_of_range", where=where)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueRefused("the text is not UTF-8: save it as UTF-8", code="wrong_type", where=where) from None
    rows = list(_csv(text, where) if source.suffix.lower() in {".csv", ".tsv"} else _json_lines(text, where))
    if not rows:
        raise ValueRefused("there is no row", code="value_out_of_range", where=where)
    if len(rows) > MAX_ROWS:
        raise ValueRefused(f"more than {MAX_ROWS} rows", code="value_out_of_range", where=where)
    return [Row(number, cells) for number, cells in enumerate(rows, 1)]


def make_all(
    maker: Maker, base: FilmRequest, rows: Sequence[Row], showing: Showing, *, say: Callable[[str], None]
) -> list[RowResult]:
    """Make a film of each row, going on after those that cannot be made. Raises RenderError `settings_invalid` when two rows name one file."""
    outputs = _outputs(base, rows)
    results = []
    for row, output in zip(rows, outputs, strict=True):
        try:
            with showing(row.number) as progress:
                made = maker.make(_request(base, row, output), progress)
        except EngineError as error:
            if isinstance(error, RenderError) and error.code == "cancelled":
                raise
            ending = ending_of(error, output)
            typer.echo(f"flatrender: error: row {row.number}: {' '.join(ending.line.split())}", err=True)
            wrong = {"code": ending.code, "detail": ending.line, "where": ending.where, "exit_code": ending.exit_code}
            results.append(RowResult(row.number, str(output), None, wrong))
        else:
            say(f"row {row.number}: {made.line()}")
            results.append(RowResult(row.number, str(output), made.facts(), None))
    return results


def finish(results: Sequence[RowResult], *, json: bool, say: Callable[[str], None]) -> None:
    """Tell how the rows ended; ends the command with exit code 4 when some failed."""
    failed = sum(result.error is not None for result in results)
    if json:
        from flatrender.cli.output import print_json

        films = [
            {"row": r.row, "output": r.output} | ({"film": r.facts} if r.facts is not None else {"error": r.error})
            for r in results
        ]
        print_json({"made": len(results) - failed, "failed": failed, "films": films})
    else:
        say(f"{len(results) - failed} films made, {failed} failed")
    if failed:
        raise typer.Exit(SOME_FAILED)


def _read(source: Path) -> bytes:
    with source.open("rb") as file:
        return file.read(_MAX_BYTES + 1)


def _csv(text: str, where: str) -> Iterator[dict[str, Any]]:
    first = text.split("\n", 1)[0]
    separator = max(",;\t", key=first.count)
    table = csv.DictReader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        for cells in table:
            if None in cells:
                raise ValueRefused(
                    f"line {table.line_num} has more cells than the first line has names",
                    code="wrong_type",
                    where=where,
                )
            yield {name.strip(): cell for name, cell in cells.items() if cell}
    except csv.Error as error:
        raise ValueRefused(f"line {table.line_num}: {error}", code="wrong_type", where=where) from None


def _json_lines(text: str, where: str) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            cells = msgspec.json.decode(line)
        except (msgspec.DecodeError, RecursionError) as error:
            raise ValueRefused(f"line {number} is no JSON: {error}", code="wrong_type", where=where) from None
        if not isinstance(cells, dict):
            raise ValueRefused(f"line {number}: write a JSON object", code="wrong_type", where=where)
        yield cells


def _request(base: FilmRequest, row: Row, output: Path) -> FilmRequest:
    own = {name: str(row.cells[f"_{name}"]) for name in _OWN if f"_{name}" in row.cells}
    values = {name: value for name, value in row.cells.items() if not name.startswith("_")}
    return msgspec.structs.replace(base, output=output, document={**base.document, **values}, **own)


def _outputs(base: FilmRequest, rows: Sequence[Row]) -> list[Path]:
    pattern = base.output
    if pattern.is_dir() or pattern.suffix == "":
        pattern /= "{n}" + KINDS[base.kind or "mp4_h264"].suffix
    width = len(str(len(rows)))
    outputs = []
    seen: dict[Path, int] = {}
    for row in rows:
        named = row.cells.get("_output")
        # A row names files below the folder that the command line names, never others.
        output = pattern.parent / _safe(str(named)) if named else pattern.with_name(_filled(pattern.name, row, width))
        if output in seen:
            raise RenderError(
                f"rows {seen[output]} and {row.number} would both be {output}: put {{n}} or a column into --output",
                code="settings_invalid",
            )
        seen[output] = row.number
        outputs.append(output)
    return outputs


def _filled(name: str, row: Row, width: int) -> str:
    def fill(hole: re.Match[str]) -> str:
        if hole[1] == "n":
            return f"{row.number:0{width}d}"
        if hole[1] not in row.cells:
            raise RenderError(
                f"--output has {{{hole[1]}}}, and row {row.number} has no such column", code="settings_invalid"
            )
        return _safe(str(row.cells[hole[1]]))

    return _HOLE.sub(fill, name)


def _safe(text: str) -> str:
    """Return a file's name that stays in its folder."""
    return _UNSAFE.sub("_", text).strip(" .")[:120] or "_"
