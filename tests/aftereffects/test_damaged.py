"""Damaged projects end in a typed error or are converted as far as they can be read; the process that reads them is limited."""

import os
from pathlib import Path

import pytest

from flatrender.aftereffects.apart import convert_apart
from flatrender.aftereffects.convert import convert_composition
from flatrender.aftereffects.errors import ProjectError
from flatrender.aftereffects.project import open_project

from .making import moving_square
from .mutating import mutated

_COUNT = int(os.environ.get("FLATRENDER_MUTATIONS", "60"))


def test_damaged_projects_are_refused_or_converted(tmp_path: Path) -> None:
    data = moving_square(tmp_path).read_bytes()
    path = tmp_path / "damaged.aep"
    converted = 0
    codes: set[str] = set()
    for seed in range(_COUNT):
        path.write_bytes(mutated(data, seed))
        try:
            for comp in open_project(path).compositions:
                convert_composition(comp)
                converted += 1
        except ProjectError as error:
            codes.add(error.code)
    assert 0 < converted < _COUNT
    assert codes <= {"project_invalid", "project_unsupported", "composition_too_deep"}


def test_a_project_is_converted_in_a_process_of_its_own(tmp_path: Path) -> None:
    path = moving_square(tmp_path)
    conversion = convert_apart(path, "Main")
    assert [layer["nm"] for layer in conversion.lottie["layers"]] == ["Square", "Ground"]


@pytest.mark.parametrize(
    ("name", "seconds", "message"),
    [("Absent", 60.0, "no composition"), ("Main", 0.01, "took longer")],
    ids=["unknown composition", "too slow"],
)
def test_what_goes_wrong_in_the_other_process_is_told(name: str, seconds: float, message: str, tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=message):
        convert_apart(moving_square(tmp_path), name, seconds=seconds)
