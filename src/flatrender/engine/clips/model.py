"""What a clip is and how it is told."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from flatrender.engine.picture_value import PictureValue

MEMBER = "fr_clip"
"""The member of an image asset that describes its clip."""
FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,gif,apng"
"""Demuxers for clips; none of them opens another file."""
CODECS = frozenset(
    {"h264", "hevc", "vp8", "vp9", "av1", "prores", "mpeg4", "mjpeg", "gif", "apng", "png", "qtrle", "dnxhd", "rawvideo", "theora"}
)  # fmt: skip
"""Decoders for clips, by ffmpeg's name of the codec."""
MAX_BYTES = 512 << 20
MAX_SECONDS = 3600
MAX_PIXELS = 8192 * 4320
MAX_SIDE = 4096
"""Pictures of a clip in its place are never larger than this."""
MAX_PLACES = 64
"""How many differently timed layers of one scene may show clips."""


class ClipInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What a film file holds."""

    duration_s: float
    """Seconds from its first frame to the end of its last."""
    frames: int
    first_pts: int
    """Presentation time of the first frame, in ticks of the stream."""
    rounding_s: float
    """By how much the file may have rounded its frames' times (half a tick); 0 where they are evenly spaced."""
    width: int
    """Pixels as shown: turned upright, pixels square."""
    height: int
    fps: float
    """Average."""
    codec: str
    interlaced: bool
    alpha: bool
    hdr: bool
    sound_offset_s: float | None
    """How much later the picture begins than the sound, seconds; None without sound."""
    sound_s: float | None
    """How long the sound lasts; None without sound."""


class ClipSpec(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A clip in a scene: the file by its hash, and all that decides which of its frames are shown and how."""

    sha256: str
    bytes: int
    first_pts: int
    start: float
    """Seconds after the file's first frame."""
    end: float
    """Likewise, after `start` and not after the file's end."""
    options: PictureValue
    """`fit` is set and `asset` empty; of `clip` everything but `start` and `end` counts."""
    fps: float
    """Frames a second of the composition that the clip was put into: its layers' times may have come into a Lottie of another rate."""
    rounding: float = 0.0
    """Seconds; as in ClipInfo."""
    interlaced: bool = False
    sound_offset: float | None = None
    """Seconds; as in ClipInfo."""
    sound_end: float | None = None
    """Seconds after the sound's beginning; None without sound."""


class ClipFile(msgspec.Struct, frozen=True, kw_only=True):
    """Where a scene's clip lies on this machine."""

    sha256: str
    path: Path


def clip_of(asset: dict[str, Any]) -> ClipSpec | None:
    """Return the clip that an image asset shows; None for a picture. Raises ValueError when its description is damaged."""
    described = asset.get(MEMBER)
    return None if described is None else msgspec.convert(described, ClipSpec)


def clip_assets(lottie: dict[str, Any]) -> Iterator[tuple[dict[str, Any], ClipSpec]]:
    """Return the image assets that show clips. Raises ValueError when a description is damaged."""
    for asset in lottie.get("assets") or ():
        if isinstance(asset, dict) and isinstance(asset.get("id"), str):
            spec = clip_of(asset)
            if spec is not None:
                yield asset, spec
