"""The pictures, films and sounds of a project, found beside it and brought into the package in forms that the engine reads."""

from __future__ import annotations

import re
import shutil
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING, Literal

from flatrender.aftereffects.footage_files import bring, find_footage
from flatrender.aftereffects.template.report import MissingFootage
from flatrender.engine.errors import EngineError
from flatrender.engine.sound.mix import check_sound, mix_sound
from flatrender.engine.sound.track import TrackSpec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flatrender.aftereffects.convert.context import Json
    from flatrender.aftereffects.convert.footage import Footage

_SOUNDS = frozenset({".ogg", ".wav"})
_MAX_BYTES = 256 << 20
CLEAR_PNG = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAAC0lEQVR42mNgAAIAAAUAAen63NgAAAAASUVORK5CYII="
)
"""One pixel that is clear, in the place of what was not found."""


class PackageMedia:
    """Brings media into a package, each file once under a name of its own. `roots`: the folders below which files are sought, the first wins."""

    def __init__(self, folder: Path, roots: Sequence[Path]) -> None:
        self._folder = folder
        self._roots = tuple(roots)
        self._brought: dict[tuple[str, str], bool] = {}
        self.sounds: dict[str, str | None] = {}
        """What each path of the project became, by `sound`."""
        self._names: set[str] = set()
        self.missing: dict[tuple[str, str], MissingFootage] = {}
        self.used: dict[str, tuple[Path, ...]] = {}
        """Where each path of the project was found; of a sequence all of its pictures."""

    def place(self, footage: Footage, asset: Json) -> bool:
        """Bring what a Lottie's asset shows along. What is missing becomes a clear picture, and is named in `missing`; False then."""
        key = footage.path, footage.file_name
        if key not in self._brought:
            self._brought[key] = any(bring(footage, root, self._folder / "images") for root in self._roots)
            found = self._found(footage)
            if found:
                self.used[footage.path] = found
        if not self._brought[key]:
            self._miss(footage)
            asset |= {"u": "", "p": CLEAR_PNG, "e": 1}
        return self._brought[key]

    def sound(self, footage: Footage) -> str | None:
        """Return the name of a sound below the package, in a form that films take; None for one that is missing or cannot be read."""
        if footage.path not in self.sounds:
            found = self._found(footage)
            if found:
                self.used[footage.path] = found
            self.sounds[footage.path] = self._sound(found[0]) if found else None
        if self.sounds[footage.path] is None:
            self._miss(footage)
        return self.sounds[footage.path]

    def _found(self, footage: Footage) -> tuple[Path, ...]:
        paths = [f"{footage.path}/{name}" for name in footage.files] or [footage.path]
        for root in self._roots:
            if (first := find_footage(paths[0], root)) is not None:
                beside = [first.with_name(PureWindowsPath(path).name) for path in paths[1:]]
                return (first, *(path for path in beside if path.is_file()))
        return ()

    def _miss(self, footage: Footage) -> None:
        reason: Literal["missing", "unreadable"] = "unreadable" if self._found(footage) else "missing"
        self.missing[footage.path, footage.name] = MissingFootage(
            name=footage.name,
            path=footage.path,
            kind=footage.kind,
            width=footage.width,
            height=footage.height,
            reason=reason,
        )

    def _sound(self, file: Path) -> str | None:
        if file.stat().st_size > _MAX_BYTES:
            return None
        if file.suffix.lower() in _SOUNDS:
            name = f"music/{self._name(file.stem, file.suffix.lower())}"
            (self._folder / "music").mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, self._folder / name)
            return name
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
