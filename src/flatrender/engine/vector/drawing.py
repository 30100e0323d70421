"""Drawings of closed shapes, and the SVG they are kept as: written by us, and read back only as we write it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import msgspec

MAX_BYTES = 512 * 1024
"""Of a drawing as SVG."""
MAX_PATHS = 6000
MAX_GROUPS = 64
MAX_SIDE = 4096
GRID = 10
"""Steps of the coordinates per pixel."""

Point = tuple[int, int]
Segment = tuple[int, int] | tuple[int, int, int, int, int, int]
"""A line to a point, or a cubic Bézier curve: two control points and the end. Coordinates are in tenths of a pixel, absolute."""


class DrawingRefused(ValueError):
    """The text is no drawing of ours, or the drawing is above the limits; the message says why."""


class Outline(msgspec.Struct, frozen=True):
    """One closed line."""

    start: Point
    segments: tuple[Segment, ...]


class Shape(msgspec.Struct, frozen=True):
    """What is filled at once (non-zero rule), with the colour of its group."""

    group: int
    outlines: tuple[Outline, ...]


class Drawing(msgspec.Struct, frozen=True, kw_only=True):
    """Shapes over each other, the first lowest."""

    width: int
    """Pixels; so is `height`."""
    height: int
    colors: tuple[str, ...]
    """Of the groups, `#rrggbb`."""
    shapes: tuple[Shape, ...]


def to_svg(drawing: Drawing, slots: Mapping[int, str]) -> str:
    """Return the drawing as SVG: `svg`, `g` and `path` only; `slots` names the colour slot that a group follows.

    The same drawing is always the same text. Raises DrawingRefused when it is above the limits.
    """
    if len(drawing.shapes) > MAX_PATHS:
        raise DrawingRefused(f"the drawing has {len(drawing.shapes)} shapes; at most {MAX_PATHS} are kept")
    width, height = drawing.width, drawing.height
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
    ]
    open_group: int | None = None
    for shape in drawing.shapes:
        if shape.group != open_group:
            if open_group is not None:
                parts.append("</g>")
            slot = slots.get(shape.group)
            follows = f' data-slot="{slot}"' if slot is not None else ""
            parts.append(f'<g fill="{drawing.colors[shape.group]}" data-group="{shape.group}"{follows}>')
            open_group = shape.group
        parts.append(f'<path d="{_path(shape.outlines)}"/>')
    if open_group is not None:
        parts.append("</g>")
    parts.append("</svg>")
    text = "".join(parts)
    if len(text) > MAX_BYTES:
        raise DrawingRefused(f"the drawing has {len(text)} bytes; at most {MAX_BYTES} are kept")
    return text


def _path(outlines: Sequence[Outline]) -> str:
    """Return the outlines with relative commands, which are the shortest."""
    said: list[str] = []
    for outline in outlines:
        x, y = outline.start
        said.append(f"M{_number(x)}{_after(y)}")
        last = "M"
        for segment in outline.segments:
            command = "l" if len(segment) == 2 else "c"
            numbers = "".join(
                (_number if number == 0 and command != last else _after)(value - (x, y)[number % 2])
                for number, value in enumerate(segment)
            )
            said.append(numbers if command == last else command + numbers)
            last = command
            x, y = segment[-2], segment[-1]
        said.append("z")
    return "".join(said)


def _number(tenths: int) -> str:
    whole, part = divmod(abs(tenths), GRID)
    text = str(whole) if part == 0 else f"{whole or ''}.{part}"
    return f"-{text}" if tenths < 0 else text


def _after(tenths: int) -> str:
    """Return a number as it follows another one."""
    text = _number(tenths)
    return text if text.startswith("-") else f" {text}"


_HEAD = re.compile(
    r'<svg xmlns="http://www\.w3\.org/2000/svg" width="([1-9][0-9]{0,3})" height="([1-9][0-9]{0,3})" viewBox="0 0 ([0-9]+) ([0-9]+)">'
)
_GROUP = re.compile(
    r'<g fill="(#[0-9a-f]{6})" data-group="([0-9]{1,2})"(?: data-slot="([A-Za-z0-9][A-Za-z0-9_.-]{0,119})")?>'
)
_PATH = re.compile(r'<path d="([Mlcz0-9. -]+)"/>')
_COMMAND = re.compile(r"([Mlcz])([0-9. -]*)")
_NUMBER = re.compile(r"( ?)(-?)([0-9]{0,4})(?:\.([0-9]))?")


def from_svg(text: str) -> tuple[Drawing, dict[int, str]]:
    """Return a drawing that `to_svg` has written, and its slots. Raises DrawingRefused for any other text."""
    if len(text) > MAX_BYTES:
        raise DrawingRefused(f"the text has {len(text)} characters; at most {MAX_BYTES} are read")
    head = _HEAD.match(text)
    if head is None or (head[1], head[2]) != (head[3], head[4]) or max(int(head[1]), int(head[2])) > MAX_SIDE:
        raise DrawingRefused("the text does not begin like a drawing")
    at = head.end()
    colors: dict[int, str] = {}
    slots: dict[int, str] = {}
    shapes: list[Shape] = []
    while (group := _GROUP.match(text, at)) is not None:
        number = int(group[2])
        if colors.setdefault(number, group[1]) != group[1]:
            raise DrawingRefused(f"group {number} has two colours")
        if group[3] is not None:
            slots[number] = group[3]
        at = group.end()
        while (path := _PATH.match(text, at)) is not None:
            shapes.append(Shape(number, _outlines(path[1])))
            at = path.end()
        if not text.startswith("</g>", at):
            raise DrawingRefused(f"unexpected text at character {at}")
        at += len("</g>")
    if text[at:] != "</svg>":
        raise DrawingRefused(f"unexpected text at character {at}")
    if len(shapes) > MAX_PATHS or max(colors, default=0) >= MAX_GROUPS:
        raise DrawingRefused(f"the drawing has more than {MAX_PATHS} shapes or {MAX_GROUPS} groups")
    named = tuple(colors.get(number, "#000000") for number in range(max(colors, default=-1) + 1))
    drawing = Drawing(width=int(head[1]), height=int(head[2]), colors=named, shapes=tuple(shapes))
    return drawing, slots


def _outlines(path: str) -> tuple[Outline, ...]:
    outlines: list[Outline] = []
    start: Point | None = None
    segments: list[Segment] = []
    x = y = at = 0
    while at < len(path):
        found = _COMMAND.match(path, at)
        if found is None:
            raise DrawingRefused(f"a path has unexpected text: {path[at : at + 20]!r}")
        at = found.end()
        command, numbers = found[1], _numbers(found[2])
        if command == "M" and start is None and len(numbers) == 2:
            start = x, y = numbers[0], numbers[1]
        elif command == "z" and start is not None and not numbers:
            outlines.append(Outline(start, tuple(segments)))
            start, segments = None, []
        elif start is not None and numbers and len(numbers) % _TAKES.get(command, 1 << 30) == 0:
            for n in range(0, len(numbers), _TAKES[command]):
                placed = [value + (x, y)[i % 2] for i, value in enumerate(numbers[n : n + _TAKES[command]])]
                segments.append(tuple(placed))  # type: ignore[arg-type]  # two or six, as the command takes
                x, y = placed[-2], placed[-1]
        else:
            raise DrawingRefused(f"a path has {command!r} with {len(numbers)} numbers where it cannot be")
    if start is not None:
        raise DrawingRefused("a path is not closed")
    return tuple(outlines)


_TAKES = {"l": 2, "c": 6}


def _numbers(text: str) -> list[int]:
    numbers: list[int] = []
    at = 0
    while at < len(text):
        found = _NUMBER.match(text, at)
        if found is None or not (found[3] or found[4]) or (at > 0 and not (found[1] or found[2])):
            raise DrawingRefused(f"a path has a number that is none: {text[at : at + 12]!r}")
        value = int(found[3] or 0) * GRID + int(found[4] or 0)
        numbers.append(-value if found[2] else value)
        at = found.end()
    return numbers
