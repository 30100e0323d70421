"""Frames that were drawn again, put into the segment that they belong to. All other frames stay what they were."""

import itertools
import tempfile
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from flatrender.engine.errors import RenderError
from flatrender.engine.ffmpeg import FILM_FORMATS, base_arguments, input_file, output_file
from flatrender.engine.film.encoders import COLOR_TAGS, segment_arguments, segment_container
from flatrender.engine.film.join import join_segments
from flatrender.engine.film.packets import Group, groups, read_segment
from flatrender.engine.film.settings import FilmSettings
from flatrender.engine.process import run

FINER = 6
"""How much finer on the encoder's scale the frames are that must be encoded once more: twice the bits, so that the second loss is not seen."""
_CODE = "film_check_failed"
Range = tuple[int, int]
"""First and last frame, both included."""


def ranges(frames: Iterable[int]) -> list[Range]:
    """Return the runs of consecutive numbers."""
    found: list[Range] = []
    for frame in sorted(set(frames)):
        if found and found[-1][1] == frame - 1:
            found[-1] = (found[-1][0], frame)
        else:
            found.append((frame, frame))
    return found


def splice_segment(
    segment: Path,
    frames: int,
    redrawn: Mapping[Range, Path],
    settings: FilmSettings,
    out: Path,
    *,
    threads: int = 1,
    deadline_s: float = 300,
    cancel: threading.Event | None = None,
) -> None:
    """Write the segment to `out` with the frames of `redrawn` (segments of exactly these ranges) in the place of its own.

    Groups of pictures without such a frame keep their bytes. In a group with one the other frames are decoded and encoded once more, finer than the
    film's settings; where each picture stands by itself (ProRes, lossless segments) nothing is.
    Raises RenderError `film_check_failed` for a segment that cannot be taken apart, `encoder_failed`, `settings_invalid`, `cancelled`; `out` does
    not exist then.
    """
    if settings.alpha and settings.kind == "webm_vp9":
        raise RenderError("the transparency of VP9 cannot be taken apart", code="settings_invalid")
    parts = groups(read_segment(segment, settings, cancel=cancel), frames)
    with tempfile.TemporaryDirectory(prefix="flatrender-splice-") as name:
        folder = Path(name)
        pieces: list[Path] = []
        for touched, run_of in itertools.groupby(parts, key=lambda part: _touches(part, redrawn)):
            held = list(run_of)
            span = (held[0].first, held[-1].last)
            if not touched:
                piece = folder / f"{len(pieces)}{settings.segment_suffix}"
                _copy(segment, parts, span, settings, piece, deadline_s, cancel)
                pieces.append(piece)
                continue
            inside = {key: path for key, path in sorted(redrawn.items()) if key[0] <= span[1] and key[1] >= span[0]}
            if ranges(n for key in inside for n in range(key[0], key[1] + 1)) == [span]:
                pieces += inside.values()
                continue
            piece = folder / f"{len(pieces)}{settings.segment_suffix}"
            _encode(segment, span, inside, settings, piece, threads, deadline_s, cancel)
            pieces.append(piece)
        if settings.facts.joined:
            join_segments(pieces, settings, out, deadline_s=deadline_s, cancel=cancel)
        else:
            _chain(pieces, settings, out, deadline_s, cancel)


def _touches(part: Group, redrawn: Iterable[Range]) -> bool:
    return any(first <= part.last and last >= part.first for first, last in redrawn)


def _copy(
    segment: Path,
    parts: Sequence[Group],
    span: Range,
    settings: FilmSettings,
    out: Path,
    deadline_s: float,
    cancel: threading.Event | None,
) -> None:
    """Write the packets of whole groups."""
    # Packets are counted, not sought by their time: a key frame's time may be rounded in a file.
    before = sum(len(part.packets) for part in parts if part.last < span[0])
    count = span[1] - span[0] + 1
    kept = f"noise=drop=not(between(n\\,{before}\\,{before + count - 1}))"
    # Each kind's ticks are its container's; the shift is in frames.
    shift = f"{span[0]}*{settings.rate.denominator}/{settings.rate.numerator}/TB"
    run(
        [
            *base_arguments(),
            *input_file(segment, FILM_FORMATS),
            *("-map", "0:v:0", "-c", "copy", "-bsf:v", f"{kept},setts=pts=PTS-round({shift}):dts=DTS-round({shift})"),
            *("-map_metadata", "-1", "-fflags", "+bitexact", *segment_container(settings), output_file(out)),
        ],
        what="cutting the segment",
        code=_CODE,
        deadline_s=deadline_s,
        cancel=cancel,
    )


def _encode(
    segment: Path,
    span: Range,
    redrawn: Mapping[Range, Path],
    settings: FilmSettings,
    out: Path,
    threads: int,
    deadline_s: float,
    cancel: threading.Event | None,
) -> None:
    """Encode the frames of a span: redrawn ones from their files, the others as the segment shows them."""
    drawn = {frame for first, last in redrawn for frame in range(first, last + 1)}
    kept = ranges(frame for frame in range(span[0], span[1] + 1) if frame not in drawn)
    rate = settings.rate
    tick = f"{rate.denominator}/{rate.numerator}"
    shown: list[tuple[int, str]] = []
    graph: list[str] = []
    if kept:
        outputs = "".join(f"[old{n}]" for n in range(len(kept)))
        graph.append(f"[0:v]settb={tick},split={len(kept)}{outputs}")
        for n, (first, last) in enumerate(kept):
            # By the time that a frame is shown at, not by counting: what does not decode leaves a gap.
            graph.append(
                f"[old{n}]select=between(round(t*{rate.numerator}/{rate.denominator})\\,{first}\\,{last}),{_NUMBERED}[k{n}]"
            )
            shown.append((first, f"[k{n}]"))
    inputs = input_file(segment, FILM_FORMATS)
    for n, ((first, last), path) in enumerate(redrawn.items(), 1):
        inputs += input_file(path, FILM_FORMATS)
        inside = (max(first, span[0]) - first, min(last, span[1]) - first)
        graph.append(f"[{n}:v]settb={tick},select=between(n\\,{inside[0]}\\,{inside[1]}),{_NUMBERED}[r{n}]")
        shown.append((max(first, span[0]), f"[r{n}]"))
    order = "".join(label for _, label in sorted(shown))
    graph.append(f"{order}concat=n={len(shown)}:v=1:a=0,settb={tick},{_NUMBERED},{COLOR_TAGS}[out]")
    arguments = segment_arguments(finer(settings), out, threads=threads)
    run(
        [
            *base_arguments(),
            *inputs,
            *("-filter_complex", ";".join(graph), "-map", "[out]", "-fps_mode", "passthrough"),
            *("-frames:v", str(span[1] - span[0] + 1)),
            *_same_headers(arguments, settings),
        ],
        what="putting frames into the segment",
        code="encoder_failed",
        deadline_s=deadline_s,
        cancel=cancel,
    )
    if len(read_segment(out, settings, cancel=cancel)) != span[1] - span[0] + 1:
        raise RenderError("frames of the segment are missing", code=_CODE)


_NUMBERED = "setpts=N"


def finer(settings: FilmSettings) -> FilmSettings:
    """Return the settings with which frames are encoded once more."""
    if settings.facts.codec in ("h264", "hevc"):
        return settings  # their headers follow from the factor: see `_same_headers`
    return msgspec.structs.replace(settings, crf=max(1, settings.crf - FINER) if settings.crf else 0)


def _same_headers(arguments: Sequence[str], settings: FilmSettings) -> list[str]:
    """Give H.264 and H.265 more bits without another factor, which stands in the headers that the film has once for all its segments."""
    name = {"h264": "-x264-params", "hevc": "-x265-params"}.get(settings.facts.codec)
    changed = list(arguments)
    if name is not None and settings.crf:
        changed[changed.index(name) + 1] += ":zones=0,1000000,b=2.0"
    return changed


def _chain(
    pieces: Sequence[Path], settings: FilmSettings, out: Path, deadline_s: float, cancel: threading.Event | None
) -> None:
    """Put lossless pieces one behind another, which joining would encode."""
    with tempfile.TemporaryDirectory(prefix="flatrender-chain-") as folder:
        lines = ["ffconcat version 1.0"]
        for index, piece in enumerate(pieces):
            link = Path(folder) / f"{index:06d}{settings.segment_suffix}"
            link.symlink_to(piece.absolute())
            lines.append(f"file {link.name}")
        listing = Path(folder) / "pieces.ffconcat"
        listing.write_text("\n".join(lines) + "\n", encoding="utf-8")
        run(
            [
                *base_arguments(),
                *("-f", "concat", *input_file(listing, FILM_FORMATS), "-map", "0:v:0", "-c", "copy"),
                *("-bsf:v", f"setts=pts=round(N*{settings.rate.denominator}/{settings.rate.numerator}/TB):dts=PTS"),
                *("-f", "nut", output_file(out)),
            ],
            what="putting the segment together",
            code=_CODE,
            deadline_s=deadline_s,
            cancel=cancel,
        )
