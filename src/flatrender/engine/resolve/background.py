"""What lies behind a scene, and the frame that the scene stands in when its shape is another."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec

from flatrender.engine.errors import ValueRefused
from flatrender.engine.lottie.document import MAX_SIDE, Json
from flatrender.engine.lottie.edit import rgb_of_hex
from flatrender.engine.lottie.walk import IMAGE, PRECOMP, SHAPE, SOLID, dicts
from flatrender.engine.resolve.images import ImageSetter
from flatrender.engine.resolve.values import check_value
from flatrender.engine.template.check_rules import HEX_COLOR, background_problem
from flatrender.engine.template.model import Field, Scene
from flatrender.engine.template.package import Template
from flatrender.engine.template.rules import BACKGROUND_KEY, Background, Gradient

Fit = Literal["contain", "cover"]

_NAME = "flatrender-background"
_FRAME = "flatrender-frame"
_FIELD = Field(key=BACKGROUND_KEY, type="image", label={})


def checked_background(value: object, slots: set[str]) -> Background:
    """Return a person's background; raises ValueRefused `wrong_type` or `value_out_of_range`.

    It is `#rrggbb`, "transparent", or an object as in a manifest.
    """
    if isinstance(value, str):
        value = {} if value == "transparent" else {"color": value}
    try:
        found = msgspec.convert(value, Background)
    except msgspec.ValidationError as error:
        raise ValueRefused(f"{error}: see the template format", code="wrong_type", where=BACKGROUND_KEY) from None
    problem = background_problem(found, slots)
    if problem is not None:
        raise ValueRefused(problem, code="value_out_of_range", where=BACKGROUND_KEY)
    if found.image is not None and found.image != "":
        check_value(_FIELD, found.image)
    return found


def designed_background(template: Template, scene: Scene) -> Background | None:
    """Return what the template puts behind a scene."""
    return template.manifest.background if scene.background is None else scene.background


def frame_size(width: int, height: int, canvas: tuple[int, int], fit: Fit) -> tuple[int, int]:
    """Return the size of the frame, px of the design, in which a scene fills (`cover`) or fits into (`contain`) a picture of the canvas's shape."""
    wide, tall = canvas
    if not (1 <= wide <= MAX_SIDE and 1 <= tall <= MAX_SIDE):
        raise ValueRefused(
            f"a film of {wide}×{tall} px; give 1 to {MAX_SIDE} a side", code="value_out_of_range", where="canvas"
        )
    if abs(width * tall - height * wide) <= max(wide, tall, width, height):  # a pixel of rounding is no other shape
        return width, height
    grows_wide = (width * tall < height * wide) == (fit == "contain")
    made = (math.ceil(height * wide / tall), height) if grows_wide else (width, math.ceil(width * tall / wide))
    if max(made) > 4 * MAX_SIDE or min(made) < 1:
        raise ValueRefused(
            f"a film of {wide}×{tall} px is too narrow for this scene", code="value_out_of_range", where="canvas"
        )
    return made


class Backdrop:
    """A scene's background on its way into the Lottie: its picture first, its layers when everything else stands."""

    def __init__(self, lottie: Json, background: Background, size: tuple[int, int]) -> None:
        """Reserve the picture's asset; to be made before the scene's ImageSetter."""
        self._lottie = lottie
        self._background = background
        self._size = size
        self._picture: Json | None = None
        if background.image not in (None, ""):
            width, height = size
            name = free_id(lottie, _NAME)
            lottie.setdefault("assets", []).append({"id": name, "w": width, "h": height, "u": "", "p": "", "e": 1})
            self._picture = {"ty": IMAGE, "nm": f"{_NAME}-picture", "refId": name, "ip": 0, "op": 1, "st": 0, "ks": {}}

    def put_picture(self, images: ImageSetter) -> None:
        """Fit the background's picture; raises what a picture field raises."""
        if self._picture is not None:
            images.put(_FIELD, self._picture, check_value(_FIELD, self._background.image))

    def layers(self, colors: Mapping[str, str]) -> list[Json]:
        """Return the layers, topmost first; `colors` are the scene's slots."""
        width, height = self._size
        made: list[Json] = []
        if self._picture is not None:
            made.append(self._picture)
        if self._background.gradient is not None:
            made.append(_gradient_layer(self._background.gradient, width, height, colors))
        if self._background.color is not None:
            color = _color(self._background.color, colors)
            made.append({"ty": SOLID, "nm": f"{_NAME}-color", "sw": width, "sh": height, "sc": color, "ks": {}})
        for number, layer in enumerate(made):
            # What lies beneath shows through: a picture is toned down by the colour below it.
            layer["ks"] = {"o": {"a": 0, "k": self._background.opacity if number == 0 else 100}}
            layer.update(_span(self._lottie))
        return made


def _color(name: str, colors: Mapping[str, str]) -> str:
    return (name if HEX_COLOR.match(name) else colors[name]).lower()


def _gradient_layer(gradient: Gradient, width: int, height: int, colors: Mapping[str, str]) -> Json:
    stops = sorted(gradient.stops, key=lambda stop: stop.at)
    flat = [part for s in stops for part in (s.at, *rgb_of_hex(_color(s.color, colors)))]
    if any(stop.opacity < 100 for stop in stops):
        flat += [part for s in stops for part in (s.at, round(s.opacity / 100, 4))]
    middle = [width / 2, height / 2]
    if gradient.kind == "radial":
        start, end = middle, [width / 2 + math.hypot(width, height) / 2, height / 2]
    else:
        # The line is as long as the frame is in that direction: its ends lie at the corners (CSS Images 3, linear-gradient).
        angle = math.radians(gradient.angle)
        across, down = math.cos(angle), math.sin(angle)
        reach = (abs(width * across) + abs(height * down)) / 2
        start = [round(middle[0] - across * reach, 3), round(middle[1] - down * reach, 3)]
        end = [round(middle[0] + across * reach, 3), round(middle[1] + down * reach, 3)]
    still: Any = {"a": 0, "k": 0}
    items: list[Json] = [
        {"ty": "rc", "p": {"a": 0, "k": middle}, "s": {"a": 0, "k": [width, height]}, "r": still},
        {
            "ty": "gf",
            "g": {"p": len(stops), "k": {"a": 0, "k": flat}},
            "s": {"a": 0, "k": start},
            "e": {"a": 0, "k": end},
            "t": 2 if gradient.kind == "radial" else 1,
            "o": {"a": 0, "k": 100},
            "r": 1,
        },
        {"ty": "tr", "p": {"a": 0, "k": [0, 0]}, "a": {"a": 0, "k": [0, 0]}, "s": {"a": 0, "k": [100, 100]}, "r": still, "o": {"a": 0, "k": 100}},
    ]  # fmt: skip
    return {"ty": SHAPE, "nm": f"{_NAME}-gradient", "shapes": [{"ty": "gr", "nm": "gradient", "it": items}]}


def _span(lottie: Json) -> Json:
    return {"ip": lottie["ip"], "op": lottie["op"], "st": 0, "sr": 1, "bm": 0}


def free_id(lottie: Json, name: str) -> str:
    """Return an asset id like `name` that the animation does not have."""
    ids = [asset.get("id") for asset in dicts(lottie.get("assets"))]
    while name in ids:
        name += "-"
    return name


def free_index(lottie: Json) -> int:
    """Return a layer index (`ind`) above all of the animation's own layers."""
    used = [layer.get("ind") for layer in dicts(lottie["layers"])]
    return max([0, *(index for index in used if isinstance(index, int))]) + 1


def put_below(lottie: Json, layers: Sequence[Json]) -> None:
    """Add layers, topmost first, below all others."""
    index = free_index(lottie)
    for number, layer in enumerate(layers):
        layer["ind"] = index + number
    lottie["layers"] = [*lottie["layers"], *layers]


def put_in_frame(lottie: Json, size: tuple[int, int]) -> None:
    """Give the animation another size: what it shows stands in the middle, cut off at its own edges."""
    width, height = size
    if (lottie["w"], lottie["h"]) == size:
        return
    name = free_id(lottie, _FRAME)
    lottie.setdefault("assets", []).append({"id": name, "layers": lottie["layers"]})
    place = [round((width - lottie["w"]) / 2, 3), round((height - lottie["h"]) / 2, 3), 0]
    lottie["layers"] = [
        {
            "ty": PRECOMP,
            "ind": 1,
            "nm": name,
            "refId": name,
            "w": lottie["w"],
            "h": lottie["h"],
            "ks": {"p": {"a": 0, "k": place}},
            **_span(lottie),
        }
    ]
    lottie["w"], lottie["h"] = width, height
