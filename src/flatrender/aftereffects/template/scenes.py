"""Which compositions of a project are scenes, and which are one scene in several sizes."""

from __future__ import annotations

import re
from collections import Counter
from math import gcd
from typing import TYPE_CHECKING, Literal, NamedTuple, cast

from flatrender.aftereffects.errors import ProjectError
from flatrender.aftereffects.fields.contents import is_placeholder
from flatrender.aftereffects.fields.conventions import comment_options, scene_name
from flatrender.aftereffects.fields.keys import Keys
from flatrender.aftereffects.project import composition as composition_named
from flatrender.engine.template.model import Size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from py_aep.models.items.composition import CompItem
    from py_aep.models.project import Project

MAX_SCENES = 100
_MIN_SIDE, _MAX_SIDE = 16, 8192
_OPENING = ("intro", "opening", "opener", "start", "شروع", "آغاز", "افتتاحیه", "اینترو")
_ENDING = ("outro", "ending", "end", "closing", "پایان", "خاتمه", "اوترو")
_SMALL = 32


SceneType = Literal["intro", "normal", "outro"]


class ChosenScene(NamedTuple):
    """A scene and its compositions, the first of which it is known by."""

    key: str
    title: str
    scene_type: SceneType
    can_repeat: bool
    comps: tuple[CompItem, ...]

    def nearest(self, size: Size) -> CompItem:
        """Return the composition of this size, else that of the nearest shape."""
        exact = [comp for comp in self.comps if (comp.width, comp.height) == (size.width, size.height)]
        wanted = size.width / size.height
        return exact[0] if exact else min(self.comps, key=lambda comp: abs(comp.width / comp.height - wanted))


def scene_candidates(project: Project) -> list[CompItem]:
    """Return the compositions that are scenes: those named so, else those in the render queue, else those that lie in no other.

    Compositions whose names begin with `_` are none. Raises ProjectError `composition_unknown` when the project has none at all.
    """
    usable = [comp for comp in project.compositions if _is_usable(comp)]
    named = [comp for comp in usable if scene_name(comp.name).is_scene]
    if named:
        return named
    queued = {id(comp): comp for comp in _queued(project)}
    in_queue = [comp for comp in queued.values() if any(comp is one for one in usable)]
    if in_queue:
        return in_queue
    outermost = [comp for comp in usable if not comp.used_in and list(comp.layers) and not is_placeholder(comp)]
    chosen = outermost or [comp for comp in usable if not comp.used_in] or usable
    if not chosen:
        raise ProjectError("the project has no composition that could be a scene", code="composition_unknown")
    return chosen


def chosen_scenes(project: Project, names: Sequence[str]) -> tuple[list[ChosenScene], list[str]]:
    """Return the scenes of the compositions named, or of all candidates; and the names of those that are beyond the limit of 100.

    Raises ProjectError `composition_unknown`.
    """
    comps = [composition_named(project, name) for name in names] if names else _in_order(scene_candidates(project))
    groups: dict[str, list[CompItem]] = {}
    for comp in comps:
        told = scene_name(comp.name)
        title = told.title.casefold()
        same = groups.get(title, [])
        if any((one.width, one.height) == (comp.width, comp.height) for one in same) or (same and not told.size):
            title = comp.name
        groups.setdefault(title, []).append(comp)
    keys = Keys()
    scenes = [_scene(group, keys) for group in groups.values()]
    beyond = [comp.name for scene in scenes[MAX_SCENES:] for comp in scene.comps]
    return scenes[:MAX_SCENES], beyond


def template_sizes(scenes: Sequence[ChosenScene]) -> tuple[Size, ...]:
    """Return the sizes that every scene has; where they have none in common, the one that most have."""
    counts: Counter[tuple[int, int]] = Counter()
    for scene in scenes:
        counts.update({(int(comp.width), int(comp.height)): 1 for comp in scene.comps})
    common = [size for size, count in counts.items() if count == len(scenes)]
    chosen = common or [max(counts, key=lambda size: (counts[size], size[0] * size[1]))]
    sizes: list[Size] = []
    for width, height in chosen:
        key = shape_key(width, height)
        if any(size.key == key for size in sizes):
            key = f"{width}x{height}"
        sizes.append(Size(key=key, width=width, height=height))
    return tuple(sizes)


def template_rate(scenes: Sequence[ChosenScene]) -> float:
    """Return the frames a second that most scenes have, between 1 and 240."""
    rates = Counter(round(float(scene.comps[0].frame_rate), 4) for scene in scenes)
    rate = rates.most_common(1)[0][0]
    return min(max(int(rate) if rate == int(rate) else rate, 1), 240)


def shape_key(width: int, height: int) -> str:
    """Return `16x9` for 1920 × 1080; the pixels themselves where the shape has no short name."""
    common = gcd(width, height)
    wide, high = width // common, height // common
    return f"{wide}x{high}" if max(wide, high) <= _SMALL else f"{width}x{height}"


def _scene(comps: list[CompItem], keys: Keys) -> ChosenScene:
    told = scene_name(comps[0].name)
    title = told.title or comps[0].name
    options = comment_options(comps[0].comment or "")
    words = title.casefold()
    kind: SceneType = "intro" if words.startswith(_OPENING) else "outro" if words.startswith(_ENDING) else "normal"
    if options.get("type") in {"intro", "normal", "outro"}:
        kind = cast("SceneType", options["type"])
    return ChosenScene(
        keys.take(options.get("key") or title, "scene"),
        options.get("label") or title,
        kind,
        options.get("repeat", "no").lower() in {"yes", "true", "1"},
        tuple(comps),
    )


def _in_order(comps: list[CompItem]) -> list[CompItem]:
    """Order scenes as the composition shows them that has most of them; others by name, openings first and endings last, the wider first."""
    film = Counter(id(outer) for comp in comps for outer in comp.used_in)
    begins: dict[int, float] = {}
    if film:
        shown, _ = film.most_common(1)[0]
        outer = next(outer for comp in comps for outer in comp.used_in if id(outer) == shown)
        for layer in outer.layers:
            source = getattr(layer, "source", None)
            if source is not None:
                begins[source.id] = min(begins.get(source.id, float(layer.in_point)), float(layer.in_point))

    def place(comp: CompItem) -> tuple[float, int, list[tuple[bool, int, str]], float]:
        title = scene_name(comp.name).title.casefold()
        turn = 0 if title.startswith(_OPENING) else 2 if title.startswith(_ENDING) else 1
        return (begins.get(comp.id, float("inf")), turn, _natural(title), -comp.width / comp.height)

    return sorted(comps, key=place)


def _natural(title: str) -> list[tuple[bool, int, str]]:
    """Return a key by which `Scene 2` comes before `Scene 10`."""
    return [
        (not part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in re.split(r"(\d+)", title) if part
    ]


def _is_usable(comp: CompItem) -> bool:
    sides = (comp.width, comp.height)
    return all(_MIN_SIDE <= side <= _MAX_SIDE for side in sides) and not scene_name(comp.name).is_hidden


def _queued(project: Project) -> list[CompItem]:
    queue = project.render_queue
    return [item.comp for item in queue.items] if queue is not None else []
