"""Transitions between scenes. A transition is a scene: a Lottie that holds both of its neighbours, drawn, stored and encoded like any other."""

import hashlib
from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

import msgspec

from flatrender.engine.errors import RenderError, TemplateError
from flatrender.engine.film.merge import Rgb, Side, lottie_side, precomp_layer, scene_side
from flatrender.engine.film.overlaps import overlap_frames, scene_room
from flatrender.engine.film.plan import output_frames
from flatrender.engine.film.settings import FilmSettings
from flatrender.engine.film.transition_kinds import (
    Direction,
    Easing,
    TransitionKind,
    progress,
    transition_layers,
)
from flatrender.engine.lottie.document import Json, canonical, parse_lottie
from flatrender.engine.lottie.walk import SOLID, dicts
from flatrender.engine.scene import ResolvedScene, SceneWarning

if TYPE_CHECKING:
    from flatrender.engine.template.package import Template

MAX_SECONDS = 10.0


class Transition(msgspec.Struct, frozen=True, kw_only=True):
    """How one scene gives way to the next. Raises RenderError `settings_invalid`."""

    kind: TransitionKind
    seconds: float = 0.5
    """How long both are seen, above 0 to 10; the film is shorter by it. A cut has none."""
    direction: Direction = "left"
    """Of push, slide and wipe."""
    easing: Easing | None = None
    """Without it a dissolve and a fade are even, movements start and end softly."""
    color: Rgb = (0, 0, 0)
    """What a fade goes through: red, green, blue, 0 to 255."""
    lottie: bytes | None = None
    """The animation of a template's own transition (`template`): its layers named `from` and `to` become the two scenes."""

    def __post_init__(self) -> None:
        if not 0 < self.seconds <= MAX_SECONDS:
            raise RenderError(
                f"a transition of {self.seconds:g} s; give above 0 to {MAX_SECONDS:g}", code="settings_invalid"
            )
        if not all(0 <= level <= 255 for level in self.color):
            raise RenderError("a colour has three levels from 0 to 255", code="settings_invalid")
        if (self.lottie is not None) != (self.kind == "template"):
            raise RenderError(
                "a template's transition needs its animation, the others have none", code="settings_invalid"
            )


CUT = Transition(kind="cut")


def template_transition(
    template: "Template", key: str, *, size: str | None = None, seconds: float | None = None
) -> Transition:
    """Return a template's own transition in one of its sizes. Raises ValueRefused `value_out_of_range` for a key or size that it has not."""
    own = template.transition(key)
    return Transition(
        kind="template",
        seconds=own.seconds if seconds is None else seconds,
        lottie=canonical(template.transition_lottie(key, size)),
    )


class Arrangement(msgspec.Struct, frozen=True, kw_only=True):
    """Scenes and the transitions between them, in the film's order, for `plan_film`."""

    scenes: tuple[ResolvedScene, ...]
    trims: tuple[tuple[int, int], ...]
    """For each, which of its output frames are shown: (first, how many)."""
    places: tuple[int, ...]
    """Where in `scenes` each scene that was given is."""
    warnings: tuple[SceneWarning, ...] = ()
    """`transition_shortened`: a scene is too short for its transitions, each got what there is."""


def arrange(scenes: Sequence[ResolvedScene], transitions: Sequence[Transition], settings: FilmSettings) -> Arrangement:
    """Put a transition between each scene and the next; only the frames of which both are seen are drawn anew.

    Every scene keeps at least one frame of its own: a transition that asks for more is shortened, to a cut if need be.
    Raises RenderError `settings_invalid` unless there is one transition fewer than scenes, TemplateError for a bad transition animation.
    """
    if len(transitions) != max(0, len(scenes) - 1):
        raise RenderError(
            f"{len(transitions)} transitions for {len(scenes)} scenes; give one fewer than scenes",
            code="settings_invalid",
        )
    lengths = [output_frames(scene.frames, scene.fps, settings.rate) for scene in scenes]
    overlaps, warnings = _overlaps(scenes, lengths, transitions, settings.rate)
    parts: list[ResolvedScene] = []
    trims: list[tuple[int, int]] = []
    places: list[int] = []
    for index, scene in enumerate(scenes):
        shared_before = overlaps[index - 1] if index else 0
        shared_after = overlaps[index] if index < len(overlaps) else 0
        places.append(len(parts))
        parts.append(scene)
        trims.append((shared_before, lengths[index] - shared_before - shared_after))
        if shared_after:
            composed = compose_transition(
                scene, scenes[index + 1], transitions[index], frames=shared_after, settings=settings
            )
            parts.append(composed)
            trims.append((0, shared_after))
    return Arrangement(scenes=tuple(parts), trims=tuple(trims), places=tuple(places), warnings=tuple(warnings))


def _overlaps(
    scenes: Sequence[ResolvedScene], lengths: Sequence[int], transitions: Sequence[Transition], rate: Fraction
) -> tuple[list[int], list[SceneWarning]]:
    wanted = [0 if one.kind == "cut" else max(1, round(Fraction(one.seconds) * rate)) for one in transitions]
    overlaps = overlap_frames(lengths, wanted)
    warnings: list[SceneWarning] = []
    for index, (given, asked) in enumerate(zip(overlaps, wanted, strict=True)):
        if given < asked:
            before, after = scene_room(lengths, index), scene_room(lengths, index + 1)
            short = scenes[index if before <= after else index + 1].scene_key
            warnings.append(
                SceneWarning(
                    code="transition_shortened",
                    detail=f"the transition after scene {index + 1} lasts {given} frames instead of {asked}: "
                    f"scene {short!r} is too short for it",
                )
            )
    return overlaps, warnings


def compose_transition(
    before: ResolvedScene, after: ResolvedScene, transition: Transition, *, frames: int, settings: FilmSettings
) -> ResolvedScene:
    """Return the scene in which the last `frames` output frames of `before` give way to the first of `after`.

    It has the film's rate, so that each of its frames is one of both scenes' output frames, and the scenes' size when both have the film's
    shape, otherwise the film's. Raises TemplateError for a bad transition animation.
    """
    rate = float(settings.rate)
    own: Json | None = None
    if transition.lottie is not None:
        own = parse_lottie(transition.lottie, "transition")
    canvas = (int(own["w"]), int(own["h"])) if own is not None else _canvas(before, after, settings)
    background = None if settings.alpha else settings.background
    start = output_frames(before.frames, before.fps, settings.rate) - frames
    sides = [
        scene_side(scene, prefix, start=first, rate=rate, canvas=canvas, background=background)
        for scene, prefix, first in ((before, "before/", start), (after, "after/", 0))
    ]
    if own is None:
        soft: Easing = "linear" if transition.kind in ("dissolve", "fade") else "ease"
        layers = transition_layers(
            transition.kind,
            sides[0].comp,
            sides[1].comp,
            canvas=canvas,
            steps=progress(frames, transition.easing or soft),
            direction=transition.direction,
            color=transition.color,
            opaque=background is not None,
        )
    else:
        layers, extra = _template_layers(own, sides[0], sides[1], frames=frames, rate=rate)
        sides.append(extra)
    # Some players clamp a remapped time to the animation's own length.
    last = max(frames, *(side.last_frame for side in sides))
    lottie: Json = {"v": "5.7.0", "fr": rate, "ip": 0, "op": last, "w": canvas[0], "h": canvas[1]}
    lottie["assets"] = [asset for side in sides for asset in side.assets]
    fonts = [font for side in sides for font in side.fonts]
    if fonts:
        lottie["fonts"] = {"list": fonts}
        lottie["chars"] = [char for side in sides for char in side.chars]
    lottie["layers"] = layers
    data = canonical(lottie)
    return ResolvedScene(
        scene_key=f"{before.scene_key}~{after.scene_key}",
        lottie=data,
        sha256=hashlib.sha256(data).hexdigest(),
        width=canvas[0],
        height=canvas[1],
        fps=rate,
        first_frame=0.0,
        frames=frames,
        snapshot_frame=frames // 2,
        clips=tuple({clip.sha256: clip for clip in (*before.clips, *after.clips)}.values()),
    )


def _canvas(before: ResolvedScene, after: ResolvedScene, settings: FilmSettings) -> tuple[int, int]:
    same = (before.width, before.height) == (after.width, after.height)
    # Of one shape when scaling misses the film's size by less than a pixel, as `WorkerPool` scales it.
    fits = abs(before.width * settings.height - before.height * settings.width) < max(before.width, before.height)
    return (before.width, before.height) if same and fits else (settings.width, settings.height)


def _template_layers(own: Json, before: Side, after: Side, *, frames: int, rate: float) -> tuple[list[Json], Side]:
    """Put the scenes in the places of a transition animation's `from` and `to`, and run it once in so many frames."""
    size = (own["w"], own["h"])
    # Frame n of the film is (n + 1) / (frames + 1) of the animation, as for the other kinds.
    stretch = (frames + 1) / (own["op"] - own["ip"])
    begin = -1 - own["ip"] * stretch
    length = own["op"]
    side = lottie_side(own, "transition/", rate=rate)
    layers = dicts(next(asset["layers"] for asset in side.assets if asset["id"] == side.comp))
    missing = {"from", "to"}
    extra: list[Json] = []
    for layer in layers:
        name = str(layer.get("nm", "")).strip().lower()
        if name not in ("from", "to"):
            continue
        missing.discard(name)
        shown = before if name == "from" else after
        space = (layer["sw"], layer["sh"]) if layer.get("ty") == SOLID else size
        # Time inside the animation is stretched; undo it for the scene.
        inside = precomp_layer(shown.comp, size, frames=length, begin=-begin / stretch, stretch=1 / stretch)
        inside["ip"] = own["ip"]
        fill = max(space[0] / size[0], space[1] / size[1])
        inside["ks"]["p"]["k"] = [space[0] / 2, space[1] / 2, 0]
        inside["ks"]["s"]["k"] = [100 * fill, 100 * fill, 100]
        comp = f"transition/{name}"
        extra.append({"id": comp, "w": space[0], "h": space[1], "layers": [inside | {"ind": 1}]})
        for key in ("sw", "sh", "sc", "shapes", "t", "tm", "sr"):
            layer.pop(key, None)
        layer.update({"ty": 0, "refId": comp, "w": space[0], "h": space[1], "st": 0, "sr": 1})
    if missing:
        raise TemplateError(
            f"the transition has no layer named {' and none named '.join(sorted(missing))}: "
            "name the layers that stand for the two scenes `from` and `to`",
            code="manifest_invalid",
            where="transition",
        )
    whole = precomp_layer(side.comp, size, frames=frames, begin=begin, stretch=stretch)
    return [whole | {"ind": 1}], msgspec.structs.replace(side, assets=[*side.assets, *extra])
