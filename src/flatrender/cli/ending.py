"""How the engine's failures end a command: one line on standard error and an exit code."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

from flatrender.cli.errors import fail
from flatrender.engine.errors import EngineError, RenderError

_ASKED_WRONG = {"settings_invalid", "sound_missing", "sound_unreadable", "output_unwritable"}
"""RenderError codes whose cause is in what was asked for."""


@contextlib.contextmanager
def one_line_errors() -> Iterator[None]:
    """Turn the engine's errors and an interruption (ctrl-C, SIGTERM) into the command's end: 2, 3 or 130."""
    with _terminate_like_interrupt():
        try:
            yield
        except KeyboardInterrupt:
            fail("interrupted", 130)
        except RenderError as error:
            if error.code == "cancelled":
                fail("interrupted", 130)
            fail(f"{error} [{error.code}]", 2 if error.code in _ASKED_WRONG else 3)
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
