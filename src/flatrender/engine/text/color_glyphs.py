"""Colour glyphs (`COLR` 0 and 1) as outlines with paints, drawn one over the other.

HarfBuzz walks the paint graph and calls back; formats of pictures (`CBDT`, `sbix`, `SVG`) give nothing here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import uharfbuzz as hb

from flatrender.engine.text.outlines import IDENTITY, Contour, Matrix, intersect, multiply, transform, unite

Rgba = tuple[float, float, float, float]
"""Red, green, blue, opacity, each 0 to 1."""

_MAX_LAYERS = 400
# Clips of one glyph: more than any emoji has; a font that is made to be slow is left unpainted from there on.
_MAX_CLIPS = 2000


@dataclass(frozen=True, slots=True)
class Gradient:
    """A linear gradient from `start` to `end`, or a radial one about `start` with its rim through `end`, in its own space."""

    radial: bool
    start: tuple[float, float]
    end: tuple[float, float]
    stops: tuple[tuple[float, Rgba], ...]
    space: Matrix
    """From the gradient's space to font units."""


@dataclass(frozen=True, slots=True)
class Painted:
    """One layer of a colour glyph: contours in font units, y up, and what fills them; None is the text's own colour."""

    contours: tuple[Contour, ...]
    paint: Rgba | Gradient | None


@dataclass(slots=True)
class _Canvas:
    font: Any
    outline: Any
    spaces: list[Matrix] = field(default_factory=lambda: [IDENTITY])
    clips: list[tuple[Contour, ...] | None] = field(default_factory=list)
    groups: list[list[Painted]] = field(default_factory=lambda: [[]])
    clipped: int = 0

    def push_transform(self, xx: float, yx: float, xy: float, yy: float, dx: float, dy: float) -> None:
        self.spaces.append(multiply(self.spaces[-1], (xx, yx, xy, yy, dx, dy)))

    def pop_transform(self) -> None:
        self.spaces.pop()

    def push_clip_glyph(self, glyph: int) -> None:
        self.clipped += 1
        if self.clipped > _MAX_CLIPS:
            self.clips.append(())
            return
        contours = transform(self.outline(glyph), self.spaces[-1])
        outer = self.clips[-1] if self.clips else None
        self.clips.append(contours if outer is None else intersect(contours, outer))

    def push_clip_rectangle(self) -> None:
        # The clip box of a glyph: a promise that nothing is painted outside.
        self.clips.append(self.clips[-1] if self.clips else None)

    def pop_clip(self) -> None:
        self.clips.pop()

    def fill(self, paint: Rgba | Gradient | None) -> None:
        contours = self.clips[-1] if self.clips else None
        if contours and sum(map(len, self.groups)) < _MAX_LAYERS:
            self.groups[-1].append(Painted(contours, paint))

    def push_group(self) -> None:
        self.groups.append([])

    def pop_group(self, mode: int) -> None:
        source, backdrop = self.groups.pop(), self.groups[-1]
        if mode in (hb.PaintCompositeMode.SRC_IN, hb.PaintCompositeMode.SRC_ATOP):
            shape = unite(contour for layer in backdrop for contour in layer.contours)
            source = [replace(layer, contours=intersect(layer.contours, shape)) for layer in source]
        if mode in (hb.PaintCompositeMode.SRC_IN, hb.PaintCompositeMode.SRC, hb.PaintCompositeMode.CLEAR):
            backdrop.clear()
        if mode not in (hb.PaintCompositeMode.DEST, hb.PaintCompositeMode.CLEAR):
            backdrop.extend(layer for layer in source if layer.contours)


def paint_glyph(font: Any, glyph: int, outline: Any) -> tuple[Painted, ...]:
    """Return the layers of a colour glyph, lowest first; nothing when the font gives it no colours. `outline` maps a glyph to its contours."""
    if not (font.face.glyph_has_color_paint(glyph) or font.face.get_glyph_color_layers(glyph)):
        return ()
    canvas = _Canvas(font, outline)
    font.paint_glyph(glyph, _paint_funcs(), canvas, 0, hb.Color(0, 0, 0, 255))
    return tuple(layer for group in canvas.groups for layer in group)


def _rgba(color: Any) -> Rgba:
    return (color.red / 255, color.green / 255, color.blue / 255, color.alpha / 255)


def _stops(line: Any) -> tuple[tuple[float, Rgba], ...]:
    return tuple(sorted((float(stop.offset), _rgba(stop.color)) for stop in line.color_stops))


def _spread(stops: tuple[tuple[float, Rgba], ...]) -> tuple[float, float, tuple[tuple[float, Rgba], ...]]:
    """Bring offsets outside 0 to 1 into it: the first and last offset, and the stops between them."""
    low, high = min(0.0, stops[0][0]), max(1.0, stops[-1][0])
    return low, high, tuple(((at - low) / (high - low), color) for at, color in stops)


def _linear(line: Any, x0: float, y0: float, x1: float, y1: float, x2: float, y2: float, space: Matrix) -> Gradient:
    # OpenType COLR, PaintLinearGradient: the colours change along the normal of p0–p2.
    nx, ny = y2 - y0, x0 - x2
    length = nx * nx + ny * ny
    if length:
        along = ((x1 - x0) * nx + (y1 - y0) * ny) / length
        x1, y1 = x0 + along * nx, y0 + along * ny
    low, high, stops = _spread(_stops(line))
    dx, dy = x1 - x0, y1 - y0
    return Gradient(False, (x0 + low * dx, y0 + low * dy), (x0 + high * dx, y0 + high * dy), stops, space)


def _radial(line: Any, r0: float, x1: float, y1: float, r1: float, space: Matrix) -> Gradient:
    # Both circles share their centre in what fonts hold; Lottie's gradient starts at radius 0.
    inner, outer = min(r0, r1), max(r0, r1) or 1.0
    stops = _stops(line)
    if r0 > r1:
        stops = tuple((1 - at, color) for at, color in reversed(stops))
    reach = outer - inner
    stops = tuple(((inner + at * reach) / outer, color) for at, color in stops)
    top = max(1.0, stops[-1][0])
    stops = tuple((max(at, 0.0) / top, color) for at, color in stops)
    return Gradient(True, (x1, y1), (x1 + outer * top, y1), stops, space)


@lru_cache(maxsize=1)
def _paint_funcs() -> Any:
    funcs = hb.PaintFuncs()
    funcs.set_push_transform_func(lambda *a: a[-1].push_transform(*a[:6]))
    funcs.set_pop_transform_func(lambda canvas: canvas.pop_transform())
    funcs.set_push_clip_glyph_func(lambda glyph, canvas: canvas.push_clip_glyph(glyph))
    funcs.set_push_clip_rectangle_func(lambda *a: a[-1].push_clip_rectangle())
    funcs.set_pop_clip_func(lambda canvas: canvas.pop_clip())
    funcs.set_color_func(lambda color, own, canvas: canvas.fill(None if own else _rgba(color)))
    funcs.set_linear_gradient_func(
        lambda line, x0, y0, x1, y1, x2, y2, canvas: canvas.fill(
            _linear(line, x0, y0, x1, y1, x2, y2, canvas.spaces[-1])
        )
    )
    funcs.set_radial_gradient_func(
        lambda line, _x0, _y0, r0, x1, y1, r1, canvas: canvas.fill(_radial(line, r0, x1, y1, r1, canvas.spaces[-1]))
    )
    # Lottie has no sweep: its mean colour stands for it.
    funcs.set_sweep_gradient_func(lambda line, *a: a[-1].fill(_mean(line)))
    funcs.set_push_group_func(lambda canvas: canvas.push_group())
    funcs.set_pop_group_func(lambda mode, canvas: canvas.pop_group(mode))
    return funcs


def _mean(line: Any) -> Rgba:
    colors = [color for _, color in _stops(line)]
    return tuple(math.fsum(c[i] for c in colors) / len(colors) for i in range(4))  # type: ignore[return-value]
