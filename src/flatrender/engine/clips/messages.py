"""What `probe` and its decoding process say to each other."""

import msgspec

from flatrender.engine.clips.model import ClipInfo, ClipSpec


class InfoQuestion(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """What does the file hold."""

    path: str


class PosterQuestion(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Make a still of a clip."""

    path: str
    spec: ClipSpec
    seconds: float
    """After the file's first frame."""
    width: int
    height: int


class Info(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """What it holds."""

    info: ClipInfo


class Poster(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """An encoded still."""

    kind: str
    """`png` or `jpeg`."""
    data: bytes


class Unusable(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The file is no clip that can be used."""

    reason: str


Question = InfoQuestion | PosterQuestion
Answer = Info | Poster | Unusable
