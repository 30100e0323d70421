"""Pictures for image layers: decoded in a process with limits, turned upright, fitted into the designed size, encoded again."""

from __future__ import annotations

import base64
import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

import msgspec

from flatrender.engine.errors import ValueRefused
from flatrender.engine.helper import HelperFailedError, Helpers
from flatrender.engine.picture_messages import Answer, PrepareQuestion, RefusedAnswer
from flatrender.engine.picture_value import Fit, PictureValue

MAX_BYTES = 64 * 1024 * 1024
MAX_SIDE = 4096
"""A fitted picture is never larger than this."""
PREVIEW_SIDE = 640
DEADLINE_S = 30.0
"""Seconds one picture may take."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A picture as it goes into a scene."""

    data_uri: str
    upscaled: bool
    """Whether it has less than half the pixels of the place it fills."""


class _Cache:
    """The pictures prepared last, bounded by their size."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.size = 0
        self.entries: OrderedDict[bytes, Prepared] = OrderedDict()
        self.lock = Lock()

    def get(self, key: bytes) -> Prepared | None:
        with self.lock:
            value = self.entries.get(key)
            if value is not None:
                self.entries.move_to_end(key)
            return value

    def put(self, key: bytes, value: Prepared) -> None:
        with self.lock:
            if key in self.entries:
                return
            self.entries[key] = value
            self.size += len(value.data_uri)
            while self.size > self.limit and len(self.entries) > 1:
                self.size -= len(self.entries.popitem(last=False)[1].data_uri)


_prepared = _Cache(limit=128 * 1024 * 1024)
_helpers = Helpers("flatrender.engine.picture_child", most=2)
_answers = msgspec.msgpack.Decoder(Answer)


def prepare(
    data: bytes,
    width: int,
    height: int,
    *,
    fit: Fit = "cover",
    options: PictureValue | None = None,
    preview: bool = False,
    where: str = "picture",
) -> Prepared:
    """Fit a picture (PNG, JPEG, WebP, AVIF, HEIC, GIF, SVG; of a moving one its first frame) into `width` × `height` px, as a data URI.

    `options` says what is done with it; its `fit` goes before the argument `fit`. `cover` fills the place and cuts what is over, keeping
    the focus point as near to the middle as it can; `contain` shows the whole picture on transparent ground; `fill` stretches it. With
    `preview` the picture has at most 640 px a side. Raises ValueRefused `picture_invalid`.
    """
    chosen = options or PictureValue(asset="")
    chosen = msgspec.structs.replace(chosen, asset="", fit=chosen.fit or fit)
    said = msgspec.json.encode((width, height, chosen, preview))
    key = hashlib.sha256(data).digest() + said
    cached = _prepared.get(key)
    if cached is None:
        if len(data) > MAX_BYTES:
            raise _refused(f"the picture has {len(data)} bytes; at most {MAX_BYTES} are read", where)
        question = PrepareQuestion(
            data=data, width=width, height=height, options=chosen, longest=PREVIEW_SIDE if preview else MAX_SIDE
        )
        try:
            raw = _helpers.ask(msgspec.msgpack.encode(question), deadline_s=DEADLINE_S)
        except HelperFailedError as error:
            raise _refused(f"the picture cannot be decoded: {error}", where) from error
        answer = _answers.decode(raw)
        if isinstance(answer, RefusedAnswer):
            raise _refused(answer.reason, where)
        body = base64.b64encode(answer.data).decode("ascii")
        cached = Prepared(f"data:image/{answer.kind};base64,{body}", answer.upscaled)
        _prepared.put(key, cached)
    return cached


def _refused(what: str, where: str) -> ValueRefused:
    return ValueRefused(what, code="picture_invalid", where=where)


def data_uri_bytes(uri: str) -> bytes | None:
    """Return the bytes of a base64 data URI; None when it is none or damaged."""
    head, comma, body = uri.partition(",")
    if not comma or not head.startswith("data:") or not head.endswith(";base64") or len(body) > 2 * MAX_BYTES:
        return None
    try:
        return base64.b64decode(body)
    except ValueError:
        return None
