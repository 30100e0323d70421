"""A text as shapes: what a player's text layer cannot show or shows wrongly becomes a shape layer with the same place, parent and effects.

Every letter is a group of its own where animators move letters; words are one where whole words move; without animators a text is one
outline. Colour glyphs are groups of filled outlines, so they move, turn and fade with the text around them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flatrender.engine.lazy import LazyModule
from flatrender.engine.lottie.animators import Letter, Motion
from flatrender.engine.lottie.document import Json, is_number
from flatrender.engine.text.color_glyphs import Gradient, Painted
from flatrender.engine.text.glyphs import contours_of, encoded_paths, path_items, united_glyphs
from flatrender.engine.text.outlines import IDENTITY, Contour, Matrix, multiply, transform, unite
from flatrender.engine.text.shape import Glyph

if TYPE_CHECKING:
    import numpy as np

    from flatrender.engine.lottie.sampling import Floats
else:
    np = LazyModule("numpy")  # it takes a quarter of a second to load, and few scenes need it

LETTERS, WORDS, LINES = 1, 3, 4
"""What moves as one, as range selectors number it (`b`)."""

_CHARACTERS_LIMIT = 500  # letters of a text that move one by one; a longer text moves word by word
# Of an em in px: how far a straight line may be from the sampled motion.
_TOLERANCE = 1e-4
_STILL = {"a": 0, "k": 0}
_LINEAR = {"i": {"x": [1], "y": [1]}, "o": {"x": [0], "y": [0]}}


@dataclass(frozen=True, slots=True)
class Inked:
    """A letter at its place, px of the layer, y down."""

    x: float
    y: float
    width: float
    ink: tuple[Glyph, ...] | tuple[Contour, ...]
    """Its glyphs, or outlines in px about its origin on the baseline."""
    size: float
    """Font size, px."""
    painted: tuple[Painted, ...]
    """Its coloured layers, px about its origin."""
    place: Letter
    joined: bool
    """Whether it belongs to one stroke of the pen with its neighbours, so nothing may come between them."""
    rtl: bool

    @property
    def glyphs(self) -> tuple[Glyph, ...]:
        """Its glyphs; none when it is drawn by outlines."""
        return tuple(part for part in self.ink if isinstance(part, Glyph))

    @property
    def contours(self) -> tuple[Contour, ...]:
        """Its outlines, px about its origin."""
        contours: list[Contour] = []
        for part in self.ink:
            contours.extend(contours_of(part, self.size) if isinstance(part, Glyph) else (part,))
        return tuple(contours)


@dataclass(frozen=True, slots=True)
class Paint:
    """What letters are painted with; None paints nothing."""

    fill: tuple[float, ...] | None
    stroke: tuple[float, ...] | None
    stroke_width: float
    stroke_over_fill: bool
    """Otherwise the stroke lies under the fill."""


@dataclass(frozen=True, slots=True)
class Pivot:
    """About what letters turn and grow: their group's middle on the baseline, moved by shares (percent) of its width and height."""

    grouping: int
    """1 letter, 2 word, 3 line, 4 the whole text."""
    align_x: float
    align_y: float


def ink_of(glyphs: Iterable[Glyph], size: float) -> tuple[tuple[Glyph, ...], tuple[Painted, ...]]:
    """Return the plain glyphs of a cluster, and the layers of its coloured ones, px about its origin."""
    plain: list[Glyph] = []
    layers: list[Painted] = []
    for glyph in glyphs:
        painted = glyph.face.painted(glyph.id)
        if not painted:
            plain.append(glyph)
            continue
        unit = size / glyph.face.upem
        matrix = (unit * glyph.width, 0.0, 0.0, -unit * glyph.height, glyph.x * size, -glyph.y * size)
        layers.extend(_placed(layer, matrix) for layer in painted)
    return tuple(plain), tuple(layers)


def _placed(layer: Painted, matrix: Matrix) -> Painted:
    paint = layer.paint
    if isinstance(paint, Gradient):
        paint = Gradient(paint.radial, paint.start, paint.end, paint.stops, multiply(matrix, paint.space))
    return Painted(transform(layer.contours, matrix), paint)


def still_shapes(letters: Sequence[Inked], paint: Paint) -> list[Json]:
    """Return the shapes of a text that no animator moves."""
    contours = [
        contour for word in _words(letters) for contour in _united(word, (0.0, 0.0), apart=paint.stroke is None)
    ]
    shapes = [
        _group([*_colored(letter.painted, (letter.x, letter.y), paint)], _transform())
        for letter in letters
        if letter.painted
    ]
    if contours:
        shapes.append(_group([*path_items(contours), *_paints(paint)], _transform()))
    return shapes


def moving_shapes(
    letters: Sequence[Inked],
    paint: Paint,
    motion: Motion,
    *,
    pivot: Pivot,
    parts: int,
    size: float,
    align: str,
) -> list[Json]:
    """Return a group for each part (letter, word or line) with the keyframes of its motion; later ones lie over earlier ones."""
    if parts == LETTERS and len(letters) > _CHARACTERS_LIMIT:
        parts = WORDS
    shifts = _shifts(letters, motion, align)
    pivots = _pivots(letters, pivot, size)
    shapes: list[Json] = []
    for indices in _parts(letters, parts):
        inked = [letters[i] for i in indices]
        if not any(letter.ink or letter.painted for letter in inked):
            continue
        shapes.append(_moving(inked, paint, _Part(motion, indices, shifts, pivots, size)))
    return shapes[::-1]


@dataclass(slots=True)
class _Part:
    """The motion of one part: the mean of its letters'."""

    motion: Motion
    indices: list[int]
    shifts: Floats
    pivots: Floats
    size: float

    def mean(self, keys: str, values: Floats) -> Floats:
        """Return the part's mean at all times, or once when no animator changes any of the properties."""
        if not self.motion.changed.intersection(keys.split()):
            values = values[:1]
        if len(self.indices) == 1:
            return values[:, self.indices[0]]
        return values[:, self.indices].mean(axis=1)  # type: ignore[no-any-return]


def _moving(letters: list[Inked], paint: Paint, part: _Part) -> Json:
    motion = part.motion
    middle = part.pivots[part.indices].mean(axis=0)
    place = part.mean("p", motion.position) + middle
    if "t" in motion.changed:
        place = place + part.mean("t", part.shifts)[:, None] * np.array([1.0, 0.0])
    fine = _TOLERANCE * part.size
    moves = {
        "a": _property(part.mean("a", motion.anchor), motion.times, fine),
        "p": _property(place, motion.times, fine),
        "s": _property(part.mean("s rx ry", motion.scale), motion.times, 1e-3),
        "r": _property(part.mean("r", motion.rotation), motion.times, 1e-3),
        "o": _property(part.mean("o", motion.opacity), motion.times, 1e-2),
    }
    if "sk" in motion.changed:
        moves["sk"] = _property(part.mean("sk", motion.skew), motion.times, 1e-3)
        moves["sa"] = _property(part.mean("sa", motion.skew_axis), motion.times, 1e-3)
    origin = (-float(middle[0]), -float(middle[1]))
    items: list[Json] = []
    for letter in letters:
        items.extend(_colored(letter.painted, (letter.x + origin[0], letter.y + origin[1]), paint))
    if any(letter.ink for letter in letters):
        items.append(_drawn(letters, origin, paint, part))
    return _group(items, {"ty": "tr", **moves})


def _drawn(letters: list[Inked], origin: tuple[float, float], paint: Paint, part: _Part) -> Json:
    single = letters[0]
    if len(letters) == 1 and single.glyphs and paint.stroke is None:
        # The same outlines at every size and place: encoding them anew for each letter would take most of the time.
        place = _transform(position=(single.x + origin[0], single.y + origin[1]), scale=(single.size, single.size))
        return _group([*encoded_paths(single.glyphs), *_paints(paint, part)], place)
    contours = _united(letters, origin, apart=len(letters) == 1 and paint.stroke is None)
    return _group([*path_items(contours), *_paints(paint, part)], _transform())


def _shifts(letters: Sequence[Inked], motion: Motion, align: str) -> Floats:
    """Return how far animated tracking moves each letter to the right, px, times × letters. Joined letters go together."""
    moved = np.zeros_like(motion.tracking)
    if not motion.tracking.any():
        return moved
    lines: dict[int, list[int]] = {}
    for index, letter in enumerate(letters):
        lines.setdefault(letter.place.line, []).append(index)
    for found in lines.values():
        rtl = letters[found[0]].rtl
        indices = sorted(
            found, key=lambda i: letters[i].x, reverse=rtl
        )  # as they stand: numbers in Persian run the other way
        grown = np.zeros(len(motion.times))
        for number, index in enumerate(indices):
            held = number > 0 and letters[index].joined and letters[indices[number - 1]].joined
            if number > 0 and not held:
                grown = grown + motion.tracking[:, index]
            moved[:, index] = -grown if rtl else grown
        share = {"left": 0.0, "center": 0.5, "right": 1.0}[align]
        back = grown * (share - 1 if rtl else share)
        moved[:, indices] -= back[:, None]
    return moved


def _pivots(letters: Sequence[Inked], pivot: Pivot, size: float) -> Floats:
    """Return the point about which each letter turns, px. The height that is aligned in is lottie-web's: 1.2 × 0.714 ems."""
    groups: dict[object, list[Inked]] = {}
    keys: list[object] = []
    for index, letter in enumerate(letters):
        # A word of another line is another word, and white space between words is none.
        place = letter.place
        key: object = {2: (place.word, place.space), 3: ("line", place.line)}.get(pivot.grouping, index)
        keys.append(key)
        groups.setdefault(key, []).append(letter)
    out = np.empty((len(letters), 2))
    for index, key in enumerate(keys):
        group = groups[key]
        left = min(letter.x for letter in group)
        wide = max(letter.x + letter.width for letter in group) - left
        out[index, 0] = left + wide / 2 + pivot.align_x * wide * 0.005
        out[index, 1] = letters[index].y + pivot.align_y * 0.01 * size * 1.2 * 0.714
    return out


def _parts(letters: Sequence[Inked], parts: int) -> Iterator[list[int]]:
    key: Callable[[Inked, int], object] = {
        LETTERS: lambda _, index: index,
        WORDS: lambda letter, _: letter.place.word,
        LINES: lambda letter, _: letter.place.line,
    }[parts]
    found: dict[object, list[int]] = {}
    for index, letter in enumerate(letters):
        found.setdefault(key(letter, index), []).append(index)
    yield from found.values()


def _words(letters: Sequence[Inked]) -> Iterator[list[Inked]]:
    """Return neighbours that are written joined together, other letters alone."""
    word: list[Inked] = []
    for letter in letters:
        if word and not (letter.joined and word[-1].joined and word[-1].place.line == letter.place.line):
            yield word
            word = []
        word.append(letter)
    if word:
        yield word


def _united(letters: Sequence[Inked], shift: tuple[float, float], *, apart: bool) -> tuple[Contour, ...]:
    """Return the outlines of letters in one; single ones stay as they are drawn when `apart`."""
    alone = apart and len(letters) == 1
    if not alone and letters[0].size > 0 and all(letter.glyphs for letter in letters if letter.ink):
        # Found once for these glyphs at these distances, at whatever size and place.
        first = letters[0]
        glyphs = tuple(
            glyph._replace(
                x=round(glyph.x + (letter.x - first.x) / letter.size, 4),
                y=round(glyph.y - (letter.y - first.y) / letter.size, 4),
            )
            for letter in letters
            for glyph in letter.glyphs
        )
        unit = first.size / 100
        return transform(united_glyphs(glyphs), (unit, 0, 0, unit, first.x + shift[0], first.y + shift[1]))
    contours = [
        contour
        for letter in letters
        for contour in transform(letter.contours, (1, 0, 0, 1, letter.x + shift[0], letter.y + shift[1]))
    ]
    return tuple(contours) if alone else unite(contours)


def _paints(paint: Paint, part: _Part | None = None) -> list[Json]:
    """Return fill and stroke, the upper one first, as Lottie stacks them."""
    items: list[Json] = []
    motion = part.motion if part is not None else None

    def shown(keys: str, values: Floats | None, still: Any, tolerance: float) -> Json:
        if part is None or values is None:
            return {"a": 0, "k": still}
        return _property(part.mean(keys, values), part.motion.times, tolerance)

    if paint.fill is not None:
        items.append(
            {
                "ty": "fl",
                "c": shown("fc fh fs fb", motion.fill if motion else None, list(paint.fill), 1e-3),
                "o": shown("fo", motion.fill_opacity if motion else None, 100, 1e-2),
                "r": 1,
            }
        )
    if paint.stroke is not None:
        items.append(
            {
                "ty": "st",
                "c": shown("sc", motion.stroke if motion else None, list(paint.stroke), 1e-3),
                "o": shown("so", motion.stroke_opacity if motion else None, 100, 1e-2),
                "w": shown("sw", motion.stroke_width if motion else None, paint.stroke_width, 1e-3),
                "lc": 2,
                "lj": 2,
            }
        )
    return items[::-1] if paint.stroke_over_fill else items


def _colored(layers: Sequence[Painted], at: tuple[float, float], own: Paint) -> list[Json]:
    """Return the layers of a colour glyph as groups, the upper ones first."""
    place = (1.0, 0.0, 0.0, 1.0, *at)
    groups = []
    for layer in reversed(layers):
        paint, space = layer.paint, place
        contours = layer.contours
        if isinstance(paint, Gradient):
            even = _even(paint.space)
            if even is None:  # circles become ellipses: the group carries the space, the outline is brought into it
                space = multiply(place, paint.space)
                contours = transform(contours, _inverse(paint.space))
                fill = _gradient(paint, IDENTITY)
            else:
                contours, space = transform(contours, place), IDENTITY
                fill = _gradient(paint, multiply(place, paint.space))
        else:
            color = paint if paint is not None else (*(own.fill or (0, 0, 0))[:3], 1.0)
            contours, space = transform(contours, place), IDENTITY
            fill = {
                "ty": "fl",
                "c": {"a": 0, "k": _short(color[:3])},
                "o": {"a": 0, "k": round(100 * color[3], 2)},
                "r": 1,
            }
        group = _group([*path_items(contours), fill], _transform())
        groups.append(group if space == IDENTITY else _in_space(group, space))
    return groups


def _even(space: Matrix) -> float | None:
    """Return the scale of a map that keeps shapes similar; None when it does not."""
    a, b, c, d, _, _ = space
    across, along, product = a * a + b * b, c * c + d * d, a * c + b * d
    limit = 1e-3 * max(across, along)
    return float(across**0.5) if abs(across - along) <= limit and abs(product) <= limit else None


def _inverse(matrix: Matrix) -> Matrix:
    a, b, c, d, e, f = matrix
    det = a * d - b * c or 1e-12
    return (d / det, -b / det, -c / det, a / det, (c * f - d * e) / det, (b * e - a * f) / det)


def _in_space(item: Json, space: Matrix) -> Json:
    """Put an item into an affine space: a turn inside a scale inside a turn (singular value decomposition)."""
    a, b, c, d, e, f = space
    left, scales, right = np.linalg.svd(np.array([[a, c], [b, d]]))
    if np.linalg.det(left) < 0:
        left[:, 1] *= -1
        scales[1] *= -1
    if np.linalg.det(right) < 0:
        right[1, :] *= -1
        scales[1] *= -1

    def degrees(turn: Floats) -> float:
        return float(round(np.degrees(np.arctan2(turn[1, 0], turn[0, 0])), 4))

    inner = _group([item], _transform(rotation=degrees(right)))
    outer = _transform(rotation=degrees(left), scale=[100 * float(s) for s in scales], position=[e, f])
    return _group([inner], outer)


def _gradient(paint: Gradient, space: Matrix) -> Json:
    a, b, c, d, e, f = space

    def point(at: tuple[float, float]) -> list[float]:
        return [round(a * at[0] + c * at[1] + e, 3), round(b * at[0] + d * at[1] + f, 3)]

    colors = [number for at, color in paint.stops for number in (round(at, 5), *_short(color[:3]))]
    if any(color[3] < 1 for _, color in paint.stops):
        colors += [number for at, color in paint.stops for number in (round(at, 5), round(color[3], 4))]
    still: Callable[[Any], Json] = lambda value: {"a": 0, "k": value}  # noqa: E731
    return {
        "ty": "gf", "o": still(100), "r": 1, "t": 2 if paint.radial else 1,
        "s": still(point(paint.start)), "e": still(point(paint.end)), "h": still(0), "a": still(0),
        "g": {"p": len(paint.stops), "k": still(colors)},
    }  # fmt: skip


def _short(values: Iterable[float]) -> list[float]:
    return [round(value, 4) for value in values]


def _group(items: list[Any], place: Json) -> Json:
    return {"ty": "gr", "it": [*items, place]}


def _transform(*, position: Sequence[float] = (0, 0), rotation: float = 0, scale: Sequence[float] = (100, 100)) -> Json:
    return {
        "ty": "tr",
        "a": {"a": 0, "k": [0, 0]},
        "p": {"a": 0, "k": _short(position)},
        "s": {"a": 0, "k": _short(scale)},
        "r": {"a": 0, "k": rotation},
        "o": {"a": 0, "k": 100},
    }


def _property(values: Floats, times: Floats, tolerance: float) -> Json:
    """Write sampled values (times, or times × components) as a property with the fewest linear keyframes that keep them."""
    rows = values if values.ndim == 2 else values[:, None]
    rows = np.round(rows, 4)
    if len(rows) == 1 or float((rows.max(axis=0) - rows.min(axis=0)).max()) <= tolerance:
        return {"a": 0, "k": rows[0].tolist() if values.ndim == 2 else float(rows[0, 0])}
    kept = _keyframes(rows, times, tolerance)
    return {"a": 1, "k": [{"t": _short_time(times[i]), "s": rows[i].tolist(), **_LINEAR} for i in kept]}


def _short_time(time: float) -> float:
    value = round(float(time), 4)
    return int(value) if value == int(value) else value


def _keyframes(rows: Floats, times: Floats, tolerance: float) -> list[int]:
    """Return the samples that straight lines between them do not give: those where the slope changes."""
    slopes = np.diff(rows, axis=0) / np.diff(times)[:, None]
    bends = np.abs(np.diff(slopes, axis=0)).max(axis=1) > tolerance
    return [0, *(np.flatnonzero(bends) + 1).tolist(), len(rows) - 1]


def shown_between(shapes: list[Json], start: float | None, end: float | None) -> Json:
    """Return shapes as one group that is seen from frame `start` until before frame `end`; None has no bound."""
    place = _transform()
    steps: list[tuple[float, int]] = []
    if start is not None:
        steps = [(start - 1, 0), (start, 100)]
    if end is not None:
        steps = [*(steps or [(end - 1, 100)]), (end, 0)]
    if steps:
        place["o"] = {"a": 1, "k": [{"t": time, "s": [value], "h": 1} for time, value in steps]}
    return _group(shapes, place)


def color_of(value: object) -> tuple[float, ...] | None:
    """Return red, green, blue of a text document's colour; None when it has none."""
    if isinstance(value, list) and len(value) >= 3 and all(is_number(v) for v in value[:3]):
        return tuple(float(v) for v in value[:3])
    return None
