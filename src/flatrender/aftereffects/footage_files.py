"""The files of footage beside a converted composition: copied, and the pictures of a sequence joined into one film."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING

from flatrender.aftereffects.convert.footage import MAX_SEQUENCE, REWRITTEN
from flatrender.engine.errors import RenderError
from flatrender.engine.ffmpeg import base_arguments, input_file, output_file
from flatrender.engine.process import run
from flatrender.engine.template.store import name_problem

if TYPE_CHECKING:
    from flatrender.aftereffects.convert.footage import Footage

_MAX_SEARCHED = 20_000
"""Files beside a project that are looked at for one piece of footage."""
_JOIN_SECONDS, _PICTURE_SECONDS = 600.0, 60.0
_READ = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".tga", ".webp", ".exr", ".dpx"})


def bring(footage: Footage, beside: Path, images: Path) -> bool:
    """Put what a piece of footage shows into the folder `images`, under its `file_name`; False when its files are not found or cannot be read.

    Only files below `beside` (the project's folder) are taken. A sequence becomes a film without loss.
    """
    if name_problem(footage.file_name) is not None or "/" in footage.file_name:
        return False  # a damaged project may name any place
    if footage.kind == "sequence":
        return _joined(footage, beside, images)
    found = find_footage(footage.path, beside)
    if found is None:
        return False
    images.mkdir(parents=True, exist_ok=True)
    if found.suffix.lower() in REWRITTEN and footage.kind == "picture":
        formats = "image2,tiff_pipe,bmp_pipe,psd_pipe"
        source = [*input_file(found, formats), "-frames:v", "1", "-pix_fmt", "rgba"]
        return _written(source, images / footage.file_name, _PICTURE_SECONDS)
    shutil.copyfile(found, images / footage.file_name)
    return True


def _written(options: list[str], made: Path, seconds: float) -> bool:
    try:
        run(
            [*base_arguments(), *options, output_file(made)],
            what="footage",
            code="footage_unreadable",
            deadline_s=seconds,
        )
    except RenderError:
        made.unlink(missing_ok=True)
        return False
    return True


def find_footage(path: str, beside: Path) -> Path | None:
    """Return the file that the project calls `path`: where it says, or by name below the project's folder (a collected project)."""
    if not path:
        return None
    there = Path(path)
    if there.is_absolute() and there.is_file() and there.resolve().is_relative_to(beside.resolve()):
        return there
    name = PureWindowsPath(path).name.casefold()
    looked_at = 0
    for folder, folders, files in os.walk(beside):
        folders.sort()
        looked_at += len(files)
        if looked_at > _MAX_SEARCHED:
            return None
        for file in sorted(files):
            if file.casefold() == name and (Path(folder) / file).resolve().is_relative_to(beside.resolve()):
                return Path(folder) / file
    return None


def _joined(footage: Footage, beside: Path, images: Path) -> bool:
    names = footage.files[:MAX_SEQUENCE]
    first = find_footage(f"{footage.path}/{names[0]}", beside) if names else None
    suffix = PureWindowsPath(names[0]).suffix.lower() if names else ""
    if first is None or suffix not in _READ:
        return False
    root = beside.resolve()
    held = {file.name.casefold(): file for file in first.parent.iterdir() if file.resolve().is_relative_to(root)}
    images.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="flatrender-sequence-", dir=images) as folder:
        before = first
        for number, name in enumerate(names):
            before = held.get(PureWindowsPath(name).name.casefold(), before)  # for a missing picture the one before
            _linked(before, Path(folder) / f"{number:06d}{suffix}")
        pictures = ["-protocol_whitelist", "file", "-f", "image2", "-framerate", f"{footage.fps or 25:.6g}"]
        pictures += ["-i", str(Path(folder) / f"%06d{suffix}"), "-c:v", "png", "-pix_fmt", "rgba"]
        return _written(pictures, images / footage.file_name, _JOIN_SECONDS)


def _linked(source: Path, name: Path) -> None:
    try:
        os.link(source.resolve(), name)
    except OSError:  # another file system, or one without links
        shutil.copyfile(source, name)
