"""The order and length of scenes in a master composition: the composition that shows one scene after the other, each in a layer."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from py_aep.models.items.composition import CompItem

from flatrender.aftereffects.personalise.errors import PersonaliseError
from flatrender.aftereffects.personalise.switches import write_sounding, write_visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flatrender.aftereffects.personalise.report import Notes

How = Literal["trim", "stretch", "hold"]
MAX_PARTS = 500
MAX_SECONDS = 10_800.0
"""A composition of After Effects lasts three hours at most."""


class ScenePart(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One scene's turn in the film."""

    scene: str
    """The name of the scene's layer in the master, or of the composition that it shows."""
    seconds: float | None = None
    """How long it is seen; None: as long as the designer has it."""
    how: How = "trim"
    """What a length other than the designer's does: `trim` cuts the end off (or shows what is left of the scene after it), `stretch` plays it
    slower or faster, `hold` freezes its last picture."""
    overlap_s: float = 0.0
    """How much earlier than the end of the part before it begins; the later part lies above."""
    values: dict[str, Any] = {}
    """Of the fields of the scene's own composition, for this turn alone: it gets a copy of the composition, and of those inside it."""
    said: dict[str, str] = {}
    """More of them, as a person writes them."""


def arrange(master: CompItem, parts: Sequence[ScenePart], notes: Notes) -> list[Any]:
    """Show these scenes one after the other and nothing of the others; set the master's duration and work area. Return the layers of the parts.

    A scene that comes twice gets a second layer of the same composition. Layers that are no scenes stay; those that lasted to the master's end
    last to its new end. Raises PersonaliseError `scene_unknown` and `order_invalid`.
    """
    if not 1 <= len(parts) <= MAX_PARTS:
        raise PersonaliseError(f"a film has 1 to {MAX_PARTS} scenes", code="order_invalid", where=master.name)
    scenes = scene_layers(master)
    old_end = float(master.duration)
    chosen = _chosen(scenes, parts, master)
    designed = {id(layer): (float(layer.in_point), float(layer.out_point)) for layer in scenes}
    plans = [_planned(part, *designed[id(layer)]) for part, layer in zip(parts, chosen, strict=True)]
    begins: list[float] = []
    end = 0.0
    frame = 1 / master.frame_rate
    for part, seconds in zip(parts, plans, strict=True):
        begin = max(0.0, end - part.overlap_s)
        begins.append(round(begin / frame) * frame)
        end = begins[-1] + max(frame, round(seconds / frame) * frame)
    if end > MAX_SECONDS:
        raise PersonaliseError(
            f"the scenes last {end:.0f} s together; at most {MAX_SECONDS:.0f} s can be shown",
            code="order_invalid",
            where=master.name,
        )
    rest = [layer for layer in master.layers if layer not in scenes]
    lasting = [layer for layer in rest if layer.out_point >= old_end - frame / 2]
    master.duration = end
    master.work_area_start = 0.0
    master.work_area_duration = master.duration
    used: set[int] = set()
    shown: list[Any] = []
    for layer in chosen:  # all copies are made before the first is moved in time
        shown.append(layer if id(layer) not in used else layer.duplicate())
        used.add(id(layer))
    for part, layer, source, begin, seconds in zip(parts, shown, chosen, begins, plans, strict=True):
        _play(layer, part, designed[id(source)], begin, max(frame, round(seconds / frame) * frame))
        write_visible(layer, visible=True)
        write_sounding(layer, sounding=True)
        notes.change(f"{master.name} › {layer.name}", None, f"{begin:g} s to {begin + seconds:g} s")
    for layer in scenes:
        if id(layer) not in used:
            write_visible(layer, visible=False)
            write_sounding(layer, sounding=False)
            notes.change(f"{master.name} › {layer.name}", "shown", "left out")
    for layer in lasting:
        layer.out_point = float(master.duration)
    _stack(shown, scenes)
    return shown


def scene_layers(master: CompItem) -> list[Any]:
    """Return the layers of a composition that are scenes: they show compositions, are no guides, and no other's matte."""
    found = []
    for layer in master.layers:
        shows = isinstance(getattr(layer, "source", None), CompItem)
        if shows and not layer.guide_layer and not layer.is_track_matte and not layer.adjustment_layer:
            found.append(layer)
    return found


def _chosen(scenes: list[Any], parts: Sequence[ScenePart], master: CompItem) -> list[Any]:
    """Return the layer of each part: of several with the same name one after the other, then the first again."""
    chosen: list[Any] = []
    for part in parts:
        named = [layer for layer in scenes if layer.name == part.scene]
        named = named or [layer for layer in scenes if layer.source.name == part.scene]
        if not named:
            known = ", ".join(repr(layer.name) for layer in scenes[:12])
            raise PersonaliseError(
                f"the composition has no scene {part.scene[:60]!r}; it has {known or 'none'}",
                code="scene_unknown",
                where=master.name,
            )
        named.sort(key=lambda layer: float(layer.in_point))
        fresh = [layer for layer in named if all(layer is not one for one in chosen)]
        chosen.append((fresh or named)[0])
    return chosen


def _planned(part: ScenePart, begin: float, end: float) -> float:
    if part.seconds is None:
        return end - begin
    if not math.isfinite(part.seconds) or not 0 < part.seconds <= MAX_SECONDS:
        raise PersonaliseError(
            f"a scene lasts more than 0 and at most {MAX_SECONDS:.0f} s, not {part.seconds!r}",
            code="order_invalid",
            where=part.scene,
        )
    if not math.isfinite(part.overlap_s) or not 0 <= part.overlap_s < part.seconds:
        raise PersonaliseError(
            "a scene overlaps the one before by less than it lasts", code="order_invalid", where=part.scene
        )
    return part.seconds


def _play(layer: Any, part: ScenePart, designed: tuple[float, float], begin: float, seconds: float) -> None:
    """Show a layer from `begin` for `seconds`."""
    was_in, was_out = designed
    lasts = was_out - was_in
    if part.how == "stretch" and abs(seconds - lasts) > 1e-6 and lasts > 0:
        factor = seconds / lasts
        lead = (was_in - float(layer.start_time)) * factor
        layer.stretch = float(layer.stretch) * factor
        layer.start_time = begin - lead
    elif part.how == "hold" and seconds > lasts:
        _hold(layer, was_in, was_out)
        layer.start_time = float(layer.start_time) + begin - was_in
    else:
        layer.start_time = float(layer.start_time) + begin - was_in
    layer.in_point = begin
    layer.out_point = begin + seconds


def _hold(layer: Any, was_in: float, was_out: float) -> None:
    """Freeze the last picture: time remapping whose last key is the last frame that was seen."""
    comp = layer.containing_comp
    frame = 1 / comp.frame_rate
    if layer.time_remap_enabled:
        return
    if not layer.can_set_time_remap_enabled:
        raise PersonaliseError("the scene's last picture cannot be held", code="order_invalid", where=layer.name)
    start, factor = float(layer.start_time), abs(float(layer.stretch)) / 100 or 1.0
    layer.time_remap_enabled = True
    remap = layer["ADBE Time Remapping"]
    remap.remove_all_keys()
    last = was_out - frame
    for at in (was_in, max(last, was_in + frame)):
        remap.set_value_at_time(at, max(0.0, (at - start) / factor))


def _stack(shown: list[Any], scenes: list[Any]) -> None:
    """Put later parts above earlier ones, all where the topmost scene was."""
    top = min(scenes, key=lambda layer: layer.index)
    anchor = top
    for layer in shown:
        if layer is not anchor:
            layer.move_before(anchor)
        anchor = layer
