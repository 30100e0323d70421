"""Messages between a process and its child, over pipes: four bytes of length, then the message."""

import struct
from typing import IO

MAX_MESSAGE = 1 << 30
"""Bytes. A longer one is taken for the end of the stream: the other side has lost its place."""
_LENGTH = struct.Struct(">I")


def write_message(stream: IO[bytes], body: bytes) -> None:
    """Send one message."""
    stream.write(_LENGTH.pack(len(body)))
    stream.write(body)
    stream.flush()


def read_message(stream: IO[bytes]) -> bytes | None:
    """Return one message, or None at the end of the stream (also in the middle of a message)."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    if length > MAX_MESSAGE:
        return None
    body = stream.read(length)
    return body if len(body) == length else None
