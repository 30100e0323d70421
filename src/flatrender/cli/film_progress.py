"""How far a film is: a bar on a terminal, plain lines elsewhere, JSON lines for programs. On standard error: standard output is the result's."""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections.abc import Callable, Iterator
from typing import Literal

import typer

from flatrender.engine.film.render import FilmProgress

ProgressStyle = Literal["auto", "bar", "lines", "json", "none"]
Show = Callable[[FilmProgress], None]
_LINE_EVERY_S = 1.0
_STAGES = {"drawing": "Drawing", "joining": "Joining", "checking": "Checking", "done": "Done"}


class Pace:
    """Frames drawn a second and seconds left; frames that were made before count for neither."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def rate(self, state: FilmProgress) -> float:
        """Frames drawn a second since the start."""
        return (state.frames_done - state.frames_reused) / max(1e-3, time.monotonic() - self._began)

    def left_s(self, state: FilmProgress) -> float | None:
        """Seconds until every frame is drawn, at this pace; None as long as nothing is drawn."""
        rate = self.rate(state)
        return (state.frames - state.frames_done) / rate if rate > 0 else None


@contextlib.contextmanager
def film_progress(style: ProgressStyle = "auto", *, film: int | None = None) -> Iterator[Show]:
    """Give the function that shows progress; call it from one thread. `film` is the number of one of several."""
    if style == "auto":
        style = "bar" if sys.stderr.isatty() else "lines"
    match style:
        case "bar":
            with _bar(film) as show:
                yield show
        case "lines":
            yield _Lines().show
        case "json":
            yield _JsonLines(film).show
        case "none":
            yield lambda _: None


@contextlib.contextmanager
def _bar(film: int | None) -> Iterator[Show]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (
        TextColumn(("" if film is None else f"film {film}  ") + "{task.description:<9}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("frames  {task.fields[pace]}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("Starting", total=None, pace="")
        pace = Pace()

        def show(state: FilmProgress) -> None:
            left = pace.left_s(state)
            words = "" if left is None else f"{pace.rate(state):5.1f}/s  {_clock(left)} left"
            progress.update(
                task,
                description=_STAGES[state.stage],
                total=state.frames,
                completed=state.frames_done,
                pace=words if state.stage == "drawing" else "",
            )

        yield show


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"


class _Lines:
    """A line for each stage, and one every second while drawing."""

    def __init__(self) -> None:
        self._pace = Pace()
        self._last = time.monotonic()
        self._stage = ""

    def show(self, state: FilmProgress) -> None:
        now = time.monotonic()
        if state.stage == self._stage and now - self._last < _LINE_EVERY_S:
            return
        left = self._pace.left_s(state)
        if state.stage == "drawing":
            if state.frames_reused and not self._stage:
                typer.echo(f"drawing: {state.frames_reused} of {state.frames} frames were made before", err=True)
            elif left is not None:
                rate = self._pace.rate(state)
                line = f"drawing: {state.frames_done}/{state.frames} frames, {rate:.1f} frames/s, {left:.0f} s left"
                typer.echo(line, err=True)
            elif not self._stage:
                typer.echo(f"drawing: {state.frames} frames", err=True)
        elif state.stage not in {self._stage, "done"}:
            typer.echo(f"{state.stage}: {state.frames} frames", err=True)
        self._stage, self._last = state.stage, now


class _JsonLines:
    """One JSON object a line: at each stage, and about ten times a second while drawing."""

    def __init__(self, film: int | None) -> None:
        self._film = {} if film is None else {"film": film}
        self._pace = Pace()
        self._last: FilmProgress | None = None

    def show(self, state: FilmProgress) -> None:
        if state == self._last:
            return
        self._last = state
        left = self._pace.left_s(state)
        line = self._film | {
            "stage": state.stage,
            "frames_done": state.frames_done,
            "frames": state.frames,
            "frames_reused": state.frames_reused,
            "frames_per_second": round(self._pace.rate(state), 2),
            "seconds_left": None if left is None else round(left, 1),
        }
        typer.echo(json.dumps(line), err=True)
