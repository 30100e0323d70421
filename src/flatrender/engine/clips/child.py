"""The decoding process behind `probe`: questions on standard input, answers on standard output, until the input ends."""

import io
import itertools
from fractions import Fraction
from pathlib import Path

import av.error
import msgspec
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from PIL import Image

from flatrender.engine.child import serve
from flatrender.engine.clips.messages import Answer, Info, InfoQuestion, Poster, PosterQuestion, Question, Unusable
from flatrender.engine.clips.model import MAX_SECONDS, ClipInfo
from flatrender.engine.clips.reader import (
    ClipError,
    ClipReader,
    has_alpha,
    open_clip,
    sample_aspect,
    shown_size,
    turned,
)

_MEMORY_BYTES = 4 << 30
_HDR_TRANSFERS = (16, 18)
"""PQ and HLG (ITU-T H.273 §8.2)."""
_LOOKED_AT = 12
"""Frames that are decoded to see that the film decodes and whether it is interlaced."""


def info_of(question: InfoQuestion) -> Answer:
    """Read the file's packets to the end, and decode the first frames."""
    container, stream = open_clip(Path(question.path))
    with container:
        base = stream.time_base or Fraction(1)
        times, end, sound_s = _measured(container, stream, base)
        first, count = times[0], len(times)
        frames = _first_frames(question.path)
        seconds = float((end - first) * base)
        first = max(first, frames[0].pts or 0)
        turn = turned(frames[0].rotation)
        width, height = shown_size(frames[0].width, frames[0].height, sample_aspect(stream), turn)
        return Info(
            info=ClipInfo(
                duration_s=seconds,
                frames=count,
                first_pts=first,
                rounding_s=_rounding(times, base),
                width=width,
                height=height,
                fps=count / seconds if seconds > 0 else 0.0,
                codec=stream.codec_context.name,
                interlaced=any(frame.interlaced_frame for frame in frames),
                alpha=has_alpha(stream),
                hdr=frames[0].color_trc in _HDR_TRANSFERS,
                sound_offset_s=None if sound_s is None else float(first * base) - _sound_start(container),
                sound_s=sound_s,
            )
        )


def _measured(container: InputContainer, stream: VideoStream, base: Fraction) -> tuple[list[int], int, float | None]:
    """Return the times of the frames in order and the end of the last (ticks), and the length of the sound (seconds)."""
    times: list[int] = []
    end = 0
    sound = container.streams.audio[0] if container.streams.audio else None
    sound_end = Fraction(0)
    for packet in container.demux(stream, sound) if sound is not None else container.demux(stream):
        if packet.pts is None or packet.is_discard or not packet.size:
            continue
        if sound is not None and packet.stream_index == sound.index:
            sound_end = max(sound_end, (packet.pts + (packet.duration or 0)) * (sound.time_base or Fraction(0)))
            continue
        times.append(packet.pts)
        end = max(end, packet.pts + (packet.duration or 0))
        if (end - times[0]) * base > MAX_SECONDS or len(times) > MAX_SECONDS * 300:
            raise ClipError(f"the film is longer than {MAX_SECONDS // 60} minutes")
    if not times:
        raise ClipError("the film has no frames, or none with a time")
    times.sort()
    if end <= times[-1]:  # the last frame says nothing of its length: as long as the others
        end = times[-1] + max(1, round((times[-1] - times[0]) / max(1, len(times) - 1)))
    return times, end, float(sound_end) - _sound_start(container) if sound_end > 0 else None


def _rounding(times: list[int], base: Fraction) -> float:
    """Half a tick, at most a millisecond, unless the frames are evenly spaced."""
    steps = {after - before for before, after in itertools.pairwise(times)}
    return 0.0 if len(steps) <= 1 else min(float(base) / 2, 1e-3)


def _first_frames(path: str) -> list[VideoFrame]:
    container, stream = open_clip(Path(path))
    frames: list[VideoFrame] = []
    with container:
        for packet in container.demux(stream):
            try:
                frames += (
                    frame for frame in packet.decode() if isinstance(frame, VideoFrame) and frame.pts is not None
                )
            except av.error.InvalidDataError:
                continue
            if len(frames) >= _LOOKED_AT:
                break
    if not frames:
        raise ClipError("no picture of the film can be decoded")
    return frames


def _sound_start(container: InputContainer) -> float:
    sound = container.streams.audio[0]
    # Before zero is what the decoder needs first and nobody hears.
    return max(0.0, float(sound.start_time * sound.time_base)) if sound.start_time and sound.time_base else 0.0


def poster_of(question: PosterQuestion) -> Answer:
    """Decode one frame as its place shows it."""
    reader = ClipReader(Path(question.path), question.spec, width=question.width, height=question.height, order="rgba")
    try:
        _, frame = reader.at(question.seconds)
        pixels = reader.paint(frame)
    finally:
        reader.close()
    picture = Image.frombytes("RGBa", (question.width, question.height), pixels.tobytes()).convert("RGBA")
    out = io.BytesIO()
    if picture.getchannel("A").getextrema() == (255, 255):
        picture.convert("RGB").save(out, "JPEG", quality=88)
        return Poster(kind="jpeg", data=out.getvalue())
    picture.save(out, "PNG", compress_level=4)
    return Poster(kind="png", data=out.getvalue())


def _answer(body: bytes) -> Answer:
    question = msgspec.msgpack.decode(body, type=Question)
    try:
        return info_of(question) if isinstance(question, InfoQuestion) else poster_of(question)
    except ClipError as error:
        return Unusable(reason=str(error))
    except (av.error.FFmpegError, ValueError, OSError) as error:
        return Unusable(reason=f"the film cannot be read: {getattr(error, 'strerror', None) or error}")
    except MemoryError:
        return Unusable(reason="the film needs more memory than decoding may use: make it smaller")


if __name__ == "__main__":
    serve(lambda body: msgspec.msgpack.encode(_answer(body)), memory_bytes=_MEMORY_BYTES)
