"""Runs of pictures: GIF, animated WebP, APNG and sequences of files, encoded once from a source that ffmpeg can read.

A source is the part of a command line that opens it (a list of lossless segments, or a film).
"""

import shutil
import tempfile
import threading
import zipfile
from collections.abc import Sequence
from pathlib import Path

from flatrender.engine.errors import RenderError
from flatrender.engine.ffmpeg import base_arguments, output_file
from flatrender.engine.film.encoders import lossless_pixels
from flatrender.engine.film.settings import FilmSettings
from flatrender.engine.process import run

FRAME_NAME = "frame-%06d"
"""Name of a sequence's file without its ending; frames count from 0."""


def write_pictures(
    source: Sequence[str],
    settings: FilmSettings,
    out: Path,
    *,
    scale: str = "",
    deadline_s: float,
    cancel: threading.Event | None = None,
) -> None:
    """Encode every picture of the source, in its order, at the settings' rate. `scale` is a filter to apply first.

    Raises RenderError `encoder_failed`, `output_unwritable` or `cancelled`; `out` does not exist then.
    """
    # By number, not by time: a list of segments has times rounded to microseconds.
    chain = ",".join(filter(None, (scale, f"settb=1/{settings.timescale},setpts=N*{settings.frame_ticks}")))
    job = _Job(source, settings, chain, deadline_s, cancel)
    if settings.facts.container == "frames":
        _sequence(job, out)
        return
    try:
        match settings.kind:
            case "gif":
                _gif(job, out)
            case "webp":
                quality = ("-lossless", "1") if settings.crf == 0 else ("-q:v", str(_webp_quality(settings.crf)))
                job.encode(
                    ("-c:v", "libwebp_anim", *quality, "-compression_level", "4", "-loop", "0"),
                    f"format={'bgra' if settings.alpha else 'bgr0'}",
                    ("-f", "webp", output_file(out.absolute())),
                )
            case _:
                job.encode(
                    ("-c:v", "apng", "-pred", "mixed"),
                    f"format={'rgba' if settings.alpha else 'rgb24'}",
                    ("-plays", "0", "-f", "apng", output_file(out.absolute())),
                )
    except BaseException:
        out.unlink(missing_ok=True)
        raise


def _webp_quality(crf: int) -> int:
    """WebP's 0 to 100 for a rate factor of H.264's: 20 is 80."""
    return max(10, min(100, round(110 - 1.5 * crf)))


class _Job:
    def __init__(
        self,
        source: Sequence[str],
        settings: FilmSettings,
        chain: str,
        deadline_s: float,
        cancel: threading.Event | None,
    ) -> None:
        self.source, self.settings, self.chain = list(source), settings, chain
        self._deadline_s, self._cancel = deadline_s, cancel

    def encode(self, codec: Sequence[str], pixels: str, output: Sequence[str]) -> None:
        self.run([*self.source, "-vf", f"{self.chain},{pixels}", "-fps_mode", "passthrough", *codec, *output])

    def run(self, arguments: Sequence[str]) -> None:
        run(
            [*base_arguments(), *arguments],
            what=f"writing the {self.settings.facts.container}",
            code="encoder_failed",
            deadline_s=self._deadline_s,
            cancel=self._cancel,
        )


def _gif(job: _Job, out: Path) -> None:
    """One palette of 256 colours for the whole film: a palette for each picture flickers and is larger."""
    clear = int(job.settings.alpha)
    with tempfile.TemporaryDirectory(prefix="flatrender-gif-") as folder:
        palette = Path(folder) / "palette.png"
        # In two runs: in one, ffmpeg would hold every picture in memory until the palette is known.
        made = (
            f"{job.chain},format={lossless_pixels(job.settings)},palettegen=reserve_transparent={clear}:stats_mode=full"
        )
        job.run([*job.source, "-vf", made, "-update", "1", "-f", "image2", output_file(palette)])
        dither = {"bayer": "bayer:bayer_scale=3"}.get(job.settings.dither, job.settings.dither)
        use = f"paletteuse=dither={dither}:diff_mode=rectangle:alpha_threshold=128"
        whole = f"[0:v]{job.chain},format={lossless_pixels(job.settings)}[pictures];[pictures][1:v]{use}"
        job.run([
            *job.source, "-protocol_whitelist", "file", "-f", "image2", "-pattern_type", "none", "-i", output_file(palette),
            "-filter_complex", whole, "-fps_mode", "passthrough", "-loop", "0", "-f", "gif", output_file(out.absolute()),
        ])  # fmt: skip


def _sequence(job: _Job, out: Path) -> None:
    out = out.absolute()
    try:
        with tempfile.TemporaryDirectory(prefix=".flatrender-frames-", dir=out.parent) as name:
            folder = Path(name) / "frames"
            folder.mkdir()
            suffix = ".png" if job.settings.kind == "png_frames" else ".jpg"
            pattern = output_file(Path(str(folder).replace("%", "%%")) / f"{FRAME_NAME}{suffix}")
            if job.settings.kind == "png_frames":
                pixels = f"format={'rgba' if job.settings.alpha else 'rgb24'}"
                codec = ["-c:v", "png", "-pred", "mixed", "-compression_level", "4"]
            else:
                # 2 to 31, smaller is better; a JPEG is BT.601 in full range.
                pixels = "scale=out_color_matrix=bt601:out_range=full,format=yuvj444p"
                codec = ["-c:v", "mjpeg", "-huffman", "optimal", "-q:v", str(max(2, min(31, job.settings.crf // 8)))]
            job.encode(codec, pixels, ["-start_number", "0", "-f", "image2", pattern])
            made: Path = folder
            if out.suffix.lower() == ".zip":
                made = Path(name) / "frames.zip"
                _zip(folder, made)
            made.replace(out)
    except OSError as error:
        raise RenderError(
            f"the pictures cannot be written here: {error.strerror}", code="output_unwritable", where=str(out)
        ) from error


def _zip(folder: Path, out: Path) -> None:
    # Stored: pictures do not get smaller. A fixed date: equal films are equal files.
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for path in sorted(folder.iterdir()):
            entry = zipfile.ZipInfo(path.name, (1980, 1, 1, 0, 0, 0))
            with archive.open(entry, "w") as target, path.open("rb") as source:
                shutil.copyfileobj(source, target, 1 << 20)
