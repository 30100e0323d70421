"""What After Effects leaves is looked at before it is believed."""

import os
import sys
from pathlib import Path

import pytest

from flatrender.aftereffects.aerender.arguments import Arguments
from flatrender.aftereffects.aerender.failures import RETRIED
from flatrender.aftereffects.aerender.runner import run_aerender
from flatrender.aftereffects.aerender.verdict import OrderedOutput, check_output, judged
from tests.aftereffects.making import moving_square

PROGRAM = (sys.executable, "-m", "flatrender.aftereffects.stand_in.command")
FRAMES = 8


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return moving_square(tmp_path_factory.mktemp("project"), frames=FRAMES)


def ordered(path: Path, **other: object) -> OrderedOutput:
    return OrderedOutput(**({"path": path, "frames": FRAMES, "fps": 25.0, "width": 96, "height": 64} | other))


def run(project: Path, output: Path, misbehave: str = "", **arguments: object) -> None:
    outcome = run_aerender(
        PROGRAM,
        Arguments(project=str(project), comp="Main", output=str(output), **arguments),
        folder=output.parent,
        environment={**os.environ, "FLATRENDER_AERENDER_MISBEHAVE": misbehave},
    )
    assert outcome.failure is None, outcome.log_tail
    assert outcome.exit_code == 0


@pytest.fixture(scope="module")
def film(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    run(project, path)
    return path


def test_a_whole_film_passes(film):
    assert check_output(ordered(film, sound=False, shows=(0, 3, 7))) is None


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"frames": 9}, "8 frames instead of 9"),
        ({"width": 98}, "96x64 instead of 98x64"),
        ({"fps": 30.0}, "25 frames a second instead of 30"),
        ({"sound": True}, "no sound"),
    ],
    ids=["frames", "size", "rate", "sound"],
)
def test_a_film_that_is_not_what_was_ordered_is_refused_by_name(film, other, words):
    failure = check_output(ordered(film, **other))
    assert failure is not None
    assert failure.reason == "output_wrong"
    assert words in failure.detail
    assert failure.kind in RETRIED


@pytest.mark.parametrize(
    ("misbehave", "words"), [("black", "black from beginning to end"), ("truncated", ""), ("truncated=0", "")]
)
def test_a_bad_film_that_was_reported_as_a_success_is_found_out(project, tmp_path, misbehave, words):
    run(project, tmp_path / "film.mp4", misbehave)
    failure = check_output(ordered(tmp_path / "film.mp4"))
    assert failure is not None
    assert (failure.kind, failure.reason) == ("unknown", "output_wrong")
    assert words in failure.detail


def test_a_composition_that_is_black_may_be_so(project, tmp_path):
    run(project, tmp_path / "film.mp4", "black")
    assert check_output(ordered(tmp_path / "film.mp4", may_be_black=True)) is None


def test_a_missing_file_has_a_reason_of_its_own(tmp_path):
    failure = check_output(ordered(tmp_path / "film.mp4"))
    assert failure is not None
    assert failure.reason == "output_missing"


def test_a_sequence_is_numbered_as_the_composition_counts_and_each_gap_is_found(project, tmp_path):
    run(project, tmp_path / "picture_[####].png", first=2, last=7, step=2)
    assert sorted(file.name for file in tmp_path.iterdir()) == [f"picture_{n:04d}.png" for n in (2, 3, 4)]
    pattern = tmp_path / "picture_[####].png"
    assert check_output(ordered(pattern, frames=3, fps=12.5)) is None
    (tmp_path / "picture_0003.png").write_bytes(b"")
    assert "empty" in check_output(ordered(pattern, frames=3)).detail
    (tmp_path / "picture_0003.png").unlink()
    assert "2 pictures instead of 3" in check_output(ordered(pattern, frames=3)).detail


def test_the_verdict_of_a_render_that_failed_stays(project, tmp_path):
    outcome = run_aerender(
        PROGRAM, Arguments(project=str(project), comp="Absent", output=str(tmp_path / "film.mp4")), folder=tmp_path
    )
    assert judged(outcome, ordered(tmp_path / "film.mp4")) is outcome
    assert outcome.failure is not None
    assert outcome.failure.kind == "template"
