"""What a film file is, and stills of it: asked of a process with limits."""

import atexit
import base64
import hashlib
import shutil
import tempfile
import threading
from collections import OrderedDict
from pathlib import Path
from typing import TypeVar

import msgspec

from flatrender.engine.clips.messages import Answer, Info, InfoQuestion, Poster, PosterQuestion, Question, Unusable
from flatrender.engine.clips.model import MAX_BYTES, ClipInfo, ClipSpec
from flatrender.engine.errors import ValueRefused
from flatrender.engine.helper import HelperFailedError, Helpers
from flatrender.engine.picture_value import PictureValue

DEADLINE_S = 60.0
"""Seconds that looking at one film may take."""
_HEAD_BYTES = 64
_KEPT = 512
_STILL_BRANDS = frozenset({b"avif", b"avis", b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})

Key = TypeVar("Key")
Value = TypeVar("Value")

_helpers = Helpers("flatrender.engine.clips.child", most=2)
_answers = msgspec.msgpack.Decoder(Answer)
_lock = threading.Lock()
_hashes: OrderedDict[tuple[str, int, int], str] = OrderedDict()  # guarded by _lock
_infos: OrderedDict[str, ClipInfo] = OrderedDict()  # guarded by _lock
_posters: OrderedDict[bytes, str] = OrderedDict()  # guarded by _lock


class ClipSource(msgspec.Struct, frozen=True, kw_only=True):
    """A film file that can be used."""

    path: Path
    sha256: str
    bytes: int
    info: ClipInfo


def is_film(head: bytes, *, moving_gif: bool = True) -> bool:
    """Whether a file that begins so is a film (MP4, MOV, Matroska, WebM) or, with `moving_gif`, a GIF, which may move."""
    if head[4:8] == b"ftyp":
        return head[8:12] not in _STILL_BRANDS
    if head[4:8] in (b"moov", b"mdat", b"wide", b"free") or head.startswith(b"\x1a\x45\xdf\xa3"):
        return True
    return moving_gif and head.startswith((b"GIF87a", b"GIF89a"))


def film_file(source: Path | bytes, *, where: str) -> Path | None:
    """Return the path of a film's file; None when it is no film by its first bytes.

    Bytes are written into a folder that lasts as long as this process. Raises ValueRefused `missing_asset`.
    """
    if isinstance(source, bytes):
        return _spooled(source) if is_film(source[:_HEAD_BYTES]) else None
    try:
        with source.open("rb") as file:
            return source.absolute() if is_film(file.read(_HEAD_BYTES)) else None
    except (OSError, ValueError):
        raise ValueRefused(
            "the file cannot be read: check that it is there", code="missing_asset", where=where
        ) from None


def clip_source(path: Path, *, where: str) -> ClipSource:
    """Look at a film. Raises ValueRefused `clip_invalid`, or `missing_asset` when it cannot be read."""
    try:
        stat = path.stat()
        if stat.st_size > MAX_BYTES:
            raise _invalid(f"the film has {stat.st_size} bytes; at most {MAX_BYTES} are read", where)
        sha256 = _hash(path, stat.st_mtime_ns, stat.st_size)
    except OSError:
        raise ValueRefused(
            "the film cannot be read: check that it is there", code="missing_asset", where=where
        ) from None
    with _lock:
        info = _infos.get(sha256)
    if info is None:
        answer = _ask(InfoQuestion(path=str(path)), where)
        assert isinstance(answer, Info)  # noqa: S101  # each question has its answer
        info = answer.info
        with _lock:
            _keep(_infos, sha256, info)
    return ClipSource(path=path, sha256=sha256, bytes=stat.st_size, info=info)


def poster(path: Path, spec: ClipSpec, seconds: float, width: int, height: int, *, where: str) -> str:
    """Return what the place shows `seconds` after the film's first frame, as a data URI. Raises ValueRefused `clip_invalid`."""
    key = msgspec.json.encode((spec, seconds, width, height))
    with _lock:
        kept = _posters.get(key)
    if kept is not None:
        return kept
    question = PosterQuestion(path=str(path), spec=spec, seconds=seconds, width=width, height=height)
    answer = _ask(question, where)
    assert isinstance(answer, Poster)  # noqa: S101  # each question has its answer
    made = f"data:image/{answer.kind};base64," + base64.b64encode(answer.data).decode("ascii")
    with _lock:
        _keep(_posters, key, made)
        while sum(map(len, _posters.values())) > 64 << 20:
            _posters.popitem(last=False)
    return made


def clip_still(path: Path, *, longest: int, where: str) -> bytes:
    """Return a picture file (JPEG, or PNG with transparency) of a film, one second in or at its middle, at most `longest` px a side.

    Raises ValueRefused `clip_invalid`, or `missing_asset` when it cannot be read.
    """
    clip = clip_source(path, where=where)
    info = clip.info
    ratio = min(1.0, longest / max(info.width, info.height))
    spec = ClipSpec(
        sha256=clip.sha256,
        bytes=clip.bytes,
        first_pts=info.first_pts,
        start=0.0,
        end=info.duration_s,
        options=PictureValue(asset="", fit="fill"),
        fps=1.0,
        interlaced=info.interlaced,
    )
    question = PosterQuestion(
        path=str(path),
        spec=spec,
        seconds=min(1.0, info.duration_s / 2),
        width=max(1, round(info.width * ratio)),
        height=max(1, round(info.height * ratio)),
    )
    answer = _ask(question, where)
    assert isinstance(answer, Poster)  # noqa: S101  # each question has its answer
    return answer.data


def _ask(question: Question, where: str) -> Answer:
    try:
        raw = _helpers.ask(msgspec.msgpack.encode(question), deadline_s=DEADLINE_S)
    except HelperFailedError as error:
        raise _invalid(f"the film cannot be decoded: {error}", where) from error
    answer: Answer = _answers.decode(raw)
    if isinstance(answer, Unusable):
        raise _invalid(answer.reason, where)
    return answer


def _invalid(what: str, where: str) -> ValueRefused:
    return ValueRefused(what, code="clip_invalid", where=where)


def _hash(path: Path, changed: int, size: int) -> str:
    key = (str(path), changed, size)
    with _lock:
        known = _hashes.get(key)
    if known is None:
        with path.open("rb") as file:
            known = hashlib.file_digest(file, "sha256").hexdigest()
        with _lock:
            _keep(_hashes, key, known)
    return known


def _keep(kept: OrderedDict[Key, Value], key: Key, value: Value) -> None:
    kept[key] = value
    while len(kept) > _KEPT:
        kept.popitem(last=False)


_spool: list[Path] = []  # at most one folder; guarded by _lock


def _spooled(data: bytes) -> Path:
    with _lock:
        if not _spool:
            _spool.append(Path(tempfile.mkdtemp(prefix="flatrender-clips-")))
            atexit.register(shutil.rmtree, _spool[0], ignore_errors=True)
        path = _spool[0] / hashlib.sha256(data).hexdigest()
        if not path.exists():
            part = path.with_suffix(".part")
            part.write_bytes(data)
            part.replace(path)
        return path
