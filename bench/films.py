"""The films that the speed benchmark renders, and the ways of rendering them that it compares."""

import itertools
import math
import os
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np

from flatrender.engine.ffmpeg import ffmpeg
from flatrender.engine.film.encoders import TO_LIMITED
from flatrender.engine.film.plan import lottie_frames, output_frames
from flatrender.engine.film.segments import encoder_arguments
from flatrender.engine.film.settings import FilmSettings
from flatrender.engine.raster.pool import WorkerPool
from flatrender.engine.resolve import resolve_scene
from flatrender.engine.scene import ResolvedScene
from flatrender.engine.template import load_template

WIDTH, HEIGHT = 1920, 1080
_WRITE = "import shutil,sys\nshutil.copyfileobj(sys.stdin.buffer, open(sys.argv[1], 'ab'), 1 << 20)"


class Film(msgspec.Struct, frozen=True, kw_only=True):
    """A film to render: all scenes of a template or of a Lottie file, with their default values, without sound."""

    key: str
    source: Path
    settings: FilmSettings
    scenes: tuple[ResolvedScene, ...]
    """Fitted into the film's shape, as the command does it."""
    animations: tuple[bytes, ...]
    """The scenes' Lotties in their own shape, which another player fits itself."""

    @property
    def lengths(self) -> list[int]:
        """Output frames of each scene."""
        return [output_frames(scene.frames, scene.fps, self.settings.rate) for scene in self.scenes]

    @property
    def frames(self) -> int:
        """Output frames of the film."""
        return sum(self.lengths)


class Took(msgspec.Struct, frozen=True, kw_only=True):
    """What a way of rendering took."""

    seconds: float
    cpu_s: float
    """Of the process and everything that it started, user and system."""


def film(source: Path) -> Film:
    """Read a template or a Lottie file."""
    template = load_template(source)
    settings = FilmSettings(width=WIDTH, height=HEIGHT, fps=template.fps)
    return Film(
        key=source.stem,
        source=source,
        settings=settings,
        scenes=tuple(resolve_scene(template, scene.key, canvas=(WIDTH, HEIGHT)) for scene in template.scenes),
        animations=tuple(resolve_scene(template, scene.key).lottie for scene in template.scenes),
    )


def measure(argv: Sequence[str], stdin: Path | None = None) -> Took:
    """Run a program to its end; raise CalledProcessError with what it said when it fails."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    with (stdin or Path(os.devnull)).open("rb") as given:
        subprocess.run(argv, stdin=given, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=True)
    seconds = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Took(seconds=seconds, cpu_s=after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)


def render_ours(one: Film, out: Path) -> Took:
    """The command as a user types it: its start, reading, drawing, encoding, joining and checking."""
    size = f"{WIDTH}x{HEIGHT}"
    command = [sys.executable, "-m", "flatrender", "render", str(one.source), "--size", size, "--music", "none"]
    return measure([*command, "--no-store", "-o", str(out)])


def draw_ready(one: Film, pool: WorkerPool, out: Path, *, planar: bool) -> None:
    """Write every frame of the film to a file: as it was drawn (BGRA), or as the worker hands it to the encoder (planes)."""
    out.unlink(missing_ok=True)
    for scene, frames in zip(one.scenes, one.lengths, strict=True):
        times = lottie_frames(scene.frames, scene.fps, one.settings.rate, 0, frames - 1)
        pool.encode(
            scene,
            times,
            [sys.executable, "-S", "-c", _WRITE, str(out)],
            width=WIDTH,
            height=HEIGHT,
            background=one.settings.background,
            planar=planar,
        )


def encode_ready(one: Film, ready: Path, out: Path, *, planar: bool) -> Took:
    """The encoder alone with all cores, fed with ready frames: planes, told what our workers tell it, or pictures as drawn, which it converts."""
    arguments = encoder_arguments(one.settings, out, threads=os.cpu_count() or 1)
    if not planar:
        pixels, filters = arguments.index("-pixel_format") + 1, arguments.index("-vf") + 1
        arguments[pixels] = "bgra"
        arguments[filters] = f"{TO_LIMITED},format=yuv420p,{arguments[filters]}"
    return measure(arguments, ready)


def psnr(made: Path, ready: Path) -> float:
    """Decibels between an encoded film and its ready frames, all planes, of every fifth frame."""
    size = WIDTH * HEIGHT * 3 // 2
    decode = [ffmpeg(), "-nostdin", "-loglevel", "error", "-i", f"file:{made}", "-fps_mode", "passthrough"]
    squares, values = 0.0, 0
    with (
        ready.open("rb") as wanted,
        subprocess.Popen(
            [*decode, "-f", "rawvideo", "-pix_fmt", "yuv420p", "pipe:1"], stdout=subprocess.PIPE
        ) as decoder,
    ):
        assert decoder.stdout is not None
        for number in itertools.count():
            shown, drawn = decoder.stdout.read(size), wanted.read(size)
            assert len(shown) == len(drawn), "the film has not as many frames as were drawn"
            if not shown:
                break
            if number % 5 == 0:
                apart = np.frombuffer(shown, np.uint8).astype(np.int16) - np.frombuffer(drawn, np.uint8)
                squares += float(np.square(apart, dtype=np.int32).sum())
                values += size
    return 10 * math.log10(255**2 * values / squares) if squares else math.inf
