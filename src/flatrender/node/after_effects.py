"""After Effects on this node: one launch for what was ordered of a project, and what its end means to the farm."""

import contextlib
import logging
import os
import re
import tempfile
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec
import psutil

from flatrender.aftereffects.aerender.arguments import Arguments
from flatrender.aftereffects.aerender.failures import Failure, failure_of_warnings
from flatrender.aftereffects.aerender.fonts import FontFolder, fonts_below
from flatrender.aftereffects.aerender.installations import Installation
from flatrender.aftereffects.aerender.queue import QueuedItem, QueueOrder, write_queue_apart
from flatrender.aftereffects.aerender.runner import RenderOutcome, RenderProgress, run_aerender
from flatrender.aftereffects.aerender.watchdogs import WatchdogLimits, learned
from flatrender.node.errors import AfterEffectsFailed, NodeError

log = logging.getLogger(__name__)

_LONGEST_ROOT = 80
"""Characters of the work folder's path: After Effects on Windows opens no path of more than 259, and the project brings its own folders."""
_SECRETS = re.compile(r"TOKEN|SECRET|PASSWORD|CREDENTIAL|^AWS_|^DATABASE_URL$", re.IGNORECASE)
_KNOWN_PROJECTS = 500
_DISK = re.compile(r"disk (?:is )?full|space", re.IGNORECASE)
_MEMORY = re.compile(r"memory|allocate", re.IGNORECASE)


class WorkFolderUnusable(NodeError):
    """No folder for After Effects' work has a short name of plain letters."""


def failed(failure: Failure) -> AfterEffectsFailed:
    """Return what a render's failure means to the farm: `template`, `asset` and `font` are the person's, the rest another node tries."""
    detail = failure.detail
    match failure.kind:
        case "template" | "asset" | "font":
            return AfterEffectsFailed("content", f"aerender_{failure.kind}", detail)
        case "licence":
            return AfterEffectsFailed("licence", "aerender_licence", detail, "license")
        case "timeout":
            return AfterEffectsFailed("node", "aerender_timeout", detail, "engine_hang")
        case "node" if _DISK.search(detail):
            return AfterEffectsFailed("node", "disk_full", detail, "disk_full")
        case "node" if _MEMORY.search(detail):
            return AfterEffectsFailed("node", "aerender_machine", detail, "oom")
        case "node" if failure.reason == "exit_code":
            return AfterEffectsFailed("node", "aerender_crashed", detail, "engine_crash")
        case "node":
            return AfterEffectsFailed("node", "aerender_machine", detail)
        case _:
            return AfterEffectsFailed("node", "aerender_unknown", detail, "engine_crash")


class LearnedWaits:
    """The longest waits between two frames of the projects rendered lately, so that a hang of a quick one is noticed sooner."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waits: OrderedDict[str, deque[float]] = OrderedDict()

    def limits(self, project: str, usual: WatchdogLimits) -> WatchdogLimits:
        """Return the limits for a project, by its hash."""
        with self._guard:
            return learned(usual, list(self._waits.get(project, ())))

    def note(self, project: str, longest_frame_s: float) -> None:
        """Keep what a render that ended well waited at most."""
        with self._guard:
            self._waits.setdefault(project, deque(maxlen=5)).append(longest_frame_s)
            self._waits.move_to_end(project)
            while len(self._waits) > _KNOWN_PROJECTS:
                self._waits.popitem(last=False)


class Launch(msgspec.Struct, frozen=True, kw_only=True):
    """What one start of After Effects is to draw."""

    sha256: str
    """Of the project's archive."""
    project: Path
    """The project in a folder of its own, with everything that came with it."""
    top: Path
    """That folder."""
    orders: tuple[QueueOrder, ...]


class AfterEffects:
    """The installed After Effects that this node renders with. May be used from several threads: each launch is a process tree of its own."""

    def __init__(
        self,
        installation: Installation,
        *,
        data_dir: Path,
        limits: WatchdogLimits | None = None,
        fonts: FontFolder | None = None,
    ) -> None:
        """Raises WorkFolderUnusable."""
        self.installation = installation
        self._limits = limits or WatchdogLimits()
        self._root = work_root(data_dir)
        self._fonts = fonts or FontFolder()
        self._fonts.clean()
        self._waits = LearnedWaits()
        self._survivors: dict[int, float] = {}

    @contextlib.contextmanager
    def folder(self) -> Iterator[Path]:
        """Give a folder with a short name of plain letters, until the block ends."""
        with tempfile.TemporaryDirectory(prefix="r", dir=self._root, ignore_cleanup_errors=True) as name:
            yield Path(name)

    def render(
        self,
        launch: Launch,
        *,
        cancel: threading.Event,
        progress: Callable[[int], None] | None = None,
        log_file: Path | None = None,
    ) -> tuple[RenderOutcome, list[QueuedItem]]:
        """Draw everything that was ordered, in one launch. Return how it ended and what each order is; the pictures are the caller's to check.

        Raises ProjectError or RenderError for a project or an order that cannot be rendered, AfterEffectsFailed where this machine cannot.
        """
        self._wait_for_survivors()
        copy = launch.project.with_name("flatrender.aep")
        items = write_queue_apart(launch.project, copy, launch.orders)
        with self._fonts.installed(fonts_below(launch.top)) as more:
            outcome = run_aerender(
                (str(self.installation.program),),
                Arguments(project=str(copy), sound=False, close="DO_NOT_SAVE_CHANGES"),
                folder=launch.top,
                log=log_file,
                frames=sum(item.frames for item in items),
                limits=self._waits.limits(launch.sha256, self._limits),
                output=Path(launch.orders[0].output) if len(launch.orders) == 1 else None,
                environment=environment() | more,
                progress=None if progress is None else lambda told: _tell(told, progress),
                cancel=cancel,
            )
        if outcome.survivors:
            log.error("aerender_outlived pids=%s", outcome.survivors)
            for pid in outcome.survivors:
                with contextlib.suppress(psutil.Error):
                    self._survivors[pid] = psutil.Process(pid).create_time()
        if outcome.failure is None:
            font = failure_of_warnings(outcome.warnings)
            if font is not None:
                return msgspec.structs.replace(outcome, failure=font), items
            self._waits.note(launch.sha256, outcome.longest_frame_s)
        return outcome, items

    def _wait_for_survivors(self) -> None:
        """Two renders in one another's way end badly: what outlived the last one has to be gone. Raises AfterEffectsFailed."""
        for pid, began in list(self._survivors.items()):
            try:
                process = psutil.Process(pid)
                if process.create_time() == began:
                    process.kill()
                    process.wait(5)
            except psutil.NoSuchProcess:
                pass
            except psutil.Error as error:
                raise AfterEffectsFailed(
                    "node",
                    "aerender_machine",
                    f"process {pid} of an earlier render cannot be ended: restart the machine",
                ) from error
            self._survivors.pop(pid, None)


def work_root(data_dir: Path) -> Path:
    """Return the folder for After Effects' work: below the node's, or below the system's temporary one when the node's name is long or not of plain letters.

    Raises WorkFolderUnusable.
    """
    for place in (data_dir.resolve() / "ae", Path(tempfile.gettempdir()).resolve() / "flatrender-ae"):
        if str(place).isascii() and len(str(place)) <= _LONGEST_ROOT:
            place.mkdir(parents=True, exist_ok=True)
            return place
    raise WorkFolderUnusable(
        f"After Effects needs a work folder with at most {_LONGEST_ROOT} plain letters in its path: give another --data-dir"
    )


def environment() -> dict[str, str]:
    """Return what After Effects gets of this process' environment: everything but secrets."""
    return {name: value for name, value in os.environ.items() if _SECRETS.search(name) is None}


def _tell(told: RenderProgress, progress: Callable[[int], None]) -> None:
    progress(told.frames_done)


def sequence(folder: Path, index: int) -> Path:
    """Return where the pictures of an order go."""
    return folder / f"o{index:03d}_[#####].tif"


def orders_of(comps: Sequence[tuple[str, int, int]], folder: Path) -> tuple[QueueOrder, ...]:
    """Return orders for (composition, first frame, frames), with their pictures in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    return tuple(
        QueueOrder(comp=comp, first=first, frames=frames, output=str(sequence(folder, index)))
        for index, (comp, first, frames) in enumerate(comps)
    )
