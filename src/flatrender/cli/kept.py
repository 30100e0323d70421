"""The store of the commands: in the user's cache folder unless another is asked for."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from flatrender.engine.errors import RenderError

if TYPE_CHECKING:
    from flatrender.engine.store import Store

LIMIT_VARIABLE = "FLATRENDER_STORE_LIMIT"
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}


def open_store(folder: Path | None, *, none: bool = False, quiet: bool = False) -> Store | None:
    """Return the store to use, or None when none is wanted. Raises RenderError `settings_invalid` for a limit that is no size."""
    if none:
        return None
    from flatrender.engine.store.disk import DEFAULT_LIMIT_BYTES, Store

    limit = os.environ.get(LIMIT_VARIABLE)

    def warn(message: str) -> None:
        if not quiet:
            typer.echo(f"flatrender: warning: {message} [store_unusable]", err=True)

    return Store(folder, limit_bytes=parse_bytes(limit) if limit else DEFAULT_LIMIT_BYTES, warn=warn)


def parse_bytes(text: str) -> int:
    """Return the bytes that `5G`, `500 MB` or `1000000` mean (powers of 1024). Raises RenderError `settings_invalid`."""
    written = text.strip().lower().removesuffix("b").removesuffix("i")
    number, unit = (written[:-1], written[-1]) if written and written[-1] in _UNITS else (written, "")
    try:
        size = float(number.strip() or "x") * _UNITS[unit]
    except ValueError:
        size = -1.0
    if not 0 <= size < 1 << 60:
        raise RenderError(f"{text[:40]!r} is no size; write 5G, 500M or a number of bytes", code="settings_invalid")
    return int(size)


def in_words(size: float) -> str:
    """Return a size for people."""
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.2f} GB"
