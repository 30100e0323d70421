"""Makes the template packages: `python templates/build.py [--out FOLDER] [KEY …]` (default: all, beside this file)."""

import argparse
import importlib
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

KEYS = ("opener", "promo", "quote", "sale")


def build(key: str, out: Path, *, media: bool = True) -> Path:
    """Makes one package below `out` and returns its folder; without `media` only the manifest and scenes."""
    from kit import media as made  # noqa: PLC0415

    package = importlib.import_module(f"designs.{key}").PACKAGE
    folder = out / key
    package.write(folder)
    if media:
        for name in package.pictures:
            made.write_picture(name, folder / "images" / name)
        for name, _ in package.music:
            made.write_music(name, folder / "music" / f"{name}.ogg")
    return folder


def main() -> None:
    """Reads the command line and builds."""
    parser = argparse.ArgumentParser(description="Make the template packages.")
    parser.add_argument("keys", nargs="*", metavar="KEY", help=f"packages to make: {', '.join(KEYS)} (default: all)")
    parser.add_argument("--out", type=Path, default=HERE, help="folder to make them in (default: templates/)")
    parser.add_argument("--scenes-only", action="store_true", help="leave pictures and music as they are")
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.keys) - set(KEYS))
    if unknown:
        parser.error(f"no such template: {', '.join(unknown)}; there are {', '.join(KEYS)}")
    for key in arguments.keys or KEYS:
        folder = build(key, arguments.out, media=not arguments.scenes_only)
        size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
        print(f"{key}: {size / 1024:.0f} KiB in {folder}")


if __name__ == "__main__":
    main()
