"""Checking a film whose picture track passed its check before under another sound: the packets are compared, nothing is decoded."""

import hashlib
import threading
from fractions import Fraction
from pathlib import Path

import msgspec

from flatrender.engine.ffmpeg import FILM_FORMATS, base_arguments, input_file
from flatrender.engine.film.plan import FilmPlan
from flatrender.engine.probe import FilmReport
from flatrender.engine.process import run

_CHANNELS = {"mono": 1, "stereo": 2}
_MAX_LISTING = 1 << 30


class SoundPackets(msgspec.Struct, frozen=True, kw_only=True):
    """What the packets of a sound track say."""

    codec: str
    rate: int
    channels: int
    ends_s: float


class CheckedPictures(msgspec.Struct, frozen=True, kw_only=True):
    """A picture track that passed its check, with the report of the film that it was in."""

    packets: str
    """Hash of every packet's times, size and checksum."""
    report: FilmReport


def read_packets(
    film: Path, *, deadline_s: float = 120, cancel: threading.Event | None = None
) -> tuple[str, SoundPackets | None]:
    """Return the hash of the picture track's packets, and the sound track. Raises RenderError `film_check_failed` or `cancelled`."""
    arguments = [
        *base_arguments(),
        *input_file(film, FILM_FORMATS),
        "-map",
        "0",
        "-c",
        "copy",
        "-f",
        "framecrc",
        "pipe:1",
    ]
    listing = run(
        arguments,
        what="reading the film",
        code="film_check_failed",
        deadline_s=deadline_s,
        cancel=cancel,
        max_output=_MAX_LISTING,
    )
    pictures = hashlib.sha256()
    facts: dict[str, str] = {}
    last_sound: list[bytes] | None = None
    for line in listing.splitlines():
        if line.startswith(b"#"):
            name, _, value = line[1:].partition(b":")
            facts[name.decode()] = value.strip().decode()
            if name.endswith(b" 0"):
                pictures.update(line)
        elif line.startswith(b"0,"):
            pictures.update(line)
        elif line.startswith(b"1,"):
            last_sound = line.split(b",")
    if facts.get("media_type 1") != "audio" or last_sound is None:
        return pictures.hexdigest(), None
    end = (int(last_sound[2]) + int(last_sound[3])) * Fraction(facts["tb 1"])
    return pictures.hexdigest(), SoundPackets(
        codec=facts["codec_id 1"],
        rate=int(facts["sample_rate 1"]),
        channels=_CHANNELS.get(facts["channel_layout_name 1"], 0),
        ends_s=float(end),
    )


def report_again(
    film: Path, plan: FilmPlan, before: CheckedPictures, *, cancel: threading.Event | None = None
) -> FilmReport | None:
    """Return the report of a film with the checked picture track and another sound, or None when it must be checked as a new one."""
    packets, sound = read_packets(film, cancel=cancel)
    frame_s = float(1 / plan.settings.rate)
    if packets != before.packets or (sound is not None) != bool(plan.sound):
        return None
    if sound is not None and abs(sound.ends_s - plan.duration_s) > frame_s + 2048 / 48_000:
        return None
    return msgspec.structs.replace(
        before.report,
        path=str(film),
        size_bytes=film.stat().st_size,
        duration_s=max(plan.duration_s, sound.ends_s if sound else 0.0),
        audio_codec=sound.codec if sound else None,
        audio_rate=sound.rate if sound else None,
        audio_channels=sound.channels if sound else None,
    )
