"""What `pictures` and its decoding process say to each other."""

import msgspec

from flatrender.engine.picture_value import PictureValue


class PrepareQuestion(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Fit a picture into a place."""

    data: bytes
    width: int
    """Of the place, px."""
    height: int
    options: PictureValue
    """`fit` is set."""
    longest: int
    """The fitted picture is at most so many px a side."""


class PreparedAnswer(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A fitted picture, encoded."""

    kind: str
    """`png` or `jpeg`."""
    data: bytes
    upscaled: bool


class RefusedAnswer(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The file is not a picture that can be used."""

    reason: str


Answer = PreparedAnswer | RefusedAnswer
