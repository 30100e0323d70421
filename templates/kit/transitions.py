"""Scene changes that are built into the ends and beginnings of scenes.

A scene closes behind a picture of moving shapes, and the next opens from exactly that picture: scenes cut well in any order.
"""

from kit.keys import Ease, Json, Keys, Number, keys
from kit.scene import Scene
from kit.shapes import Colour, ellipse, fill, group, path, rect

_CLOSE_FRAMES = 18
_OPEN_FRAMES = 20
_SWEEP: Ease = (0.42, 0.0, 0.58, 1.0)
"""Gentler than other eases: what covers the whole frame would jump with a steeper one."""


def _closing(scene: Scene, hidden: Number, shown: Number, delay: Number) -> Keys:
    end = scene.frames - 1
    return keys((end - _CLOSE_FRAMES + delay, hidden), (end - 6 + delay, shown), ease=_SWEEP)


def _opening(shown: Number, hidden: Number, delay: Number) -> Keys:
    return keys((1 + delay, shown), (_OPEN_FRAMES - 5 + delay, hidden), ease=_SWEEP)


def columns(scene: Scene, colour: Colour, ahead: Colour, *, opens: bool, closes: bool, count: int = 6) -> None:
    """Upright shutters that rise to close and go on rising to open; `ahead` is the colour that runs before them."""
    width = scene.width / count
    h = scene.height

    def shutters(name: str, tint: Colour, shade: bool, wait: float, moving: str) -> None:
        items: list[Json] = []
        for i in range(count):
            delay = wait + abs(i - (count - 1) / 2) * 1.2
            y = _closing(scene, h + 20, 0, delay) if moving == "close" else _opening(0, -h - 20, delay)
            way = Keys([(t, (width * (i + 0.5), h / 2 + float(v)), e) for t, v, e in y.points])  # type: ignore[arg-type]
            paint = [fill("#000000", 5 * (i % 3))] if shade and i % 3 else []
            items.append(group(*paint_over(rect(width + 2, h), tint, paint), name="column", at=way))
        end = scene.frames
        span = (end - _CLOSE_FRAMES - 4, end) if moving == "close" else (0, _OPEN_FRAMES + 3)
        scene.shape(f"{name} {moving}", *items, span=span)

    if closes:
        shutters("Ahead", ahead, shade=False, wait=0, moving="close")
        shutters("Columns", colour, shade=True, wait=3, moving="close")
    if opens:
        shutters("Ahead", ahead, shade=False, wait=3, moving="open")
        shutters("Columns", colour, shade=True, wait=0, moving="open")


def paint_over(shape: Json, colour: Colour, over: list[Json]) -> list[Json]:
    """The shape filled with a colour, and darker or lighter paint over it."""
    return [*([group(shape, *over)] if over else []), group(shape, fill(colour))]


def bands(scene: Scene, colours: list[Colour], *, opens: bool, closes: bool) -> None:
    """Slanted bands from left to right, one colour a band, top to bottom."""
    count = len(colours)
    h, w = scene.height / count, scene.width
    slant = h * 0.6

    def way(i: int, moving: str) -> Keys:
        delay = i * 1.5
        far = w + 3 * slant
        x = _closing(scene, -far, 0, delay) if moving == "close" else _opening(0, far, delay)
        return Keys([(t, (float(v), h * (i + 0.5)), e) for t, v, e in x.points])  # type: ignore[arg-type]

    for moving, wanted in (("close", closes), ("open", opens)):
        if not wanted:
            continue
        items = [
            group(
                path(
                    [(-slant, -h / 2 - 1), (w + 2 * slant, -h / 2 - 1), (w + slant, h / 2 + 1), (-2 * slant, h / 2 + 1)]
                ),
                fill(colour),
                name="band",
                at=way(i, moving),
            )
            for i, colour in enumerate(colours)
        ]
        end = scene.frames
        scene.shape(
            f"Bands {moving}",
            *items,
            span=(end - _CLOSE_FRAMES - 2, end) if moving == "close" else (0, _OPEN_FRAMES + 4),
        )


def circles(scene: Scene, colours: tuple[Colour, Colour, Colour], *, opens: bool, closes: bool) -> None:
    """Three discs that grow over one another to close; to open, a hole grows in each of them."""
    far = (scene.width**2 + scene.height**2) ** 0.5 / 2 + 20
    radii = (far, far * 0.62, far * 0.32)
    middle = (scene.width / 2, scene.height / 2)
    end = scene.frames
    if closes:
        discs = [
            group(
                ellipse(keys((end - _CLOSE_FRAMES + 2 * i, (0, 0)), (end - 5 + 2 * i, (2 * r, 2 * r)), ease=_SWEEP)),
                fill(c),
                at=middle,
            )
            for i, (r, c) in enumerate(zip(radii, colours, strict=True))
        ]
        scene.shape("Circles close", *discs[::-1], span=(end - _CLOSE_FRAMES, end))
    if opens:
        holes = (*radii[1:], 0.0)
        sheets = [
            group(
                rect(scene.width + 4, scene.height + 4),
                ellipse(keys((4 - 1.5 * i, (2 * holes[i],) * 2), (17 - 1.5 * i, (2 * far,) * 2), ease=_SWEEP)),
                fill(c, even_odd=True),
                at=middle,
            )
            for i, c in enumerate(colours)
        ]
        scene.shape("Circles open", *sheets, span=(0, _OPEN_FRAMES + 2))
