"""Pictures and music by file name."""

from pathlib import Path

from kit import logos


def write_picture(name: str, file: Path) -> None:
    """Draws the picture `name` and writes it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    logos.studio_mark().save(file, optimize=True)


def write_music(name: str, file: Path) -> None:
    """Plays the track `name` and writes it as Ogg Vorbis."""
