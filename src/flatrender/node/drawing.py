"""Drawing one task with ThorVG: the same in the agent and in a process that draws a single picture."""

from collections.abc import Mapping
from pathlib import Path

from flatrender import telemetry
from flatrender.engine.clips.model import ClipFile
from flatrender.engine.film.expect import expect_segment
from flatrender.engine.film.segments import render_segment
from flatrender.engine.film.settings import FilmSettings
from flatrender.engine.probe import check_pictures
from flatrender.engine.raster.pool import WorkerPool
from flatrender.engine.scene import ResolvedScene
from flatrender.engine.still import render_still
from flatrender.node.sessions import Session
from flatrender.protocol.work import SegmentTask, StillTask, Task


def film_settings(task: SegmentTask) -> FilmSettings:
    """Return how a segment is encoded. Raises RenderError `settings_invalid`."""
    return FilmSettings(
        width=task.width,
        height=task.height,
        fps=task.fps,
        preset=task.preset,  # type: ignore[arg-type]  # FilmSettings' encoder refuses an unknown one
        crf=task.crf,
        background=task.background,
        kind=task.kind,  # type: ignore[arg-type]  # FilmSettings refuses an unknown one
        alpha=task.alpha,
        max_kbps=task.max_kbps,
    )


def resolved(task: Task, lottie: bytes, clips: Mapping[str, Path] | None = None) -> ResolvedScene:
    """Return the scene of a task as the engine takes it; `clips` are its films' files by their hash."""
    scene = task.scene
    return ResolvedScene(
        scene_key=scene.scene_key,
        lottie=lottie,
        sha256=scene.sha256,
        width=scene.width,
        height=scene.height,
        fps=scene.fps,
        first_frame=scene.first_frame,
        frames=scene.frames,
        clips=tuple(ClipFile(sha256=sha256, path=path) for sha256, path in (clips or {}).items()),
    )


def draw(
    task: Task, scene: ResolvedScene, out: Path, *, pool: WorkerPool, threads: int, session: Session | None = None
) -> None:
    """Draw what the task says into the file `out`; a segment is checked against its frames drawn small before anybody hears of it.

    Raises EngineError.
    """
    cancel = session.cancel if session is not None else None

    def progress(frames: int) -> None:
        if session is not None:
            session.frames_done = frames

    match task:
        case SegmentTask():
            settings = film_settings(task)
            # frames are encoded while the next ones are drawn: two spans would tell of one time
            with telemetry.span("draw and encode", attributes={"flatrender.frames": task.last - task.first + 1}):
                report = render_segment(
                    scene,
                    task.first,
                    task.last,
                    settings,
                    out,
                    pool=pool,
                    threads=threads,
                    progress=progress,
                    cancel=cancel,
                )
            if session is not None:
                session.log.note(
                    f"{report.frames} frames, {report.drawn} drawn in {report.draw_s:.3f} s; looking at it"
                )
            with telemetry.span("check"):
                expected = expect_segment(scene, task.first, task.last, settings, pool, cancel=cancel)
                check_pictures(out, expected, cancel=cancel)
        case StillTask():
            out.write_bytes(
                render_still(
                    scene,
                    task.frame,
                    width=task.width,
                    height=task.height,
                    pool=pool,
                    format=task.format,
                    background=task.background,
                    cancel=cancel,
                )
            )
