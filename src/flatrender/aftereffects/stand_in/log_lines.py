"""The lines that `aerender` prints."""

from __future__ import annotations

import datetime as dt
import sys
import time
from collections.abc import Callable
from typing import IO

import msgspec

VERSION = "24.0x55"
"""What `-version` says: programs read the year of After Effects from it."""
_NTSC_DROP = (29.97, 59.94)


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """The words of one language; the first is for the code page."""

    code_page: str = "utf-8"
    starting: str = "Starting composition “{name}”."
    finished: str = "Finished composition “{name}”."
    start: str = "Start"
    end: str = "End"
    duration: str = "Duration"
    rate: str = "Frame Rate: {rate:.2f} (comp)"
    seconds: str = "Seconds"
    elapsed: str = "Total Time Elapsed: {seconds} Seconds"


LANGUAGES = {
    "en": Words(),
    "de": Words(
        code_page="cp1252",
        starting="Komposition „{name}“ wird gestartet.",
        finished="Komposition „{name}“ abgeschlossen.",
        start="Anfang",
        end="Ende",
        duration="Dauer",
        rate="Framerate: {rate:.2f} (Komp)",
        seconds="Sekunden",
        elapsed="Gesamtdauer: {seconds} Sekunden",
    ),
    "ja": Words(
        code_page="cp932",
        starting="コンポジション「{name}」を開始しています。",
        finished="コンポジション「{name}」を完了しました。",
        start="開始",
        end="終了",
        duration="デュレーション",
        rate="フレームレート : {rate:.2f} (comp)",
        seconds="秒",
        elapsed="合計経過時間 : {seconds} 秒",
    ),
}


def timecode(frame: int, fps: float) -> str:
    """Return `h:mm:ss:ff`, drop-frame (`;`, SMPTE 12M) at 29.97 and 59.94."""
    whole = round(fps)
    drop = any(abs(fps - rate) < 0.01 for rate in _NTSC_DROP)
    if drop:
        left_out = 2 * (whole // 30)
        in_ten_minutes = whole * 600 - left_out * 9
        tens, rest = divmod(frame, in_ten_minutes)
        frame += left_out * 9 * tens
        if rest >= whole * 60:
            frame += left_out * (1 + (rest - whole * 60) // (whole * 60 - left_out))
    seconds, frames = divmod(frame, whole)
    mark = ";" if drop else ":"
    return mark.join((str(seconds // 3600), f"{seconds // 60 % 60:02d}", f"{seconds % 60:02d}", f"{frames:02d}"))


class Printer:
    """Writes the log to standard output, and to a file when one is asked for."""

    def __init__(
        self, words: Words, *, quiet: bool, log: IO[bytes] | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._words, self._quiet, self._log, self._clock = words, quiet, log, clock
        self._began = clock()
        self.split = False
        """Write each line in two pieces with a pause between them."""

    def progress(self, text: str) -> None:
        """Print a progress line, unless only errors are wanted."""
        if not self._quiet:
            self._write(f"PROGRESS: {text}")

    def warning(self, text: str) -> None:
        """Print a warning."""
        self._write(f"WARNING:After Effects warning: {text}")

    def error(self, text: str) -> None:
        """Print an error of `aerender` itself."""
        self._write(f"aerender ERROR: {text}")

    def application_error(self, text: str, numbers: tuple[int, int] = (86, 2)) -> None:
        """Print an error of After Effects, with its two numbers."""
        self._write(f"aerender Error: After Effects error: {text} ( {numbers[0]} :: {numbers[1]} )")

    def header(self, name: str, first: int, last: int, fps: float) -> None:
        """Print what is said before the first frame."""
        words = self._words
        self.progress(f" {_now()}: {words.starting.format(name=name)}")
        self.progress(f" {words.start}: {timecode(first, fps)}")
        self.progress(f" {words.end}: {timecode(last, fps)}")
        self.progress(f" {words.duration}: {timecode(last - first + 1, fps)}")
        rate = words.rate.format(rate=fps)
        self.progress(f" {rate if words.code_page == 'utf-8' else rate.replace('.', ',')}")

    def frame(self, frame: int, number: int, fps: float, seconds: int) -> None:
        """Print that a frame is done; `number` counts from 1."""
        self.progress(f" {timecode(frame, fps)} ({number}): {seconds} {self._words.seconds}")

    def finished(self, name: str) -> None:
        """Print what is said after the last frame."""
        self.progress(f" {_now()}: {self._words.finished.format(name=name)}")
        self.progress(f" {self._words.elapsed.format(seconds=round(self._clock() - self._began))}")

    def _write(self, text: str) -> None:
        data = (text + "\n").encode(self._words.code_page, errors="replace")
        if self._log is not None:
            self._log.write(data)
            self._log.flush()
        out = sys.stdout.buffer
        if self.split and len(data) > 8:  # long enough to be cut inside a number
            middle = len(data) // 2
            out.write(data[:middle])
            out.flush()
            time.sleep(0.005)
            data = data[middle:]
        out.write(data)
        out.flush()


def _now() -> str:
    return dt.datetime.now().astimezone().strftime("%m/%d/%Y %I:%M:%S %p")
