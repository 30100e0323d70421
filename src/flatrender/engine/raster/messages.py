"""What a pool and its workers say to each other: msgpack messages, each after its length in four bytes."""

from typing import IO

import msgspec

from flatrender.engine.framing import read_message, write_message
from flatrender.engine.media import FilmInfo, FilmQuestion, Unusable


class Open(msgspec.Struct, frozen=True, tag=True):
    """Make a scene ready at one size. Without `lottie` the worker answers `Opened` only when it still holds the scene."""

    key: str
    width: int
    height: int
    background: tuple[int, int, int] | None
    lottie: bytes | None = None
    clips: dict[str, str] = {}
    """The scene's clip files: SHA-256 → path."""


class Draw(msgspec.Struct, frozen=True, tag=True):
    """Draw one frame of the open scene and send its pixels. Frames count from the Lottie's in point."""

    key: str
    frame: float


class Program(msgspec.Struct, frozen=True, tag=True):
    """A program that reads pictures on its standard input: as drawn, or (`planar`) as planar YUV 4:2:0."""

    argv: tuple[str, ...]
    planar: bool = False


class H264File(msgspec.Struct, frozen=True, tag=True):
    """A file that the worker encodes itself, with libx264: planar YUV 4:2:0, BT.709, limited range. Options are named as ffmpeg names them."""

    path: str
    format: str
    """The container's name in ffmpeg."""
    rate: tuple[int, int]
    """Frames a second, as a fraction."""
    codec_options: dict[str, str]
    format_options: dict[str, str]


class Encode(msgspec.Struct, frozen=True, tag=True):
    """Draw these frames of the open scene into an encoder."""

    key: str
    frames: tuple[float, ...]
    into: Program | H264File


class Look(msgspec.Struct, frozen=True, tag=True):
    """Look at a film, as the process of `media` does; the answer is a `Seen`."""

    question: FilmQuestion


class Opened(msgspec.Struct, frozen=True, tag=True):
    """The scene is ready, or (`found` false) must be sent."""

    found: bool


class Picture(msgspec.Struct, frozen=True, tag=True):
    """Pixels, four bytes each: RGBA, straight alpha (scene opened without background) or BGRA (with one)."""

    pixels: bytes


class Phase(msgspec.Struct, frozen=True, tag=True):
    """What the worker does now: `draw` frame `done`, wait to hand it to the encoder (`encode`), or wait for the encoder to `finish`.

    Told at most twenty times a second.
    """

    name: str
    done: int


class Encoded(msgspec.Struct, frozen=True, tag=True):
    """The encoder took every frame and ended well. `draw_s` is the seconds spent drawing, `drawn` how many frames were drawn."""

    drawn: int
    draw_s: float


class Seen(msgspec.Struct, frozen=True, tag=True):
    """What a film is."""

    answer: FilmInfo | Unusable


class Failed(msgspec.Struct, frozen=True, tag=True):
    """The command could not be done; the worker is well."""

    code: str
    detail: str


Command = Open | Draw | Encode | Look
Reply = Opened | Picture | Phase | Encoded | Seen | Failed


def write(stream: IO[bytes], message: Command | Reply) -> None:
    """Send one message."""
    write_message(stream, msgspec.msgpack.encode(message))


read = read_message
