"""Reading what `aerender` prints, in any language and code page, in pieces of any size.

Frames are recognised by their form, `0:00:00:07 (8): 0 Seconds`, not by words: timecodes may be drop-frame (`;`), feet and frames (`3+08`) or
plain numbers, the counter may carry `L` or `U`, and with several frames at once they come out of order. So frames are counted, not read off.
"""

from __future__ import annotations

import codecs
import re
from typing import Literal

import msgspec

EventKind = Literal["line", "launching", "launched", "header", "frame", "finished", "warning", "error"]
MAX_LINE = 16_384
"""Characters; what is longer is cut."""

_TIMECODE = r"\d{1,3}[:;.]\d{2}[:;.]\d{2}[:;.]\d{2,3}|\d+\+\d{2}|\d{1,9}"
_FRAME = re.compile(rf"^(?:[^\d(]{{0,40}}[:：])?\s*({_TIMECODE})\s*\(\s*(\d{{1,9}})\s*[LU]?\s*\)\s*[:：]")
_HEADER_TIME = re.compile(rf"^[^\d]{{0,60}}[:：]\s*({_TIMECODE})\s*$")
_HEADER_RATE = re.compile(r"^[^\d]{0,60}[:：]\s*(\d{1,3}[.,]\d{1,3})\s*(?:\(|$)")
_PROGRESS = re.compile(r"^\s*PROGRESS\s*[:：]\s?", re.IGNORECASE)
_WARNING = re.compile(r"^\s*WARNING\s*[:：]\s*(.*)$", re.IGNORECASE)
_ERROR = re.compile(r"^\s*(?:aerender\s+(?:version\s+\S+\s+)?)?ERROR\s*[:：]\s*(.*)$", re.IGNORECASE)
_APPLICATION_ERROR = re.compile(r"After Effects error\s*[:：]\s*(.*)$", re.IGNORECASE)
_ERROR_NUMBER = re.compile(r"\(\s*(-?\d+)\s*::\s*(-?\d+)\s*\)\s*$")
_FINISHED = re.compile(r"Finished composition|Total Time Elapsed", re.IGNORECASE)


class LogEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the log and what it says."""

    kind: EventKind
    text: str
    frame: int | None = None
    """The counter of a frame line; from 1 in the order of the composition."""


class LogReader:
    """Turns the bytes of the log into events. Incomplete lines wait for their end; undecodable bytes never stop it."""

    def __init__(self, fallback: str = "cp1252") -> None:
        self._fallback = fallback
        self._rest = b""
        self._utf16: codecs.IncrementalDecoder | None = None
        self._head = b""
        self._begun = False
        self._times: list[str] = []
        self.fps: float | None = None
        """Frames a second, once the header said it."""
        self.frames: set[int] = set()
        """Counters of the frames that are done."""
        self.expected: int | None = None
        """Frames that the header promised, when it says them in a form that can be counted."""

    def feed(self, data: bytes) -> list[LogEvent]:
        """Take a piece of the log and return the lines that it completed."""
        *lines, self._rest = re.split(rb"\r\n|\n|\r(?!$)", self._rest + self._to_bytes(data))
        if len(self._rest) > MAX_LINE * 4:
            lines.append(self._rest)
            self._rest = b""
        return [event for line in lines if (event := self._event(line)) is not None]

    def end(self) -> list[LogEvent]:
        """Return the last line, which has no end."""
        event, self._rest = self._event(self._rest + self._to_bytes(b"", ended=True)), b""
        return [event] if event is not None else []

    def _to_bytes(self, data: bytes, *, ended: bool = False) -> bytes:
        if not self._begun:
            self._head += data
            if len(self._head) < len(codecs.BOM_UTF8) and not ended:  # the mark at the beginning may come in pieces
                return b""
            self._begun, data = True, self._head
            if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
                self._utf16 = codecs.getincrementaldecoder("utf-16")(errors="replace")
            data = data.removeprefix(codecs.BOM_UTF8)
        return data if self._utf16 is None else self._utf16.decode(data).encode()

    def _event(self, raw: bytes) -> LogEvent | None:
        text = self._decode(raw).strip("\r\n\x00 \t")[:MAX_LINE]
        if not text:
            return None
        if (found := _WARNING.match(text)) is not None:
            return LogEvent(kind="warning", text=found[1])
        body = _PROGRESS.sub("", text)
        if (found := _FRAME.match(body)) is not None:
            number = int(found[2])
            self.frames.add(number)
            return LogEvent(kind="frame", text=text, frame=number)
        if (problem := _strong_error(text)) is not None:
            return LogEvent(kind="error", text=problem)
        return LogEvent(kind=self._stage(body, is_progress=body != text), text=text)

    def _decode(self, raw: bytes) -> str:
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            return raw.decode(self._fallback, errors="replace")

    def _stage(self, body: str, *, is_progress: bool) -> EventKind:
        if _FINISHED.search(body):
            return "finished"
        if not is_progress:
            return "line"
        if (found := _HEADER_TIME.match(body)) is not None:
            self._times.append(found[1])
            return "header"
        if self._times and self.fps is None and (found := _HEADER_RATE.match(body)) is not None:
            self.fps = float(found[1].replace(",", "."))
            self.expected = self._count()
            return "header"
        if body.rstrip().endswith("..."):
            return "launching"
        return "launched" if not self._times else "line"

    def _count(self) -> int | None:
        """Return how many frames the third time of the header (start, end, duration) is."""
        if len(self._times) < 3 or self.fps is None:  # start, end, duration
            return None
        parts = re.split(r"[:;.]", self._times[2])
        if len(parts) != 4:  # hours, minutes, seconds, frames
            return int(parts[0]) if len(parts) == 1 and parts[0].isdigit() else None
        hours, minutes, seconds, frames = (int(part) for part in parts)
        whole = round(self.fps)
        total = ((hours * 60 + minutes) * 60 + seconds) * whole + frames
        if ";" in self._times[2]:  # SMPTE drop-frame: two numbers (four at 60) are left out each minute but every tenth
            left_out = 2 * (whole // 30)
            total -= left_out * (hours * 60 + minutes - (hours * 60 + minutes) // 10)
        return total


def _strong_error(text: str) -> str | None:
    """Return the message of a line that says that the render failed.

    The libraries inside After Effects print `ERROR` in the middle of lines of their own, which means nothing.
    """
    for pattern in (_ERROR, _APPLICATION_ERROR):
        if (found := pattern.search(text)) is not None:
            return found[1].strip() or text
    return text if _ERROR_NUMBER.search(text) else None
