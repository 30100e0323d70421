"""Layers in space, seen by a camera that looks straight ahead: how large and where each is seen, in the plane.

A layer that only turns about its own depth axis stays parallel to the picture. Seen from straight ahead it is the same layer, larger or smaller by the
ratio of the camera's zoom to the distance between them (After Effects' help, "Camera settings": an object at the zoom distance has its own size).
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from py_aep.enums import AutoOrientType

from flatrender.aftereffects.convert.series import Series
from flatrender.aftereffects.convert.values import is_animated

if TYPE_CHECKING:
    from py_aep.models.items.composition import CompItem
    from py_aep.models.properties.property import Property

    from flatrender.aftereffects.convert.context import Json, Place

_DEFAULT_ZOOM = 50 / 36
"""Zoom of the view without a camera, in widths of the composition: a lens of 50 mm on film 36 mm wide."""
_NEAREST = 1e-3
"""Px in front of the camera from which on a layer is seen."""
_STRAIGHT = 1e-3
"""Px by which a camera may look aside and still look straight ahead."""


class View:
    """How a composition's layers in space are seen; `straight` says whether that can be drawn."""

    def __init__(self, comp: CompItem) -> None:
        self._comp = comp
        cameras = [layer for layer in comp.layers if type(layer).__name__ == "CameraLayer" and layer.enabled]
        self.camera: Any = cameras[0] if cameras else None
        """The topmost camera; None for the view without one."""
        self.straight = self.camera is None or _looks_straight(self.camera, comp)
        """Whether the camera is there all the time and looks along the depth axis, whether it moves or not."""
        if len(cameras) > 1:
            self.straight = False

    def seen(self, group: Any, aspect: float, place: Place) -> tuple[Json, Json]:
        """Return position (px) and scale (percent) of a layer parallel to the picture, given its transform's group."""
        props: list[Property] = [*_place_of(group), group["ADBE Scale"]]
        split = len(props) == 4
        if self.camera is not None:
            props += [*_place_of(self.camera.transform), self.camera["ADBE Camera Options Group"]["ADBE Camera Zoom"]]
        series = Series(props, place)
        middle = (self._comp.width / 2, self._comp.height / 2)
        default = self._comp.width * _DEFAULT_ZOOM

        def at(values: list[Any]) -> tuple[list[float], list[float]]:
            parts = values[:3] if split else values[0]
            scale, rest = (values[3], values[4:]) if split else (values[1], values[2:])
            eye, zoom = [*middle, -default], default
            if rest:
                eye, zoom = (rest[:3] if len(rest) == 4 else rest[0]), float(rest[-1])
            ahead = max(float(parts[2]) - float(eye[2]), _NEAREST)
            ratio = zoom / ahead if ahead > _NEAREST else 0.0
            point = [middle[axis] + (float(parts[axis]) - float(eye[axis])) * ratio for axis in (0, 1)]
            return point, [float(scale[0]) * ratio * aspect, float(scale[1]) * ratio]

        return series.computed(lambda values: at(values)[0]), series.computed(lambda values: at(values)[1])

    def depth(self, layer: Any) -> float:
        """Return how deep a layer lies at the start, px."""
        *_, last = _place_of(layer.transform)
        value: Any = last.value
        return float(value[2] if isinstance(value, (list, tuple)) else value)


def moves_in_depth(layer: Any) -> bool:
    """Say whether a layer in space comes nearer or goes away."""
    *_, last = _place_of(layer.transform)
    values = [key.value for key in last.keyframes]
    return len({value[2] if isinstance(value, (list, tuple)) else value for value in values}) > 1


def _place_of(group: Any) -> list[Property]:
    whole = group["ADBE Position"]
    if getattr(whole, "dimensions_separated", False):
        return [group[f"ADBE Position_{axis}"] for axis in range(3)]
    return [whole]


def is_tilted(group: Any) -> bool:
    """Say whether a layer in space is, or may be, turned out of the picture's plane."""
    for name in ("ADBE Rotate X", "ADBE Rotate Y", "ADBE Orientation"):
        prop = group[name]
        values = [key.value for key in prop.keyframes] or [prop.value]
        if prop.expression and prop.expression_enabled:
            return True
        if name == "ADBE Orientation":
            if any(value[0] or value[1] for value in values) or (
                is_animated(prop) and len({value[2] for value in values}) > 1
            ):
                return True
        elif any(values):
            return True
    return False


def is_deep(group: Any) -> bool:
    """Say whether a layer lies, or may lie, in front of or behind the picture's plane."""
    *_, last = _place_of(group)
    if last.expression and last.expression_enabled:
        return True
    values = [key.value for key in last.keyframes] or [last.value]
    return any((value[2] if isinstance(value, (list, tuple)) else value) for value in values)


def _looks_straight(camera: Any, comp: CompItem) -> bool:
    if camera.parent is not None or camera.in_point > _STRAIGHT or camera.out_point < comp.duration - _STRAIGHT:
        return False
    group = camera.transform
    if any(prop.expression and prop.expression_enabled for prop in (*_place_of(group), group["ADBE Anchor Point"])):
        return False
    if is_tilted(group) or group["ADBE Rotate Z"].value or group["ADBE Rotate Z"].keyframes:
        return False
    if camera.auto_orient == AutoOrientType.NO_AUTO_ORIENT:
        return True
    aim, places = group["ADBE Anchor Point"], _place_of(group)
    times = sorted({key.time for prop in (aim, *places) for key in prop.keyframes}) or [0.0]
    moments = [*times, *((a + b) / 2 for a, b in itertools.pairwise(times))]
    for moment in moments:
        target = _at(aim, moment)
        eye = [_at(prop, moment) for prop in places] if len(places) > 1 else _at(places[0], moment)
        if any(abs(float(target[axis]) - float(eye[axis])) > _STRAIGHT for axis in (0, 1)) or target[2] <= eye[2]:
            return False
    return True


def _at(prop: Property, moment: float) -> Any:
    return (
        prop.value_at_time(moment) if is_animated(prop) else prop.keyframes[0].value if prop.keyframes else prop.value
    )
