"""Reading a clip frame by frame, exactly: the frame shown at a moment is the one whose presentation interval holds it.

Hostile files meet native code here: use it in processes with limits only.
"""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import av
import av.error
import av.filter
import numpy as np
from av.codec.context import CodecContext
from av.container import InputContainer
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from PIL import Image, ImageFilter

from flatrender.engine.clips.model import CODECS, FORMATS, MAX_PIXELS, ClipSpec
from flatrender.engine.picture_value import PictureValue, cover_box

Order = Literal["bgra", "rgba"]

_AHEAD_S = 8.0
"""So far ahead it is quicker to seek than to decode what lies between."""
_MAX_DAMAGED = 1000
_FULL_RANGE = 2
_MATRICES = {1: "bt709", 4: "fcc", 5: "bt601", 6: "smpte170m", 7: "smpte240m", 9: "bt2020", 10: "bt2020"}
"""ffmpeg's names of the matrix coefficients of ITU-T H.273 §8.3."""

_CODEC_OF = {"libdav1d": "av1", "libaom-av1": "av1", "libvpx-vp9": "vp9", "libvpx": "vp8"}
"""Decoders that have another name than their codec."""

Picture = np.ndarray[Any, np.dtype[np.uint8]]


class ClipError(Exception):
    """The file is no clip that can be read; the message says why."""


def open_clip(path: Path) -> tuple[InputContainer, VideoStream]:
    """Open a file and its first video stream. Raises ClipError."""
    options = {"protocol_whitelist": "file", "format_whitelist": FORMATS, "max_streams": "32"}
    try:
        container = av.open(f"file:{path}", mode="r", container_options=options)
    except (av.error.FFmpegError, ValueError, OSError) as error:
        raise ClipError(f"the film cannot be read: {getattr(error, 'strerror', None) or error}") from None
    try:
        return container, _checked_stream(container)
    except BaseException:
        container.close()
        raise


def _checked_stream(container: InputContainer) -> VideoStream:
    stream = next((found for found in container.streams.video if not _is_cover(found)), None)
    if stream is None:
        raise ClipError("the file has no moving picture")
    codec = stream.codec_context
    name = _CODEC_OF.get(codec.name, codec.name)
    if name not in CODECS:
        raise ClipError(f"films of codec {name} are not taken; convert it to H.264")
    if not stream.time_base:
        raise ClipError("the film has no time base")
    if codec.width * codec.height > MAX_PIXELS or min(codec.width, codec.height) < 1:
        raise ClipError(f"the film has {codec.width}×{codec.height} pixels; at most {MAX_PIXELS} are read")
    codec.thread_type = "AUTO"
    codec.thread_count = 2
    return stream


def _is_cover(stream: VideoStream) -> bool:
    return "attached_pic" in str(stream.disposition).lower()


def has_alpha(stream: VideoStream) -> bool:
    """Whether the pictures have transparency (in Matroska VP8 and VP9 say so in their tags)."""
    pixel_format = stream.codec_context.format
    name = pixel_format.name if pixel_format is not None else ""
    return _tagged_alpha(stream) or name.startswith(
        ("yuva", "rgba", "bgra", "argb", "abgr", "gbrap", "ya8", "ya16", "pal8")
    )


def _tagged_alpha(stream: VideoStream) -> bool:
    return {key.lower(): value for key, value in stream.metadata.items()}.get("alpha_mode") == "1"


class ClipReader:
    """A clip as pictures of one size, multiplied with their alpha, in the byte order asked for."""

    def __init__(self, path: Path, spec: ClipSpec, *, width: int, height: int, order: Order) -> None:
        self._path = path
        self._spec = spec
        self._size = (width, height)
        self._order: Order = order
        self._container, self._stream = open_clip(path)
        self._frames: Iterator[VideoFrame] = iter(())
        self._current: VideoFrame | None = None
        self._next: VideoFrame | None = None
        self._at_first = False
        self._painter: _Painter | None = None
        base = self._stream.time_base
        assert base is not None  # noqa: S101  # open_clip has checked it
        self._base: Fraction = base
        self._codec = self._decoder()

    def close(self) -> None:
        """Close the file."""
        self._container.close()

    def at(self, seconds: float) -> tuple[int, VideoFrame]:
        """Return the frame shown `seconds` after the file's first frame, and its presentation time as a name. Raises ClipError."""
        # A moment at the end or beyond means the last frame before it.
        seconds = min(seconds + self._spec.rounding, self._spec.end)
        wanted = self._spec.first_pts + float(Fraction(seconds) / self._base)
        if seconds >= self._spec.end:
            wanted -= 0.5
        try:
            self._go_to(wanted)
        except av.error.FFmpegError as error:
            raise ClipError(f"the film cannot be decoded: {error.strerror}") from None
        if self._current is None or self._current.pts is None:
            raise ClipError("no picture of the film can be decoded")
        return self._current.pts, self._current

    def paint(self, frame: VideoFrame) -> Picture:
        """Return a frame's pixels, height × width × 4. Raises ClipError."""
        try:
            if self._painter is None or not self._painter.takes(frame):
                self._painter = _Painter(frame, self._sample_aspect(), self._spec.options, self._size, self._order)
            return self._painter.paint(frame)
        except (av.error.FFmpegError, ValueError) as error:
            raise ClipError(f"the film's picture cannot be used: {getattr(error, 'strerror', None) or error}") from None

    def _go_to(self, wanted: float) -> None:
        behind = self._current is None or ((self._current.pts or 0) > wanted and not self._at_first)
        ahead = self._next is not None and wanted - (self._next.pts or 0) > _AHEAD_S / self._base
        if behind or ahead:
            self._seek(wanted)
        while self._next is not None and (self._next.pts or 0) <= wanted:
            self._current, self._next = self._next, next(self._frames, None)
            self._at_first = False

    def _seek(self, wanted: float) -> None:
        """Decode from a keyframe whose frame is not later than wanted."""
        # Deinterlacing looks at the frames around, so it begins a little earlier.
        early = 0.25 if self._spec.interlaced else 0.0
        for seconds in (early, early + 1.0, early + 10.0):
            target = int(wanted - seconds / self._base)
            if target <= self._spec.first_pts:
                break
            try:
                self._container.seek(target, stream=self._stream, backward=True)
            except (av.error.FFmpegError, ValueError):
                break
            self._begin(from_start=False)
            if self._current is not None and (self._current.pts or 0) <= wanted:
                return
        self._container.close()
        self._container, self._stream = open_clip(self._path)
        self._codec = self._decoder()
        self._begin(from_start=True)

    def _begin(self, *, from_start: bool) -> None:
        self._codec.flush_buffers()
        self._frames = self._deinterlaced() if self._spec.interlaced else self._decoded()
        self._at_first = from_start
        self._current = next(self._frames, None)
        self._next = next(self._frames, None)

    def _decoder(self) -> VideoCodecContext:
        codec = self._stream.codec_context
        if not _tagged_alpha(self._stream) or codec.name not in ("vp8", "vp9"):
            return codec
        # ffmpeg's own VP8 and VP9 decoders leave the alpha out.
        made = CodecContext.create({"vp8": "libvpx", "vp9": "libvpx-vp9"}[codec.name], "r")
        assert isinstance(made, VideoCodecContext)  # noqa: S101  # these are video decoders
        if codec.extradata:
            made.extradata = codec.extradata
        made.open()
        return made

    def _decoded(self) -> Iterator[VideoFrame]:
        """Frames in the order of their presentation; what does not decode is left out."""
        damaged = 0
        latest: int | None = None
        for packet in self._container.demux(self._stream):
            try:
                frames = self._codec.decode(packet if packet.size else None)
            except av.error.InvalidDataError:
                damaged += 1
                if damaged > _MAX_DAMAGED:
                    raise
                continue
            for frame in frames:
                if (
                    frame.pts is None
                    or (latest is not None and frame.pts <= latest)
                    or frame.pts < self._spec.first_pts
                ):
                    continue
                latest = frame.pts
                yield frame

    def _deinterlaced(self) -> Iterator[VideoFrame]:
        graph: av.filter.Graph | None = None
        shape: tuple[Any, ...] = ()
        for frame in self._decoded():
            found = (frame.width, frame.height, frame.format.name)
            if graph is None or found != shape:
                if graph is not None:
                    yield from _flushed(graph)
                graph, shape = _deinterlacer(frame, self._base), found
            graph.vpush(frame)
            yield from _pulled(graph)
        if graph is not None:
            yield from _flushed(graph)

    def _sample_aspect(self) -> Fraction:
        return sample_aspect(self._stream)


def sample_aspect(stream: VideoStream) -> Fraction:
    """Return a pixel's width divided by its height; figures that mean nothing are 1."""
    ratio = stream.sample_aspect_ratio or stream.codec_context.sample_aspect_ratio
    return ratio if ratio and Fraction(1, 8) <= ratio <= 8 else Fraction(1)


def _deinterlacer(frame: VideoFrame, base: Fraction) -> "av.filter.Graph":
    graph = av.filter.Graph()
    graph.threads = 1
    source = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=base)
    graph.link_nodes(
        source, graph.add("bwdif", "mode=send_frame:deint=interlaced"), graph.add("buffersink")
    ).configure()
    return graph


def _pulled(graph: "av.filter.Graph") -> Iterator[VideoFrame]:
    while True:
        try:
            yield graph.vpull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return


def _flushed(graph: "av.filter.Graph") -> Iterator[VideoFrame]:
    graph.vpush(None)
    yield from _pulled(graph)


def turned(rotation: int) -> int:
    """Return the degrees clockwise (0, 90, 180, 270) by which a film's pictures must be turned to stand upright.

    `rotation` is the counterclockwise turn of the display matrix, as PyAV tells it.
    """
    return round(-rotation / 90) % 4 * 90


def shown_size(width: int, height: int, aspect: Fraction, turn: int) -> tuple[int, int]:
    """Return a film's size in square pixels, upright."""
    square = (round(width * aspect), height) if aspect >= 1 else (width, round(height / aspect))
    wide, high = max(1, square[0]), max(1, square[1])
    return (high, wide) if turn in (90, 270) else (wide, high)


class _Painter:
    """A filter graph from decoded frames of one shape to the pixels of the place."""

    def __init__(
        self, frame: VideoFrame, aspect: Fraction, options: PictureValue, size: tuple[int, int], order: Order
    ) -> None:
        self._shape = _shape(frame)
        self._size = size
        self._alpha = any(component.is_alpha for component in frame.format.components) or frame.format.name == "pal8"
        graph = av.filter.Graph()
        graph.threads = 1
        nodes = [
            graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=Fraction(1, 1000))
        ]
        nodes += [graph.add(name, arguments) for name, arguments in self._steps(frame, aspect, options, order)]
        graph.link_nodes(*nodes, graph.add("buffersink")).configure()
        self._graph = graph
        self._inner = _inner_box(_upright(frame, aspect, options), options, size) if options.fit == "contain" else None
        self._cube = options.filters.cube()
        self._order = order

    def takes(self, frame: VideoFrame) -> bool:
        return _shape(frame) == self._shape

    def _steps(
        self, frame: VideoFrame, aspect: Fraction, options: PictureValue, order: Order
    ) -> Iterator[tuple[str, str]]:
        turn = (turned(frame.rotation) + options.rotate) % 360
        upright = _upright(frame, aspect, options)
        left, top, wide, high = _part(upright, options, self._size)
        # All of it scaled, then cut: cutting first would move colours of pictures with fewer colour samples. Only a small part is cut first.
        early = wide * high < 0.35
        stored = _stored_part((left, top, wide, high), turn, options.flip)
        if early:
            x, y = int(stored[0] * frame.width), int(stored[1] * frame.height)
            w, h = max(2, round(stored[2] * frame.width)), max(2, round(stored[3] * frame.height))
            yield "crop", f"w={min(w, frame.width)}:h={min(h, frame.height)}:x={x}:y={y}:exact=1"
        goal = _inner_box(upright, options, self._size)[2:] if options.fit == "contain" else self._size
        whole = goal if early else (max(1, round(goal[0] / wide)), max(1, round(goal[1] / high)))
        scaled = (whole[1], whole[0]) if turn in (90, 270) else whole
        matrix = _MATRICES.get(frame.colorspace) or ("bt709" if min(frame.width, frame.height) > 576 else "bt601")
        full = frame.color_range == _FULL_RANGE or frame.format.name.startswith("yuvj")
        colors = f"in_color_matrix={matrix}:in_range={'full' if full else 'limited'}:out_range=full"
        if frame.format.is_rgb or frame.format.name == "pal8":
            colors = "out_range=full"
        yield (
            "scale",
            f"w={scaled[0]}:h={scaled[1]}:flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp:{colors}",
        )
        yield "format", f"pix_fmts={order}"
        yield from _turning(turn, options.flip)
        if not early and (wide, high) != (1, 1):
            x, y = min(round(left * whole[0]), whole[0] - goal[0]), min(round(top * whole[1]), whole[1] - goal[1])
            yield "crop", f"w={goal[0]}:h={goal[1]}:x={max(0, x)}:y={max(0, y)}"
        yield from _coloring(options)
        yield "format", f"pix_fmts={order}"

    def paint(self, frame: VideoFrame) -> Picture:
        self._graph.vpush(frame)
        made = self._graph.vpull()
        picture = _pixels(made)
        if self._cube is not None:
            picture = _graded(picture, self._cube, self._order)
        if self._alpha:
            picture = _multiplied(picture)
        if self._inner is not None:
            x, y, wide, high = self._inner
            ground = np.zeros((self._size[1], self._size[0], 4), np.uint8)
            ground[y : y + high, x : x + wide] = picture
            picture = ground
        return picture


def _shape(frame: VideoFrame) -> tuple[Any, ...]:
    return frame.width, frame.height, frame.format.name, frame.colorspace, frame.color_range, frame.rotation


def _upright(frame: VideoFrame, aspect: Fraction, options: PictureValue) -> tuple[int, int]:
    return shown_size(frame.width, frame.height, aspect, (turned(frame.rotation) + options.rotate) % 360)


def _part(upright: tuple[int, int], options: PictureValue, size: tuple[int, int]) -> tuple[float, float, float, float]:
    """Return the part of the upright picture that is shown: left, top, width, height as fractions."""
    left, top, wide, high = options.crop
    if options.fit in ("contain", "fill"):
        return options.crop
    cropped = (max(1, round(upright[0] * wide)), max(1, round(upright[1] * high)))
    box = cover_box(cropped, size, options.focus)
    return (
        left + wide * box[0] / cropped[0],
        top + high * box[1] / cropped[1],
        wide * (box[2] - box[0]) / cropped[0],
        high * (box[3] - box[1]) / cropped[1],
    )


def _inner_box(upright: tuple[int, int], options: PictureValue, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return where a contained picture lies in its place: left, top, width, height."""
    wide, high = upright[0] * options.crop[2], upright[1] * options.crop[3]
    scale = min(size[0] / wide, size[1] / high)
    inner = (min(size[0], max(1, round(wide * scale))), min(size[1], max(1, round(high * scale))))
    return ((size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2, *inner)


def _stored_part(part: tuple[float, float, float, float], turn: int, flip: str) -> tuple[float, float, float, float]:
    """Return a part of the turned and mirrored picture as a part of the picture as stored."""
    left, top, wide, high = part
    if flip in ("horizontal", "both"):
        left = 1 - left - wide
    if flip in ("vertical", "both"):
        top = 1 - top - high
    match turn:
        case 90:
            return top, 1 - left - wide, high, wide
        case 180:
            return 1 - left - wide, 1 - top - high, wide, high
        case 270:
            return 1 - top - high, left, high, wide
        case _:
            return left, top, wide, high


def _turning(turn: int, flip: str) -> Iterator[tuple[str, str]]:
    match turn:
        case 90:
            yield "transpose", "dir=clock"
        case 180:
            yield "hflip", ""
            yield "vflip", ""
        case 270:
            yield "transpose", "dir=cclock"
    if flip in ("horizontal", "both"):
        yield "hflip", ""
    if flip in ("vertical", "both"):
        yield "vflip", ""


def _coloring(options: PictureValue) -> Iterator[tuple[str, str]]:
    filters = options.filters
    lut, matrix = filters.lut(), filters.matrix()
    if lut is not None:
        # The same table as for pictures, as the formula that made it.
        formula = f"clip(round((min(255,val*{filters.brightness:.6f})-127.5)*{filters.contrast:.6f}+127.5),0,255)"
        yield "lutrgb", f"r='{formula}':g='{formula}':b='{formula}'"
    if matrix is not None:
        names = ("rr", "rg", "rb", "gr", "gg", "gb", "br", "bg", "bb")
        figures = [part for row in matrix for part in row]
        yield (
            "colorchannelmixer",
            ":".join(f"{name}={min(2.0, max(-2.0, part)):.6f}" for name, part in zip(names, figures, strict=True)),
        )
    if filters.blur:
        yield "gblur", f"sigma={filters.blur:.3f}:steps=3"


def _pixels(frame: VideoFrame) -> Picture:
    plane = frame.planes[0]
    stored: Picture = np.frombuffer(memoryview(plane), np.uint8)
    return stored.reshape(-1, plane.line_size)[: frame.height, : frame.width * 4].reshape(frame.height, frame.width, 4)


def _graded(picture: Picture, cube: ImageFilter.Color3DLUT, order: Order) -> Picture:
    swap = [2, 1, 0] if order == "bgra" else [0, 1, 2]
    colors = np.asarray(Image.fromarray(np.ascontiguousarray(picture[:, :, swap])).filter(cube))
    return np.dstack((colors[:, :, swap], picture[:, :, 3]))


def _multiplied(picture: Picture) -> Picture:
    """Multiply the colours with their alpha, rounded."""
    alpha = picture[:, :, 3:].astype(np.uint16)
    product = picture[:, :, :3] * alpha + 127
    # (x + x/256 + 1) / 256 is x/255 for all that two bytes can give.
    made = np.empty_like(picture)
    made[:, :, :3] = (product + 1 + (product >> 8)) >> 8
    made[:, :, 3] = picture[:, :, 3]
    return made
