"""The runner against `flatrender-aerender`, well behaved and not."""

import ctypes
import os
import re
import sys
import threading
import time
from pathlib import Path
from typing import get_args

import av
import msgspec
import psutil
import pytest

from flatrender.aftereffects.aerender.arguments import Arguments
from flatrender.aftereffects.aerender.failures import RETRIED, FailureClass
from flatrender.aftereffects.aerender.runner import RenderOutcome, run_aerender
from flatrender.aftereffects.aerender.watchdogs import WatchdogLimits, learned
from flatrender.aftereffects.aerender.windows_job import BasicLimits, ExtendedLimits, ProcessIdList
from flatrender.aftereffects.stand_in.misbehaviour import MISBEHAVIOURS
from tests.aftereffects.making import moving_square

PROGRAM = (sys.executable, "-m", "flatrender.aftereffects.stand_in.command")
FRAMES = 20
QUICK = WatchdogLimits(
    launch_s=4, project_s=4, first_frame_s=20, frame_s=3, after_last_frame_s=4, absolute_s=60, busy_factor=2
)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return moving_square(tmp_path_factory.mktemp("project"), frames=FRAMES)


def render(project: Path, folder: Path, misbehave: str = "", **options: object) -> RenderOutcome:
    arguments = Arguments(project=str(project), comp="Main", output=str(folder / "film.mp4"))
    environment = {**os.environ, "FLATRENDER_AERENDER_MISBEHAVE": misbehave}
    options = {"limits": QUICK} | options
    return run_aerender(PROGRAM, arguments, folder=folder, environment=environment, log=folder / "log.txt", **options)


def test_a_render_that_behaves_gives_a_film_with_every_frame_counted(project, tmp_path):
    told = []
    outcome = render(project, tmp_path, progress=told.append)
    assert outcome.failure is None, outcome.log_tail
    assert (outcome.exit_code, outcome.frames_done) == (0, FRAMES)
    with av.open(str(tmp_path / "film.mp4")) as film:
        assert sum(1 for _ in film.decode(video=0)) == FRAMES
    assert [(p.frames_done, p.frames) for p in told if p.stage == "after_last_frame"][-1] == (FRAMES, FRAMES)
    assert b"Finished composition" in (tmp_path / "log.txt").read_bytes()


@pytest.mark.parametrize("misbehave", ["language=de", "language=ja", "out_of_order", "split_lines", "missing_font"])
def test_frames_are_counted_whatever_the_language_the_order_and_the_pieces(project, tmp_path, misbehave):
    outcome = render(project, tmp_path, misbehave)
    assert outcome.failure is None, outcome.log_tail
    assert outcome.frames_done == FRAMES
    assert bool(outcome.warnings) == (misbehave == "missing_font")


@pytest.mark.parametrize(
    ("misbehave", "kind", "reason"),
    [
        ("hang_before_launch", "timeout", "launch"),
        ("dialog", "timeout", "project"),
        ("hang_in_project", "timeout", "project"),
        ("hang_midway", "timeout", "frame"),
        ("hang_at_end", "timeout", "after_last_frame"),
        ("crash", "node", "exit_code"),
        ("error", "unknown", "error_line"),
        ("error_with_success", "unknown", "error_line"),
        ("missing_footage", "asset", "error_line"),
        ("disk_full", "node", "error_line"),
    ],
)
def test_each_misbehaviour_ends_in_its_class_within_its_watchdog_and_leaves_no_process(
    project, tmp_path, misbehave, kind, reason
):
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    outcome = render(project, tmp_path, misbehave)
    assert outcome.failure is not None, outcome.log_tail
    assert (outcome.failure.kind, outcome.failure.reason) == (kind, reason)
    assert outcome.survivors == ()
    assert outcome.seconds < 30
    assert not {child.pid for child in psutil.Process().children(recursive=True)} - before


DOCS = Path(__file__).parents[2] / "docs" / "after-effects" / "stand-in.md"


def test_the_table_of_misbehaviours_says_what_becomes_of_each():
    rows = re.findall(r"^\| `(\w+)` \|([^|]*)\|([^|]*)\|([^|]*)\|", DOCS.read_text(), re.MULTILINE)
    assert [name for name, *_ in rows] == list(MISBEHAVIOURS)
    for name, kind, reason, end in rows:
        if kind.strip() == "–":
            assert "passes" in end, name
        else:
            assert kind.strip(" `") in get_args(FailureClass), name
            assert reason.strip(), name
            assert end.strip() == ("another node" if kind.strip(" `") in RETRIED else "the person"), name


def test_a_film_that_grows_is_a_sign_of_life_where_no_line_is_printed(tmp_path):
    film = tmp_path / "film.mov"
    program = f"""
import time
print("PROGRESS: Launching After Effects...", flush=True)
for _ in range(16):
    time.sleep(0.25)
    with open({str(film)!r}, "ab") as out:
        out.write(b"x" * 1000)
"""
    limits = msgspec.structs.replace(QUICK, launch_s=2.5, busy_factor=1)
    arguments = Arguments(project="p.aep", comp="Main", output=str(film))
    for output, reason in ((film, None), (None, "launch")):
        script = tmp_path / "program.py"
        script.write_text(program)
        outcome = run_aerender((sys.executable, str(script)), arguments, folder=tmp_path, limits=limits, output=output)
        assert (outcome.failure.reason if outcome.failure is not None else None) == reason


@pytest.mark.parametrize(
    ("known", "expected"),
    [([], 180), ([0.5, 1.0], 30), ([20.0, 9.0], 120), ([500.0], 540)],
    ids=["unknown", "quick", "slow", "bounded"],
)
def test_a_known_template_has_its_own_limit_for_a_frame(known, expected):
    assert learned(WatchdogLimits(), known).frame_s == expected


def test_a_process_that_outlives_its_parent_is_ended_too(project, tmp_path):
    outcome = render(project, tmp_path, "orphan")
    assert outcome.failure is None
    assert outcome.survivors == ()


def test_a_cancelled_render_ends_at_once_with_everything_that_it_started(project, tmp_path):
    cancel = threading.Event()
    threading.Timer(1.0, cancel.set).start()
    began = time.monotonic()
    outcome = render(project, tmp_path, "hang_midway,orphan", cancel=cancel)
    assert outcome.failure is not None
    assert outcome.failure.kind == "cancelled"
    assert time.monotonic() - began < 10
    assert outcome.survivors == ()


@pytest.mark.skipif(ctypes.sizeof(ctypes.c_void_p) != 8, reason="the sizes are those of 64-bit Windows")
def test_the_structures_of_a_windows_job_have_windows_sizes():
    # sizeof in C with winnt.h, x64
    assert (ctypes.sizeof(BasicLimits), ctypes.sizeof(ExtendedLimits)) == (64, 144)
    assert ProcessIdList.ProcessIdList.offset == 8
