"""Layer styles: those that effects, gradients and copies of the layer can draw; the others are noted."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from flatrender.aftereffects.convert.effects_drawn import fill_layer, remaining
from flatrender.aftereffects.convert.gradients import gradient_numbers
from flatrender.aftereffects.convert.nesting import TEXT
from flatrender.aftereffects.convert.series import combined
from flatrender.aftereffects.convert.values import color, scalar, static
from flatrender.engine.lottie.walk import text_documents

if TYPE_CHECKING:
    from collections.abc import Callable

    from flatrender.aftereffects.convert.context import Json, Place, Tree
    from flatrender.aftereffects.convert.nesting import Picture

_NORMAL, _LINEAR, _RADIAL = 1, 1, 2
_OUTSIDE, _INSIDE = 1, 2
_FILL, _SHADOW = 21, 25
_FEW, _MANY, _WIDE = 12, 32, 2
"""Copies that make an outline: few up to a width of 2 px, many above."""


def draw_styles(layer: Any, picture: Picture, place: Place) -> None:
    """Draw the layer styles that are switched on, from the innermost to the outermost; note those that are not drawn."""
    group = layer.layer_styles if hasattr(layer, "layer_styles") else None
    if group is None or not getattr(group, "enabled", True):
        return
    shown = {style.match_name: style for style in group if getattr(style, "enabled", False)}
    shown.pop("ADBE Blend Options Group", None)
    for name, draw in _STYLES.items():
        style = shown.pop(name, None)
        if style is not None:
            draw(style, group, picture, place.inside(style.name))
    for name, style in shown.items():
        place.note("not_drawn", f"style.{name}", f"the layer style {style.name!r} is not drawn")


def _part(style: Tree, name: str) -> Any:
    return style[f"{style.match_name.split('/')[0]}/{name}"]


def _note_mode(style: Tree, place: Place, normal: tuple[int, ...] = (_NORMAL,)) -> None:
    if round(_part(style, "mode2").value) not in normal:
        place.note("approximate", f"style.{style.match_name}", "the style's blend mode is drawn as normal")


def _color_overlay(style: Tree, _: Any, picture: Picture, place: Place) -> None:
    _note_mode(style, place)
    paint: Json = {"ty": "fl", "c": color(_part(style, "color"), place), "o": static(100), "r": 1}
    fill_layer(picture, paint, remaining(scalar(_part(style, "opacity"), place)))


def _add_effect(picture: Picture, effect: Json) -> None:
    if picture.layer.get("masksProperties"):
        picture.nest()
    picture.layer.setdefault("ef", []).append(effect | {"en": 1})


def _gradient_overlay(style: Tree, _: Any, picture: Picture, place: Place) -> None:
    gradient = _part(style, "gradient").value
    kind = round(_part(style, "type").value)
    if gradient is None:
        place.note("not_drawn", "style.gradientFill", "the gradient's colours could not be read")
        return
    if kind not in {_LINEAR, _RADIAL}:
        place.note("approximate", "style.gradientFill", "the gradient is drawn as a straight one")
    if picture.after_transform:
        place.note("approximate", "style.gradientFill", "the gradient spans the composition, not the layer's outline")
    _note_mode(style, place)
    numbers, count = gradient_numbers(gradient)
    if _part(style, "reverse").value:
        numbers = _reversed(numbers, count)
    middle = (picture.width / 2, picture.height / 2)

    def end(sign: int) -> Callable[[list[Any]], list[float]]:
        def at(values: list[Any]) -> list[float]:
            angle, scale = math.radians(float(values[0])), float(values[1]) / 100
            length = (abs(picture.width * math.cos(angle)) + abs(picture.height * math.sin(angle))) * scale / 2 * sign
            return [middle[0] + math.cos(angle) * length, middle[1] - math.sin(angle) * length]

        return at

    line = [_part(style, "angle"), _part(style, "scale")]
    fill: Json = {
        "ty": "gf", "o": static(100), "r": 1, "t": kind if kind == _RADIAL else _LINEAR, "h": static(0), "a": static(0),
        "s": static(list(middle)) if kind == _RADIAL else combined(line, place, end(-1)), "e": combined(line, place, end(1)),
        "g": {"p": count, "k": static(numbers)},
    }  # fmt: skip
    fill_layer(picture, fill, remaining(scalar(_part(style, "opacity"), place)))


def _reversed(numbers: list[float], count: int) -> list[float]:
    colors = [[1 - numbers[at], *numbers[at + 1 : at + 4]] for at in range(0, 4 * count, 4)]
    rest = numbers[4 * count :]
    alphas = [[1 - rest[at], rest[at + 1]] for at in range(0, len(rest), 2)]
    return [number for stop in (*reversed(colors), *reversed(alphas)) for number in stop]


def _stroke(style: Tree, _: Any, picture: Picture, place: Place) -> None:
    _note_mode(style, place)
    where, size = round(_part(style, "style").value), float(_part(style, "size").value)
    if where == _INSIDE:
        place.note("not_drawn", "style.frameFX", "a stroke inside of the layer's edge is not drawn")
        return
    if where != _OUTSIDE:
        place.note("approximate", "style.frameFX", "the stroke lies outside of the edge, not on both sides of it")
        size /= 2
    if _part(style, "size").keyframes:
        place.note("approximate", "style.frameFX", "the stroke keeps the width that it begins with")
    layer = picture.layer
    documents = text_documents(layer) if layer["ty"] == TEXT else []
    if documents and not any("sc" in document for document in documents) and not _part(style, "color").keyframes:
        for document in documents:
            document.update(sc=[float(part) for part in _part(style, "color").value[:3]], sw=2 * size, of=False)
        if _part(style, "opacity").value != 100 or _part(style, "opacity").keyframes:
            place.note("approximate", "style.frameFX", "the stroke of a text is opaque")
        return
    place.note("approximate", "style.frameFX", "the stroke is drawn by copies of the layer")
    picture.nest(margin=math.ceil(size) + 1)
    layers = picture.nest()
    original = layers[0]
    count = _FEW if size <= _WIDE else _MANY
    colored = [
        {"ty": 10, "v": static(0)},
        {"ty": 7, "v": static(0)},
        {"ty": 2, "v": color(_part(style, "color"), place)},
    ]
    colored += [{"ty": 7, "v": static(0)}, {"ty": 0, "v": static(0)}, {"ty": 0, "v": static(0)}]
    colored.append({"ty": 0, "v": static(1)})
    copies = []
    for number in range(count):
        turn = 2 * math.pi * number / count
        copies.append(
            original
            | {
                "ind": number + 2,
                "ks": original["ks"] | {"p": static([size * math.cos(turn), size * math.sin(turn)])},
                "ef": [{"ty": _FILL, "nm": style.name, "en": 1, "ef": colored}],
            }
        )
    edge = picture.composition.add(style.name, copies)
    whole = original | {
        "refId": edge, "ind": 2, "nm": "drawn", "ks": original["ks"] | {"o": scalar(_part(style, "opacity"), place)},
    }  # fmt: skip
    layers.append(whole)


def _drop_shadow(style: Tree, group: Any, picture: Picture, place: Place) -> None:
    _note_mode(style, place, (_NORMAL, 5))  # multiplied with what is below, black is black
    if round(_part(style, "mode2").value) != _NORMAL and any(_part(style, "color").value[:3]):
        place.note("approximate", "style.dropShadow/enabled", "the style's blend mode is drawn as normal")
    place.note("approximate", "style.dropShadow/enabled", "the shadow's edge is a little softer or harder")
    options = group["ADBE Blend Options Group"]
    angle = (
        options["ADBE Global Angle2"] if _part(style, "useGlobalAngle").value else _part(style, "localLightingAngle")
    )
    # The light comes from the angle, counted against the clock from the right; a shadow's direction counts with it from above.
    direction = combined([angle], place, lambda values: [270 - float(values[0])])
    _shadow(style, picture, place, direction, scalar(_part(style, "distance"), place))


def _outer_glow(style: Tree, _: Any, picture: Picture, place: Place) -> None:
    place.note("approximate", "style.outerGlow/enabled", "the glow is drawn as an even, soft edge")
    if round(_part(style, "AEColorChoice").value) != 1:
        place.note("not_drawn", "style.outerGlow/enabled", "a glow of several colours is drawn in one")
    _shadow(style, picture, place, static(0), static(0))


def _shadow(style: Tree, picture: Picture, place: Place, direction: Json, distance: Json) -> None:
    size = float(_part(style, "blur").value)
    picture.widen(
        size + max((float(key["s"][0]) for key in distance["k"]), default=0) if distance["a"] else size + distance["k"]
    )
    _add_effect(
        picture,
        {
            "ty": _SHADOW, "nm": style.name,
            "ef": [
                {"ty": 2, "v": color(_part(style, "color"), place)}, {"ty": 0, "v": scalar(_part(style, "opacity"), place, 2.55)},
                {"ty": 1, "v": direction}, {"ty": 0, "v": distance}, {"ty": 0, "v": scalar(_part(style, "blur"), place)},
                {"ty": 7, "v": static(0)},
            ],
        },
    )  # fmt: skip


_STYLES: dict[str, Callable[[Tree, Any, Picture, Place], None]] = {
    "solidFill/enabled": _color_overlay,
    "gradientFill/enabled": _gradient_overlay,
    "frameFX/enabled": _stroke,
    "outerGlow/enabled": _outer_glow,
    "dropShadow/enabled": _drop_shadow,
}
DRAWN_STYLES = frozenset(_STYLES)
"""Match names of the styles that are drawn."""
READ_STYLE_SETTINGS = frozenset(
    f"{name}/{setting}"
    for name, settings in {
        "solidFill": ("mode2", "color", "opacity"),
        "gradientFill": ("mode2", "opacity", "gradient", "angle", "type", "reverse", "scale"),
        "frameFX": ("mode2", "color", "size", "opacity", "style"),
        "outerGlow": ("mode2", "opacity", "AEColorChoice", "color", "blur"),
        "dropShadow": ("mode2", "color", "opacity", "useGlobalAngle", "localLightingAngle", "distance", "blur"),
    }.items()
    for setting in settings
)
"""Match names of the styles' settings that are read."""
