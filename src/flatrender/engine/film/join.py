"""Segments and sound into one file, nothing encoded again where the kind permits it."""

import shutil
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

from flatrender.engine.errors import RenderError
from flatrender.engine.ffmpeg import AAC, FILM_FORMATS, base_arguments, input_file, output_file
from flatrender.engine.film.pictures import write_pictures
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
    """Join segments (made with these settings) in order, lay the sound under them and write a film that starts playing while it downloads.

    `sound` is a sound file as long as the film: with the kind's own ending (`Kind.sound_suffix`) taken as it is, otherwise encoded; kinds without
    sound leave it out. A GIF, WebP or APNG
    and sequences are encoded here, once; a sequence is a folder (which must not exist, or be empty), or a ZIP when `out` ends in `.zip`.
    Raises RenderError `segment_missing`, `encoder_failed`, `settings_invalid`, `output_unwritable` or `cancelled`; `out` does not exist then.
    """
    if not segments:
        raise RenderError("a film needs at least one segment", code="segment_missing")
    for segment in segments:
        if not segment.is_file():
            raise RenderError("the segment does not exist", code="segment_missing", where=str(segment))
    with tempfile.TemporaryDirectory(prefix="flatrender-join-") as folder:
        # The list names links of our own making: no path of a caller is ever parsed by ffmpeg's list reader.
        lines = ["ffconcat version 1.0"]
        for index, segment in enumerate(segments):
            link = Path(folder) / f"{index:06d}{settings.segment_suffix}"
            _place(segment, link)
            lines.append(f"file {link.name}")
        listing = Path(folder) / "segments.ffconcat"
        listing.write_text("\n".join(lines) + "\n", encoding="utf-8")
        if not settings.facts.joined:
            source = ["-f", "concat", *input_file(listing, FILM_FORMATS)]
            write_pictures(source, settings, out, deadline_s=deadline_s, cancel=cancel)
            return
        try:
            run(
                _arguments(listing, settings, out, sound, title),
                what="joining the segments",
                code="encoder_failed",
                deadline_s=deadline_s,
                cancel=cancel,
            )
        except BaseException:
            out.unlink(missing_ok=True)
            raise


def _arguments(listing: Path, settings: FilmSettings, out: Path, sound: Path | None, title: str | None) -> list[str]:
    arguments = [*base_arguments(), "-f", "concat", *input_file(listing, FILM_FORMATS)]
    if sound is not None and settings.facts.audio is not None:
        arguments += [*input_file(sound, FILM_FORMATS), "-map", "0:v:0", "-map", "1:a:0"]
    return [
        *arguments,
        *("-c:v", "copy", *_sound(settings, sound), "-map_metadata", "-1", "-bsf:v", _on_ticks(settings)),
        *container_arguments(settings),
        *(("-metadata", f"title={title[:200]}") if title else ()),
        *("-metadata", "encoder=FlatRender", output_file(out.absolute())),
    ]


def _on_ticks(settings: FilmSettings) -> str:
    """Put every frame back on its tick: the list reader counts in microseconds, a WebM in milliseconds."""
    ticks = settings.frame_ticks
    if settings.facts.codec in ("h264", "hevc"):
        # Decoding begins as many frames early as the encoder reorders. A segment of a frame or two reorders none: its own count would make a gap.
        early = 0 if settings.preset == "ultrafast" and settings.facts.codec == "h264" else 2
        return f"setts=pts=round(PTS/{ticks})*{ticks}:dts=(N-{early})*{ticks}:duration={ticks}"
    # The packets of the other codecs are in the order in which they are shown.
    begins = f"round(N*{settings.rate.denominator}/{settings.rate.numerator}/TB)"
    return f"setts=pts={begins}:dts={begins}"


def _sound(settings: FilmSettings, sound: Path | None) -> tuple[str, ...]:
    if sound is None or sound.suffix == settings.facts.sound_suffix:
        return ("-c:a", "copy")
    return sound_arguments(settings)


def sound_arguments(settings: FilmSettings) -> tuple[str, ...]:
    """Return the options that encode sound for this kind."""
    return {"opus": ("-c:a", "libopus", "-b:a", "160k"), "pcm": ("-c:a", "pcm_s24le")}.get(
        settings.facts.audio or "", AAC
    )


def container_arguments(settings: FilmSettings) -> tuple[str, ...]:
    """Return the options of the finished file: index first, exact times, transparency and codec said so that players know them."""
    if settings.facts.container == "webm":
        alpha = ("-metadata:s:v:0", "alpha_mode=1") if settings.alpha else ()
        # Its times are whole milliseconds, from which a rate could only be guessed.
        rate = ("-r", f"{settings.rate.numerator}/{settings.rate.denominator}")
        return (*rate, *alpha, "-cues_to_front", "1", "-f", "webm")
    scale = str(settings.timescale)
    tag = ("-tag:v", "hvc1") if settings.facts.codec == "hevc" else ()  # the only one that Apple's players take
    return (*tag, "-movflags", "+faststart", "-video_track_timescale", scale, "-movie_timescale", scale, "-f",
            settings.facts.container)  # fmt: skip


def _place(segment: Path, link: Path) -> None:
    try:
        link.symlink_to(segment.absolute())
    except OSError:  # Windows without the right to make links
        shutil.copyfile(segment, link)
