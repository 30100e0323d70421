"""Segments and sound into one file, nothing encoded again."""

import shutil
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

from flatrender.engine.errors import RenderError
from flatrender.engine.ffmpeg import FILM_FORMATS, base_arguments, input_file, output_file
from flatrender.engine.film.settings import FilmSettings
from flatrender.engine.process import run


def join_segments(
    segments: Sequence[Path],
    settings: FilmSettings,
    out: Path,
    *,
    sound: Path | None = None,
    title: str | None = None,
    deadline_s: float = 600,
    cancel: threading.Event | None = None,
) -> None:
    """Join segments (made with these settings) in order, lay the sound under them and write an MP4 that starts playing while it downloads.

    `sound` is an AAC file as long as the film. Raises RenderError `segment_missing`, `encoder_failed` or `cancelled`; `out` does not exist then.
    """
    ticks = settings.frame_ticks
    if not segments:
        raise RenderError("a film needs at least one segment", code="segment_missing")
    for segment in segments:
        if not segment.is_file():
            raise RenderError("the segment does not exist", code="segment_missing", where=str(segment))
    with tempfile.TemporaryDirectory(prefix="flatrender-join-") as folder:
        # The list names links of our own making: no path of a caller is ever parsed by ffmpeg's list reader.
        lines = ["ffconcat version 1.0"]
        for index, segment in enumerate(segments):
            link = Path(folder) / f"{index:06d}.mp4"
            _place(segment, link)
            lines.append(f"file {link.name}")
        listing = Path(folder) / "segments.ffconcat"
        listing.write_text("\n".join(lines) + "\n", encoding="utf-8")
        arguments = [*base_arguments(), "-f", "concat", *input_file(listing, FILM_FORMATS)]
        if sound is not None:
            arguments += [*input_file(sound, FILM_FORMATS), "-map", "0:v:0", "-map", "1:a:0"]
        arguments += [
            *("-c", "copy", "-map_metadata", "-1", "-movflags", "+faststart"),
            # The list reader counts in microseconds: put every frame back on its tick.
            *("-bsf:v", f"setts=pts=round(PTS/{ticks})*{ticks}:dts=round(DTS/{ticks})*{ticks}:duration={ticks}"),
            *("-video_track_timescale", str(settings.timescale), "-movie_timescale", str(settings.timescale)),
            *(("-metadata", f"title={title[:200]}") if title else ()),
            *("-metadata", "encoder=FlatRender", "-f", "mp4", output_file(out.absolute())),
        ]
        try:
            run(arguments, what="joining the segments", code="encoder_failed", deadline_s=deadline_s, cancel=cancel)
        except BaseException:
            out.unlink(missing_ok=True)
            raise


def _place(segment: Path, link: Path) -> None:
    try:
        link.symlink_to(segment.absolute())
    except OSError:  # Windows without the right to make links
        shutil.copyfile(segment, link)
