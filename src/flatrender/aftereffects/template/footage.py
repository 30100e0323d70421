"""The pictures, films and sounds of a project, found beside it and brought into the package in forms that the engine reads."""

from __future__ import annotations

import io
import re
import shutil
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING

from PIL import Image

from flatrender.aftereffects.template.report import MissingFootage
from flatrender.engine.clips.probe import clip_still
from flatrender.engine.errors import EngineError
from flatrender.engine.sound.mix import check_sound, mix_sound
from flatrender.engine.sound.track import TrackSpec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flatrender.aftereffects.convert.context import Json
    from flatrender.aftereffects.convert.footage import Footage

READ_AS_THEY_ARE = frozenset({".png", ".jpg", ".jpeg", ".webp", ".gif", ".svg", ".avif", ".heic"})
FILMS = frozenset({".mp4", ".mov", ".m4v", ".mkv", ".webm", ".gif", ".apng"})
_SOUNDS = frozenset({".ogg", ".wav"})
_MAX_PIXELS = 100_000_000
_MAX_BYTES = 256 << 20
_POSTER_SIDE = 1920
CLEAR_PNG = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
"""One pixel that is clear, in the place of what was not found."""


class FootageFinder:
    """Finds the files of a project among those that lie with it."""

    def __init__(self, files: Sequence[Path]) -> None:
        self._by_name: dict[str, list[Path]] = {}
        for file in files:
            self._by_name.setdefault(file.name.casefold(), []).append(file)

    def find(self, path: str) -> Path | None:
        """Return the file that the project calls `path`: of those with its name the one whose folders are called as the project's most."""
        parts = [part.casefold() for part in PureWindowsPath(path).parts] if path else []
        found = self._by_name.get(parts[-1], []) if parts else []
        return max(found, key=lambda file: _alike(parts, file)) if found else None


def _alike(parts: list[str], file: Path) -> int:
    count = 0
    for wanted, there in zip(reversed(parts), reversed(file.parts), strict=False):
        if wanted != there.casefold():
            break
        count += 1
    return count


class PackageMedia:
    """Brings media into a package, each file once under a name of its own."""

    def __init__(self, folder: Path, finder: FootageFinder) -> None:
        self._folder = folder
        self._finder = finder
        self._made: dict[Path, str | None] = {}
        self._names: set[str] = set()
        self.missing: dict[tuple[str, str], MissingFootage] = {}
        self.used: dict[str, Path] = {}
        """Where each path of the project was found."""

    def place(self, footage: Footage, asset: Json) -> str | None:
        """Point the Lottie's asset to the package's file, and return the film's name below the package where it is one.

        What is missing is a clear picture, and named in `missing`.
        """
        found = self._found(footage)
        asset |= {"u": "", "p": CLEAR_PNG, "e": 1}
        if found is None:
            return None
        if footage.kind == "clip" and found.suffix.lower() in FILMS:
            name = self._copied(found, "images")
            if name is not None:
                asset |= self._poster(found)
            return name
        picture = self._picture(found)
        if picture is None:
            self._miss(footage, "unreadable")
        else:
            asset |= {"u": "images/", "p": PurePosixPath(picture).name, "e": 0}
        return None

    def sound(self, footage: Footage) -> str | None:
        """Return the name of a sound below the package, in a form that films take; None for one that is missing or cannot be read."""
        found = self._found(footage)
        if found is None:
            return None
        if found not in self._made:
            self._made[found] = self._sound(found)
        if self._made[found] is None:
            self._miss(footage, "unreadable")
        return self._made[found]

    def _found(self, footage: Footage) -> Path | None:
        found = self._finder.find(footage.path)
        if found is None or found.stat().st_size > _MAX_BYTES:
            self._miss(footage, "missing" if found is None else "unreadable")
            return None
        self.used[footage.path] = found
        return found

    def _miss(self, footage: Footage, reason: str) -> None:
        self.missing[footage.path, footage.name] = MissingFootage(
            name=footage.name,
            path=footage.path,
            kind=footage.kind,
            width=footage.width,
            height=footage.height,
            reason="missing" if reason == "missing" else "unreadable",
        )

    def _copied(self, file: Path, folder: str) -> str | None:
        if file not in self._made:
            name = f"{folder}/{self._name(file.stem, file.suffix.lower())}"
            target = self._folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
            self._made[file] = name
        return self._made[file]

    def _picture(self, file: Path) -> str | None:
        if file.suffix.lower() in READ_AS_THEY_ARE:
            return self._copied(file, "images")
        if file not in self._made:
            data = _as_png(file)
            self._made[file] = None
            if data is not None:
                name = f"images/{self._name(file.stem, '.png')}"
                target = self._folder / name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(data)
                self._made[file] = name
        return self._made[file]

    def _poster(self, film: Path) -> Json:
        try:
            data = clip_still(film, longest=_POSTER_SIDE, where=film.name)
        except EngineError:
            return {}
        suffix = ".png" if data[:4] == b"\x89PNG" else ".jpg"
        name = self._name(f"{film.stem}-poster", suffix)
        (self._folder / "images" / name).write_bytes(data)
        return {"u": "images/", "p": name, "e": 0}

    def _sound(self, file: Path) -> str | None:
        if file.suffix.lower() in _SOUNDS:
            return self._copied(file, "music")
        name = f"music/{self._name(file.stem, '.ogg')}"
        target = self._folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            seconds = check_sound(file).duration_s
            mix_sound([TrackSpec(kind="music", path=file)], seconds, target, loudness=None)
        except EngineError:
            return None
        return name

    def _name(self, stem: str, suffix: str) -> str:
        base = re.sub(r"[^A-Za-z0-9]+", "_", stem).strip("_").lower()[:60] or "file"
        name, number = f"{base}{suffix}", 2
        while name in self._names:
            name = f"{base}_{number}{suffix}"
            number += 1
        self._names.add(name)
        return name


def _as_png(file: Path) -> bytes | None:
    """Return a picture of a kind that Pillow reads (Photoshop, TIFF, Targa, BMP …) as PNG; None when it cannot be read."""
    try:
        with Image.open(file) as picture:
            if picture.width * picture.height > _MAX_PIXELS:
                return None
            shown = picture.convert("RGBA" if "A" in picture.getbands() or "transparency" in picture.info else "RGB")
            data = io.BytesIO()
            shown.save(data, "PNG")
            return data.getvalue()
    except (OSError, ValueError, SyntaxError, MemoryError, Image.DecompressionBombError):
        return None
