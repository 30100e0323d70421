"""Fonts of a project where After Effects finds them: put there before it starts, and taken away when no render needs them.

Windows and macOS have a font folder of each user, so nothing needs an administrator. On other systems `flatrender-aerender` is told the folder.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import os
import shutil
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

FOLDERS_VARIABLE = "FLATRENDER_FONTS"
ENDINGS = frozenset({".ttf", ".otf", ".ttc"})
MAX_FONTS = 200
MAX_FONT_BYTES = 64 << 20
_SIGNATURES = (b"\x00\x01\x00\x00", b"OTTO", b"true", b"ttcf")
_REGISTRY = r"Software\Microsoft\Windows NT\CurrentVersion\Fonts"
_WM_FONTCHANGE = 0x001D


class FontFolder:
    """The user's font folder with the fonts of the renders that are under way. May be used from several threads."""

    def __init__(self, folder: Path | None = None) -> None:
        """Use `folder`, or the user's own one; None on systems without one."""
        self._folder = folder or user_folder()
        self._guard = threading.Lock()
        self._used: Counter[str] = Counter()

    @contextlib.contextmanager
    def installed(self, fonts: Sequence[Path]) -> Iterator[dict[str, str]]:
        """Keep these fonts installed until the block ends; give what After Effects' environment needs besides.

        A font has a name of our own by its content, so that two projects' fonts never overwrite each other or one of the user's.
        """
        if self._folder is None:
            folders = sorted({str(font.parent) for font in fonts})
            before = os.environ.get(FOLDERS_VARIABLE)
            yield {FOLDERS_VARIABLE: os.pathsep.join([*folders, *([before] if before else [])])} if folders else {}
            return
        names: list[str] = []
        try:
            # One by one: what was installed before one that fails is taken away again.
            for font in fonts:
                names += [self._install(font, self._folder)]
            yield {}
        finally:
            for name in names:
                self._remove(self._folder / name)

    def _install(self, font: Path, folder: Path) -> str:
        with font.open("rb") as file:
            name = f"flatrender-{hashlib.file_digest(file, 'sha256').hexdigest()[:20]}{font.suffix.lower()}"
        with self._guard:
            self._used[name] += 1
            if self._used[name] == 1:
                folder.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(font, folder / name)
                _announce(folder / name, there=True)
        return name

    def _remove(self, path: Path) -> None:
        with self._guard:
            self._used[path.name] -= 1
            if self._used[path.name] == 0:
                _announce(path, there=False)
                # Windows keeps a font that a program still shows; the next start takes it away.
                with contextlib.suppress(OSError):
                    path.unlink()

    def clean(self) -> None:
        """Take away what an earlier start left behind."""
        if self._folder is None or not self._folder.is_dir():
            return
        for left in self._folder.glob("flatrender-*"):
            if not self._used[left.name]:
                _announce(left, there=False)
                with contextlib.suppress(OSError):
                    left.unlink()


def user_folder() -> Path | None:
    """Return the folder in which this user installs fonts without an administrator; None where After Effects does not run."""
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return Path(local) / "Microsoft" / "Windows" / "Fonts" if local else None
    return Path.home() / "Library" / "Fonts" if sys.platform == "darwin" else None


def fonts_below(folder: Path) -> list[Path]:
    """Return the font files below a folder, at most 200 of at most 64 MB that begin as a font does; others are left out."""
    found: list[Path] = []
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() not in ENDINGS or not path.is_file() or path.stat().st_size > MAX_FONT_BYTES:
            continue
        with path.open("rb") as file:
            if file.read(4) in _SIGNATURES:
                found.append(path)
        if len(found) == MAX_FONTS:
            break
    return found


def fonts_sha256() -> str:
    """Return a hash of the names of the fonts that After Effects finds on this machine: two nodes with equal ones have the same fonts."""
    names: set[str] = set()
    for folder in _machine_folders():
        with contextlib.suppress(OSError):
            names |= {
                path.name.casefold()
                for path in folder.rglob("*")
                if path.suffix.lower() in ENDINGS and not path.name.startswith("flatrender-")
            }
    return hashlib.sha256("\n".join(sorted(names)).encode()).hexdigest()


def _machine_folders() -> list[Path]:
    own = user_folder()
    folders = [own] if own is not None else []
    if sys.platform == "win32":
        folders.append(Path(os.environ.get("SYSTEMROOT", r"C:\Windows")) / "Fonts")
    elif sys.platform == "darwin":
        folders += [Path("/Library/Fonts"), Path("/System/Library/Fonts")]
    folders += [Path(part) for part in os.environ.get(FOLDERS_VARIABLE, "").split(os.pathsep) if part]
    return folders


def _announce(path: Path, *, there: bool) -> None:
    """Tell Windows of a font that came or goes: programs that start later read the registry, those that run hear the message."""
    if sys.platform == "win32":
        import winreg  # noqa: PLC0415  # there only

        with winreg.CreateKey(winreg.HKEY_CURRENT_USER, _REGISTRY) as key, contextlib.suppress(OSError):
            if there:
                winreg.SetValueEx(key, f"{path.stem} (TrueType)", 0, winreg.REG_SZ, str(path))
            else:
                winreg.DeleteValue(key, f"{path.stem} (TrueType)")
        change = ctypes.windll.gdi32.AddFontResourceW if there else ctypes.windll.gdi32.RemoveFontResourceW
        change(str(path))
        ctypes.windll.user32.PostMessageW(0xFFFF, _WM_FONTCHANGE, 0, 0)
