"""Work on several threads that ends together: the first failure, or the caller's cancel, stops the rest."""

import threading
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from types import TracebackType
from typing import Self, TypeVar

from flatrender.engine.errors import RenderError

Result = TypeVar("Result")
_TICK_S = 0.1


class Tasks:
    """Threads whose tasks watch `stop`. Leaving the block waits until every task has ended."""

    def __init__(self, threads: int, cancel: threading.Event | None) -> None:
        self.stop = threading.Event()
        """Set when a task has failed or the caller cancels; tasks end soon after."""
        self._cancel = cancel
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="film")
        self._futures: list[Future[object]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self.stop.set()
        self._executor.shutdown(wait=True, cancel_futures=error is not None)

    def add(self, task: Callable[[], Result]) -> "Future[Result]":
        """Run the task as soon as a thread is free, in the order of adding."""
        future = self._executor.submit(task)
        self._futures.append(future)  # type: ignore[arg-type]  # only waited for
        return future

    def wait(self, each_tick: Callable[[], None]) -> None:
        """Wait for all tasks, calling `each_tick` about ten times a second. Raises the first failure, or RenderError `cancelled`."""
        while True:
            done, waiting = wait(self._futures, timeout=_TICK_S, return_when=FIRST_EXCEPTION)
            for future in done:
                future.result()
            if self._cancel is not None and self._cancel.is_set():
                raise RenderError("the film was cancelled", code="cancelled")
            each_tick()
            if not waiting:
                return
