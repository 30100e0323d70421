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
_PICTURES: dict[str, OutputKind] = {".png": "png_frames", ".jpg": "jpeg_frames", ".jpeg": "jpeg_frames"}
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

    @property
    def is_sequence(self) -> bool:
        """Whether each frame is a file."""
        return self.digits is not None


def read_output(path: str, template: str | None) -> Output:
    """Read the arguments. Raises OutputError for a format that is not written here."""
    target = Path(path)
    suffix = target.suffix.lower()
    alpha = "alpha" in (template or "").lower()
    number = _NUMBER.search(target.name)
    if suffix in _PICTURES:
        return Output(
            path=target,
            kind=_PICTURES[suffix],
            alpha=alpha and suffix == ".png",
            digits=len(number[1]) if number else 5,
        )
    if suffix not in _FILMS:
        known = ", ".join((*_FILMS, *_PICTURES))
        raise OutputError(
            f"Output to {suffix or 'a file without an ending'} is not possible here; choose one of {known}."
        )
    kind = _FILMS[suffix]
    return Output(path=target, kind=kind, alpha=alpha and kind != "mp4_h264", digits=None)


def place(made: Path, output: Output, first: int, step: int) -> None:
    """Put what the engine made where the caller wants it; of a sequence every `step`-th picture, numbered from `first`. Raises OSError."""
    output.path.parent.mkdir(parents=True, exist_ok=True)
    if output.is_sequence:
        for index, picture in enumerate(sorted(made.iterdir())):
            if index % step == 0:
                shutil.move(picture, frame_path(output, first + index))
    elif output.path.suffix.lower() == ".avi":
        _lossless_avi(made, output)
    else:
        shutil.move(made, output.path)


def frame_path(output: Output, frame: int) -> Path:
    """Return the file of a sequence's frame: the number replaces `[####]`, or stands before the ending."""
    digits = f"{frame:0{output.digits or 1}d}"
    name = output.path.name
    if _NUMBER.search(name):
        return output.path.with_name(_NUMBER.sub(digits, name, count=1))
    return output.path.with_name(f"{output.path.stem}{digits}{output.path.suffix}")


def _lossless_avi(made: Path, output: Output) -> None:
    """Unpack the film into an AVI as After Effects writes it: whole pictures, nothing lost after this."""
    codec = ("-c:v", "utvideo", "-pix_fmt", "gbrap" if output.alpha else "gbrp", "-c:a", "pcm_s16le")
    arguments = [*base_arguments(), "-i", f"file:{made}", *codec, "-f", "avi", output_file(output.path.absolute())]
    run(arguments, what="writing the AVI", code="encoder_failed", deadline_s=_UNPACK_S)
