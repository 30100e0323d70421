"""Small After Effects projects made by py-aep, so that no project of others is needed."""

import tempfile
from pathlib import Path
from typing import Any

import py_aep


def new_project() -> Any:
    """Return an empty project."""
    return py_aep.new().project


def add_comp(
    project: Any, name: str = "Main", *, size: tuple[int, int] = (96, 64), fps: float = 25, seconds: float = 0.8
) -> Any:
    """Add a composition."""
    return project.root_folder.add_comp(name, *size, 1.0, seconds, fps)


def moving_square(folder: Path, *, frames: int = 20) -> Path:
    """Save a project with one composition, `Main`, 96x64 at 25/s: a red square crosses a white ground."""
    project = new_project()
    comp = add_comp(project, seconds=frames / 25)
    comp.add_solid([1, 1, 1], "Ground", 96, 64, 1.0)
    square = comp.add_solid([1, 0, 0], "Square", 20, 20, 1.0)
    position = square.transform["ADBE Position"]
    position.set_value_at_time(0, [10, 32, 0])
    position.set_value_at_time(frames / 25, [86, 32, 0])
    path = folder / "moving square.aep"
    project.save(path)
    return path


def small_project() -> bytes:
    """Return the bytes of such a project."""
    with tempfile.TemporaryDirectory() as folder:
        return moving_square(Path(folder)).read_bytes()
