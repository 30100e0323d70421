"""What each kind of transition does with two pictures: the layers of the composed Lottie, front to back."""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from flatrender.engine.film.merge import Rgb, constant, precomp_layer, solid_layer
from flatrender.engine.lottie.document import Json
from flatrender.engine.lottie.walk import SHAPE

TransitionKind = Literal["cut", "dissolve", "push", "slide", "wipe", "circle", "zoom", "fade", "template"]
Direction = Literal["left", "right", "up", "down"]
"""Where the picture or the edge moves to: with `left` the next scene comes from the right."""
Easing = Literal["linear", "ease"]

_TOWARDS: Mapping[Direction, tuple[int, int]] = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}
_ZOOM_OUT = 1.4
"""How large the scene before has grown when it is gone."""
_ZOOM_IN = 1.15
"""How large the next scene is when it comes."""


def progress(frames: int, easing: Easing) -> list[float]:
    """How far a transition of so many frames is in each of them, between 0 and 1 but neither: those are the frames before and after it."""
    steps = [(n + 1) / (frames + 1) for n in range(frames)]
    return steps if easing == "linear" else [t * t * (3 - 2 * t) for t in steps]


def transition_layers(
    kind: TransitionKind,
    before: str,
    after: str,
    *,
    canvas: tuple[int, int],
    steps: Sequence[float],
    direction: Direction,
    color: Rgb,
    opaque: bool,
) -> list[Json]:
    """Return the layers for the precompositions `before` and `after`. `steps` is from `progress`; `opaque` whether both have a background."""
    old, new = (precomp_layer(comp, canvas, frames=len(steps)) for comp in (before, after))
    width, height = canvas
    x, y = _TOWARDS[direction]
    middle = (width / 2, height / 2)

    def moved(layer: Json, away: Callable[[float], float]) -> Json:
        layer["ks"]["p"] = _keys(
            steps, lambda p: [middle[0] + x * width * away(p), middle[1] + y * height * away(p), 0]
        )
        return layer

    def faded(layer: Json, opacity: Callable[[float], float]) -> Json:
        layer["ks"]["o"] = _keys(steps, lambda p: [100 * opacity(p)])
        return layer

    def scaled(layer: Json, size: Callable[[float], float]) -> Json:
        layer["ks"]["s"] = _keys(steps, lambda p: [100 * size(p), 100 * size(p), 100])
        return layer

    match kind:
        case "push":
            layers = [moved(new, lambda p: p - 1), moved(old, lambda p: p)]
        case "slide":
            layers = [moved(new, lambda p: p - 1), old]
        case "wipe":
            box = _matte({"ty": "rc", "p": constant([0, 0]), "s": constant([width, height]), "r": constant(0)}, steps)
            layers = [moved(box, lambda p: p - 1), new | {"tt": 1}, old]
        case "circle":
            across = (width**2 + height**2) ** 0.5
            disc = {"ty": "el", "p": constant([0, 0]), "s": _keys(steps, lambda p: [across * p, across * p])}
            matte = _matte(disc, steps)
            matte["ks"]["p"] = constant([*middle, 0])
            layers = [matte, new | {"tt": 1}, old]
        case "zoom":
            layers = [
                faded(scaled(old, lambda p: 1 + (_ZOOM_OUT - 1) * p), lambda p: 1 - p),
                scaled(new, lambda p: _ZOOM_IN + (1 - _ZOOM_IN) * p),
            ]
            if not opaque:
                faded(layers[1], lambda p: p)
        case "fade":
            veil = faded(solid_layer(canvas, color), lambda p: 1 - abs(2 * p - 1))
            turn = sum(p < 0.5 for p in steps)
            layers = [veil, new | {"ip": turn}, old | {"op": turn}]
            if not opaque:  # nothing to veil: each fades on its own
                layers = [faded(new, lambda p: max(0.0, 2 * p - 1)), faded(old, lambda p: max(0.0, 1 - 2 * p))]
        case _:
            layers = [faded(new, lambda p: p), old]
            if not opaque:
                faded(old, lambda p: 1 - p)
    return [layer | {"ind": number} for number, layer in enumerate(layers, 1)]


def _matte(shape: Json, steps: Sequence[float]) -> Json:
    fill = {"ty": "fl", "c": constant([1, 1, 1, 1]), "o": constant(100), "r": 1}
    place = {"ty": "tr", "p": constant([0, 0]), "a": constant([0, 0]), "s": constant([100, 100]), "r": constant(0), "o": constant(100)}  # fmt: skip
    layer = precomp_layer("", (0, 0), frames=len(steps))
    del layer["refId"], layer["w"], layer["h"]
    return layer | {"ty": SHAPE, "td": 1, "shapes": [{"ty": "gr", "it": [shape, fill, place]}]}


def _keys(steps: Sequence[float], value: Callable[[float], list[float]]) -> Json:
    """Return a property with a keyframe a frame: any easing, alike in every player, and nothing outside the transition."""
    ease = {"i": {"x": [1], "y": [1]}, "o": {"x": [0], "y": [0]}}
    values = [[round(v, 4) for v in value(p)] for p in steps]
    if len(values) == 1:
        return constant(values[0] if len(values[0]) > 1 else values[0][0])
    return {"a": 1, "k": [{"t": t, "s": shown, **ease} for t, shown in enumerate(values)]}
