"""A mark over the whole scene: a name or a sign in a corner, wandering, or all over."""

from __future__ import annotations

import io
from typing import Literal

import msgspec
from PIL import Image, UnidentifiedImageError

from flatrender.engine.errors import ValueRefused
from flatrender.engine.lottie.document import Json, is_number
from flatrender.engine.lottie.walk import IMAGE, PRECOMP, TEXT, dicts
from flatrender.engine.resolve.background import free_id, free_index
from flatrender.engine.resolve.images import ImageSetter
from flatrender.engine.resolve.values import check_value
from flatrender.engine.template.check_rules import HEX_COLOR
from flatrender.engine.template.model import Field

Anchor = Literal[
    "top_left", "top", "top_right", "left", "center", "right", "bottom_left", "bottom", "bottom_right"
]  # fmt: skip
ANCHORS: tuple[Anchor, ...] = (
    "top_left", "top", "top_right", "left", "center", "right", "bottom_left", "bottom", "bottom_right",
)  # fmt: skip
MAX_TEXT = 120
_NAME = "flatrender-watermark"
_FIELD = Field(key="watermark", type="image", label={})
_FONT = {"fName": _NAME, "fFamily": "Vazirmatn", "fStyle": "Bold", "ascent": 105}
_TILT = -24
# Of a text: its size at most, as a share of the mark's length; an average letter's width and the box's height, in sizes.
_TALLEST, _LETTER, _BOX = 0.45, 0.42, 1.6
# A tile's length is this many times the mark's, its height this many times the mark's height.
_TILE = (1.7, 3.2)
_MAX_TILES = 400
_DRIFT_SECONDS = 8.0
_ALPHA_FORMATS = ("PNG", "WEBP", "JPEG", "GIF")


class Watermark(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A mark over every frame. Either `text` or `image` is given."""

    text: str = ""
    image: str = ""
    """An asset id, as in an image field."""
    position: Anchor = "bottom_right"
    size: float = 0.16
    """The mark's length as a share of the frame's width, 0.02 to 1."""
    opacity: float = 60.0
    """Percent."""
    margin: float = 0.03
    """Distance from the edges as a share of the frame's shorter side, 0 to 0.4."""
    color: str = "#ffffff"
    """Of a text, `#rrggbb`; a soft shadow keeps it readable on any ground."""
    layout: Literal["single", "tiled", "drifting"] = "single"
    """`tiled`: all over the frame, aslant. `drifting`: it wanders slowly from corner to corner, so that no one crop removes it."""
    aspect: float | None = None
    """Of a picture: its width by its height, where that is known; else it is read from the picture."""


def check_watermark(mark: Watermark) -> None:
    """Raise ValueRefused `wrong_type` or `value_out_of_range`."""
    if bool(mark.text.strip()) == bool(mark.image):
        raise ValueRefused("give either a `text` or an `image`", code="wrong_type", where="watermark")
    if len(mark.text) > MAX_TEXT or any(0xD800 <= ord(c) < 0xE000 or c in "\r\n\x03" for c in mark.text):
        raise ValueRefused(
            f"the text is one line of at most {MAX_TEXT} characters", code="value_out_of_range", where="watermark"
        )
    limits = ((mark.size, 0.02, 1, "size"), (mark.opacity, 0, 100, "opacity"), (mark.margin, 0, 0.4, "margin"))
    for value, low, high, name in limits:
        if not is_number(value) or not low <= value <= high:
            raise ValueRefused(f"`{name}` is {low} to {high}", code="value_out_of_range", where="watermark")
    if mark.aspect is not None and not (is_number(mark.aspect) and 0.02 <= mark.aspect <= 50):
        raise ValueRefused("`aspect` is 0.02 to 50", code="value_out_of_range", where="watermark")
    if not HEX_COLOR.match(mark.color):
        raise ValueRefused(
            f"{mark.color[:40]!r} is no colour; write #rrggbb", code="value_out_of_range", where="watermark"
        )


class Stamp:
    """A watermark on its way into the Lottie: what it shows first, so that it is set and fitted with the rest; its layers at the end."""

    def __init__(self, lottie: Json, mark: Watermark, frame: tuple[int, int], picture: bytes | None = None) -> None:
        """Add the mark as a precomposition; to be made before the scene's ImageSetter. `frame` is the whole frame's size, px."""
        check_watermark(mark)
        self._lottie = lottie
        self._mark = mark
        self._frame = frame
        self._picture: Json | None = None
        width = max(2.0, mark.size * frame[0])
        if mark.text:
            # As large as letters of a common width let it be; what is wider is shrunk into the box.
            font = max(4.0, min(_TALLEST * width, width / (_LETTER * len(mark.text.strip()))))
            height = _BOX * font
            layers = self._texts(width, height, font)
        else:
            height = width / (mark.aspect or _aspect(picture) or 1.0)
            limit = frame[1] * max(mark.size, 0.02)
            width, height = (width * limit / height, limit) if height > limit else (width, height)
            layers = self._image(width, height)
        self._size = (round(width, 3), round(height, 3))
        self._id = free_id(lottie, _NAME)
        lottie.setdefault("assets", []).append({"id": self._id, "layers": layers})

    def _texts(self, width: float, height: float, font: float) -> list[Json]:
        fonts = self._lottie.get("fonts")
        listed = dicts(fonts.get("list")) if isinstance(fonts, dict) else []
        self._lottie["fonts"] = {"list": [*listed, dict(_FONT)]}
        side = self._mark.position.rpartition("_")[2]
        justify = 2 if self._mark.layout != "single" else {"left": 0, "right": 1}.get(side, 2)
        made: list[Json] = []
        size = round(font, 2)
        tall = {"top": 0, "bottom": 2}.get(self._mark.position.partition("_")[0], 1)
        shift = max(1.0, size * 0.05)
        for color, opacity, by in ((self._mark.color, 100, 0.0), ("#000000", 60, shift)):
            rgb = [round(int(color[at : at + 2], 16) / 255, 6) for at in (1, 3, 5)]
            document: Json = {
                "s": size, "f": _NAME, "t": self._mark.text.strip(), "j": justify, "tr": 0, "lh": round(size * 1.2, 2), "ls": 0, "fc": rgb,
                "sz": [round(width, 2), round(height, 2)], "ps": [0, 0], "vj": 1 if self._mark.layout != "single" else tall,
            }  # fmt: skip
            made.append(
                {
                    "ty": TEXT,
                    "nm": _NAME,
                    "ind": len(made) + 1,
                    "ks": {"o": {"a": 0, "k": opacity}, "p": {"a": 0, "k": [by, by, 0]}},
                    "t": {
                        "d": {"k": [{"s": document, "t": 0}]},
                        "p": {},
                        "m": {"g": 1, "a": {"a": 0, "k": [0, 0]}},
                        "a": [],
                    },
                    **self._span(),
                }
            )
        return made

    def _image(self, width: float, height: float) -> list[Json]:
        # Twice the designed size: a mark's edges are looked at.
        wide, tall = max(1, round(2 * width)), max(1, round(2 * height))
        name = free_id(self._lottie, f"{_NAME}-picture")
        self._lottie.setdefault("assets", []).append({"id": name, "w": wide, "h": tall, "u": "", "p": "", "e": 1})
        self._picture = {
            "ty": IMAGE, "nm": _NAME, "ind": 1, "refId": name,
            "ks": {"s": {"a": 0, "k": [round(100 * width / wide, 4), round(100 * height / tall, 4), 100]}}, **self._span(),
        }  # fmt: skip
        return [self._picture]

    def _span(self) -> Json:
        return {"ip": min(0, self._lottie["ip"]), "op": 1_000_000, "st": 0, "sr": 1, "bm": 0}

    def put_picture(self, images: ImageSetter) -> None:
        """Fit the mark's picture; raises what a picture field raises."""
        if self._picture is not None:
            value = check_value(_FIELD, {"asset": self._mark.image, "fit": "contain"})
            images.put(_FIELD, self._picture, value)

    def put_on_top(self) -> None:
        """Lay the mark over everything; to be called when the scene has its length and size."""
        lottie, (width, height) = self._lottie, self._size
        shown = round(self._mark.opacity, 3)
        places = self._tiles() if self._mark.layout == "tiled" else [self._place()]
        index = free_index(lottie)
        made = [
            {
                "ty": PRECOMP,
                "ind": index + number,
                "nm": _NAME,
                "refId": self._id,
                # The shadow reaches a little over the mark's own box.
                "w": width * 1.05,
                "h": height * 1.1,
                "ks": {
                    "o": {"a": 0, "k": shown},
                    "a": {"a": 0, "k": [width / 2, height / 2, 0]},
                    "p": place,
                    "r": {"a": 0, "k": _TILT if self._mark.layout == "tiled" else 0},
                },
                "ip": lottie["ip"],
                "op": lottie["op"],
                "st": 0,
                "sr": 1,
                "bm": 0,
            }
            for number, place in enumerate(places)
        ]
        lottie["layers"] = [*made, *lottie["layers"]]

    def _at(self, anchor: Anchor) -> list[float]:
        (wide, tall), (width, height) = self._frame, self._size
        margin = self._mark.margin * min(wide, tall)
        column = {"left": 0, "right": 2}.get(anchor.rpartition("_")[2], 1)
        row = {"top": 0, "bottom": 2}.get(anchor.partition("_")[0], 1)
        x = (margin + width / 2, wide / 2, wide - margin - width / 2)[column]
        y = (margin + height / 2, tall / 2, tall - margin - height / 2)[row]
        return [round(x, 3), round(y, 3), 0]

    def _place(self) -> Json:
        if self._mark.layout == "single":
            return {"a": 0, "k": self._at(self._mark.position)}
        corners: tuple[Anchor, ...] = ("top_left", "bottom_right", "top_right", "bottom_left")
        ease = {"i": {"x": [0.6], "y": [1]}, "o": {"x": [0.4], "y": [0]}}
        first, last = self._lottie["ip"], self._lottie["op"]
        step = _DRIFT_SECONDS * self._lottie["fr"]
        count = min(int((last - first) / step) + 2, 2000)
        return {
            "a": 1,
            "k": [{"t": first + n * step, "s": self._at(corners[n % 4]), **ease} for n in range(count)],
        }

    def _tiles(self) -> list[Json]:
        (wide, tall), (width, height) = self._frame, self._size
        across, down = max(width * _TILE[0], 8.0), max(height * _TILE[1], 8.0)
        while (wide / across + 2) * (tall / down + 2) > _MAX_TILES:
            across, down = across * 1.25, down * 1.25
        found: list[Json] = []
        row = 0
        y = down / 2
        while y < tall + down / 2:
            x = across / 2 if row % 2 else 0.0
            while x < wide + across / 2:
                found.append({"a": 0, "k": [round(x, 3), round(y, 3), 0]})
                x += across
            y += down
            row += 1
        return found


def _aspect(data: bytes | None) -> float | None:
    """Width by height of a picture, from its head alone."""
    if data is None:
        return None
    try:
        with Image.open(io.BytesIO(data), formats=_ALPHA_FORMATS) as picture:
            return min(max(picture.width / max(picture.height, 1), 0.02), 50.0)
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError):
        return None
