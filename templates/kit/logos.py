"""Flat marks with a transparent ground, drawn at four times their size and scaled down."""

import itertools

from PIL import Image, ImageDraw

_OVER = 4


def studio_mark(size: int = 512) -> Image.Image:
    """A white mark: a play triangle made of three rounded strokes."""
    big = size * _OVER
    image = Image.new("L", (big, big), 0)
    draw = ImageDraw.Draw(image)

    def bar(points: list[tuple[float, float]], width: float) -> None:
        scaled = [(x * big, y * big) for x, y in points]
        r = width * big / 2
        for a, b in itertools.pairwise(scaled):
            draw.line([a, b], fill=255, width=round(2 * r))
        for x, y in scaled:
            draw.ellipse([x - r, y - r, x + r, y + r], fill=255)

    bar([(0.26, 0.86), (0.26, 0.14), (0.88, 0.5), (0.56, 0.685)], 0.1)
    bar([(0.46, 0.42), (0.46, 0.56)], 0.1)
    alpha = image.resize((size, size), Image.Resampling.LANCZOS)
    mark = Image.new("RGBA", (size, size), (255, 255, 255, 0))
    mark.putalpha(alpha)
    return mark
