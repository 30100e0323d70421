"""Pictures and films that a person gives, as files beside the copy that After Effects reads."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from flatrender.aftereffects.personalise.errors import PersonaliseError
from flatrender.engine.clips.probe import clip_source, is_film
from flatrender.engine.errors import ValueRefused
from flatrender.engine.pictures import MAX_BYTES, MAX_SIDE, prepare

if TYPE_CHECKING:
    from flatrender.aftereffects.personalise.report import Notes
    from flatrender.engine.clips.model import ClipInfo
    from flatrender.engine.picture_value import Fit, PictureValue

FOLDER = "media"
"""Beside the copy. Short and ASCII, as After Effects needs its paths."""
_FILMS = {b"ftyp": ".mp4", b"moov": ".mov", b"mdat": ".mov", b"wide": ".mov", b"free": ".mov"}
_HEAD_BYTES = 64
_READABLE = 0o644
"""After Effects may run as another user than who writes the copy."""


class Brought(msgspec.Struct, frozen=True, kw_only=True):
    """A file that the copy refers to."""

    path: Path
    width: int
    """Pixels as After Effects shows them."""
    height: int
    film: ClipInfo | None = None
    """None for a picture."""


class MediaFolder:
    """The folder beside the copy. A file is named by its content, so several copies share it."""

    def __init__(self, beside: Path) -> None:
        self.folder = beside.parent / FOLDER
        self.written: list[str] = []

    def bring(
        self, source: Path, width: int, height: int, *, fit: Fit, options: PictureValue, where: str, notes: Notes
    ) -> Brought:
        """Bring a picture, fitted into `width` x `height` px and turned upright, or a film as it is.

        Raises PersonaliseError `asset_missing` and `asset_invalid`.
        """
        try:
            with source.open("rb") as file:
                head = file.read(_HEAD_BYTES)
            if is_film(head, moving_gif=False):
                return self._film(source, head, where)
            if source.stat().st_size > MAX_BYTES:
                raise PersonaliseError(
                    f"the picture has {source.stat().st_size >> 20} MB; at most {MAX_BYTES >> 20} MB are read",
                    code="asset_invalid",
                    where=where,
                )
            data = source.read_bytes()
        except OSError as error:
            raise PersonaliseError(
                f"the file cannot be read: {error.strerror}", code="asset_missing", where=where
            ) from error
        return self._picture(data, width, height, fit, options, where, notes)

    def _picture(
        self, data: bytes, width: int, height: int, fit: Fit, options: PictureValue, where: str, notes: Notes
    ) -> Brought:
        try:
            fitted = prepare(data, width, height, fit=fit, options=options, where=where)
        except ValueRefused as error:
            raise PersonaliseError(error.detail, code="asset_invalid", where=where) from error
        kind, body = fitted.data_uri.split(";base64,", 1)
        ratio = min(1.0, MAX_SIDE / max(width, height))
        size = (max(1, round(width * ratio)), max(1, round(height * ratio)))
        if fitted.upscaled:
            notes.note("media_upscaled", where, f"the picture has less than half of the {width}x{height} px it fills")
        suffix = ".png" if kind.endswith("png") else ".jpg"
        return Brought(path=self._keep(base64.b64decode(body), suffix), width=size[0], height=size[1])

    def _film(self, source: Path, head: bytes, where: str) -> Brought:
        suffix = ".mov" if head[8:12] == b"qt  " else _FILMS.get(head[4:8])
        if suffix is None:
            raise PersonaliseError(
                "After Effects reads no films of this kind: give an MP4 or MOV", code="asset_invalid", where=where
            )
        try:
            info = clip_source(source, where=where).info
        except ValueRefused as error:
            code = "asset_missing" if error.code == "missing_asset" else "asset_invalid"
            raise PersonaliseError(error.detail, code=code, where=where) from error
        if info.codec not in _READ:
            raise PersonaliseError(
                f"After Effects does not read films in {info.codec}: convert it to H.264",
                code="asset_invalid",
                where=where,
            )
        return Brought(path=self._copied(source, suffix), width=info.width, height=info.height, film=info)

    def _keep(self, data: bytes, suffix: str) -> Path:
        path = self._named(hashlib.sha256(data).hexdigest(), suffix)
        if not path.exists():
            _write(path, data)
        return path

    def _copied(self, source: Path, suffix: str) -> Path:
        with source.open("rb") as file:
            path = self._named(hashlib.file_digest(file, "sha256").hexdigest(), suffix)
        if not path.exists():
            handle, name = tempfile.mkstemp(dir=self.folder, prefix=".", suffix=suffix)
            os.close(handle)
            try:
                shutil.copyfile(source, name)
                Path(name).chmod(_READABLE)
                Path(name).replace(path)
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise
        return path

    def _named(self, digest: str, suffix: str) -> Path:
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{digest[:12]}{suffix}"
        told = f"{FOLDER}/{path.name}"
        if told not in self.written:
            self.written.append(told)
        return path


_READ = frozenset(
    {"h264", "hevc", "prores", "mjpeg", "mpeg4", "qtrle", "png", "dnxhd", "rawvideo", "cfhd", "animation"}
)
"""Codecs that After Effects has a decoder for on both systems."""


def _write(path: Path, data: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=path.suffix)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(name).chmod(_READABLE)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
