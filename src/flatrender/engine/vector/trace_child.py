"""The tracing process behind `tracing`: questions on standard input, answers on standard output, until the input ends."""

import contextlib
import io
import math
import re

import msgspec
import numpy as np
import vtracer
from PIL import Image, ImageFilter

from flatrender.engine.child import serve
from flatrender.engine.picture_decode import RefusedError, decoded
from flatrender.engine.vector.drawing import GRID, Drawing, DrawingRefused, Outline, Point, Segment, Shape, to_svg
from flatrender.engine.vector.pictures import picture_areas
from flatrender.engine.vector.quantize import EXACT, LOSSY, Labels, Pixels, Tolerance, quantized, rgb
from flatrender.engine.vector.trace_messages import Answer, RefusedAnswer, TracedAnswer, TraceQuestion

_MEMORY_BYTES = 2 << 30
_MARGIN = 8
"""Pixels by which a curve may leave the picture before it is cut."""


_MOST_EDGES = 50_000
"""More of them than this would be far above the limits of a drawing, and take long to trace."""
_ATTEMPTS = 6


class _Detail(msgspec.Struct, frozen=True):
    longest: int
    """The picture is traced with at most so many pixels a side."""
    speckle: int
    """Areas with sides below this many pixels are left out."""


_DETAILS = {
    "low": _Detail(800, 3),
    "medium": _Detail(1280, 2),
    "high": _Detail(1920, 2),
}


def traced(question: TraceQuestion) -> Answer:
    """Decode, make small, reduce the colours, trace; again with less of everything while the drawing would be too large."""
    detail = _DETAILS[question.detail]
    picture = _sized(decoded(question.data, least=(detail.longest, 1), longest=detail.longest), detail.longest)
    colors = question.colors
    tolerance = LOSSY if _is_lossy(question.data) else EXACT
    for attempt in range(_ATTEMPTS):
        labels, drawn, pictured = _reduced(picture, question.seeds, colors, tolerance)
        if not drawn + pictured:
            return RefusedAnswer(reason="the picture shows nothing: all of it is transparent")
        edges = _edges(labels)
        if edges <= _MOST_EDGES:
            drawing, groups = _drawing(labels, drawn + pictured, detail.speckle)
            with contextlib.suppress(DrawingRefused):
                return TracedAnswer(
                    svg=to_svg(drawing, {}),
                    shares=[share for _, share in groups],
                    pictured=[label >= len(drawn) for label, _ in groups],
                    reduced=attempt > 0,
                )
        # Edges grow with the side, those of noise with its square.
        ratio = min(2 / 3, max(1 / 3, (_MOST_EDGES / edges) ** 0.5)) if edges else 2 / 3
        picture = _small(picture.filter(ImageFilter.BoxBlur(1)), max(1, round(max(picture.size) * ratio)))
        colors = max(2, colors * 2 // 3)
    return RefusedAnswer(reason="the picture has too much detail to be traced", too_detailed=True)


def _is_lossy(data: bytes) -> bool:
    """Whether the picture is of a kind that changes colours: JPEG, lossy WebP (RFC 9649), AVIF and HEIC."""
    lossless_webp = data[12:16] == b"VP8L"
    return data[:2] == b"\xff\xd8" or (data[8:12] == b"WEBP" and not lossless_webp) or data[4:8] == b"ftyp"


def _sized(picture: Image.Image, longest: int) -> Image.Image:
    """Return the picture with at most so many pixels a side; a smaller one is made larger, at most twice, for smoother curves."""
    ratio = min(longest / max(picture.size), 2.0)
    if ratio <= 1 or picture.mode == "RGBA":
        return _small(picture, longest)
    return picture.resize((round(picture.width * ratio), round(picture.height * ratio)), Image.Resampling.BILINEAR)


def _small(picture: Image.Image, longest: int) -> Image.Image:
    """Return the picture with at most so many pixels a side."""
    ratio = longest / max(picture.size)
    if ratio >= 1:
        return picture
    size = max(1, round(picture.width * ratio)), max(1, round(picture.height * ratio))
    if picture.mode != "RGBA":
        return picture.resize(size, Image.Resampling.BOX)
    # Multiplied with the alpha while it is made small, or the colour of what is transparent would bleed into edges.
    return picture.convert("RGBa").resize(size, Image.Resampling.BOX).convert("RGBA")


def _edges(labels: Labels) -> int:
    """Return how many pixels differ from the one before them: what is traced takes about 25 bytes for each."""
    return int((labels[:, 1:] != labels[:, :-1]).sum())


def _reduced(
    picture: Image.Image, seeds: list[str], colors: int, tolerance: Tolerance
) -> tuple[Labels, list[str], list[str]]:
    """Return the labels of the picture, the colours of what is drawn and, numbered after them, of the pictures shown."""
    pixels = np.asarray(picture.convert("RGB"))
    solid = np.ones(pixels.shape[:2], bool)
    if picture.mode == "RGBA":
        solid = np.asarray(picture.getchannel("A")) >= 128
    pictures = picture_areas(pixels, seeds, tolerance)
    if pictures is None:
        labels, (drawn,) = quantized(pixels, [solid], colors=[colors], seeds=seeds, tolerance=tolerance)
        return labels, drawn, []
    labels, (drawn, pictured) = quantized(
        pixels,
        [solid & ~pictures, solid & pictures],
        colors=[colors, colors // 2],
        seeds=seeds,
        tolerance=tolerance,
    )
    return labels, drawn, pictured


def _drawing(labels: Labels, colors: list[str], speckle: int) -> tuple[Drawing, list[tuple[int, float]]]:
    """Return the drawing, and of each group its label and how much of the picture it covers."""
    height, width = labels.shape
    marks = _marks(colors)
    shapes = _shapes(_outlined(labels, marks, speckle), marks, width, height)
    counts = np.bincount(labels[labels >= 0], minlength=len(colors)) / labels.size
    used = sorted({label for label, _ in shapes}, key=lambda label: (-counts[label], label))
    number = {label: index for index, label in enumerate(used)}
    drawing = Drawing(
        width=width,
        height=height,
        colors=tuple(colors[label] for label in used),
        shapes=tuple(Shape(number[label], outlines) for label, outlines in shapes),
    )
    return drawing, [(label, round(float(counts[label]), 5)) for label in used]


def _marks(colors: list[str]) -> Pixels:
    """Return colours by which the areas can be told apart when they come back: the colours themselves, moved where two are nearly one."""
    marks = np.array([rgb(color) for color in colors], np.int32)
    for index in range(len(marks)):
        mark = marks[index].copy()
        for step in range(1, 64):
            if index == 0 or np.abs(marks[:index] - mark).max(axis=1).min() >= 4:
                break
            away = 4 * step
            mark = (marks[index] + [away, -away, away] * np.where(marks[index] < 128, 1, -1)).clip(0, 255)
        marks[index] = mark
    return marks.astype(np.uint8)


def _outlined(labels: Labels, marks: Pixels, speckle: int) -> str:
    """Return what vtracer makes of areas of one colour each: shapes over each other, so that no seam shows between them."""
    rgba = np.zeros((len(marks) + 1, 4), np.uint8)  # the last one is for what is transparent
    rgba[:-1, :3], rgba[:-1, 3] = marks, 255
    out = io.BytesIO()
    Image.fromarray(rgba[labels], "RGBA").save(out, "PNG", compress_level=1)
    svg: str = vtracer.convert_raw_image_to_svg(
        out.getvalue(),
        img_format="png",
        colormode="color",
        hierarchical="stacked",
        mode="spline",
        filter_speckle=speckle,
        color_precision=8,
        layer_difference=0,
        corner_threshold=60,
        length_threshold=4.0,
        max_iterations=10,
        splice_threshold=45,
        path_precision=2,
    )
    return svg


_PATH = re.compile(r'<path d="([^"]*)" fill="(#[0-9A-Fa-f]{6})" transform="translate\((-?[\d.]+),(-?[\d.]+)\)"/>')
_COMMAND = re.compile(r"\s*([MLCZ])([^MLCZ]*)")


def _shapes(svg: str, marks: Pixels, width: int, height: int) -> list[tuple[int, tuple[Outline, ...]]]:
    found: list[tuple[int, tuple[Outline, ...]]] = []
    for path in _PATH.finditer(svg):
        away = marks.astype(np.int32) - np.array(rgb(path[2]), np.int32)
        group = int((away**2).sum(axis=1).argmin())
        outlines = _outlines(path[1], float(path[3]), float(path[4]), width, height)
        if outlines:
            found.append((group, outlines))
    return found


def _outlines(path: str, across: float, down: float, width: int, height: int) -> tuple[Outline, ...]:
    outlines: list[Outline] = []
    start: Point = (0, 0)
    segments: list[Segment] = []
    for command, text in _COMMAND.findall(path):
        numbers = [float(number) for number in text.replace(",", " ").split()]
        if not all(math.isfinite(number) for number in numbers):
            return ()
        placed = [
            _step(number + (down if n % 2 else across), height if n % 2 else width) for n, number in enumerate(numbers)
        ]
        if command == "M":
            start, segments = (placed[0], placed[1]), []
        elif command == "L":
            segments += [(placed[n], placed[n + 1]) for n in range(0, len(placed) - 1, 2)]
        elif command == "C":
            segments += [tuple(placed[n : n + 6]) for n in range(0, len(placed) - 5, 6)]  # type: ignore[misc]
        elif segments:
            outlines.append(Outline(start, tuple(segments)))
            segments = []
    return tuple(outlines)


def _step(value: float, side: int) -> int:
    return round(min(max(value, -_MARGIN), side + _MARGIN) * GRID)


def _answer(body: bytes) -> bytes:
    answer: Answer
    try:
        answer = traced(msgspec.msgpack.decode(body, type=TraceQuestion))
    except RefusedError as error:
        answer = RefusedAnswer(reason=str(error))
    except MemoryError:
        answer = RefusedAnswer(reason="the picture needs more memory than tracing may use: make it smaller")
    return msgspec.msgpack.encode(answer)


if __name__ == "__main__":
    serve(_answer, memory_bytes=_MEMORY_BYTES)
