"""Where a film lies in a composition of the designed size, so that it covers, is contained in, or fills it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from flatrender.engine.picture_value import cover_box

if TYPE_CHECKING:
    from flatrender.engine.picture_value import Fit, PictureValue


class Placed(msgspec.Struct, frozen=True, kw_only=True):
    """A layer's transform, its anchor in the middle of the film."""

    position: tuple[float, float]
    """Px of the composition."""
    scale: tuple[float, float]
    """Percent, along the film's own axes."""
    rotation: float
    """Degrees clockwise."""
    mask: tuple[float, float, float, float] | None = None
    """Left, top, right and bottom of what is seen of the film, in its own px; None: all of it."""


def placed(size: tuple[int, int], goal: tuple[int, int], fit: Fit, options: PictureValue) -> Placed:
    """Return how a film of `size` px is placed in `goal` px: cropped, turned, mirrored and fitted as the options say.

    The rules are those of the engine's pictures: the crop and the focus count in the film as it is seen after turning and mirroring.
    """
    turned = (size[1], size[0]) if options.rotate in {90, 270} else size
    left, top, width, height = options.crop
    part = (width * turned[0], height * turned[1])
    if fit == "fill":
        across, down = goal[0] / part[0], goal[1] / part[1]
        origin = (0.0, 0.0)
    elif fit == "contain":
        across = down = min(goal[0] / part[0], goal[1] / part[1])
        origin = ((part[0] - goal[0] / across) / 2, (part[1] - goal[1] / down) / 2)
    else:
        across = down = max(goal[0] / part[0], goal[1] / part[1])
        whole = (max(1, round(part[0])), max(1, round(part[1])))
        box = cover_box(whole, goal, options.focus)
        origin = (box[0] * part[0] / whole[0], box[1] * part[1] / whole[1])
    # The point of the turned film that lies in the composition's left top corner.
    corner = (left * turned[0] + origin[0], top * turned[1] + origin[1])
    middle = ((turned[0] / 2 - corner[0]) * across, (turned[1] / 2 - corner[1]) * down)
    mirrored = (
        -across if options.flip in {"horizontal", "both"} else across,
        -down if options.flip in {"vertical", "both"} else down,
    )
    # After Effects scales along the film's axes before it turns: a quarter turn swaps them. Mirroring comes after turning.
    own = (mirrored[1], mirrored[0]) if options.rotate in {90, 270} else mirrored
    rotation = float(options.rotate)
    cropped = fit == "contain" and (left, top, width, height) != (0.0, 0.0, 1.0, 1.0)
    return Placed(
        position=middle,
        scale=(own[0] * 100, own[1] * 100),
        rotation=rotation,
        mask=_own_box(size, turned, options) if cropped else None,
    )


def _own_box(
    size: tuple[int, int], turned: tuple[int, int], options: PictureValue
) -> tuple[float, float, float, float]:
    """Return the crop in the film's own pixels: unmirrored and turned back."""
    left, top, width, height = options.crop
    x0, x1, y0, y1 = left, left + width, top, top + height
    if options.flip in {"horizontal", "both"}:
        x0, x1 = 1 - x1, 1 - x0
    if options.flip in {"vertical", "both"}:
        y0, y1 = 1 - y1, 1 - y0
    x0, x1, y0, y1 = x0 * turned[0], x1 * turned[0], y0 * turned[1], y1 * turned[1]
    if options.rotate == 90:
        return (y0, size[1] - x1, y1, size[1] - x0)
    if options.rotate == 180:
        return (size[0] - x1, size[1] - y1, size[0] - x0, size[1] - y0)
    if options.rotate == 270:
        return (size[0] - y1, x0, size[0] - y0, x1)
    return (x0, y0, x1, y1)
