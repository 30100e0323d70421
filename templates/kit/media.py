"""Pictures and music by file name."""

from collections.abc import Callable
from pathlib import Path

from PIL import Image

from kit import logos, music, products
from kit.stilllife import Studio, picture

# Set, width, height in px. The product pictures serve frames of several shapes, so they are nearly square.
_PHOTOS: dict[str, tuple[Callable[[], Studio], int, int]] = {
    "headphones.jpg": (products.hero, 900, 1000),
    "speaker.jpg": (products.speaker, 1000, 1000),
    "earbuds.jpg": (products.earbuds, 900, 1000),
    "detail.jpg": (products.detail, 960, 640),
    "finishes.jpg": (products.finishes, 640, 640),
    "author.jpg": (products.bust, 640, 640),
    "gifts.jpg": (products.gifts, 1000, 1000),
}
_MARKS: dict[str, Callable[[], Image.Image]] = {"logo.png": logos.studio_mark}


def write_picture(name: str, file: Path) -> None:
    """Draws the picture `name` and writes it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    if name in _MARKS:
        _MARKS[name]().save(file, optimize=True)
        return
    make, width, height = _PHOTOS[name]
    picture(make(), width, height).save(file, quality=86, optimize=True)


def write_music(name: str, file: Path) -> None:
    """Plays the track `name` and writes it as Ogg Vorbis."""
    music.write(music.TRACKS[name].play(), file)
