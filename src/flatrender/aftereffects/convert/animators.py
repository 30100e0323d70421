"""Text animators with range selectors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flatrender.aftereffects.convert.values import color, scalar, static, vector

if TYPE_CHECKING:
    from collections.abc import Callable

    from flatrender.aftereffects.convert.context import Json, Place, Tree

_DRAWN: dict[str, tuple[str, Callable[[Any, Place], Json]]] = {
    "ADBE Text Anchor Point 3D": ("a", vector),
    "ADBE Text Position 3D": ("p", vector),
    "ADBE Text Scale 3D": ("s", vector),
    "ADBE Text Rotation": ("r", scalar),
    "ADBE Text Skew": ("sk", scalar),
    "ADBE Text Skew Axis": ("sa", scalar),
    "ADBE Text Opacity": ("o", scalar),
    "ADBE Text Fill Opacity": ("fo", scalar),
    "ADBE Text Stroke Opacity": ("so", scalar),
    "ADBE Text Fill Color": ("fc", color),
    "ADBE Text Stroke Color": ("sc", color),
    "ADBE Text Stroke Width": ("sw", scalar),
    "ADBE Text Tracking Amount": ("t", scalar),
}
"""Properties of an animator that the Lottie form and the engine know, with their keys there."""
_SILENT = frozenset({"ADBE Text Track Type", "ADBE Text Character Range", "ADBE Text Character Change Type"})
"""Say how another property works; they change nothing by themselves."""
_PER_CENT, _ADD = 1, 1


def text_animators(group: Tree, place: Place) -> list[Json]:
    """Convert the animators that are drawn; each of the others, and each property that is not drawn, is noted."""
    made: list[Json] = []
    for animator in group:
        here = place.inside(animator.name)
        if not getattr(animator, "enabled", True):
            continue
        selector = _selector(animator["ADBE Text Selectors"], here)
        if selector is None:
            continue
        values: Json = {}
        for prop in animator["ADBE Text Animator Properties"]:
            if not _is_set(prop) or prop.match_name in _SILENT:
                continue
            if prop.match_name in _DRAWN:
                key, make = _DRAWN[prop.match_name]
                values[key] = make(prop, here)
            else:
                here.inside(prop.name).note(
                    "not_drawn",
                    f"text.animator.{prop.match_name}",
                    f"the animated {prop.name!r} of the letters is not drawn",
                )
        if values:
            here.note("exact", "text.animator", "the animator is drawn letter by letter")
            made.append({"nm": animator.name, "s": selector, "a": values})
    return made


def _selector(group: Tree, place: Place) -> Json | None:
    selectors = [selector for selector in group if getattr(selector, "enabled", True)]
    if not selectors:
        return {
            "t": 0,
            "b": 1,
            "sh": 1,
            "r": 1,
            "rn": 0,
            "s": static(0),
            "e": static(100),
            "o": static(0),
            "a": static(100),
        }
    (first, *others) = selectors
    if others or first.match_name != "ADBE Text Selector":
        place.note(
            "not_drawn",
            "text.animator.selectors",
            "only one range selector to an animator is drawn: the letters stay as they are",
        )
        return None
    advanced = first["ADBE Text Range Advanced"]
    here = place.inside(first.name)
    if int(advanced["ADBE Text Selector Mode"].value) != _ADD:
        here.note("not_drawn", "text.animator.mode", "the selector is drawn as one that adds")
    units = int(advanced["ADBE Text Range Units"].value)
    kind = "Percent" if units == _PER_CENT else "Index"
    randomly = bool(advanced["ADBE Text Randomize Order"].value)
    if randomly:
        here.note(
            "approximate", "text.animator.random", "the letters come in another random order than in After Effects"
        )
    return {
        "t": 0,
        "b": int(advanced["ADBE Text Range Type2"].value),
        "sh": int(advanced["ADBE Text Range Shape"].value),
        "r": units,
        "rn": int(randomly),
        "s": scalar(first[f"ADBE Text {kind} Start"], here),
        "e": scalar(first[f"ADBE Text {kind} End"], here),
        "o": scalar(first[f"ADBE Text {kind} Offset"], here),
        "a": scalar(advanced["ADBE Text Selector Max Amount"], here),
        "xe": scalar(advanced["ADBE Text Levels Max Ease"], here),
        "ne": scalar(advanced["ADBE Text Levels Min Ease"], here),
        "sm": scalar(advanced["ADBE Text Selector Smoothness"], here),
    }


def _is_set(prop: Any) -> bool:
    """Say whether the animator has the property; the object model also offers every one that could be added."""
    return bool(prop.is_modified) or not prop._tdsb.synthetic  # noqa: SLF001  # the library tells it nowhere else
