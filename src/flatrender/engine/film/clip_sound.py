"""The sound of the clips in a film's scenes, as tracks in step with their pictures."""

import math
from collections.abc import Iterator, Sequence

import msgspec

from flatrender.engine.clips.timing import Place, places
from flatrender.engine.film.plan import FilmPlan
from flatrender.engine.scene import ResolvedScene
from flatrender.engine.sound.track import TrackSpec

MIN_SPEED, MAX_SPEED = 0.25, 4.0
"""Beyond these a clip is silent."""
MAX_ROUNDS = 24
"""So many times a looped clip sounds."""
_FADE_S = 0.005
"""Against clicks where a sound is cut."""
_SHORTEST_S = 0.02


def with_clip_sound(plan: FilmPlan, scenes: Sequence[ResolvedScene], where: Sequence[int]) -> FilmPlan:
    """Add the sound of the clips in the scenes at these places of the plan (not in its transitions, whose scenes sound already)."""
    if plan.settings.facts.audio is None:
        return plan
    tracks = [
        track
        for index in where
        for track in clip_tracks(scenes[index], float(plan.scenes[index].begins / plan.settings.rate))
    ]
    return msgspec.structs.replace(plan, sound=(*plan.sound, *tracks)) if tracks else plan


def clip_tracks(scene: ResolvedScene, begins_s: float) -> list[TrackSpec]:
    """Return the tracks of a scene whose frame 0 is `begins_s` seconds after the film's beginning.

    A clip is silent in a time-remapped precomposition, and where it plays slower than a quarter or faster than four times.
    """
    if not scene.clips:
        return []
    paths = {clip.sha256: clip.path for clip in scene.clips}
    tracks: list[TrackSpec] = []
    for place in places(msgspec.json.decode(scene.lottie)):
        spec = place.spec
        window = _window(place, scene)
        if spec.sound_end is None or spec.options.clip.volume <= 0 or spec.sha256 not in paths or window is None:
            continue
        for starts, offset, ends in _rounds(place, window):
            from_s, to_s = offset + (spec.sound_offset or 0.0), min(ends + (spec.sound_offset or 0.0), spec.sound_end)
            late = max(0.0, -from_s)
            from_s += late
            if to_s - from_s < _SHORTEST_S:
                continue
            tracks.append(
                TrackSpec(
                    kind="clip",
                    path=paths[spec.sha256],
                    volume=spec.options.clip.volume,
                    start_s=round(begins_s + starts + late / window.speed, 6),
                    offset_s=round(from_s, 6),
                    end_s=round(to_s, 6),
                    speed=window.speed,
                    fade_in_s=_FADE_S,
                    fade_out_s=_FADE_S,
                )
            )
    return tracks


class _Window(msgspec.Struct, frozen=True):
    """When a clip's layer is seen, seconds of the scene."""

    begins: float
    ends: float
    played: float
    """Seconds of the file that have played when it is first seen."""
    speed: float
    """Seconds of the file in a second of the scene."""


def _window(place: Place, scene: ResolvedScene) -> _Window | None:
    """Follow the layer's time outwards; None when it is never seen, is remapped, or is too slow or too fast to sound."""
    last = place.steps[-1]
    # `scale` and `shift` take a frame of the layer's composition to one of the scene.
    begins, ends = last.begins, last.ends
    scale, shift = 1.0, 0.0
    for step in reversed(place.steps[:-1]):
        if step.remap is not None:
            return None
        scale, shift = scale * step.stretch, shift * step.stretch + step.start
        begins, ends = (
            max(begins * step.stretch + step.start, step.begins),
            min(ends * step.stretch + step.start, step.ends),
        )
    first = last.begins * scale + shift
    begins, ends = max(begins, scene.first_frame), min(ends, scene.first_frame + scene.frames)
    speed = place.spec.options.clip.speed * scene.fps / (place.spec.fps * scale * last.stretch)
    if ends <= begins or not MIN_SPEED <= speed <= MAX_SPEED:
        return None
    return _Window(
        (begins - scene.first_frame) / scene.fps,
        (ends - scene.first_frame) / scene.fps,
        (begins - first) / scene.fps * speed,
        speed,
    )


def _rounds(place: Place, window: _Window) -> Iterator[tuple[float, float, float]]:
    """Return each time that the clip plays: when in the scene, from and to which second of the file."""
    length = place.spec.end - place.spec.start
    loops = place.spec.options.clip.after == "loop"
    number = math.floor(window.played / length) if loops else 0
    for count in range(number, number + (MAX_ROUNDS if loops else 1)):
        inside = max(0.0, window.played - count * length)
        starts = window.begins + max(0.0, count * length - window.played) / window.speed
        if inside >= length or starts >= window.ends:
            return
        ends = min(length, inside + (window.ends - starts) * window.speed)
        yield starts, place.spec.start + inside, place.spec.start + ends
