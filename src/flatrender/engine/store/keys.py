"""The names of what is kept: a hash of everything that an output depends on, and of nothing else."""

import functools
import hashlib
import os
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec

_ENGINE = Path(__file__).resolve().parent.parent
_BEFORE = frozenset(
    {"compatibility", "expressions", "inspect.py", "lottie", "resolve", "scene.py", "store", "template", "text"}
)
"""What of the engine is done when a scene is resolved, or only looks: the scene's hash covers it. A change of anything else makes new keys."""
_TYPE = ("uharfbuzz", "fonttools", "uniseg", "python-bidi")
_NATIVE = ("thorvg-python", "imageio-ffmpeg", "av", "pillow", "wasmtime")
"""Packages whose native code draws, decodes and encodes."""


@functools.cache
def engine_version() -> str:
    """Return the version that is part of every key: of the code that draws and encodes, and of the libraries under it.

    It is read off the sources, so that no change of them can be forgotten.
    """
    versions = _versions(_NATIVE)
    # Whoever sets another ffmpeg gets keys of that program.
    own = os.environ.get("IMAGEIO_FFMPEG_EXE")
    if own:
        try:
            seen = Path(own).stat()
            versions.append(f"{own} {seen.st_size} {seen.st_mtime_ns}")
        except OSError:
            versions.append(own)
    return " ".join([_hashed(lambda part: part not in _BEFORE), *versions])


@functools.cache
def sources_version() -> str:
    """Return the version of all that makes a resolved scene: the rest of the engine, and the libraries that set type."""
    versions = _versions(_TYPE)
    return " ".join([_hashed(lambda part: part in _BEFORE), *versions])


def _versions(packages: Iterable[str]) -> list[str]:
    from importlib.metadata import version  # noqa: PLC0415  # with a mail parser, which a command without a store does without

    return [f"{package} {version(package)}" for package in packages]


def _hashed(wanted: Callable[[str], bool]) -> str:
    digest = hashlib.sha256()
    for source in sorted([*_ENGINE.rglob("*.py"), *_ENGINE.rglob("*.wat"), *_ENGINE.rglob("*.js")]):
        name = source.relative_to(_ENGINE)
        if wanted(name.parts[0]):
            digest.update(name.as_posix().encode() + b"\0" + source.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


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
