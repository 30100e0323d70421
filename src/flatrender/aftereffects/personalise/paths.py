"""Where a project says that its files lie."""

from __future__ import annotations

import json
import os.path
from pathlib import Path
from typing import Any

from py_aep.binary.utils import alas_platform, dump_alas, recursive_find
from py_aep.resolvers.platform_paths import relative_path_counts


def absolute(path: Path | str) -> Path:
    """Return a path from the root, without `..`. Links and mapped drives stay as they are: After Effects is told what the person said."""
    return Path(os.path.abspath(path))  # noqa: PTH100  # `Path.resolve` follows links and mapped drives


def point_to(item: Any, path: Path, output: Path) -> None:
    """Say where a footage item's file lies: its absolute path as this system writes it, and the way to it from the project's copy at `output`.

    After Effects seeks a file by the absolute path, then by the relative one (the numbers of folders up and down).
    """
    source = item.main_source
    file = absolute(path)
    for chunk in recursive_find(source._pin.chunks, chunk_type="alas"):
        folder = bool(_data(chunk).get("target_is_folder"))
        write_path(chunk, file.parent if folder else file, output)
    source._file = str(file)


def write_path(chunk: Any, target: Path, output: Path) -> None:
    """Write an absolute path into a path record (`alas`), relative to the project's copy at `output` as well."""
    data = _data(chunk)
    up, down = relative_path_counts(
        str(absolute(output)), str(target), target_is_folder=bool(data.get("target_is_folder"))
    )
    data |= {
        "fullpath": str(target),
        "platform": alas_platform(str(target)),
        "ascendcount_base": up,
        "ascendcount_target": down,
    }
    chunk.value = dump_alas(data)


def _data(chunk: Any) -> dict[str, Any]:
    found = json.loads(chunk.value) if chunk.value else {}
    return found if isinstance(found, dict) else {}
