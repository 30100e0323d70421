"""Clips in an open scene: a buffer each, which ThorVG shows as a picture and into which the next frame is written before each drawing."""

import ctypes
import secrets
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from flatrender.engine.clips.model import MAX_PIXELS
from flatrender.engine.clips.reader import ClipError, ClipReader, Order
from flatrender.engine.clips.timing import Place, TooManyPlacesError, moment, places
from flatrender.engine.errors import RenderError
from flatrender.engine.raster.thorvg import BGRA, Resolver, ThorVG

_OPEN_READERS = 8
"""Each holds a decoder, tens of megabytes of it."""
_MAX_BUFFERS = 8 * MAX_PIXELS
"""Pixels of all buffers of a scene together."""
_ABGR, _ARGB = 0, 1
"""ThorVG's names of byte orders, alpha multiplied in: red first, and blue first."""


class SceneClips:
    """The clips of one scene. Raises RenderError `clip_invalid` or `clip_missing`."""

    def __init__(self, thorvg: ThorVG, scene: dict[str, Any], files: Mapping[str, Path], *, colorspace: int) -> None:
        self._library = thorvg.library
        self._files = files
        self._order: Order = "bgra" if colorspace == BGRA else "rgba"
        self._first_frame = float(scene["ip"])
        try:
            self._places = places(scene)
        except (TooManyPlacesError, ValueError, KeyError, TypeError) as error:
            raise _invalid(f"the scene's clips cannot be placed: {error}") from error
        if sum(place.width * place.height for place in self._places) > _MAX_BUFFERS:
            raise _invalid("the clips of the scene together are too large: use fewer, or smaller places")
        self._buffers = [np.zeros((place.height, place.width, 4), np.uint8) for place in self._places]
        self._shown: list[object] = [None] * len(self._places)
        self._readers: OrderedDict[int, ClipReader] = OrderedDict()
        # A name that no file has: ThorVG looks for a file before it asks.
        prefix = f"clip-{secrets.token_hex(16)}-"
        self._by_name = {f"{prefix}{number}".encode(): number for number in range(len(self._places))}
        by_id = {asset["id"]: asset for asset in scene["assets"] if isinstance(asset.get("id"), str)}
        for number, place in enumerate(self._places):
            by_id[place.asset_id].update(u="", p=f"{prefix}{number}", e=0)
        self.resolver: Callable[..., bool] = Resolver(self._resolve)
        """ThorVG keeps no reference to it: it must live as long as the animation."""

    def _resolve(self, paint: int, source: bytes, _data: int) -> bool:
        number = self._by_name.get(source.rpartition(b"/")[2])
        if number is None:
            return True  # "resolved", so ThorVG looks no further
        buffer = self._buffers[number]
        order = _ARGB if self._order == "bgra" else _ABGR
        loaded = self._library.tvg_picture_load_raw(
            paint, buffer.ctypes.data_as(ctypes.c_void_p), buffer.shape[1], buffer.shape[0], order, False
        )
        return bool(loaded == 0)

    def show(self, frame: float) -> None:
        """Write what each clip shows at a frame, counted from the Lottie's in point, into its buffer."""
        for number, place in enumerate(self._places):
            seconds = place.seconds(frame + self._first_frame)
            if seconds is None:
                continue  # its layer is not shown, so its buffer may hold anything
            at = moment(place.spec, seconds)
            if at is None:
                self._write(number, ("nothing",), None)
                continue
            try:
                reader = self._reader(number, place)
                name, picture = reader.at(at)
                if self._shown[number] != ("frame", name):
                    self._write(number, ("frame", name), reader.paint(picture))
            except ClipError as error:
                raise _invalid(f"{error} (clip of picture {place.asset_id.rpartition('~')[0]!r})") from error

    def _write(self, number: int, name: object, picture: np.ndarray[Any, Any] | None) -> None:
        if self._shown[number] != name:
            self._buffers[number][:] = 0 if picture is None else picture
            self._shown[number] = name

    def _reader(self, number: int, place: Place) -> ClipReader:
        reader = self._readers.get(number)
        if reader is None:
            while len(self._readers) >= _OPEN_READERS:
                self._readers.popitem(last=False)[1].close()
            reader = ClipReader(
                self._file(place), place.spec, width=place.width, height=place.height, order=self._order
            )
            self._readers[number] = reader
        self._readers.move_to_end(number)
        return reader

    def _file(self, place: Place) -> Path:
        path = self._files.get(place.spec.sha256)
        try:
            if path is not None and path.stat().st_size == place.spec.bytes:
                return path
        except OSError:
            pass
        raise RenderError(f"the clip {place.spec.sha256[:12]}… is not there, or was changed", code="clip_missing")

    def close(self) -> None:
        """Close the files."""
        while self._readers:
            self._readers.popitem()[1].close()


def _invalid(what: str) -> RenderError:
    return RenderError(what, code="clip_invalid")


def with_clips(
    thorvg: ThorVG, lottie: bytes, files: Mapping[str, Path], *, colorspace: int
) -> tuple[bytes, SceneClips | None]:
    """Return the (already confined) scene with its clips to be shown, and what shows them; None when it has none."""
    if not files:
        return lottie, None
    scene = msgspec.json.decode(lottie)
    clips = SceneClips(thorvg, scene, files, colorspace=colorspace)
    return msgspec.json.encode(scene), clips
