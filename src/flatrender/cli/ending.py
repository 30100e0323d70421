"""How the engine's failures end a command: one line on standard error and an exit code."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import NamedTuple

from flatrender.cli.errors import FAILED, INTERRUPTED, WRONG_INPUT, fail
from flatrender.engine.errors import EngineError, RenderError

_OF_THE_SCENE = {"engine_crashed", "engine_timeout", "engine_refused"}
"""RenderError codes that name the scene only: the command adds the template's file."""

_ASKED_WRONG = {"settings_invalid", "sound_missing", "sound_unreadable", "output_unwritable"}
"""RenderError codes whose cause is in what was asked for."""


class Ending(NamedTuple):
    """How a failure is told."""

    line: str
    exit_code: int
    code: str
    where: str | None


def ending_of(error: EngineError, template: Path) -> Ending:
    """Return how a failure ends a command about `template`, which is named where drawing fails."""
    if isinstance(error, RenderError):
        if error.code == "cancelled":
            return Ending("interrupted", INTERRUPTED, error.code, None)
        named = f"{template}: scene {error}" if error.code in _OF_THE_SCENE and error.where else str(error)
        exit_code = WRONG_INPUT if error.code in _ASKED_WRONG else FAILED
        return Ending(f"{named} [{error.code}]", exit_code, error.code, error.where)
    return Ending(f"{error} [{error.code}]", WRONG_INPUT, error.code, error.where)


@contextlib.contextmanager
def one_line_errors(template: Path, *, json: bool = False) -> Iterator[None]:
    """Turn the engine's errors and an interruption (ctrl-C, SIGTERM) into the command's end: 2, 3 or 130."""
    with _terminate_like_interrupt():
        try:
            yield
        except KeyboardInterrupt:
            fail("interrupted", INTERRUPTED, code="cancelled", json=json)
        except EngineError as error:
            ending = ending_of(error, template)
            fail(ending.line, ending.exit_code, code=ending.code, where=ending.where, json=json)


@contextlib.contextmanager
def _terminate_like_interrupt() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
