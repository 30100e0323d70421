"""A film that lies there already, read as what `outputs` makes further files from."""

from __future__ import annotations

import threading
from pathlib import Path

from flatrender.engine.errors import RenderError
from flatrender.engine.film.outputs import Source
from flatrender.engine.film.settings import FilmSettings
from flatrender.engine.kinds import KINDS, OutputKind
from flatrender.engine.media import FilmInfo, film_info

_FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm"
"""Without lists of other files: the film may be anybody's."""
_CONTAINERS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".webm": "webm", ".mkv": "webm"}


def look_at(path: Path, *, deadline_s: float = 300, cancel: threading.Event | None = None) -> FilmInfo:
    """Say what a film is; nothing of it is decoded.

    Raises RenderError `settings_invalid` when it is no film, `film_check_failed` when it cannot be read, or `cancelled`.
    """
    if path.suffix.lower() not in _CONTAINERS:
        raise RenderError(
            f"{path.suffix or 'a file without ending'} is no film; give .mp4, .mov, .webm, .m4v or .mkv",
            code="settings_invalid",
            where=str(path),
        )
    if not path.is_file():
        raise RenderError("the film does not exist", code="settings_invalid", where=str(path))
    return film_info(path, formats=_FORMATS, deadline_s=deadline_s, cancel=cancel)


def open_film(path: Path, *, deadline_s: float = 300, cancel: threading.Event | None = None) -> Source:
    """Look at a film and return it as a source of further files.

    Transparency is found in ProRes 4444 alone. Raises RenderError as `look_at` does, and `settings_invalid` for a film that nothing is made from.
    """
    info = look_at(path, deadline_s=deadline_s, cancel=cancel)
    if not info.frames or not 1 <= info.fps <= 120:
        raise RenderError(
            f"{info.frames} pictures at {info.fps:g} a second: nothing is made from such a film",
            code="settings_invalid",
            where=str(path),
        )
    return Source(
        path=path,
        settings=FilmSettings(
            width=info.width,
            height=info.height,
            fps=info.fps,
            kind=_kind(_CONTAINERS[path.suffix.lower()], info.video_codec),
            alpha=info.pixel_format.startswith("yuva444"),
        ),
        frames=info.frames,
    )


def _kind(container: str, codec: str) -> OutputKind:
    """Return the kind whose files are like this one; of a foreign codec one that is read in the same way."""
    for kind, facts in KINDS.items():
        if facts.container == container and facts.codec == codec:
            return kind
    return "mp4_h264"
