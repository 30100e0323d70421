"""Effects that are drawn by shapes, mattes and copies in a composition of the layer's own."""

from __future__ import annotations

import copy
import math
from typing import TYPE_CHECKING, Any

from flatrender.aftereffects.convert.context import rounded, rounded_all
from flatrender.aftereffects.convert.nesting import (
    ALPHA,
    LUMA,
    NULL,
    PRECOMPOSITION,
    SHAPE,
    SOLID,
    Picture,
    grouped,
    paint,
    rectangle,
    resting,
)
from flatrender.aftereffects.convert.values import static

if TYPE_CHECKING:
    from collections.abc import Callable

    from flatrender.aftereffects.convert.context import Json
    from flatrender.aftereffects.convert.parameters import Parameters

    Step = Callable[[Parameters, Picture], None]

_WHITE = [1.0, 1.0, 1.0]
_RADIAL = 2
_MAX_COPIES = 400
_MAX_BARS = 200
_SECTOR_POINTS = 24
_SIGMA = 0.3
"""Standard deviation of a Gaussian blur of blurriness 1, px."""
_ADD, _BLUR = 16, 29
_MAX_SHINE = 3
_WITHOUT_ORIGINAL = 3
_SEAM = 0.5
"""By how much tiles overlap, px: two edges that meet would let the ground through."""


def gradient_ramp(effect: Parameters, picture: Picture) -> None:
    """Gradient Ramp: the layer's shape filled with a gradient."""
    fill: Json = {
        "ty": "gf", "o": static(100), "r": 1, "t": _RADIAL if round(effect.still(5, 1)) == _RADIAL else 1, "h": static(0), "a": static(0),
        "s": effect.point(1), "e": effect.point(3),
        "g": {"p": 2, "k": effect.combined((2, 4), lambda values: [0, *values[0][:3], 1, *values[1][:3]])},
    }  # fmt: skip
    keep = effect.percent(7) if effect.has(7) else static(0)
    fill_layer(picture, fill, keep)


def fill_layer(picture: Picture, fill: Json, keep: Json) -> None:
    """Fill the layer's shape; `keep`, percent, is how much of what it was stays."""
    layer = picture.layer
    plain = layer["ty"] == SOLID and not layer.get("ef") and not layer.get("masksProperties")
    if plain and keep == static(0):
        layer.update(ty=SHAPE, shapes=[rectangle(0, 0, layer.pop("sw"), layer.pop("sh")), fill])
        del layer["sc"]
        return
    layers = picture.nest()
    space = rectangle(0, 0, picture.width, picture.height)
    colored = picture.shape([space, fill])
    matte = copy.deepcopy(layers[0]) if keep != static(0) else layers.pop(0)
    colored.update(ind=_next(layers, matte))
    if keep != static(0):
        colored["ks"]["o"] = remaining(keep)
    layers.insert(0, colored)
    picture.matte(layers, matte)


def remaining(percent: Json) -> Json:
    """Return what a share leaves of a hundred percent."""
    if not percent["a"]:
        return static(100 - percent["k"])
    return {"a": 1, "k": [key | {"s": [100 - part for part in key["s"]]} for key in percent["k"]]}


def _next(layers: list[Json], *others: Json) -> int:
    return max((int(layer["ind"]) for layer in (*layers, *others)), default=0) + 1


def four_colors(effect: Parameters, picture: Picture) -> None:
    """4-Color Gradient: two gradients across, the lower one fading in downwards."""
    effect.place.note(
        "approximate",
        "effect.ADBE 4ColorGradient",
        "the four colours are mixed from side to side and from top to bottom",
    )
    layers = picture.nest()
    matte = layers.pop(0)
    space = (0, 0, picture.width, picture.height)

    def across(points: tuple[int, int], colors: tuple[int, int]) -> Json:
        return {
            "ty": "gf", "o": static(100), "r": 1, "t": 1, "s": effect.point(points[0]), "e": effect.point(points[1]),
            "g": {"p": 2, "k": effect.combined(colors, lambda values: [0, *values[0][:3], 1, *values[1][:3]])},
        }  # fmt: skip

    top = picture.shape([rectangle(*space), across((1, 3), (2, 4))], ind=1)
    low = picture.shape([rectangle(*space), across((5, 7), (6, 8))], ind=2, tt=ALPHA, tp=3)
    down: Json = {
        "ty": "gf", "o": static(100), "r": 1, "t": 1,
        "s": effect.combined((1, 3), lambda values: [0, (values[0][1] + values[1][1]) / 2]),
        "e": effect.combined((5, 7), lambda values: [0, (values[0][1] + values[1][1]) / 2]),
        "g": {"p": 2, "k": static([0, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1])},
    }  # fmt: skip
    fading = picture.shape([rectangle(*space), down], ind=3, td=1)
    colored: list[Json] = [fading, low, top]
    reference = picture.composition.add(str(picture.layer["nm"]), colored)
    first, last = picture.frames()
    whole: Json = {
        "ty": PRECOMPOSITION, "nm": "drawn", "ddd": 0, "ks": resting(), "ip": first, "op": last, "st": 0, "sr": 1, "bm": 0,
        "refId": reference, "w": picture.width, "h": picture.height, "ind": _next(layers, matte) if layers else matte["ind"] + 1,
    }  # fmt: skip
    layers.insert(0, whole)
    picture.matte(layers, matte)


def linear_wipe(effect: Parameters, picture: Picture) -> None:
    """Linear Wipe: what lies behind an edge that crosses the layer is gone."""
    layers = picture.nest()
    width, height = picture.width, picture.height
    unit, feather = effect.unit(1), max(effect.still(3), 0)
    if effect[3].keyframes:
        effect.place.note("approximate", "effect.ADBE Linear Wipe", "the softness of the edge stays as it begins")

    def edge(values: list[Any]) -> list[float]:
        done, angle = min(max(float(values[0]) * unit, 0), 1), math.radians(float(values[1]))
        extent = abs(width * math.sin(angle)) + abs(height * math.cos(angle)) + feather
        along = (done - 0.5) * extent
        return [width / 2 + math.sin(angle) * along, height / 2 - math.cos(angle) * along]

    reach = 2 * (width + height) + feather
    rest = rectangle(-feather / 2, -reach, 2 * reach, 2 * reach)
    soft: Json = {
        "ty": "gf", "o": static(100), "r": 1, "t": 1, "s": static([-feather / 2, 0]), "e": static([feather / 2, 0]),
        "g": {"p": 2, "k": static([0, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1])},
    }  # fmt: skip
    turned = effect.combined((2,), lambda values: [float(values[0]) - 90])
    moved = grouped([rest, soft if feather else paint(_WHITE)], p=effect.combined((1, 2), edge), r=turned)
    picture.matte(layers, picture.shape([moved]))


def radial_wipe(effect: Parameters, picture: Picture) -> None:
    """Radial Wipe: a sector that grows is gone."""
    if effect.still(5):
        effect.place.note("approximate", "effect.ADBE Radial Wipe", "the soft edge of the wipe is drawn hard")
    layers = picture.nest()
    unit, way = effect.unit(1), round(effect.still(4, 1))
    reach = 3 * math.hypot(picture.width, picture.height)
    series = effect.series(1, 2, 3)

    def outline(values: list[Any]) -> Json:
        done, start = min(max(float(values[0]) * unit, 0), 1), float(values[1])
        center = [float(part) for part in values[2][:2]]
        begins = {1: start + 360 * done, 2: start, 3: start + 180 * done}.get(way, start)
        points = [center]
        for step in range(_SECTOR_POINTS + 1):
            angle = math.radians(begins + 360 * (1 - done) * step / _SECTOR_POINTS)
            points.append([center[0] + math.sin(angle) * reach, center[1] - math.cos(angle) * reach])
        nothing = [[0, 0]] * len(points)
        return {"i": nothing, "o": nothing, "v": [rounded_all(point) for point in points], "c": True}

    if series.span is None:
        path = static(outline(series.at(0)))
    else:
        straight: Json = {"o": {"x": 1 / 6, "y": 1 / 6}, "i": {"x": 5 / 6, "y": 5 / 6}}
        first, last = series.span
        path = {
            "a": 1,
            "k": [{"t": frame, "s": [outline(series.at(frame))], **straight} for frame in range(first, last + 1)],
        }
    picture.matte(layers, picture.shape([{"ty": "sh", "ks": path}, paint(_WHITE)]))


def venetian_blinds(effect: Parameters, picture: Picture) -> None:
    """Venetian Blinds: bars that grow narrow."""
    wide = max(effect.still(3, 20), 1)
    reach = math.hypot(picture.width, picture.height)
    count = math.ceil(reach / wide)
    if count > _MAX_BARS:
        effect.place.note("not_drawn", "effect.ADBE Venetian Blinds", f"{count} bars are more than are drawn")
        return
    effect.place.note("approximate", "effect.ADBE Venetian Blinds", "the bars may begin elsewhere, and have hard edges")
    layers = picture.nest()
    unit = effect.unit(1)
    size = effect.combined((1,), lambda values: [wide * (1 - min(max(float(values[0]) * unit, 0), 1)), 2 * reach])
    bars: list[Json] = [
        {"ty": "rc", "d": 1, "p": static([(number + 0.5) * wide - reach / 2, 0]), "s": size, "r": static(0)}
        for number in range(count)
    ]
    center = static([picture.width / 2, picture.height / 2])
    turned = effect.combined((2,), lambda values: [float(values[0])])
    picture.matte(layers, picture.shape([grouped([*bars, paint(_WHITE)], p=center, r=turned)]))


def transform(effect: Parameters, picture: Picture) -> None:
    """Transform: a second transform, before the layer's own (of shapes and texts: after it)."""
    after = picture.after_transform
    layers = picture.nest(margin=0 if after else max(picture.width, picture.height))
    before, shift = (0.0, 0.0) if after else (picture.before, picture.shift)
    uniform = bool(effect.still(11, 0))

    def scale(values: list[Any]) -> list[float]:
        high, wide = float(values[0]), float(values[1])
        return [high if uniform else wide, high]

    moved: Json = {
        "a": _beside(effect, 1, before),
        "p": _beside(effect, 2, shift),
        "s": effect.combined((3, 4), scale),
        "r": effect.scalar(7),
        "sk": effect.scalar(5),
        "sa": effect.scalar(6),
        "o": static(100),
    }  # fmt: skip
    inner = layers[0]
    if after:
        top = layers[-1]
        holder: Json = {
            "ty": NULL, "nm": "drawn", "ddd": 0, "ind": _next(layers), "ks": moved, "ip": inner["ip"], "op": inner["op"], "st": 0, "sr": 1, "bm": 0,
        }  # fmt: skip
        top["parent"] = holder["ind"]
        layers.append(holder)
        inner["ks"] = inner["ks"] | {"o": effect.percent(8)}
    else:
        inner["ks"] = moved | {"o": effect.percent(8)}


def _beside(effect: Parameters, number: int, shift: float) -> Json:
    """Return a point, moved right and down."""
    if not shift:
        return effect.point(number)
    return effect.combined((number,), lambda values: [float(part) + shift for part in values[0][:2]])


def motion_tile(effect: Parameters, picture: Picture) -> None:
    """Motion Tile: the layer again and again, around its centre."""
    wide, high = (max(effect.still(number, 100) / 100, 0.01) for number in (2, 3))
    out_wide, out_high = (max(effect.still(number, 100) / 100, 0.01) for number in (4, 5))
    if effect.still(7):
        effect.place.note("not_drawn", "effect.ADBE Tile", "the phase of the tiles is not drawn")
    _tiled(effect, picture, (wide, high), (out_wide, out_high), mirrored=bool(effect.still(6)))


def offset(effect: Parameters, picture: Picture) -> None:
    """Offset: what leaves the layer on one side comes in on the other."""
    _tiled(effect, picture, (1, 1), (1, 1), mirrored=False)


def _tiled(
    effect: Parameters, picture: Picture, tile: tuple[float, float], out: tuple[float, float], *, mirrored: bool
) -> None:
    width, height = picture.width, picture.height
    step = (width * tile[0], height * tile[1])
    counts = [math.ceil((out[axis] * (width, height)[axis]) / step[axis] / 2) + 1 for axis in (0, 1)]
    copies = (2 * counts[0] + 1) * (2 * counts[1] + 1)
    if copies > _MAX_COPIES:
        effect.place.note("not_drawn", "effect.tiles", f"{copies} tiles are more than are drawn")
        return
    picture.nest()
    margin = max((out[0] - 1) * width, (out[1] - 1) * height, 0) / 2
    layers = picture.nest(margin=margin)
    (inner,) = layers
    shift, before = picture.shift, picture.before
    period = [part * (2 if mirrored else 1) for part in step]

    def center(values: list[Any]) -> list[float]:
        # Tiles repeat: the middle one stays within one period of the layer's centre, however far it has moved.
        way = [float(values[0][axis]) - (width, height)[axis] / 2 for axis in (0, 1)]
        near = [math.remainder(way[axis], period[axis]) for axis in (0, 1)]
        return [(width, height)[axis] / 2 + near[axis] + shift for axis in (0, 1)]

    first, last = picture.frames()
    holder: Json = {
        "ty": NULL, "nm": "drawn", "ddd": 0, "ind": copies + 1, "ks": resting() | {"p": effect.combined((1,), center)},
        "ip": first, "op": last, "st": 0, "sr": 1, "bm": 0,
    }  # fmt: skip
    layers.clear()
    for row in range(-counts[1], counts[1] + 1):
        for column in range(-counts[0], counts[0] + 1):
            flip = [-1 if mirrored and number % 2 else 1 for number in (column, row)]
            layers.append(
                inner
                | {
                    "ind": len(layers) + 1,
                    "parent": copies + 1,
                    "ks": {
                        "o": static(100),
                        "r": static(0),
                        "a": static([width / 2 + before, height / 2 + before]),
                        "p": static(rounded_all([column * step[0], row * step[1]])),
                        "s": static(
                            rounded_all(
                                [100 * (tile[axis] + _SEAM / (width, height)[axis]) * flip[axis] for axis in (0, 1)]
                            )
                        ),
                    },
                }
            )
    layers.append(holder)
    if margin or out[0] < 1 or out[1] < 1:
        _cut(picture, out)


def _cut(picture: Picture, out: tuple[float, float]) -> None:
    """Cut what the tiles show to the output's size."""
    middle = (picture.width / 2 + picture.shift, picture.height / 2 + picture.shift)
    half = (out[0] * picture.width / 2, out[1] * picture.height / 2)
    corners = [[middle[0] + x * half[0], middle[1] + y * half[1]] for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    nothing = [[0, 0]] * 4
    outline = {"i": nothing, "o": nothing, "v": [rounded_all(corner) for corner in corners], "c": True}
    picture.layer["hasMask"] = True
    picture.layer["masksProperties"] = [
        {"inv": False, "mode": "a", "pt": static(outline), "o": static(100), "x": static(0), "nm": "drawn"}
    ]


def glow(effect: Parameters, picture: Picture) -> None:
    """Glow: a soft copy added to the picture."""
    effect.place.note(
        "approximate", "effect.ADBE Glo2", "all of the layer glows, not only what is brighter than the threshold"
    )
    radius, intensity = max(effect.still(3, 10), 0), max(effect.still(4, 1), 0)
    picture.nest(margin=math.ceil(2 * radius))
    layers = picture.nest()
    original = layers[0]
    matte = copy.deepcopy(original)
    soft: Json = {
        "ty": _BLUR, "nm": "drawn", "mn": "ADBE Gaussian Blur 2", "en": 1,
        "ef": [
            {"ty": 0, "nm": "Blurriness", "v": effect.scalar(3, 0.5 / _SIGMA)},
            {"ty": 7, "nm": "Blur Dimensions", "v": static(1)},
            {"ty": 7, "nm": "Repeat Edge Pixels", "v": static(0)},
        ],
    }  # fmt: skip
    count = _MAX_SHINE if effect[4].keyframes else min(math.ceil(intensity), _MAX_SHINE)
    for number in range(count):
        # Added to nothing, light would be dark: beside the picture the copy lies behind it, on the picture it is added.
        for above in (False, True):
            shining = copy.deepcopy(original)
            shining["ks"]["o"] = effect.combined((4,), _part(number))
            shining.update(ind=_next(layers), ef=[soft])
            if above:
                shining["bm"] = _ADD
                layers.insert(0, shining)
                picture.matte(layers, copy.deepcopy(matte))
            else:
                layers.append(shining)
    if round(effect.still(5, 2)) == _WITHOUT_ORIGINAL:
        layers.remove(original)


def _part(number: int) -> Callable[[list[Any]], list[float]]:
    """Return the opacity of one of several copies that together add up to an intensity."""
    return lambda values: [100 * min(max(float(values[0]) - number, 0), 1)]


_MATTE_KINDS = {4: ALPHA, 5: LUMA, 7: LUMA}


def set_matte(effect: Parameters, picture: Picture) -> None:
    """Set Matte: the layer is cut by the transparency or lightness of what another layer shows, before that layer's own transform."""
    kind = _MATTE_KINDS.get(round(effect.still(2, 4)))
    target = picture.composition.source(round(effect.still(1)))
    size = None if target is None else picture.composition.size_of(target)
    if kind is None or target is None or size is None:
        effect.place.note("not_drawn", "effect.ADBE Set Matte3", "a matte of this kind, or of this layer, is not drawn")
        return
    if effect.has(5) and not effect.still(5):
        effect.place.note(
            "not_drawn", "effect.ADBE Set Matte3", "the matte takes no account of the layer's own transparency"
        )
    layers = picture.nest()
    stretched = bool(effect.still(4, 1))
    scale = [picture.width / size[0] * 100, picture.height / size[1] * 100] if stretched else [100, 100]
    corner = [0.0, 0.0] if stretched else [(picture.width - size[0]) / 2, (picture.height - size[1]) / 2]
    first, last = picture.frames()
    matte = {
        "nm": "drawn", "ddd": 0, "st": 0, "sr": 1, **target, "bm": 0, "ip": first, "op": last,
        "ks": resting(corner[0] + picture.shift, corner[1] + picture.shift) | {"s": static(rounded_all(scale))},
    }  # fmt: skip
    picture.matte(layers, matte, kind + (1 if effect.still(3) else 0))


def posterize_time(effect: Parameters, picture: Picture) -> None:
    """Posterize Time: the layer's picture changes so many times a second."""
    rate, fps = max(effect.still(1, 24), 0.1), effect.place.fps
    if rate >= fps:
        return
    picture.nest()
    first, last = picture.frames()
    keys: list[Json] = []
    for frame in range(math.floor(first), math.ceil(last) + 1):
        moment = rounded(math.floor(frame / fps * rate + 1e-6) / rate)
        if not keys or keys[-1]["s"] != [moment]:
            keys.append({"t": frame, "s": [moment], "h": 1})
    picture.layer["tm"] = {"a": 1, "k": keys} if len(keys) > 1 else static(keys[0]["s"][0])


DRAWN_STEPS: dict[str, tuple[Step, tuple[int, ...]]] = {
    "ADBE Ramp": (gradient_ramp, (1, 2, 3, 4, 5, 7)),
    "ADBE 4ColorGradient": (four_colors, (1, 2, 3, 4, 5, 6, 7, 8)),
    "ADBE Linear Wipe": (linear_wipe, (1, 2, 3)),
    "ADBE Radial Wipe": (radial_wipe, (1, 2, 3, 4, 5)),
    "ADBE Venetian Blinds": (venetian_blinds, (1, 2, 3)),
    "ADBE Geometry2": (transform, (1, 2, 3, 4, 5, 6, 7, 8, 11)),
    "ADBE Tile": (motion_tile, (1, 2, 3, 4, 5, 6, 7)),
    "ADBE Offset": (offset, (1,)),
    "ADBE Glo2": (glow, (1, 2, 3, 4, 5)),
    "ADBE Set Matte3": (set_matte, (1, 2, 3, 4, 5)),
    "ADBE Posterize Time": (posterize_time, (1,)),
}
"""By match name: how an effect is drawn, and the numbers of the parameters that are read."""
