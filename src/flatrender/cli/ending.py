"""How the engine's failures end a command: one line on standard error and an exit code."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from flatrender.cli.errors import fail
from flatrender.engine.errors import EngineError, RenderError

_OF_THE_SCENE = {"engine_crashed", "engine_timeout", "engine_refused"}
"""RenderError codes that name the scene only: the command adds the template's file."""

_ASKED_WRONG = {"settings_invalid", "sound_missing", "sound_unreadable", "output_unwritable"}
"""RenderError codes whose cause is in what was asked for."""


@contextlib.contextmanager
def one_line_errors(template: Path) -> Iterator[None]:
    """Turn the engine's errors and an interruption (ctrl-C, SIGTERM) into the command's end: 2, 3 or 130. `template` is named where drawing fails."""
    with _terminate_like_interrupt():
        try:
            yield
        except KeyboardInterrupt:
            fail("interrupted", 130)
        except RenderError as error:
            if error.code == "cancelled":
                fail("interrupted", 130)
            named = f"{template}: scene {error}" if error.code in _OF_THE_SCENE and error.where else str(error)
            fail(f"{named} [{error.code}]", 2 if error.code in _ASKED_WRONG else 3)
        except EngineError as error:
            fail(f"{error} [{error.code}]", 2)


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
