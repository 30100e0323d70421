"""Ways to come, stay and go that the templates share."""

from typing import Any

from kit.keys import BACK, IN, IN_OUT, OUT, SINE, Ease, Json, Keys, Number, keys
from kit.scene import Align, Composition, Layer, Scene
from kit.shapes import Colour, fill, rect


def slide(
    at: tuple[Number, Number],
    start: Number,
    *,
    by: tuple[Number, Number] = (0, 60),
    length: Number = 22,
    ease: Ease = OUT,
    leave: Number | None = None,
) -> Keys:
    """A place reached from `at + by`, starting at `start`; from `leave` on it goes away against `by`."""
    points: list[tuple[Number, Any, Ease]] = [(start, (at[0] + by[0], at[1] + by[1]), ease), (start + length, at, IN)]
    if leave is not None:
        points = [
            *points[:1],
            (start + length, at, IN),
            (leave, at, IN),
            (leave + 12, (at[0] - by[0], at[1] - by[1]), IN),
        ]
    return Keys(points)


def fade(start: Number, *, length: Number = 10, to: Number = 100, leave: Number | None = None) -> Keys:
    """Opacity from 0 to `to`, and back to 0 at `leave`."""
    points: list[tuple[Number, Any, Ease]] = [(start, 0, SINE), (start + length, to, SINE)]
    if leave is not None:
        points += [(leave, to, SINE), (leave + 10, 0, SINE)]
    return Keys(points)


def pop(start: Number, *, length: Number = 20, to: Number = 100, ease: Ease = BACK) -> Keys:
    """Scale from nothing to `to` percent, a little over it and back."""
    return keys((start, (0, 0)), (start + length, (to, to)), ease=ease)


def drift(frames: int, value: tuple[Number, Number], by: tuple[Number, Number]) -> Keys:
    """A slow even way from `value - by / 2` to `value + by / 2` over the whole scene."""
    return keys(
        (0, (value[0] - by[0] / 2, value[1] - by[1] / 2)),
        (frames, (value[0] + by[0] / 2, value[1] + by[1] / 2)),
        ease=(0.33, 0.33, 0.67, 0.67),
    )


def turn(frames: int, start: Number, end: Number) -> Keys:
    """An even turn over the whole scene, in degrees."""
    return keys((0, start), (frames, end), ease=(0.3, 0.3, 0.7, 0.7))


def rising_text(
    scene: Scene,
    name: str,
    text: str,
    size: Number,
    colour: Colour,
    at: tuple[Number, Number],
    start: Number,
    *,
    width: Number,
    weight: str = "Bold",
    align: Align = "center",
    length: Number = 24,
    leave: Number | None = None,
    parent: Layer | None = None,
) -> Layer:
    """One line whose baseline is at `at`, rising out of an unseen edge below itself; goes up through the edge above at `leave`."""
    x, y = at
    tall = 1.75 * size
    strip = Composition(round(width), round(tall), scene.frames)
    inside = ({"center": width / 2, "left": 0, "right": width}[align], 1.205 * size)
    points: list[tuple[Number, Any, Ease]] = [(start, (inside[0], inside[1] + tall), OUT), (start + length, inside, IN)]
    if leave is not None:
        points += [(leave, inside, IN), (leave + 12, (inside[0], inside[1] - tall), IN)]
    strip.text(name, text, size, colour, weight=weight, align=align, at=Keys(points))
    return scene.window(
        f"{name} strip", strip, anchor=inside, at=(x, y), parent=parent, span=(max(0, start), scene.frames)
    )


def growing_bar(
    scene: Scene,
    name: str,
    colour: Colour,
    at: tuple[Number, Number],
    size: tuple[Number, Number],
    start: Number,
    *,
    length: Number = 22,
    radius: Number = 0,
) -> Layer:
    """A bar that grows out of its middle."""
    item: Json = rect(keys((start, (0, size[1])), (start + length, size), ease=IN_OUT), radius=radius)
    return scene.shape(name, item, fill(colour), at=at, span=(max(0, start), scene.frames))
