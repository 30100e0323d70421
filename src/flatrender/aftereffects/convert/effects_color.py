"""Effects that change colours, as changes of the flat colours that a layer shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flatrender.aftereffects.convert import grading
from flatrender.aftereffects.convert.recolor import Recoloring

if TYPE_CHECKING:
    from collections.abc import Callable

    from flatrender.aftereffects.convert.grading import Rgb
    from flatrender.aftereffects.convert.parameters import Parameters

    Reader = Callable[[Parameters], Recoloring | None]

_TURN = 360
_ALL = (0, 1, 2)


def invert(effect: Parameters) -> Recoloring | None:
    """Invert: red, green and blue, or one of them."""
    channel = round(effect.still(1, 1))
    if channel > 4:  # after RGB, red, green and blue come those of other colour spaces and transparency
        effect.place.note("not_drawn", "effect.ADBE Invert", "only red, green and blue are inverted")
        return None
    parts = _ALL if channel == 1 else (channel - 2,)
    unit = effect.unit(2)
    return _moving(effect, (2,), lambda values: grading.inverted(parts, values[0] * unit))


def levels(effect: Parameters) -> Recoloring | None:
    """Levels of all channels or one."""
    channel = round(effect.still(1, 1))
    if channel > 4:
        effect.place.note("not_drawn", "effect.ADBE Easy Levels2", "the levels of the transparency are not changed")
        return None
    parts = _ALL if channel == 1 else (channel - 2,)
    scale = 1.0 if max(effect.still(4, 1), effect.still(7, 1)) <= 2 else 1 / 255

    def change(values: list[float]) -> Callable[[Rgb], Rgb]:
        black, white, gamma, low, high = values
        return grading.levelled(black * scale, white * scale, gamma, low * scale, high * scale, parts)

    return _moving(effect, (3, 4, 5, 6, 7), change)


def exposure(effect: Parameters) -> Recoloring | None:
    """Exposure of all channels."""
    if round(effect.still(1, 1)) != 1:
        effect.place.note("not_drawn", "effect.ADBE Exposure2", "an exposure of each channel by itself is not drawn")
        return None
    return _moving(effect, (3, 4, 5), lambda values: grading.exposed(*values))


def brightness(effect: Parameters) -> Recoloring | None:
    """Brightness & Contrast."""
    effect.place.note(
        "approximate", "effect.ADBE Brightness & Contrast 2", "brightness and contrast follow a straight line"
    )
    return _moving(effect, (1, 2), lambda values: grading.contrasted(values[0] / 255, values[1] / 100))


def hue_saturation(effect: Parameters) -> Recoloring | None:
    """Hue/Saturation of all colours together, or colorize."""
    effect.place.note("approximate", "effect.ADBE HUE SATURATION", "hue and saturation are near those of After Effects")
    if effect.has(7) and effect.still(7):
        return _moving(
            effect,
            (8, 9, 10),
            lambda values: grading.colorized(values[0] / _TURN, values[1] / 100, values[2] / 100),
        )
    return _moving(
        effect, (4, 5, 6), lambda values: grading.shifted(values[0] / _TURN, values[1] / 100, values[2] / 100)
    )


def black_and_white(effect: Parameters) -> Recoloring | None:
    """Black & White."""
    tint = grading.clipped(effect[8].value) if effect.still(7) else None
    return _moving(effect, (1, 2, 3, 4, 5, 6), lambda values: grading.greyed([value / 100 for value in values], tint))


def curves(effect: Parameters) -> Recoloring | None:
    """Curves, as they are at the start."""
    drawn: Any = effect[1].value
    channels = getattr(drawn, "channels", None)
    if not channels:
        effect.place.note("not_drawn", "effect.ADBE CurvesCustom", "the curves could not be read")
        return None
    if effect[1].keyframes:
        effect.place.note("approximate", "effect.ADBE CurvesCustom", "curves that move are drawn as they begin")
    if not channels["alpha"].is_identity:
        effect.place.note("not_drawn", "effect.ADBE CurvesCustom", "the curve of the transparency is not drawn")
    change = grading.mapped([channels[name].map for name in ("rgb", "red", "green", "blue")])
    return Recoloring(lambda _: change, None)


def _moving(
    effect: Parameters, numbers: tuple[int, ...], change: Callable[[list[Any]], Callable[[Rgb], Rgb]]
) -> Recoloring:
    series = effect.series(*numbers)
    return Recoloring(lambda frame: change(series.at(frame)), series.span)


COLOR_EFFECTS: dict[str, tuple[Reader, tuple[int, ...]]] = {
    "ADBE Invert": (invert, (1, 2)),
    "ADBE Easy Levels2": (levels, (1, 3, 4, 5, 6, 7)),
    "ADBE Exposure2": (exposure, (1, 3, 4, 5)),
    "ADBE Brightness & Contrast 2": (brightness, (1, 2, 3)),
    "ADBE HUE SATURATION": (hue_saturation, (2, 4, 5, 6, 7, 8, 9, 10)),
    "ADBE Black&White": (black_and_white, (1, 2, 3, 4, 5, 6, 7, 8)),
    "ADBE CurvesCustom": (curves, (1,)),
}
"""By match name: how a colour effect is read, and the numbers of the parameters that are."""
