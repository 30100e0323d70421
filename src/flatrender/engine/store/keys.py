"""The names of what is kept: a hash of everything that an output depends on, and of nothing else."""

import functools
import hashlib
import importlib.metadata
import os
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec

_ENGINE = Path(__file__).resolve().parent.parent
_MAKING = ("clips", "ffmpeg.py", "film", "raster", "sound", "still.py")
"""What of the engine decides how a resolved scene looks and how tracks sound; a change of it makes new keys."""
_NATIVE = ("thorvg-python", "imageio-ffmpeg", "av", "pillow")
"""Packages whose native code draws, decodes and encodes."""


@functools.cache
def engine_version() -> str:
    """Return the version that is part of every key: of the code that draws and encodes, and of the libraries under it.

    It is read off the sources, so that no change of them can be forgotten.
    """
    digest = hashlib.sha256()
    for name in _MAKING:
        path = _ENGINE / name
        for source in sorted(path.rglob("*.py")) if path.is_dir() else [path] if path.is_file() else []:
            digest.update(source.relative_to(_ENGINE).as_posix().encode() + b"\0" + source.read_bytes() + b"\0")
    versions = [f"{package} {importlib.metadata.version(package)}" for package in _NATIVE]
    # Whoever sets another ffmpeg gets keys of that program.
    own = os.environ.get("IMAGEIO_FFMPEG_EXE")
    if own:
        try:
            seen = Path(own).stat()
            versions.append(f"{own} {seen.st_size} {seen.st_mtime_ns}")
        except OSError:
            versions.append(own)
    return " ".join([digest.hexdigest()[:16], *versions])


def content_key(kind: str, fields: Mapping[str, Any]) -> str:
    """Return the key (64 hexadecimal digits) of what `kind` of output these figures make. Files among them count by their content.

    Raises OSError for a file that cannot be read.
    """
    whole = {"kind": kind, "engine": engine_version(), "of": fields}
    plain = msgspec.to_builtins(whole, enc_hook=_plain, str_keys=True)
    return hashlib.sha256(msgspec.json.encode(plain, order="sorted")).hexdigest()


def file_digest(path: Path) -> str:
    """Return the hexadecimal SHA-256 of a file. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, Path):
        return {"sha256": file_digest(value)}
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    raise NotImplementedError(f"a {type(value).__name__} has no canonical form")
