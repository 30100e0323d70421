"""Commands that must end with one line, each with its exit code, its code and its words."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from . import hostile

PROMO = str(Path(__file__).resolve().parents[2] / "templates" / "promo")


@dataclass(frozen=True)
class Ending:
    """A command in a folder of its own, and how it must end."""

    what: str
    exit_code: int
    code: str
    says: tuple[str, ...]
    arguments: tuple[str, ...]
    file: tuple[str, Callable[[], bytes]] | None = None
    """A file that is there before, with its bytes."""


def inspect(code: str, name: str, data: Callable[[], bytes], *says: str) -> Ending:
    """Return the look into a file that is no usable template; the line names the file."""
    return Ending(f"{name} {code}", 2, code, (name, *says), ("inspect", name), (name, data))


def still(
    code: str, *options: str, says: tuple[str, ...], file: tuple[str, Callable[[], bytes]] | None = None
) -> Ending:
    arguments = ("still", PROMO, *options, *(() if "-o" in options else ("-o", "out.png")))
    return Ending(f"still {' '.join(options)}", 2, code, says, arguments, file)


def render(
    code: str, *options: str, says: tuple[str, ...], file: tuple[str, Callable[[], bytes]] | None = None
) -> Ending:
    arguments = (
        "render",
        PROMO,
        "--scenes",
        "name",
        "--draft",
        *options,
        *(() if "-o" in options else ("-o", "out.mp4")),
    )
    return Ending(f"render {' '.join(options)}", 2, code, says, arguments, file)


COMMANDS = [
    inspect("not_json", "a.json", lambda: b"nope", "export"),
    inspect("not_lottie", "c.json", lambda: b'{"a": 1}', "layers"),
    inspect("no_layers", "d.json", lambda: hostile.lottie(layers=[]), "nothing to draw"),
    inspect("archive_unsafe", "e.zip", hostile.traversal, "evil.json"),
    inspect("archive_unsafe", "f.zip", hostile.symlink, "link.png"),
    inspect("archive_unsafe", "g.zip", hostile.damaged, "make it again"),
    inspect("archive_bomb", "h.zip", hostile.bomb, "not unpacked"),
    inspect("template_too_large", "i.zip", hostile.two_gigabytes_claimed),
    inspect("template_too_large", "j.json", hostile.nested, "128"),
    inspect("manifest_invalid", "k.frt", hostile.newer, "flatrender-template/1"),
    inspect("missing_asset", "l.frt", hostile.without_its_scene, "scenes/main.json"),
    Ending("no file", 2, "missing_asset", ("nowhere.frt", "check the path"), ("inspect", "nowhere.frt")),
    still("unknown_field", "--set", "nope=1", says=("nope", "headline")),
    still("unknown_field", "--colors", "nope=#ffffff", says=("nope", "primary")),
    still("unknown_scene", "--scene", "nope", says=("nope", "opening")),
    still("unknown_font", "--set", "font=Comic", says=("Comic", "Vazirmatn")),
    still("wrong_type", "--set", "show_badge=maybe", says=("show_badge", "true or false")),
    still("value_out_of_range", "--colors", "primary=red", says=("primary", "#rrggbb")),
    still("value_out_of_range", "--set", "headline=" + "a" * 99, says=("headline", "at most 60")),
    still("value_out_of_range", "--size", "9x", says=("16x9",)),
    still("value_out_of_range", "--color-preset", "nope", says=("nope",)),
    still("missing_asset", "--set", "hero=nowhere.jpg", says=("nowhere.jpg", "check that it is there")),
    still("picture_invalid", "--set", "hero=half.png", says=("hero",), file=("half.png", lambda: hostile.picture()[:700])),
    still("picture_invalid", "--set", "hero=huge.png", says=("hero",), file=("huge.png", hostile.huge_picture)),
    still("output_unwritable", "-o", "out.gif", says=("out.gif", ".png")),
    still("output_unwritable", "-o", "nowhere/out.png", says=("nowhere", "does not exist")),
    render("sound_missing", "--music", "nowhere.mp3", says=("nowhere.mp3",)),
    still("clip_invalid", "--set", "hero=a.mp4", says=("hero",), file=("a.mp4", lambda: hostile.BROKEN_FILM)),
    render("sound_unreadable", "--music", "a.wav", says=("a.wav",), file=("a.wav", lambda: hostile.BROKEN_SOUND)),
    render("settings_invalid", "--fps", "500", says=("500", "1 to 120")),
]  # fmt: skip
