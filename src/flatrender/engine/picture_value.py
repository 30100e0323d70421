"""What a person may say of a picture or clip in an image field, checked strictly (see docs/media.md).

Everything is said of the picture as a person sees it: first it stands upright (EXIF, a film's rotation flag), then it is turned, mirrored,
cropped, fitted into its place and filtered.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, NoReturn

import msgspec

if TYPE_CHECKING:
    from PIL import ImageFilter

Fit = Literal["cover", "contain", "fill"]
Flip = Literal["none", "horizontal", "vertical", "both"]
After = Literal["freeze", "loop", "first", "hide"]

FITS = ("cover", "contain", "fill")
FLIPS = ("none", "horizontal", "vertical", "both")
AFTERS = ("freeze", "loop", "first", "hide")
MAX_BLUR = 100.0
MIN_CROP = 0.01
GRADE_SIDE = 17
"""Steps of red, of green and of blue in a table of the colour cube."""
MIN_SPEED, MAX_SPEED = 0.1, 8.0
MAX_VOLUME = 4.0
MAX_CLIP_SECONDS = 3600.0

_COLOR = re.compile(r"#[0-9A-Fa-f]{6}\Z")
_MEMBERS = {"asset", "fit", "focus", "crop", "rotate", "flip", "filters", "clip"}
_LUMA = (0.2126, 0.7152, 0.0722)


class PictureValueError(ValueError):
    """A picture value is not what it should be; `wrong_type` tells a wrong shape from a figure out of range."""

    def __init__(self, what: str, *, wrong_type: bool = False) -> None:
        super().__init__(what)
        self.wrong_type = wrong_type


class Filters(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Colour filters, with the meaning of CSS's filter functions of the same names (Filter Effects Level 1, in sRGB), in this order."""

    brightness: float = 1.0
    """0 (black) to 2."""
    contrast: float = 1.0
    """0 (grey) to 2."""
    saturation: float = 1.0
    """0 (grey) to 2."""
    grayscale: float = 0.0
    """0 to 1."""
    sepia: float = 0.0
    """0 to 1."""
    tint: tuple[str, float] | None = None
    """A colour #rrggbb and how much of it, 0 to 1: the picture's lightness in that colour, white becoming the colour itself."""
    blur: float = 0.0
    """Standard deviation in px of the designed size, 0 to 100."""
    grade: str = ""
    """What the template's design makes of colours, after all else: a table of 17 × 17 × 17 colours, red first, three bytes each, as base64; empty: nothing."""

    def cube(self) -> "ImageFilter.Color3DLUT | None":
        """Return `grade` for Pillow; None when it changes nothing."""
        if not self.grade:
            return None
        from PIL import ImageFilter  # noqa: PLC0415  # commands that show no picture start without it

        return ImageFilter.Color3DLUT(GRADE_SIDE, [level / 255 for level in base64.b64decode(self.grade)])

    def lut(self) -> list[int] | None:
        """Return what brightness and contrast make of the levels 0 to 255; None when they change nothing."""
        if self.brightness == 1 and self.contrast == 1:
            return None
        bright = [min(255.0, level * self.brightness) for level in range(256)]
        return [min(255, max(0, round((level - 127.5) * self.contrast + 127.5))) for level in bright]

    def matrix(self) -> list[list[float]] | None:
        """Return the 3 × 3 matrix of the other colour filters on (red, green, blue); None when they change nothing."""
        steps = [
            _mixed(_grey(_LUMA), 1 - self.saturation) if self.saturation != 1 else None,
            _mixed(_grey(_LUMA), self.grayscale) if self.grayscale else None,
            _mixed(_SEPIA, self.sepia) if self.sepia else None,
            _mixed(_tinted(self.tint[0]), self.tint[1]) if self.tint and self.tint[1] else None,
        ]
        result: list[list[float]] | None = None
        for step in steps:
            if step is not None:
                result = step if result is None else _times(step, result)
        return result


_SEPIA = [[0.393, 0.769, 0.189], [0.349, 0.686, 0.168], [0.272, 0.534, 0.131]]


def _grey(weights: tuple[float, float, float]) -> list[list[float]]:
    return [list(weights)] * 3


def _tinted(color: str) -> list[list[float]]:
    channels = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    return [[weight * channel for weight in _LUMA] for channel in channels]


def _mixed(matrix: list[list[float]], amount: float) -> list[list[float]]:
    return [
        [amount * value + (1 - amount) * (row == column) for column, value in enumerate(values)]
        for row, values in enumerate(matrix)
    ]


def _times(left: list[list[float]], right: list[list[float]]) -> list[list[float]]:
    return [[sum(left[i][k] * right[k][j] for k in range(3)) for j in range(3)] for i in range(3)]


class ClipOptions(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a film plays in its layer. Seconds are the file's own, whatever the speed."""

    start: float = 0.0
    """The part before is left out."""
    end: float | None = None
    """The part after is left out; None: to the file's end."""
    speed: float = 1.0
    """0.1 to 8; 2 is twice as fast."""
    after: After = "freeze"
    """What is shown after the end: the last picture, the film again, the first picture, or nothing."""
    volume: float = 1.0
    """0 (silent) to 4."""


class PictureValue(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A checked value of an image field."""

    asset: str
    fit: Fit | None = None
    """None: as the field's constraints say."""
    focus: tuple[float, float] = (0.5, 0.5)
    """The point that `cover` keeps in sight: fractions of the cropped picture from its left top."""
    crop: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)
    """Left, top, width and height of the part that is used, fractions of the turned picture."""
    rotate: int = 0
    """Degrees clockwise: 0, 90, 180 or 270."""
    flip: Flip = "none"
    filters: Filters = Filters()
    clip: ClipOptions = ClipOptions()
    """For films; pictures ignore it."""


def picture_value(value: object) -> PictureValue:
    """Check a value of an image field: an asset's id, or an object with `asset` and more. Raises PictureValueError."""
    if isinstance(value, str):
        return PictureValue(asset=value)
    if not isinstance(value, Mapping) or not isinstance(value.get("asset"), str):
        _wrong("a picture is an asset id, or an object with `asset`")
    _only(value, _MEMBERS, "a picture")
    return PictureValue(
        asset=value["asset"],
        fit=_one_of(value, "fit", FITS, None),
        focus=_fractions(value, "focus", (0.5, 0.5)),
        crop=_crop(value),
        rotate=_rotation(value.get("rotate", 0)),
        flip=_one_of(value, "flip", FLIPS, "none"),
        filters=_filters(value.get("filters", {})),
        clip=_clip(value.get("clip", {})),
    )


def design_options(value: object) -> PictureValue:
    """Check how a template shows its own picture: what an image value says, without `asset`, and `filters.grade`. Raises PictureValueError."""
    said = dict(value) if isinstance(value, Mapping) else {}
    filters = dict(said["filters"]) if isinstance(said.get("filters"), Mapping) else {}
    grade = filters.pop("grade", "")
    checked = picture_value({**said, "filters": filters, "asset": ""})
    return msgspec.structs.replace(checked, filters=msgspec.structs.replace(checked.filters, grade=_grade(grade)))


def _grade(table: object) -> str:
    if table == "":
        return ""
    try:
        size = len(base64.b64decode(table, validate=True)) if isinstance(table, str) else 0
    except binascii.Error:
        size = 0
    if not isinstance(table, str) or size != 3 * GRADE_SIDE**3:
        raise PictureValueError(f"`grade` is a table of {GRADE_SIDE}³ colours as base64")
    return table


def _wrong(what: str) -> NoReturn:
    raise PictureValueError(what, wrong_type=True)


def _only(value: Mapping[str, Any], known: set[str], what: str) -> None:
    unknown = sorted(str(key) for key in value if key not in known)
    if unknown:
        _wrong(f"{what} has no {', '.join(unknown)[:100]}; it may have {', '.join(sorted(known))}")


def _one_of(value: Mapping[str, Any], name: str, known: tuple[str, ...], default: Any) -> Any:
    if name not in value:
        return default
    if not isinstance(value[name], str) or value[name] not in known:
        raise PictureValueError(f"`{name}` is one of {', '.join(known)}")
    return value[name]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e9  # NaN is not below


def _number(value: Mapping[str, Any], name: str, default: float, low: float, high: float) -> float:
    found = value.get(name, default)
    if not _is_number(found):
        _wrong(f"`{name}` is a number from {low:g} to {high:g}")
    if not low <= found <= high:
        raise PictureValueError(f"`{name}` is {found:g}; give {low:g} to {high:g}")
    return float(found)


def _fractions(value: Mapping[str, Any], name: str, default: tuple[float, ...]) -> Any:
    found = value.get(name, default)
    count = {2: "two", 4: "four"}[len(default)]
    if (
        not isinstance(found, list | tuple)
        or len(found) != len(default)
        or not all(_is_number(part) and 0 <= part <= 1 for part in found)
    ):
        raise PictureValueError(f"`{name}` is {count} numbers from 0 to 1")
    return tuple(float(part) for part in found)


def _crop(value: Mapping[str, Any]) -> tuple[float, float, float, float]:
    left, top, width, height = _fractions(value, "crop", (0.0, 0.0, 1.0, 1.0))
    if min(width, height) < MIN_CROP or left + width > 1 + 1e-6 or top + height > 1 + 1e-6:
        raise PictureValueError(
            f"`crop` is left, top, width and height within the picture, as fractions; width and height at least {MIN_CROP:g}"
        )
    return (left, top, min(width, 1 - left), min(height, 1 - top))


def _rotation(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or value not in (0, 90, 180, 270):
        raise PictureValueError("`rotate` is 0, 90, 180 or 270 (degrees clockwise)")
    return int(value)


def _filters(value: object) -> Filters:
    if not isinstance(value, Mapping):
        _wrong("`filters` is an object")
    _only(value, set(Filters.__struct_fields__) - {"grade"}, "`filters`")
    tint = value.get("tint")
    if tint is not None:
        if not isinstance(tint, Mapping) or not isinstance(tint.get("color"), str) or not _COLOR.match(tint["color"]):
            raise PictureValueError("`tint` is an object with `color` (#rrggbb) and `amount` (0 to 1)")
        _only(tint, {"color", "amount"}, "`tint`")
        tint = (tint["color"].lower(), _number(tint, "amount", 1.0, 0, 1))
    return Filters(
        brightness=_number(value, "brightness", 1, 0, 2),
        contrast=_number(value, "contrast", 1, 0, 2),
        saturation=_number(value, "saturation", 1, 0, 2),
        grayscale=_number(value, "grayscale", 0, 0, 1),
        sepia=_number(value, "sepia", 0, 0, 1),
        tint=tint,
        blur=_number(value, "blur", 0, 0, MAX_BLUR),
    )


def _clip(value: object) -> ClipOptions:
    if not isinstance(value, Mapping):
        _wrong("`clip` is an object")
    _only(value, set(ClipOptions.__struct_fields__), "`clip`")
    start = _number(value, "start", 0, 0, MAX_CLIP_SECONDS)
    end = None if value.get("end") is None else _number(value, "end", 0, 0, MAX_CLIP_SECONDS)
    if end is not None and end <= start:
        raise PictureValueError(f"the clip ends at {end:g} s, not after its start at {start:g} s")
    return ClipOptions(
        start=start,
        end=end,
        speed=_number(value, "speed", 1, MIN_SPEED, MAX_SPEED),
        after=_one_of(value, "after", AFTERS, "freeze"),
        volume=_number(value, "volume", 1, 0, MAX_VOLUME),
    )


def cover_box(
    size: tuple[int, int], goal: tuple[int, int], focus: tuple[float, float]
) -> tuple[float, float, float, float]:
    """Return the part (left, top, right, bottom) of a picture that fills `goal`, its middle as near to the focus as the edges allow."""
    scale = min(size[0] / goal[0], size[1] / goal[1])
    # Rounding may put the product above the picture's own size, which would make the offset negative.
    width, height = min(goal[0] * scale, size[0]), min(goal[1] * scale, size[1])
    left = min(max(size[0] * focus[0] - width / 2, 0), size[0] - width)
    top = min(max(size[1] * focus[1] - height / 2, 0), size[1] - height)
    return (left, top, min(left + width, size[0]), min(top + height, size[1]))
