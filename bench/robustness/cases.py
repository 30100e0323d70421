"""One damaged file through the engine: loaded, inspected, resolved with values, one frame drawn."""

import contextlib
import signal
import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import msgspec

from bench.robustness.mutations import mutated
from flatrender.engine.errors import EngineError
from flatrender.engine.inspect import inspect_template
from flatrender.engine.raster.pool import RasterLimits, WorkerPool
from flatrender.engine.resolve import resolve_scene
from flatrender.engine.template import load_template

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus"
FOLDERS = ("lottie", "bodymovin", "fidelity")
LIMITS = RasterLimits(load_s=3, frame_s=3, memory_bytes=2 << 30)
LONGEST_S = 60.0
"""Of one case: a start of a worker, loading and a frame at their limits, and what Python does before them."""
_SIDE = 128


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one case."""

    file: str
    number: int
    """0 is the file as it is."""
    stage: str
    """How far it came: `load`, `inspect`, `resolve`, `draw`, `done`."""
    result: str
    """`ok` or a code."""
    problem: str = ""
    """Why the case failed the test, empty when it did not: an exception without a code, or no end."""
    seconds: float = 0.0


class NoEndError(Exception):
    """The case did not end by itself."""


def corpus_files() -> list[Path]:
    """Return the public files, in the order of their names; none where there is no corpus."""
    return sorted(
        path for folder in FOLDERS for path in (CORPUS / folder).glob("*") if path.suffix in (".json", ".lottie")
    )


def run_file(path: Path, numbers: range) -> list[Outcome]:
    """Run these cases of one file, one after the other, in the main thread of a process that does nothing else."""
    data = path.read_bytes()
    name = f"{path.parent.name}/{path.name}"
    with WorkerPool(1, limits=LIMITS) as pool:
        return [_run(name, number, data, pool) for number in numbers]


def _run(name: str, number: int, data: bytes, pool: WorkerPool) -> Outcome:
    stage = ["load"]
    result, problem = "ok", ""
    damaged = mutated(data, f"{name}:{number}")
    began = time.monotonic()
    try:
        with _ended_after(LONGEST_S):
            _through(damaged, number, stage, pool)
            stage.append("done")
    except EngineError as error:
        result = error.code
    except NoEndError:
        result, problem = "no_end", f"no end in {stage[-1]} after {LONGEST_S:g} s"
    except Exception as error:  # noqa: BLE001 - what has no code is what is looked for
        where = traceback.extract_tb(error.__traceback__)[-1]
        result = "unclassified"
        problem = f"{type(error).__name__}: {str(error)[:160]} ({Path(where.filename).name}:{where.lineno})"
    seconds = time.monotonic() - began
    return Outcome(file=name, number=number, stage=stage[-1], result=result, problem=problem, seconds=round(seconds, 3))


def _through(data: bytes, number: int, stage: list[str], pool: WorkerPool) -> None:
    template = load_template(data, name="damaged.json")
    stage.append("inspect")
    inspect_template(template)
    stage.append("resolve")
    scene = template.scenes[0]
    texts = [field.key for field in scene.fields if field.type in ("text", "textarea")]
    values = dict.fromkeys(texts[:3], "سلام، متن تازه ۱۲۳ new") if number % 2 else {}
    resolved = resolve_scene(template, scene.key, values=values)
    stage.append("draw")
    scale = _SIDE / max(resolved.width, resolved.height)
    width, height = (max(1, round(side * scale)) for side in (resolved.width, resolved.height))
    pool.draw(resolved, resolved.frames // 2, width=width, height=height, background=(255, 255, 255))


@contextlib.contextmanager
def _ended_after(seconds: float) -> Iterator[None]:
    if sys.platform == "win32":
        yield
        return

    def ring(_number: int, _frame: FrameType | None) -> None:
        raise NoEndError

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
