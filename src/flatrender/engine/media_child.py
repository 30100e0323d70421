"""The process behind `media`: `python -m flatrender.engine.media_child QUESTION` writes its answer to standard output."""

import sys
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import groupby

import av
import av.error
import msgspec
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation
from av.video.stream import VideoStream

from flatrender.engine.child import limit_memory
from flatrender.engine.media import FilmInfo, FilmQuestion, SoundInfo, SoundQuestion, Unusable

_MAX_STREAMS = 8
_MEMORY_BYTES = 2 << 30


def _open(path: str, formats: str) -> InputContainer:
    options = {"protocol_whitelist": "file", "format_whitelist": formats}
    return av.open(f"file:{path}", mode="r", container_options=options)


def answer(question: SoundQuestion | FilmQuestion) -> SoundInfo | FilmInfo | Unusable:
    """Open the file and look."""
    try:
        with _open(question.path, question.formats) as container:
            if len(container.streams) > _MAX_STREAMS:
                return Unusable(reason=f"the file has {len(container.streams)} streams; at most {_MAX_STREAMS}")
            if isinstance(question, SoundQuestion):
                return _sound(container, question)
            return _film(container, question)
    except (av.error.FFmpegError, ValueError) as error:
        return Unusable(reason=f"the file could not be read: {getattr(error, 'strerror', None) or error}")


def _sound(container: InputContainer, question: SoundQuestion) -> SoundInfo | Unusable:
    if not container.streams.audio:
        return Unusable(reason="the file has no sound")
    stream = container.streams.audio[0]
    seconds = Fraction(0)
    damaged = 0
    for packet in container.demux(stream):
        try:
            for frame in packet.decode():
                seconds += Fraction(frame.samples, frame.sample_rate or 1)
        except av.error.InvalidDataError:
            damaged += 1
        if seconds > question.max_s:
            return Unusable(reason=f"the sound is longer than {question.max_s:g} s")
    if seconds == 0:
        return Unusable(reason="no part of the sound could be decoded" if damaged else "the sound is empty")
    return SoundInfo(duration_s=float(seconds), rate=stream.rate, channels=stream.channels)


def _film(container: InputContainer, question: FilmQuestion) -> FilmInfo | Unusable:
    if not container.streams.video:
        return Unusable(reason="the file has no picture")
    stream = container.streams.video[0]
    sound = container.streams.audio[0] if container.streams.audio else None
    rate = stream.average_rate
    base = stream.time_base
    if rate is None or base is None:
        return Unusable(reason="the film has no frame rate")
    packets = [(packet.pts, packet.is_keyframe) for packet in container.demux(stream) if packet.pts is not None]
    times = sorted(pts for pts, _ in packets)
    uneven = next((n for n, pts in enumerate(times) if abs((pts - times[0]) * base * rate - n) > Fraction(1, 10)), None)
    wanted = {times[number]: number for number in question.frames if number < len(times)}
    pictures: dict[int, bytes] = {}
    for start, group in _groups(sorted(wanted), sorted(pts for pts, key in packets if key)):
        for pts, picture in _decode(container, stream, start, group, question.width, question.height):
            pictures[wanted[pts]] = picture
    return FilmInfo(
        duration_s=float((container.duration or 0) / Fraction(1_000_000)),
        frames=len(times),
        uneven_at=uneven,
        fps=float(rate),
        width=stream.width,
        height=stream.height,
        video_codec=stream.codec_context.codec.canonical_name,  # AV1, not the decoder's own name
        pixel_format=stream.pix_fmt or "",
        color_space=str(stream.codec_context.colorspace),
        audio_codec=sound.codec_context.codec.canonical_name if sound else None,
        audio_rate=sound.rate if sound else None,
        audio_channels=sound.channels if sound else None,
        audio_duration_s=float(sound.duration * sound.time_base)
        if sound and sound.duration and sound.time_base
        else None,
        pictures=pictures,
    )


def _groups(wanted: Sequence[int], keys: Sequence[int]) -> Iterator[tuple[int, set[int]]]:
    """Give the wanted times, ascending, by the key frame from which they are decoded."""
    for start, group in groupby(wanted, lambda pts: max((key for key in keys if key <= pts), default=pts)):
        yield start, set(group)


def _decode(
    container: InputContainer, stream: VideoStream, start: int, wanted: set[int], width: int, height: int
) -> Iterator[tuple[int, bytes]]:
    """Decode from a key frame on and give the wanted pictures, as far as they decode."""
    # Blocks' edges left unsmoothed do not show in a small picture, and cost a third of the decoding.
    stream.codec_context.options = {"skip_loop_filter": "all"}
    container.seek(start, stream=stream, backward=True)
    last = max(wanted)
    try:
        for packet in container.demux(stream):
            # What no other picture needs and nobody asked for is not decoded: half of a film with B-frames.
            stream.codec_context.skip_frame = "DEFAULT" if packet.pts is None or packet.pts in wanted else "NONREF"
            for frame in packet.decode():
                if frame.pts in wanted:
                    yield frame.pts, _small(frame, width, height)
                if frame.pts is None or frame.pts >= last:
                    return
    except av.error.FFmpegError:
        return


def _small(frame: VideoFrame, width: int, height: int) -> bytes:
    small = frame.reformat(width, height, format="rgb24", src_colorspace="ITU709", interpolation=Interpolation.AREA)
    plane = small.planes[0]
    pixels, row = memoryview(plane), width * 3  # not `to_ndarray`: numpy takes longer to import than all this
    return b"".join(pixels[at : at + row] for at in range(0, plane.line_size * height, plane.line_size))


def main() -> None:
    """Answer the question given as argument."""
    limit_memory(_MEMORY_BYTES)
    question = msgspec.json.decode(sys.argv[1], type=SoundQuestion | FilmQuestion)
    sys.stdout.buffer.write(msgspec.msgpack.encode(answer(question)))


if __name__ == "__main__":
    main()
