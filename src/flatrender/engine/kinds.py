"""What a film can be written as: container, codec, what is kept of transparency and sound."""

from collections.abc import Mapping
from typing import Literal

import msgspec

OutputKind = Literal[
    "mp4_h264",
    "mp4_h265",
    "mp4_av1",
    "webm_vp9",
    "webm_av1",
    "mov_prores_4444",
    "mov_prores_422",
    "gif",
    "webp",
    "apng",
    "png_frames",
    "jpeg_frames",
]
Container = Literal["mp4", "webm", "mov", "gif", "webp", "apng", "frames"]
AudioCodec = Literal["aac", "opus", "pcm"]


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """The fixed facts of one kind of output."""

    container: Container
    suffix: str
    """Of the finished file; what is `frames` is a folder, or a ZIP when its name ends so."""
    codec: str
    """As the check finds it in the file."""
    pixels: tuple[str, ...]
    """Pixel formats that the check accepts for an opaque film."""
    alpha_pixels: tuple[str, ...] = ()
    """The same for a transparent film; empty when the kind has no transparency."""
    audio: AudioCodec | None = None
    """None: the kind is silent, sound is left out."""
    joined: bool = True
    """Whether segments have the film's own codec and join without encoding again. Otherwise they are lossless and encoded once, when they are together."""
    max_fps: int = 120

    @property
    def sound_suffix(self) -> str:
        """Ending of the name under which sound is mixed in this kind's codec."""
        return {"opus": ".webm", "pcm": ".mov"}.get(self.audio or "", ".m4a")

    @property
    def capped(self) -> bool:
        """Whether its bit rate can be capped: the AV1 encoder goes far beyond its cap in short segments."""
        return self.codec in ("h264", "hevc", "vp9")

    @property
    def picture_only(self) -> bool:
        """Whether it is a run of pictures (GIF, sequence) rather than a film that a player plays."""
        return self.container in ("gif", "webp", "apng", "frames")


KINDS: Mapping[OutputKind, Kind] = {
    "mp4_h264": Kind(container="mp4", suffix=".mp4", codec="h264", pixels=("yuv420p",), audio="aac"),
    "mp4_h265": Kind(container="mp4", suffix=".mp4", codec="hevc", pixels=("yuv420p",), audio="aac"),
    "mp4_av1": Kind(container="mp4", suffix=".mp4", codec="av1", pixels=("yuv420p",), audio="aac"),
    # Transparency of VP9 lies beside the picture: decoders that do not know it, and the check's, see yuv420p.
    "webm_vp9": Kind(
        container="webm",
        suffix=".webm",
        codec="vp9",
        pixels=("yuv420p",),
        alpha_pixels=("yuv420p", "yuva420p"),
        audio="opus",
    ),
    "webm_av1": Kind(container="webm", suffix=".webm", codec="av1", pixels=("yuv420p",), audio="opus"),
    "mov_prores_4444": Kind(
        container="mov",
        suffix=".mov",
        codec="prores",
        pixels=("yuv444p10le", "yuv444p12le"),
        alpha_pixels=("yuva444p10le", "yuva444p12le"),
        audio="pcm",
    ),
    "mov_prores_422": Kind(container="mov", suffix=".mov", codec="prores", pixels=("yuv422p10le",), audio="pcm"),
    # Browsers show a picture of less than 20 ms for 100 ms.
    "gif": Kind(
        container="gif", suffix=".gif", codec="gif", pixels=("bgra",), alpha_pixels=("bgra",), joined=False, max_fps=50
    ),
    "webp": Kind(container="webp", suffix=".webp", codec="webp", pixels=("rgb",), alpha_pixels=("rgba",), joined=False),
    "apng": Kind(container="apng", suffix=".png", codec="apng", pixels=("rgb",), alpha_pixels=("rgba",), joined=False),
    "png_frames": Kind(
        container="frames", suffix=".zip", codec="png", pixels=("rgb",), alpha_pixels=("rgba",), joined=False
    ),
    "jpeg_frames": Kind(container="frames", suffix=".zip", codec="mjpeg", pixels=("rgb",), joined=False),
}


def kind_for(name: str, *, alpha: bool = False) -> OutputKind | None:
    """Return the kind that people mean by a file's name: `.mp4`, `.webm`, `.mov`, `.gif`, `.webp`, `.apng` or `.png`; None for another ending.

    Transparency does not change the choice, but an MP4 has none: then None too.
    """
    by_suffix: Mapping[str, OutputKind] = {
        ".mp4": "mp4_h264",
        ".webm": "webm_vp9",
        ".mov": "mov_prores_4444" if alpha else "mov_prores_422",
        ".gif": "gif",
        ".webp": "webp",
        ".apng": "apng",
        ".png": "apng",
        ".zip": "png_frames",
    }
    kind = next((kind for suffix, kind in by_suffix.items() if name.lower().endswith(suffix)), None)
    return None if kind is None or (alpha and not KINDS[kind].alpha_pixels) else kind
