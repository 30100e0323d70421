"""A part of a film: some of its frames."""

import msgspec

from flatrender.engine.errors import RenderError
from flatrender.engine.film.plan import Chunk, FilmPlan, SceneSpan


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A plan of some of a film's frames, and what it leaves out."""

    plan: FilmPlan
    scenes: tuple[int, ...]
    """Which of the whole plan's scenes it shows."""
    begins_s: float
    """Where in the whole film it begins."""
    whole_s: float
    """How long the whole film is; its sound is mixed for that."""


def part_of(plan: FilmPlan, frames: tuple[int, int | None] | None) -> Part:
    """Return the plan of output frames `frames` (first and last, both shown; None: to the end, or all), which keeps the whole plan's cuts.

    Raises RenderError `settings_invalid` for frames that the film does not have.
    """
    if frames is None:
        everything = tuple(range(len(plan.scenes)))
        return Part(plan=plan, scenes=everything, begins_s=0.0, whole_s=plan.duration_s)
    begin, end = frames[0], plan.frames - 1 if frames[1] is None else frames[1]
    if not 0 <= begin <= end < plan.frames:
        raise RenderError(
            f"frames {begin} to {end} are not in the film, which has frames 0 to {plan.frames - 1}",
            code="settings_invalid",
        )
    scenes: list[int] = []
    spans: list[SceneSpan] = []
    chunks: list[Chunk] = []
    for index, span in enumerate(plan.scenes):
        first, last = max(begin, span.start), min(end, span.start + span.frames - 1)
        if first > last:
            continue
        inside = span.first + first - span.start
        after = inside + last - first
        for chunk in plan.chunks:
            if chunk.scene == index and chunk.first <= after and chunk.last >= inside:
                cut = {"first": max(chunk.first, inside), "last": min(chunk.last, after)}
                chunks.append(Chunk(index=len(chunks), scene=len(spans), **cut))
        scenes.append(index)
        spans.append(msgspec.structs.replace(span, start=first - begin, frames=last - first + 1, first=inside))
    part = msgspec.structs.replace(plan, scenes=tuple(spans), chunks=tuple(chunks))
    return Part(plan=part, scenes=tuple(scenes), begins_s=float(begin / plan.settings.rate), whole_s=plan.duration_s)
