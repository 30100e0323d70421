"""After Effects scenes on a small farm: projects made here, nodes whose `aerender` is the stand-in, misbehaving if asked to."""

import hashlib
import io
import os
import sys
import zipfile
from pathlib import Path
from typing import Any

from flatrender.aftereffects.aerender.installations import Installation
from flatrender.contracts.content import SourceProject
from tests.aftereffects.making import add_comp, new_project
from tests.render.farm import Farm

FPS = 25
COLORS = {"red": [1, 0, 0], "green": [0, 1, 0], "blue": [0, 0, 1]}
SIZE = (96, 54)


def archive_of(project: Path, *more: Path, name: str = "source/promo.aep") -> bytes:
    """Return a collected folder as content keeps it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(project, name)
        for file in more:
            archive.write(file, f"source/{file.name}")
    return buffer.getvalue()


def colored_project(folder: Path, *, frames: int = 6, note: str = "") -> bytes:
    """Return the archive of a project with a composition of each colour. `note` makes it another project."""
    project = new_project()
    for name, color in COLORS.items():
        comp = add_comp(project, name, size=SIZE, fps=FPS, seconds=frames / FPS)
        comp.add_solid(color, f"Ground {note}", *SIZE, 1.0)
    path = folder / f"promo{note}.aep"
    project.save(path)
    return archive_of(path)


async def add_scenes(farm: Farm, archive: bytes, *, frames: int = 6, keys: tuple[str, ...] = tuple(COLORS)) -> str:
    """Give the farm's template a scene for each composition of the archive, and return the project's hash."""
    sha256 = hashlib.sha256(archive).hexdigest()
    await farm.objects.put(f"packages/{sha256}", archive)
    for key in keys:
        farm.templates.add(key, approximation(key, frames), frames)
        farm.templates.sources[key] = SourceProject(
            object_key=f"packages/{sha256}",
            sha256=sha256,
            size_bytes=len(archive),
            path="source/promo.aep",
            composition=key,
        )
    return sha256


def approximation(key: str, frames: int) -> dict[str, Any]:
    """Return what the open engine would draw: plain grey, so that a test sees who drew."""
    layer = {
        "ty": 1, "nm": key, "ind": 1, "ip": 0, "op": frames, "st": 0, "sw": SIZE[0], "sh": SIZE[1], "sc": "#808080",
        "ks": {},
    }  # fmt: skip
    return {
        "v": "5.12.2", "fr": FPS, "ip": 0, "op": frames, "w": SIZE[0], "h": SIZE[1], "assets": [], "layers": [layer],
    }  # fmt: skip


class Program:
    """A stand-in of its own, whose launches are counted."""

    def __init__(self, folder: Path, name: str, misbehaviour: str = "") -> None:
        self.launches_file = folder / f"{name}.launches"
        self.path = folder / f"aerender-{name}"
        self.path.write_text(
            f"#!/bin/sh\necho $$ >> '{self.launches_file}'\n"
            f"FLATRENDER_AERENDER_MISBEHAVE='{misbehaviour}' exec '{sys.executable}' -m flatrender.aftereffects.stand_in.command \"$@\"\n"
        )
        self.path.chmod(0o755)

    @property
    def launches(self) -> int:
        """How often it was started."""
        return len(self.launches_file.read_text().splitlines()) if self.launches_file.exists() else 0

    def settings(self, **more: Any) -> dict[str, Any]:
        """Return the settings of a node that draws with it and nothing else."""
        return {
            "engines": frozenset({"aerender"}),
            "after_effects": (Installation(version="2025", program=self.path),),
            "slots": 1,
            **more,
        }


def processes_below(folder: Path) -> list[str]:
    """Return the command lines of processes that work in a folder: renders that were not ended."""
    import psutil  # with the tests that ask

    found = []
    for process in psutil.process_iter(["cmdline", "cwd", "pid"]):
        line = " ".join(process.info["cmdline"] or [])
        if process.pid != os.getpid() and (str(folder) in line or str(folder) in (process.info["cwd"] or "")):
            found.append(line)
    return found
