"""The runner against `flatrender-aerender`, well behaved and not."""

import os
import sys
import threading
import time
from pathlib import Path

import av
import psutil
import pytest

from flatrender.aftereffects.aerender.arguments import Arguments
from flatrender.aftereffects.aerender.runner import RenderOutcome, run_aerender
from flatrender.aftereffects.aerender.watchdogs import WatchdogLimits
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
