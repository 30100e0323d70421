"""Frames of our own outputs as pixels, to compare them with what was drawn: decoded by the ffmpeg program, a process of its own."""

import contextlib
import re
import tempfile
import threading
import zipfile
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import msgspec

from flatrender.engine.errors import RenderError
from flatrender.engine.ffmpeg import FILM_FORMATS, base_arguments, input_file
from flatrender.engine.kinds import KINDS, OutputKind
from flatrender.engine.process import run

_CODE = "film_check_failed"


class PictureRun(msgspec.Struct, frozen=True, kw_only=True):
    """A GIF, WebP, APNG or sequence, every picture of which was decoded (of a sequence those asked for)."""

    times: tuple[float, ...]
    """When each is shown, seconds from the first. A WebP holds equal pictures that follow each other once: the moments between have no entry."""
    duration_s: float
    width: int
    height: int
    pictures: dict[int, bytes]
    """The asked-for ones by number, premultiplied RGBA of the asked-for size."""


def decode_frames(
    path: Path,
    frames: Sequence[int],
    *,
    kind: OutputKind,
    alpha: bool,
    size: tuple[int, int],
    rate: Fraction | None = None,
    deadline_s: float,
    cancel: threading.Event | None = None,
) -> dict[int, bytes]:
    """Return frames of a film or a segment by number as premultiplied RGBA of this size; one that does not decode is absent.

    With `rate` each is sought by its time, otherwise the file is decoded from its start (right for a segment).
    Raises RenderError `film_check_failed` or `cancelled`.
    """
    # Only this decoder sees the transparency, which lies beside VP9's picture.
    decoder = ["-c:v", "libvpx-vp9"] if alpha and kind == "webm_vp9" else []
    # Blocks' edges left unsmoothed do not show in a small picture, and cost a third of the decoding.
    quick = [] if alpha else ["-skip_loop_filter", "all"]
    source = [*decoder, *quick, *input_file(path, FILM_FORMATS)]
    small = size[0] * size[1] * 4

    def decode(before: Sequence[str], chosen: str, count: int) -> list[bytes]:
        shown = run(
            [*base_arguments(), *before, *source, *_small(chosen, size, alpha=alpha), "-frames:v", str(count), *_RAW],
            what="looking at the film",
            code=_CODE,
            deadline_s=deadline_s,
            cancel=cancel,
            max_output=count * small,
        )
        return [shown[at : at + small] for at in range(0, len(shown) - small + 1, small)]

    wanted = sorted(set(frames))
    if rate is None:
        chosen = "+".join(f"eq(n\\,{number})" for number in wanted)
        return dict(zip(wanted, decode([], f"select={chosen}", len(wanted)), strict=False))
    found: dict[int, bytes] = {}
    for number in wanted:
        # Half a frame early, so that rounding does not skip it; the seek is exact.
        at = max(Fraction(0), (number - Fraction(1, 2)) / rate)
        for picture in decode(["-ss", f"{float(at):.6f}"], "", 1):
            found[number] = picture
    return found


def look_at_pictures(
    path: Path,
    frames: Sequence[int],
    *,
    kind: OutputKind,
    size: tuple[int, int],
    rate: Fraction,
    deadline_s: float,
    cancel: threading.Event | None = None,
) -> PictureRun:
    """Decode a run of pictures. Raises RenderError `film_check_failed` or `cancelled`."""
    if KINDS[kind].container == "frames":
        return _look_at_sequence(path, frames, size=size, rate=rate, deadline_s=deadline_s, cancel=cancel)
    source = ["-protocol_whitelist", "file,pipe", "-f", _demuxer(path, kind), "-i", f"file:{path}"]
    what = "looking at the pictures"
    listed = run(
        [*base_arguments(), *source, "-fps_mode", "passthrough", "-f", "framecrc", "pipe:1"],
        what=what,
        code=_CODE,
        deadline_s=deadline_s,
        cancel=cancel,
    ).decode("ascii", "replace")
    tick, width, height = _head(listed, path)
    rows = [row.split(",") for row in listed.splitlines() if row and not row.startswith("#")]
    starts = [int(row[2]) * tick for row in rows]
    ends = [start + int(row[3]) * tick for start, row in zip(starts, rows, strict=True)]
    shown_at = {number: sum(float(at - starts[0]) <= number / rate + 0.006 for at in starts) - 1 for number in frames}
    wanted = sorted(set(shown_at.values()))
    chosen = "+".join(f"eq(n\\,{number})" for number in wanted)
    shown = run(
        [*base_arguments(), *source, *_small(f"select={chosen}", size, alpha=True), *_RAW],
        what=what,
        code=_CODE,
        deadline_s=deadline_s,
        cancel=cancel,
    )
    small = size[0] * size[1] * 4
    cut = {number: shown[n * small : (n + 1) * small] for n, number in enumerate(wanted)}
    return PictureRun(
        times=tuple(float(start - starts[0]) for start in starts),
        duration_s=float(ends[-1] - starts[0]) if starts else 0.0,
        width=width,
        height=height,
        pictures={number: cut[held] for number, held in shown_at.items() if len(cut[held]) == small},
    )


def _demuxer(path: Path, kind: OutputKind) -> str:
    if kind == "webp":
        with path.open("rb") as file:
            # All of whose pictures are equal is a plain WebP.
            return "webp_anim" if b"ANIM" in file.read(64) else "webp_pipe"
    return {"gif": "gif", "apng": "apng"}[kind]


_RAW = ("-fps_mode", "passthrough", "-pix_fmt", "rgba", "-f", "rawvideo", "pipe:1")


def _small(chosen: str, size: tuple[int, int], *, alpha: bool) -> tuple[str, str]:
    # Premultiplied before it is made small, or the colour of what is transparent would count.
    parts = (chosen, "format=gbrap,premultiply=inplace=1" if alpha else "", f"scale={size[0]}:{size[1]}:flags=area")
    return "-vf", ",".join(filter(None, parts))


def _head(listed: str, path: Path) -> tuple[Fraction, int, int]:
    base = re.search(r"^#tb 0: (\d+)/(\d+)$", listed, re.MULTILINE)
    shape = re.search(r"^#dimensions 0: (\d+)x(\d+)$", listed, re.MULTILINE)
    if base is None or shape is None:
        raise RenderError("the file has no pictures", code=_CODE, where=str(path))
    return Fraction(int(base[1]), int(base[2])), int(shape[1]), int(shape[2])


@contextlib.contextmanager
def open_picture(path: Path, frame: int, *, kind: OutputKind, rate: Fraction) -> Iterator[tuple[list[str], str]]:
    """Options that open a run of pictures, and the filter that leaves only this frame (empty where it is alone).

    Raises RenderError `film_check_failed` for a sequence without it.
    """
    if KINDS[kind].container != "frames":
        demuxer = _demuxer(path, kind)
        # A WebP holds equal pictures once: put them back.
        spread = f"fps={rate.numerator}/{rate.denominator}," if demuxer == "webp_anim" else ""
        chosen = f"{spread}select=eq(n\\,{0 if demuxer == 'webp_pipe' else frame})"
        yield ["-protocol_whitelist", "file,pipe", "-f", demuxer, "-i", f"file:{path}"], chosen
        return
    with tempfile.TemporaryDirectory(prefix="flatrender-look-") as name:
        _, files = _sequence_files(path, [frame], Path(name))
        if frame not in files:
            raise RenderError(f"picture {frame} of the sequence is missing", code=_CODE, where=str(path))
        yield _one_picture(files[frame]), ""


def _sequence_files(path: Path, frames: Sequence[int], folder: Path) -> tuple[list[str], dict[int, Path]]:
    """Return a sequence's names in order, and where the asked-for pictures lie; out of a ZIP they are put into the folder."""
    if path.is_dir():
        names = sorted(entry.name for entry in path.iterdir())
        return names, {number: path / names[number] for number in frames if number < len(names)}
    files = {}
    try:
        with zipfile.ZipFile(path) as archive:
            names = sorted(archive.namelist())
            for number in {n for n in frames if n < len(names)}:
                files[number] = folder / f"{number}{Path(names[number]).suffix}"
                files[number].write_bytes(archive.read(names[number]))
    except zipfile.BadZipFile:
        raise RenderError("the archive is damaged", code=_CODE, where=str(path)) from None
    return names, files


def _one_picture(file: Path) -> list[str]:
    demuxer = "png_pipe" if file.suffix == ".png" else "jpeg_pipe"
    return ["-protocol_whitelist", "file,pipe", "-f", demuxer, "-i", f"file:{file}"]


def _look_at_sequence(
    path: Path,
    frames: Sequence[int],
    *,
    size: tuple[int, int],
    rate: Fraction,
    deadline_s: float,
    cancel: threading.Event | None,
) -> PictureRun:
    with tempfile.TemporaryDirectory(prefix="flatrender-look-") as name:
        names, files = _sequence_files(path, frames, Path(name))
        gap = next((n for n, entry in enumerate(names) if not re.fullmatch(rf"frame-0*{n}\.(png|jpg)", entry)), None)
        if gap is not None:
            raise RenderError(f"picture {gap} of the sequence is missing", code=_CODE, where=str(path))
        pictures, width, height = {}, 0, 0
        for number, file in files.items():
            source = _one_picture(file)
            arguments = [*base_arguments(), *source, "-f", "framecrc", "pipe:1"]
            doing = "looking at the pictures"
            listed = run(arguments, code=_CODE, what=doing, deadline_s=deadline_s, cancel=cancel)
            _, width, height = _head(listed.decode("ascii", "replace"), file)
            arguments = [*base_arguments(), *source, *_small("", size, alpha=True), *_RAW]
            pictures[number] = run(arguments, code=_CODE, what=doing, deadline_s=deadline_s, cancel=cancel)
        return PictureRun(
            times=tuple(n / float(rate) for n in range(len(names))),
            duration_s=len(names) / float(rate),
            width=width,
            height=height,
            pictures=pictures,
        )
