"""What ffmpeg is told for each kind of segment.

Segments of equal settings join without encoding again: closed groups of pictures, one time base, and parameters that follow from the
settings alone (the number of threads changes none of them). Kinds that are encoded once at the end have lossless segments.
"""

from collections.abc import Mapping
from pathlib import Path

from flatrender.engine.ffmpeg import output_file
from flatrender.engine.film.settings import FilmSettings, Preset

GOP_SECONDS = 2
COLOR_TAGS = "setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=limited"
TO_LIMITED = "scale=in_range=full:out_color_matrix=bt709:out_range=limited"
"""Filter from full-range BGR pictures to the limited range of BT.709."""

_VP9_SPEED: Mapping[Preset, int] = {
    "ultrafast": 8, "superfast": 7, "veryfast": 5, "faster": 4, "fast": 3, "medium": 2, "slow": 1,
}  # fmt: skip
_VP9_LAST_GOOD = 5
"""Faster speeds are only for encoding in real time, which looks at no later frame."""
_AV1_PRESET: Mapping[Preset, int] = {
    "ultrafast": 12, "superfast": 11, "veryfast": 10, "faster": 9, "fast": 8, "medium": 6, "slow": 4,
}  # fmt: skip

# A straight picture is black where it is transparent, and a codec that mixes neighbours (half as many colour samples, blocks) would carry
# the black into the edges. So the colours around are spread into what is transparent: the premultiplied picture blurred and divided by its
# own blurred alpha, put behind the picture, which keeps its alpha.
_BLEED = (
    "format=gbrap,split=3[whole][shape][near];"
    "[near]premultiply=inplace=1,boxblur=lr=8:lp=2:cr=8:cp=2:ar=8:ap=2,unpremultiply=inplace=1,format=gbrp[around];"
    "[shape]alphaextract[alpha];"
    "[around][whole]overlay=format=gbrp[filled];"
    "[filled][alpha]alphamerge,format=gbrap"
)


def gop_frames(settings: FilmSettings) -> int:
    """Frames from one key frame to the next."""
    return max(1, round(settings.rate * GOP_SECONDS))


def picture_filter(settings: FilmSettings) -> str:
    """Return the filter from raw pictures (`raw_pixels`) to what the encoder takes: BT.709, limited range."""
    return COLOR_TAGS if is_planar(settings) else rgb_filter(settings)


def rgb_filter(settings: FilmSettings) -> str:
    """Return the filter from full-range RGB pictures, straight RGBA with `alpha`, to what the encoder takes."""
    if not settings.facts.joined:
        return f"format={lossless_pixels(settings)}"
    pixels = _encoded_pixels(settings)
    spread = f"{_BLEED}," if settings.alpha else ""
    return f"{spread}{TO_LIMITED},format={pixels},{COLOR_TAGS}"


def _encoded_pixels(settings: FilmSettings) -> str:
    return {
        "mov_prores_4444": "yuva444p10le" if settings.alpha else "yuv444p10le",
        "mov_prores_422": "yuv422p10le",
        "webm_vp9": "yuva420p" if settings.alpha else "yuv420p",
    }.get(settings.kind, "yuv420p")


def is_planar(settings: FilmSettings) -> bool:
    """Whether the encoder takes planar YUV 4:2:0 of 8 bits, which the worker makes several times faster than ffmpeg."""
    return settings.facts.joined and not settings.alpha and _encoded_pixels(settings) == "yuv420p"


def raw_pixels(settings: FilmSettings) -> str:
    """Pixel format of the raw pictures that the worker hands over."""
    if is_planar(settings):
        return "yuv420p"
    return "rgba" if settings.alpha else "bgra"


def lossless_pixels(settings: FilmSettings) -> str:
    """Pixel format of segments that are encoded once at the end."""
    return "bgra" if settings.alpha else "bgr0"


def codec_arguments(settings: FilmSettings, *, threads: int) -> list[str]:
    """Return the encoder's options."""
    gop = str(gop_frames(settings))
    if not settings.facts.joined:
        # One slice a thread is what a lossless segment gains from threads; the settings do not decide them, so they are fixed.
        return ["-c:v", "ffv1", "-level", "3", "-coder", "range_def", "-context", "0", "-g", "1", "-slices", "4",
                "-slicecrc", "1", "-threads", str(threads)]  # fmt: skip
    match settings.facts.codec:
        case "h264":
            # The lossless way is in no profile but High 4:4:4 Predictive, which the encoder then names itself.
            high = ("-profile:v", "high") if settings.crf else ()
            return [
                *("-c:v", "libx264", "-preset", settings.preset, "-crf", str(settings.crf), *high),
                *_cap(settings),
                *("-threads", str(threads), "-g", gop, "-flags", "+cgop", "-x264-params", "open-gop=0"),
            ]
        case "hevc":
            return [*_h265(settings, threads), "-g", gop]
        case "vp9":
            return [*_vp9(settings, threads), "-g", gop]
        case "av1":
            return [*_av1(settings, threads), "-g", gop]
        case _:
            profile = "4444" if settings.kind == "mov_prores_4444" else "hq"
            alpha = ("-alpha_bits", "16") if settings.alpha else ()
            return ["-c:v", "prores_ks", "-profile:v", profile, "-vendor", "apl0", *alpha, "-threads", str(threads)]


def segment_arguments(settings: FilmSettings, out: Path, *, threads: int) -> list[str]:
    """Return the end of a segment's command line, from the codec to the file: the same wherever the pictures come from, so that segments join."""
    flags = ("-fflags", "+bitexact", "-flags:v", "+bitexact+cgop" if settings.kind == "mp4_h264" else "+bitexact")
    return [
        *codec_arguments(settings, threads=threads),
        *("-an", "-map_metadata", "-1", *flags, *segment_container(settings), output_file(out)),
    ]


def segment_container(settings: FilmSettings) -> tuple[str, ...]:
    """Return the options of a segment's container."""
    if not settings.facts.joined:
        return ("-f", "nut")
    if settings.facts.container == "webm":
        return ("-f", "webm")
    # The movie's own time scale too: in its default milliseconds the length of most segments cannot be said.
    scale = str(settings.timescale)
    return ("-video_track_timescale", scale, "-movie_timescale", scale, "-f", settings.facts.container)


def _cap(settings: FilmSettings) -> tuple[str, ...]:
    if settings.max_kbps is None:
        return ()
    # Half full at its start, as the segment before leaves it on the average: each segment is measured on its own.
    rate, half = f"{settings.max_kbps}k", f"{settings.max_kbps // 2}k"
    return ("-maxrate", rate, "-bufsize", rate, "-rc_init_occupancy", half)


def _h265(settings: FilmSettings, threads: int) -> list[str]:
    # `info=0`: no message with the encoder's options in the stream. `scenecut` stays: it only adds key frames.
    params = f"open-gop=0:info=0:log-level=error:pools={threads}:frame-threads=1"
    # Two or three steps of x265's own factor are one of x264's: https://x265.readthedocs.io/en/stable/cli.html (crf 28 stands for x264's 23).
    quality = "lossless=1" if settings.crf == 0 else f"crf={min(51, settings.crf + 4)}"
    return ["-c:v", "libx265", "-preset", settings.preset, "-tag:v", "hvc1", "-profile:v", "main", *_cap(settings),
            "-x265-params", f"{quality}:{params}"]  # fmt: skip


def _vp9(settings: FilmSettings, threads: int) -> list[str]:
    # 0 to 63. The line was fitted to equal SSIM with x264 at crf 18, 24 and 30 on a scene of ours, as AV1's below.
    quality = ["-lossless", "1"] if settings.crf == 0 else ["-crf", str(max(1, min(63, round(settings.crf * 1.6) - 3)))]
    # Without `-b:v 0` a default bit rate would be the cap. An alternate reference frame has no transparency of its own.
    bits = f"{settings.max_kbps}k" if settings.max_kbps is not None else "0"
    speed = _VP9_SPEED[settings.preset]
    ahead = not settings.alpha and speed <= _VP9_LAST_GOOD
    deadline = ["-deadline", "good"] if speed <= _VP9_LAST_GOOD else ["-deadline", "realtime", "-lag-in-frames", "0"]
    return ["-c:v", "libvpx-vp9", *quality, "-b:v", bits, *deadline, "-cpu-used", str(speed), "-row-mt", "1",
            "-auto-alt-ref", str(int(ahead)), "-threads", str(threads)]  # fmt: skip


def _av1(settings: FilmSettings, threads: int) -> list[str]:
    quality = max(1, min(63, settings.crf * 2 - 10))
    return ["-c:v", "libsvtav1", "-preset", str(_AV1_PRESET[settings.preset]), "-crf", str(quality),
            "-svtav1-params", f"lp={threads}:scd=0"]  # fmt: skip
