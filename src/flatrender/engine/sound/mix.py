"""Tracks into one 48 kHz stereo AAC file as long as the film."""

import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

from flatrender.engine.errors import RenderError
from flatrender.engine.ffmpeg import SOUND_FORMATS, base_arguments, input_file, output_file
from flatrender.engine.media import SoundInfo, sound_info
from flatrender.engine.process import run
from flatrender.engine.sound.track import TrackSpec

RATE = 48_000
MAX_TRACKS = 64
MAX_BYTES = 512 << 20
"""Of one sound file."""
MAX_SECONDS = 2 * 3600
"""Of one sound file."""


def mix_sound(
    tracks: Sequence[TrackSpec],
    duration_s: float,
    out: Path,
    *,
    deadline_s: float = 300,
    cancel: threading.Event | None = None,
) -> None:
    """Mix the tracks into `out` (AAC in MP4, 192 kbit/s), `duration_s` seconds long; what is louder than full scale is limited.

    Raises RenderError `sound_missing`, `sound_unreadable`, `encoder_failed`, `settings_invalid` or `cancelled`; `out` does not exist then.
    """
    if not 0 < len(tracks) <= MAX_TRACKS:
        raise RenderError(f"{len(tracks)} sound tracks; give 1 to {MAX_TRACKS}", code="settings_invalid")
    infos = [check_sound(track.path, cancel=cancel) for track in tracks]
    arguments = base_arguments()
    chains: list[str] = []
    for index, (track, info) in enumerate(zip(tracks, infos, strict=True)):
        arguments += input_file(track.path.absolute(), SOUND_FORMATS)
        chains.append(f"[{index}:a:0]{_chain(track, info, duration_s)}[t{index}]")
    names = "".join(f"[t{index}]" for index in range(len(tracks)))
    samples = round(duration_s * RATE)
    mixed = f"{names}amix=inputs={len(tracks)}:normalize=0:duration=longest," if len(tracks) > 1 else names
    # The limiter delays by its attack time; `latency` takes that out again. `level` off, or it would raise quiet sound.
    chains.append(
        f"{mixed}alimiter=limit=0.97:level=disabled:latency=1,apad=whole_len={samples},atrim=end_sample={samples}[mix]"
    )
    arguments += ["-filter_complex", ";".join(chains), "-map", "[mix]", "-map_metadata", "-1"]
    arguments += ["-c:a", "aac", "-b:a", "192k", "-ar", str(RATE), "-ac", "2", "-fflags", "+bitexact"]
    arguments += ["-f", "mp4", output_file(out.absolute())]
    try:
        # An empty working directory: a relative name inside a file leads nowhere.
        with tempfile.TemporaryDirectory(prefix="flatrender-sound-") as folder:
            run(
                arguments,
                what="mixing the sound",
                code="encoder_failed",
                deadline_s=deadline_s,
                cancel=cancel,
                cwd=Path(folder),
            )
    except BaseException:
        out.unlink(missing_ok=True)
        raise


def check_sound(path: Path, *, cancel: threading.Event | None = None) -> SoundInfo:
    """Decode the file's first sound stream once and tell its length.

    Raises RenderError `sound_missing`, `sound_unreadable` (not a sound, damaged, larger or longer than the limits) or `cancelled`.
    """
    if not path.is_file():
        raise RenderError("the sound file does not exist", code="sound_missing", where=str(path))
    if path.stat().st_size > MAX_BYTES:
        raise RenderError(
            f"the sound file is larger than {MAX_BYTES >> 20} MB", code="sound_unreadable", where=str(path)
        )
    return sound_info(path, formats=SOUND_FORMATS, max_s=MAX_SECONDS, cancel=cancel)


def _chain(track: TrackSpec, info: SoundInfo, duration_s: float) -> str:
    """Return the filters of one track: cut, loop, volume, fades, place in the film."""
    room = max(0.0, duration_s - track.start_s)
    ends_s = info.duration_s if track.end_s is None else min(info.duration_s, track.end_s)
    own = max(0.0, ends_s - track.offset_s)
    if own <= 0 and not track.loop:
        raise RenderError(
            f"the sound lasts {info.duration_s:.2f} s, less than its offset of {track.offset_s:g} s",
            code="settings_invalid",
            where=str(track.path),
        )
    length = room if track.loop else min(room, own)
    filters = [f"aresample={RATE}"]
    if info.channels == 1:
        filters.append("pan=stereo|c0=c0|c1=c0")  # the converter's own way makes mono 3 dB softer
    filters.append("aformat=sample_fmts=fltp:channel_layouts=stereo")
    if track.loop and own < room:
        if ends_s < info.duration_s:
            filters.append(f"atrim=end={ends_s:.6f}")
        # -1: for ever. The loop's buffer must hold all that repeats, which is shorter than the film and its offset here.
        filters.append(f"aloop=loop=-1:size={round(ends_s * RATE) + RATE}")
    filters.append(f"atrim=start={track.offset_s:.6f}:duration={max(length, 1 / RATE):.6f}")
    filters.append("asetpts=N/SR/TB")
    filters.append(f"volume={track.volume:.6f}:precision=float")
    fade_in, fade_out = min(track.fade_in_s, length), min(track.fade_out_s, length)
    if fade_in > 0:
        filters.append(f"afade=t=in:st=0:d={fade_in:.6f}")
    if fade_out > 0:
        filters.append(f"afade=t=out:st={length - fade_out:.6f}:d={fade_out:.6f}")
    if track.start_s > 0:
        filters.append(f"adelay=delays={round(min(track.start_s, duration_s) * RATE)}S:all=1")
    return ",".join(filters)
