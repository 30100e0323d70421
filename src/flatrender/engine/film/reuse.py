"""What of a film was made before: asked of the store before drawing, kept in it after."""

import threading
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from flatrender.engine.errors import RenderError
from flatrender.engine.film.keys import film_key, segment_key, sound_key, still_key
from flatrender.engine.film.part import Part
from flatrender.engine.film.recheck import CheckedPictures, read_packets, report_again
from flatrender.engine.probe import FilmReport
from flatrender.engine.raster.pool import Background, WorkerPool
from flatrender.engine.scene import ResolvedScene
from flatrender.engine.sound.track import MIX_OPTIONS
from flatrender.engine.store.disk import Store
from flatrender.engine.store.keys import content_key, file_digest

_PIXELS = "pixels"
Record = TypeVar("Record")


class _Checked(msgspec.Struct, frozen=True, kw_only=True):
    """A film that passed its check, by the hash of its bytes."""

    sha256: str
    report: FilmReport


class Reuse:
    """One film's parts in a store. Without a store nothing is found and nothing is kept."""

    def __init__(self, store: Store | None, part: Part, scenes: Sequence[ResolvedScene], title: str | None) -> None:
        """Raises RenderError `sound_missing` for a sound file that cannot be read."""
        plan = part.plan
        self._store, self._plan = store, plan
        self._segments: list[str] = []
        self._sound = self._film = self._pictures = ""
        if store is None:
            return
        self._segments = [
            segment_key(scenes[chunk.scene], chunk.first, chunk.last, plan.settings) for chunk in plan.chunks
        ]
        try:
            options = MIX_OPTIONS | {"codec": plan.settings.facts.audio, "of": [part.begins_s, part.whole_s]}
            self._sound = sound_key(plan.sound, plan.duration_s, options) if plan.sound else ""
        except OSError as error:
            raise RenderError(
                f"the sound file cannot be read: {error.strerror}",
                code="sound_missing",
                where=str(error.filename or "sound"),
            ) from error
        self._film = film_key([*self._segments, self._sound], plan.settings, title=title)
        self._pictures = content_key("pictures", {"parts": self._segments, "settings": plan.settings})

    def fetch_segment(self, index: int, to: Path) -> bool:
        """Put chunk `index`'s segment at `to` when it was made before."""
        return self._store is not None and self._store.fetch(self._segments[index], to)

    def keep_segment(self, index: int, segment: Path) -> None:
        """Keep a segment that was just made."""
        if self._store is not None:
            self._store.keep(self._segments[index], segment)

    def fetch_sound(self, to: Path) -> bool:
        """Put the mixed sound at `to` when it was made before."""
        return self._store is not None and self._store.fetch(self._sound, to)

    def keep_sound(self, sound: Path) -> None:
        """Keep the mixed sound."""
        if self._store is not None:
            self._store.keep(self._sound, sound)

    def checked(self, film: Path, cancel: threading.Event | None) -> FilmReport | None:
        """Return the report of the joined film when one of exactly these bytes, or one with these pictures, passed its check before."""
        if self._store is None or not film.is_file():
            return None
        before = _decoded(self._store.read(self._film), _Checked)
        if before is not None and before.sha256 == file_digest(film):
            return msgspec.structs.replace(before.report, path=str(film))
        pictures = _decoded(self._store.read(self._pictures), CheckedPictures)
        report = report_again(film, self._plan, pictures, cancel=cancel) if pictures is not None else None
        if report is not None:
            self._keep_whole(self._store, film, report)
        return report

    def keep_check(self, film: Path, report: FilmReport, cancel: threading.Event | None) -> None:
        """Remember that the film passed its check; a folder of pictures is looked at each time."""
        if self._store is None or not film.is_file():
            return
        self._keep_whole(self._store, film, report)
        if self._plan.settings.facts.joined:
            packets, _ = read_packets(film, cancel=cancel)
            checked = CheckedPictures(packets=packets, report=report)
            self._store.write(self._pictures, msgspec.json.encode(checked), ".json")

    def _keep_whole(self, store: Store, film: Path, report: FilmReport) -> None:
        checked = _Checked(sha256=file_digest(film), report=report)
        store.write(self._film, msgspec.json.encode(checked), ".json")


def _decoded(data: bytes | None, kind: type[Record]) -> Record | None:
    try:
        return None if data is None else msgspec.json.decode(data, type=kind)
    except msgspec.DecodeError:
        return None


class KeptDrawings:
    """Draws like a pool, and draws nothing twice. For the few small pictures that a film's check compares with."""

    def __init__(self, pool: WorkerPool, store: Store | None) -> None:
        self._pool, self._store = pool, store

    def draw(
        self,
        scene: ResolvedScene,
        frame: float,
        *,
        width: int,
        height: int,
        background: Background | None = None,
        cancel: threading.Event | None = None,
    ) -> bytes:
        """One frame's pixels, as `WorkerPool.draw` gives them."""
        if self._store is None:
            return self._pool.draw(scene, frame, width=width, height=height, background=background, cancel=cancel)
        key = still_key(scene, frame, width=width, height=height, format=_PIXELS, background=background)
        kept = self._store.read(key)
        if kept is not None:
            return zlib.decompress(kept)
        pixels = self._pool.draw(scene, frame, width=width, height=height, background=background, cancel=cancel)
        self._store.write(key, zlib.compress(pixels, 1), ".pixels")
        return pixels
