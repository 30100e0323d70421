"""Where a film's time goes: drawing alone, encoding alone, both together, the whole film; and a still on a warm worker."""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from flatrender.engine.film.plan import lottie_frames, plan_film
from flatrender.engine.film.render import render_film
from flatrender.engine.film.segments import encoder_arguments, render_segment
from flatrender.engine.film.settings import FilmSettings
from flatrender.engine.raster.pool import WorkerPool
from flatrender.engine.resolve import resolve_scene
from flatrender.engine.scene import ResolvedScene
from flatrender.engine.sound.mix import mix_sound
from flatrender.engine.sound.track import TrackSpec
from flatrender.engine.still import render_still
from flatrender.engine.template import Template, load_template

_PROMO = Path(__file__).resolve().parent.parent / "templates" / "promo"
# A sink that takes the pictures and does nothing, so that drawing and handing over are measured without an encoder.
_SINK = (sys.executable, "-S", "-c", "import os\nwhile os.read(0, 1 << 20): pass")


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _resolved(template: Template) -> list[ResolvedScene]:
    return [resolve_scene(template, scene.key) for scene in template.scenes]


def _music(template: Template, folder: Path) -> list[TrackSpec]:
    if not template.music:
        return []
    path = folder / f"music{Path(template.music[0].file).suffix}"
    path.write_bytes(template.read_file(template.music[0].file))
    return [TrackSpec(kind="music", path=path, volume=0.8, loop=True, fade_out_s=1.5)]


def _draw_all(scenes: list[ResolvedScene], settings: FilmSettings, pool: WorkerPool) -> tuple[int, float]:
    frames, draw_s = 0, 0.0
    size = {"width": settings.width, "height": settings.height, "background": settings.background}
    for span, scene in zip(plan_film(scenes, settings).scenes, scenes, strict=True):
        times = lottie_frames(scene.frames, scene.fps, settings.rate, 0, span.frames - 1)
        report = pool.encode(scene, times, _SINK, **size)
        frames, draw_s = frames + report.frames, draw_s + report.draw_s
    return frames, draw_s


def _encode_again(
    scene: ResolvedScene, settings: FilmSettings, pool: WorkerPool, folder: Path, threads: int
) -> tuple[int, float]:
    """Feed sixty pictures of one scene, drawn before, to the encoder."""
    step = max(1, scene.frames // 60)
    size = {"width": settings.width, "height": settings.height, "background": settings.background}
    pictures = [pool.draw(scene, frame, **size) for frame in range(0, scene.frames, step)][:60]
    argv = encoder_arguments(settings, folder / "encoded.mp4", threads=threads)

    def work() -> None:
        encoder = subprocess.Popen(argv, stdin=subprocess.PIPE)
        assert encoder.stdin is not None
        for picture in pictures:
            encoder.stdin.write(picture)
        encoder.stdin.close()
        assert encoder.wait() == 0

    return len(pictures), _seconds(work)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench stages", description=__doc__)
    parser.add_argument("template", nargs="?", type=Path, default=_PROMO)
    parser.add_argument("--short-side", type=int, default=1080, help="pixels")
    options = parser.parse_args()
    template = load_template(options.template)
    design = template.sizes[0]
    scale = options.short_side / min(design.width, design.height)
    settings = FilmSettings(
        width=2 * round(design.width * scale / 2), height=2 * round(design.height * scale / 2), fps=template.fps
    )
    cores = os.cpu_count() or 1
    table = Table("what", "frames", "seconds", "frames/s", title=f"{template.key}, {settings.width}×{settings.height}")

    def row(what: str, frames: int, seconds: float) -> None:
        table.add_row(what, str(frames), f"{seconds:.2f}", f"{frames / seconds:.1f}")

    with tempfile.TemporaryDirectory(prefix="flatrender-bench-") as name:
        folder = Path(name)
        scenes: list[ResolvedScene] = []
        row("values into scenes", len(template.scenes), _seconds(lambda: scenes.extend(_resolved(template))))
        longest = max(scenes, key=lambda scene: scene.frames)
        with WorkerPool(1) as one:
            one.warm()
            render_still(longest, 0, width=64, height=64, pool=one)
            began = time.perf_counter()
            frames, draw_s = _draw_all(scenes, settings, one)
            row("drawing alone, inside 1 worker", frames, draw_s)
            row("drawing and handing over, 1 worker", frames, time.perf_counter() - began)
            for threads in sorted({1, cores}):
                row(f"encoder alone, {threads} thread(s)", *_encode_again(longest, settings, one, folder, threads))
            out = folder / "segment.mp4"
            seconds = _seconds(
                lambda: render_segment(longest, 0, longest.frames - 1, settings, out, pool=one, threads=cores)
            )
            row(f"longest scene, 1 worker, {cores} encoder thread(s)", longest.frames, seconds)
            size = {"width": settings.width, "height": settings.height, "pool": one}
            stills = [_seconds(lambda: render_still(longest, 1, **size)) for _ in range(9)]
            row("still on a warm worker (median of 9)", 1, statistics.median(stills))
        sound = _music(template, folder)
        plan = plan_film(scenes, settings)
        if sound:
            row("sound", plan.frames, _seconds(lambda: mix_sound(sound, plan.duration_s, folder / "sound.m4a")))
        for workers in sorted({1, cores}):
            with WorkerPool(workers) as pool:
                pool.warm()
                seconds = _seconds(
                    lambda pool=pool: render_film(scenes, settings, folder / "film.mp4", sound=sound, pool=pool)
                )
            row(f"whole film, {workers} worker(s)", plan.frames, seconds)
    table.caption = f"{plan.duration_s:.1f} s of film; {cores} cores, load {os.getloadavg()[0]:.1f} at the end"
    Console().print(table)


if __name__ == "__main__":
    main()
