"""When a layer shows which moment of its clip.

A clip begins when its layer does, at the layer's in point. Time passes through the precompositions around the layer as the Lottie
specification says: start time (`st`), stretch (`sr`), time remapping (`tm`).
"""

import copy
import itertools
from collections.abc import Iterator
from typing import Any

import msgspec

from flatrender.engine.clips.model import MAX_PLACES, MAX_SIDE, ClipSpec, clip_assets

PRECOMP, IMAGE = 0, 2
_MAX_DEPTH = 64

Json = dict[str, Any]


class TooManyPlacesError(ValueError):
    """The scene shows clips in more places than may be decoded."""


class Step(msgspec.Struct, frozen=True):
    """A layer on the way from the scene to the clip. Figures are frames."""

    begins: float
    """The layer's in point, in the composition that it lies in."""
    ends: float
    start: float
    stretch: float
    remap: bytes | None
    """The property `tm` of a precomposition as JSON; its values are seconds."""

    def inside(self, frame: float, fps: float) -> float:
        """Return the frame inside the precomposition at a frame outside of it."""
        if self.remap is not None:
            return value_at(msgspec.json.decode(self.remap), frame) * fps
        return (frame - self.start) / self.stretch


class Place(msgspec.Struct, frozen=True):
    """A clip at one place: `steps` from the outermost precomposition's layer to the image layer itself."""

    asset_id: str
    """Of this place's own image asset."""
    spec: ClipSpec
    width: int
    height: int
    steps: tuple[Step, ...]
    fps: float
    """Of the Lottie."""

    def seconds(self, frame: float) -> float | None:
        """Return the seconds since the clip's layer began, at a frame of the scene as the Lottie counts; None when it is not shown then.

        Output frames' times are rounded to 1/10000 frame; the seconds are so much later that a moment is never missed by that.
        """
        for step in self.steps[:-1]:
            if not _shown(step, frame):
                return None
            frame = step.inside(frame, self.fps)
        last = self.steps[-1]
        if not _shown(last, frame):
            return None
        return (max(0.0, frame - last.begins) / last.stretch + 6e-5) / self.spec.fps


def _shown(step: Step, frame: float) -> bool:
    # A frame's figure went through single precision and rounding; a layer that begins there is shown.
    return step.begins - 1e-3 <= frame < step.ends - 1e-4


def moment(spec: ClipSpec, seconds: float) -> float | None:
    """Return the moment of the file (seconds after its first frame) that is shown so long after the layer began; None: nothing."""
    played = seconds * spec.options.clip.speed
    length = spec.end - spec.start
    if played < length:
        return spec.start + played
    match spec.options.clip.after:
        case "loop":
            return spec.start + played % length
        case "first":
            return spec.start
        case "hide":
            return None
        case _:
            return spec.end


def places(lottie: Json) -> list[Place]:
    """Give every differently timed place of a clip an image asset of its own, and return the places. Changes `lottie`.

    A precomposition that is shown twice at different times is copied, since its clips show different frames. Raises TooManyPlacesError,
    and ValueError when a description is damaged.
    """
    assets = {asset["id"]: asset for asset in lottie.get("assets") or () if isinstance(asset, dict) and _is_id(asset)}
    clips = {asset["id"]: spec for asset, spec in clip_assets(lottie)}
    if not clips:
        return []
    return _Splitter(lottie, assets, clips).split()


def place_size(width: float, height: float) -> tuple[int, int]:
    """Size of the pictures of a clip for an asset of this size, px: no larger than a picture's would be."""
    ratio = min(1.0, MAX_SIDE / max(width, height))
    return max(1, round(width * ratio)), max(1, round(height * ratio))


def _is_id(asset: Json) -> bool:
    return isinstance(asset.get("id"), str)


class _Splitter:
    def __init__(self, lottie: Json, assets: dict[str, Json], clips: dict[str, ClipSpec]) -> None:
        self._lottie = lottie
        self._assets = assets
        self._clips = clips
        self._fps = float(lottie["fr"])
        self._holders = self._holding()
        self._made: dict[tuple[str, tuple[Step, ...]], str] = {}
        self._places: list[Place] = []

    def split(self) -> list[Place]:
        self._walk(self._lottie.get("layers"), ())
        return self._places

    def _holding(self) -> set[str]:
        """Return the precompositions that show a clip, however deep."""
        inside: dict[str, set[str]] = {}
        for key, asset in self._assets.items():
            if isinstance(asset.get("layers"), list):
                inside[key] = {
                    layer["refId"] for layer in _layers(asset["layers"]) if isinstance(layer.get("refId"), str)
                }
        found = set(self._clips)
        while True:
            more = {key for key, references in inside.items() if key not in found and references & found}
            if not more:
                return found - set(self._clips)
            found |= more

    def _walk(self, layers: object, steps: tuple[Step, ...]) -> None:
        if len(steps) > _MAX_DEPTH:
            raise TooManyPlacesError(f"clips lie deeper than {_MAX_DEPTH} precompositions")
        for layer in _layers(layers):
            reference = layer.get("refId")
            if not isinstance(reference, str) or layer.get("hd") is True:
                continue
            if layer.get("ty") == IMAGE and reference in self._clips:
                layer["refId"] = self._place(reference, (*steps, _step(layer)))
            elif layer.get("ty") == PRECOMP and reference in self._holders:
                layer["refId"] = self._composition(reference, (*steps, _step(layer)))

    def _place(self, reference: str, steps: tuple[Step, ...]) -> str:
        made = self._made.get((reference, steps))
        if made is None:
            if len(self._places) >= MAX_PLACES:
                raise TooManyPlacesError(f"the scene shows clips in more than {MAX_PLACES} places")
            asset = self._assets[reference]
            made = self._add(reference, steps, {**asset})
            size = place_size(asset["w"], asset["h"])
            self._places.append(Place(made, self._clips[reference], *size, steps, self._fps))
        return made

    def _composition(self, reference: str, steps: tuple[Step, ...]) -> str:
        made = self._made.get((reference, steps))
        if made is None:
            clone = copy.deepcopy(self._assets[reference])
            made = self._add(reference, steps, clone)
            self._walk(clone["layers"], steps)
        return made

    def _add(self, reference: str, steps: tuple[Step, ...], asset: Json) -> str:
        number = len(self._made)
        while f"{reference}~{number}" in self._assets:
            number += 1
        if number > 16 * MAX_PLACES:
            raise TooManyPlacesError(f"the scene shows clips in more than {MAX_PLACES} places")
        asset["id"] = f"{reference}~{number}"
        self._lottie["assets"].append(asset)
        self._made[reference, steps] = asset["id"]
        return str(asset["id"])


def _layers(layers: object) -> Iterator[Json]:
    if isinstance(layers, list):
        yield from (layer for layer in layers if isinstance(layer, dict))


def _number(value: object, default: float) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else default


def _step(layer: Json) -> Step:
    stretch = _number(layer.get("sr"), 1.0)
    remap = layer.get("tm") if layer.get("ty") == PRECOMP else None
    return Step(
        begins=_number(layer.get("ip"), 0.0),
        ends=_number(layer.get("op"), float("inf")),
        start=_number(layer.get("st"), 0.0),
        stretch=stretch if stretch > 0 else 1.0,
        remap=msgspec.json.encode(remap) if isinstance(remap, dict) else None,
    )


def value_at(prop: Json, frame: float) -> float:
    """Return a one-dimensional animated property's value at a frame (keyframes `t`, `s`, old `e`, hold `h`, easing `o` and `i`)."""
    keys = prop.get("k")
    if not isinstance(keys, list) or not keys or not isinstance(keys[0], dict):
        return _first(keys)
    if frame <= _number(keys[0].get("t"), 0.0):
        return _first(keys[0].get("s"))
    for key, following in itertools.pairwise(keys):
        begins, ends = _number(key.get("t"), 0.0), _number(following.get("t"), 0.0)
        if begins <= frame < ends:
            value = _first(key.get("s"))
            if key.get("h") == 1:
                return value
            goal = _first(following["s"] if "s" in following else key.get("e"))
            return value + (goal - value) * _eased(key, (frame - begins) / (ends - begins))
    last = keys[-1]
    if "s" in last or len(keys) == 1:
        return _first(last.get("s"))
    return _first(keys[-2].get("e"))


def _first(value: object) -> float:
    return _number(value[0] if isinstance(value, list) and value else value, 0.0)


def _eased(key: Json, share: float) -> float:
    """Return how far a value has come at this share of the time between two keyframes: a cubic Bézier curve from (0, 0) to (1, 1)."""
    out, into = key.get("o"), key.get("i")
    if not isinstance(out, dict) or not isinstance(into, dict):
        return share
    x1, y1, x2, y2 = _first(out.get("x")), _first(out.get("y")), _first(into.get("x")), _first(into.get("y"))
    low, high = 0.0, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        if _bezier(x1, x2, middle) < share:
            low = middle
        else:
            high = middle
    return _bezier(y1, y2, (low + high) / 2)


def _bezier(first: float, second: float, at: float) -> float:
    rest = 1 - at
    return 3 * rest * rest * at * first + 3 * rest * at * at * second + at**3
