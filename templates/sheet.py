"""Shows a template's scenes on one picture: `python templates/sheet.py KEY OUT.png [--locale en] [--preset KEY] [--frames 0,12,snap,-1]`."""

import argparse
import sys
from pathlib import Path

from PIL import Image

from flatrender.engine.errors import EngineError
from flatrender.engine.raster.pool import WorkerPool
from flatrender.engine.resolve import resolve_scene
from flatrender.engine.template import load_template

HERE = Path(__file__).resolve().parent


def frame_of(word: str, snapshot: int, frames: int) -> int:
    """The frame that `word` names: a number, from the end when negative, or `snap`."""
    if word == "snap":
        return snapshot
    number = int(word)
    return max(0, min(frames - 1, number + frames if number < 0 else number))


def typed(kind: str, word: str) -> str | float | bool:
    """A value from the command line as its field wants it."""
    if kind in ("number", "slider"):
        return float(word)
    return word in ("true", "yes", "1") if kind == "checkbox" else word


def main() -> None:
    """Reads the command line, draws and writes the sheet."""
    parser = argparse.ArgumentParser(description="Show a template's scenes on one picture.")
    parser.add_argument("key", help="a template beside this file, or the path of any package")
    parser.add_argument("out", type=Path)
    parser.add_argument("--locale", default="fa")
    parser.add_argument("--size")
    parser.add_argument("--preset", action="append", help="may be given several times (default: the default preset)")
    parser.add_argument("--scene", action="append", help="only these scenes")
    parser.add_argument("--frames", default="0,12,24,snap,-1")
    parser.add_argument("--width", type=int, default=480, help="of one picture, px (default: 480)")
    parser.add_argument("--columns", type=int, default=5)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    options = parser.parse_args()
    template = load_template(HERE / options.key if (HERE / options.key).is_dir() else Path(options.key))
    values = dict(pair.split("=", 1) for pair in options.set)
    presets = {preset.key: preset.colors for preset in template.manifest.presets}
    tiles: list[Image.Image] = []
    with WorkerPool(1) as pool:
        for preset in options.preset or [None]:
            for spec in template.manifest.scenes:
                if options.scene and spec.key not in options.scene:
                    continue
                own = {
                    field.key: typed(field.type, values[field.key])
                    for field in (*template.manifest.fields, *spec.fields)
                    if field.key in values
                }
                colours = presets[preset] if preset else None
                scene = resolve_scene(
                    template, spec.key, size=options.size, locale=options.locale, values=own, colors=colours
                )
                for warning in scene.warnings:
                    print(f"{spec.key}: {warning.code}: {warning.detail}", file=sys.stderr)
                size = (options.width, round(options.width * scene.height / scene.width))
                for word in options.frames.split(","):
                    frame = frame_of(word, scene.snapshot_frame, scene.frames)
                    pixels = pool.draw(scene, frame, width=size[0], height=size[1], background=(255, 255, 255))
                    tiles.append(Image.frombuffer("RGB", size, pixels, "raw", "BGRX", 0, 1))
    rows = -(-len(tiles) // options.columns)
    width, height = tiles[0].size
    sheet = Image.new("RGB", (options.columns * (width + 6), rows * (height + 6)), (96, 96, 96))
    for i, tile in enumerate(tiles):
        sheet.paste(tile, (i % options.columns * (width + 6), i // options.columns * (height + 6)))
    sheet.save(options.out)


if __name__ == "__main__":
    try:
        main()
    except (EngineError, ValueError, KeyError) as error:
        sys.exit(f"sheet.py: {error}")
