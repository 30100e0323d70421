"""H.264 written in the worker: libx264 through PyAV, fed with planes that are already in this process.

The encoder's memory, a few hundred megabytes of pictures, is used again by the next file; a program of its own would have each page of it cleared
for each file. Call this in a worker process only.
"""

import importlib
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from flatrender.engine.raster.feed import SinkBrokenError
from flatrender.engine.raster.messages import H264File

_BT709, _LIMITED = 1, 1
"""As ITU-T H.273 numbers them, and as libavutil numbers ranges."""


def preload() -> None:
    """Import the encoder, so that the first file does not wait for it."""
    importlib.import_module("av")


class H264Writer:
    """Encodes pictures, in order, into one file."""

    def __init__(self, order: H264File, width: int, height: int) -> None:
        """Raises SinkBrokenError when the file or the encoder cannot be opened."""
        import av  # noqa: PLC0415  # 50 ms that a worker for stills does without

        self._av: Any = av
        rate = Fraction(*order.rate)
        self._frame = av.VideoFrame(width, height, "yuv420p")
        self._frame.time_base = 1 / rate
        planes = self._frame.planes
        self.strides: tuple[int, int] = (planes[0].line_size, planes[1].line_size)
        """Bytes from one row to the next of the first plane and of the other two, as `take` wants them."""
        self._planes = [(plane, plane.buffer_size) for plane in planes]
        self._count = 0
        try:
            self._file: Any = av.open(
                f"file:{order.path}", mode="w", format=order.format, container_options=order.format_options
            )
            stream = self._file.add_stream("libx264", rate=rate, options=order.codec_options)
            self._stream: Any = stream
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            context = stream.codec_context
            context.time_base = 1 / rate
            context.thread_type = "FRAME"  # slices would cost quality
            context.color_primaries = context.color_trc = context.colorspace = _BT709
            context.color_range = _LIMITED
        except (av.error.FFmpegError, ValueError, OSError) as error:
            raise SinkBrokenError(f"the encoder could not be opened: {error}") from error

    def take(self, picture: memoryview) -> None:
        """Encode one picture: its planes with `strides`. Raises SinkBrokenError."""
        at = 0
        for plane, size in self._planes:
            plane.update(picture[at : at + size])  # type: ignore[arg-type]  # any buffer will do
            at += size
        self._frame.pts = self._count
        self._count += 1
        # The encoder copies a picture before it returns, so its memory may be filled anew.
        self._write(self._frame)

    def end(self, *, broken: bool) -> None:
        """Encode what is still waiting and close the file. Raises SinkBrokenError."""
        try:
            if not broken:
                self._write(None)
        finally:
            try:
                self._file.close()
            except self._av.error.FFmpegError as error:
                raise SinkBrokenError(f"the file could not be finished: {error}") from error

    def _write(self, frame: object) -> None:
        try:
            packets: Sequence[Any] = self._stream.encode(frame)
            for packet in packets:
                packet.duration = 1
                self._file.mux(packet)
        except self._av.error.FFmpegError as error:
            raise SinkBrokenError(f"the encoder failed: {error}") from error
