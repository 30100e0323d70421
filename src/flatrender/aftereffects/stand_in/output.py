"""What `-output` and `-OMtemplate` mean to the engine."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import msgspec

from flatrender.engine.ffmpeg import base_arguments, output_file
from flatrender.engine.kinds import OutputKind
from flatrender.engine.process import run

_NUMBER = re.compile(r"\[(#+)\]")
_FILMS: dict[str, OutputKind] = {
    ".mov": "mov_prores_4444",
    ".mp4": "mp4_h264",
    ".avi": "mov_prores_4444",
    ".gif": "gif",
}
_PICTURES: dict[str, OutputKind] = {
    ".png": "png_frames",
    ".jpg": "jpeg_frames",
    ".jpeg": "jpeg_frames",
    ".tif": "png_frames",
    ".tiff": "png_frames",
}
_TRANSPARENT = {".png", ".tif", ".tiff"}
_TEMPLATES = (
    ("h.264", ".mp4"),
    ("lossless", ".mov"),
    ("high quality", ".mov"),
    ("prores", ".mov"),
    ("png", ".png"),
    ("jpeg", ".jpg"),
    ("tiff", ".tif"),
    ("gif", ".gif"),
)
"""What After Effects' own output modules write, by a part of their names."""
_UNPACK_S = 3600.0


class OutputError(Exception):
    """The output cannot be written by the open engine."""


class Output(msgspec.Struct, frozen=True, kw_only=True):
    """Where the render goes and how it is encoded."""

    path: Path
    kind: OutputKind
    alpha: bool
    digits: int | None
    """Digits of the number in a sequence's file names; None for a film."""
    sound: bool = True

    @property
    def is_sequence(self) -> bool:
        """Whether each frame is a file."""
        return self.digits is not None


def read_output(path: str, template: str | None, *, alpha: bool = False, sound: bool = True) -> Output:
    """Read the arguments; a path without an ending gets that of the output module `template`. Raises OutputError for a format that is not written here."""
    target = Path(path)
    name = (template or "").lower()
    if target.suffix.lower() not in _FILMS.keys() | _PICTURES.keys() and not target.suffix:
        target = target.with_name(target.name + next((ending for part, ending in _TEMPLATES if part in name), ""))
    suffix = target.suffix.lower()
    alpha = alpha or "alpha" in name
    number = _NUMBER.search(target.name)
    if suffix in _PICTURES:
        return Output(
            path=target,
            kind=_PICTURES[suffix],
            alpha=alpha and suffix in _TRANSPARENT,
            digits=len(number[1]) if number else 5,
            sound=False,
        )
    if suffix not in _FILMS:
        known = ", ".join((*_FILMS, *_PICTURES))
        raise OutputError(
            f"Output to {suffix or 'a file without an ending'} is not possible here; choose one of {known}."
        )
    kind = _FILMS[suffix]
    return Output(path=target, kind=kind, alpha=alpha and kind != "mp4_h264", digits=None, sound=sound)


def place(made: Path, output: Output, first: int) -> None:
    """Put what the engine made where the caller wants it; a sequence's pictures are numbered from `first`. Raises OSError or RenderError."""
    output.path.parent.mkdir(parents=True, exist_ok=True)
    suffix = output.path.suffix.lower()
    if output.is_sequence:
        for index, picture in enumerate(sorted(made.iterdir())):
            there = frame_path(output, first + index)
            if suffix.startswith(".tif"):
                _encode(picture, ("-c:v", "tiff", "-compression_algo", "lzw", "-f", "image2", "-update", "1"), there)
            else:
                shutil.move(picture, there)
    elif suffix == ".avi":
        pixels = "gbrap" if output.alpha else "gbrp"
        sound = ("-c:a", "pcm_s16le") if output.sound else ("-an",)
        _encode(made, ("-c:v", "utvideo", "-pix_fmt", pixels, *sound, "-f", "avi"), output.path)
    elif not output.sound and suffix != ".gif":
        _encode(made, ("-c:v", "copy", "-an"), output.path)
    else:
        shutil.move(made, output.path)


def frame_path(output: Output, frame: int) -> Path:
    """Return the file of a sequence's frame: the number replaces `[####]`, or stands before the ending."""
    digits = f"{frame:0{output.digits or 1}d}"
    name = output.path.name
    if _NUMBER.search(name):
        return output.path.with_name(_NUMBER.sub(digits, name, count=1))
    return output.path.with_name(f"{output.path.stem}{digits}{output.path.suffix}")


def _encode(made: Path, codec: tuple[str, ...], target: Path) -> None:
    """Write what the engine made in a form of After Effects' own, nothing lost after this."""
    arguments = [*base_arguments(), "-i", f"file:{made}", *codec, output_file(target.absolute())]
    run(arguments, what=f"writing {target.name}", code="encoder_failed", deadline_s=_UNPACK_S)
