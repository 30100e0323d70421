"""How far a film is: a bar on a terminal, plain lines elsewhere. On standard error, so that standard output is the result's."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer

from flatrender.engine.film.render import FilmProgress

_LINE_EVERY_S = 1.0
_STAGES = {"drawing": "Drawing", "joining": "Joining", "checking": "Checking", "done": "Done"}


@contextmanager
def film_progress() -> Iterator[Callable[[FilmProgress], None]]:
    """Give the function that shows progress; call it from one thread."""
    if sys.stderr.isatty():
        with _bar() as show:
            yield show
    else:
        yield _Lines().show


@contextmanager
def _bar() -> Iterator[Callable[[FilmProgress], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description:<9}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("frames  {task.fields[fps]:>5.1f}/s "),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("Starting", total=None, fps=0.0)
        began = time.monotonic()

        def show(state: FilmProgress) -> None:
            progress.update(
                task,
                description=_STAGES[state.stage],
                total=state.frames,
                completed=state.frames_done,
                fps=state.frames_done / max(1e-3, time.monotonic() - began),
            )

        yield show


class _Lines:
    """A line for each stage, and one every second while drawing."""

    def __init__(self) -> None:
        self._began = self._last = time.monotonic()
        self._stage = ""

    def show(self, state: FilmProgress) -> None:
        now = time.monotonic()
        if state.stage == self._stage and now - self._last < _LINE_EVERY_S:
            return
        if state.stage == "drawing" and state.frames_done:
            rate = state.frames_done / max(1e-3, now - self._began)
            left = (state.frames - state.frames_done) / rate
            typer.echo(
                f"drawing: {state.frames_done}/{state.frames} frames, {rate:.1f} frames/s, {left:.0f} s left", err=True
            )
        elif state.stage not in {self._stage, "done"}:
            typer.echo(f"{state.stage}: {state.frames} frames", err=True)
        self._stage, self._last = state.stage, now
