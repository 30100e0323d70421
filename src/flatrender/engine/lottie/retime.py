"""Giving an animation another length: a region of it holds, loops or stretches, and the rest keeps its speed."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Collection
from typing import Literal, NamedTuple

from flatrender.engine.lottie.document import Json, is_number
from flatrender.engine.lottie.walk import NULL, PRECOMP, dicts

Fill = Literal["hold", "loop", "stretch"]

COMP = "flatrender-scene"
"""Id and name of the precomposition that holds a scene whose time was changed."""

_MARKERS: dict[str, Fill] = {"fr:hold": "hold", "fr:loop": "loop", "fr:stretch": "stretch"}
# Frames before a loop's jump back: players would draw the way back between two keyframes.
_JUMP = 0.001
_MAX_LOOPS = 2000
_FASTEST = 4


class Stretch(NamedTuple):
    """Frames, counted from the animation's first, that give way when its length changes."""

    first: float
    last: float
    fill: Fill


def marked_region(lottie: Json) -> Stretch | None:
    """Return the region that the first marker named `fr:hold`, `fr:loop` or `fr:stretch` sets; None without one.

    A marker's `tm` is a frame of the composition, its `dr` a number of frames; its `cm` is the name, or JSON whose `name` is.
    """
    for marker in dicts(lottie.get("markers")):
        fill = _MARKERS.get(_marker_name(marker.get("cm")))
        at, length = marker.get("tm"), marker.get("dr", 0)
        if fill is None or not is_number(at) or not is_number(length):
            continue
        whole = lottie["op"] - lottie["ip"]
        first = min(max(at - lottie["ip"], 0), whole)
        last = min(max(first + length, first), whole)
        if fill == "hold" or last > first:
            return Stretch(first, last, fill)
    return None


def _marker_name(comment: object) -> str:
    if not isinstance(comment, str):
        return ""
    if comment.lstrip().startswith("{"):
        try:
            named = json.loads(comment)
        except (ValueError, RecursionError):
            return ""
        comment = named.get("name") if isinstance(named, dict) else None
    return comment.strip().lower() if isinstance(comment, str) else ""


def time_points(length: float, frames: float, region: Stretch) -> list[tuple[float, float]]:
    """Return (frame shown at, frame of the design) pairs, linear in between, for a scene of `length` frames that is to last `frames`.

    Before and after the region the design runs at its own speed. A region that gives way runs up to four times faster; when even so it is
    too long, all of it runs faster.
    """
    first, last = min(max(region.first, 0), length), min(max(region.last, 0), length)
    own = last - first
    room = frames - (length - own)
    if room < own / _FASTEST:
        share = frames / (length - own + own / _FASTEST)
        points = [(0.0, 0.0), (first * share, first), ((first + own / _FASTEST) * share, last), (frames, length)]
        return _tidy(points)
    if region.fill == "hold" and room > own:
        # The last picture of the region stays.
        return _tidy([(0, 0), (last, last), (first + room, last), (frames, length)])
    if region.fill == "loop" and own > 0 and room > own:
        count = min(max(1, round(room / own)), _MAX_LOOPS)
        points = [(0.0, 0.0), (float(first), float(first))]
        for number in range(1, count + 1):
            end = first + room * number / count
            if number < count:
                points += [(end - _JUMP, last - _JUMP), (end, first)]
            else:
                points.append((end, last))
        return _tidy([*points, (frames, length)])
    return _tidy([(0, 0), (first, first), (first + room, last), (frames, length)])


def _tidy(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    kept: list[tuple[float, float]] = []
    for at, shown in points:
        if kept and at <= kept[-1][0]:
            kept[-1] = (kept[-1][0], shown)
        else:
            kept.append((round(at, 4), round(shown, 4)))
    return kept


def set_duration(lottie: Json, frames: float, region: Stretch, *, keep_playing: Collection[str] = ()) -> None:
    """Make the animation last `frames` by moving its layers into a precomposition whose time is remapped (`tm`, seconds).

    Layers named in `keep_playing` are not held: they start again whenever they came to their end. They go on only where the layers can be
    told apart in their order: not when a layer above them blends with what is below, or has them as a matte.
    """
    length = lottie["op"] - lottie["ip"]
    if frames == length:
        return
    points = time_points(length, frames, region)
    layers = lottie["layers"]
    runs = _runs(layers, keep_playing)
    whole = max(1, math.ceil(frames / length - 0.02)) if length > 0 else 1
    again = time_points(length, frames, Stretch(0, length, "loop")) if whole > 1 else points
    assets = lottie.setdefault("assets", [])
    ids = [asset.get("id") for asset in dicts(assets)]
    made: list[Json] = []
    for number, (playing, run) in enumerate(runs):
        name = COMP if number == 0 else f"{COMP}-{number + 1}"
        while name in ids:
            name += "-"
        assets.append({"id": name, "layers": run})
        made.append(_remapped(lottie, name, number + 1, again if playing else points, frames))
    lottie["op"] = lottie["ip"] + frames
    lottie["layers"] = made


def insert_time(lottie: Json, at: float, frames: float) -> None:
    """Make the animation longer by `frames` at frame `at` (from its first): what comes later comes that much later.

    Still layers, and the clips in them, go on in between; a motion over the place slows down; compositions hold what they show there.
    """
    point = lottie["ip"] + at
    for layer in dicts(lottie["layers"]):
        later = is_number(layer.get("ip")) and layer["ip"] >= point
        if layer.get("ty") == PRECOMP and not later and not isinstance(layer.get("tm"), dict):
            _hold_composition(layer, point, lottie["fr"])
        for key in ("ip", "op", "st") if later else ("op",):
            if is_number(layer.get(key)) and (later or layer[key] > point):
                layer[key] = round(layer[key] + frames, 4)
        stack: list[object] = [layer.get(key) for key in ("ks", "shapes", "masksProperties", "ef", "t", "tm")]
        while stack:
            node = stack.pop()
            if isinstance(node, dict):
                for keyframe in dicts(node.get("k")):
                    if is_number(keyframe.get("t")) and keyframe["t"] >= point:
                        keyframe["t"] = round(keyframe["t"] + frames, 4)
                stack.extend(value for value in node.values() if isinstance(value, dict | list))
            elif isinstance(node, list):
                stack.extend(value for value in node if isinstance(value, dict | list))
    lottie["op"] += frames


def _hold_composition(layer: Json, point: float, rate: float) -> None:
    """Give a composition's layer a time of its own, with a keyframe on either side of the place where time will be put in."""
    first, last, start = layer.get("ip"), layer.get("op"), layer.get("st", 0)
    if not (is_number(first) and is_number(last) and is_number(start)) or layer.get("sr", 1) != 1 or last <= point:
        return
    ease = {"i": {"x": [1], "y": [1]}, "o": {"x": [0], "y": [0]}}
    # The second of the two at the place moves with what comes later; they are a hair apart to be told apart.
    times = ((first, first), (point - _JUMP, point), (point, point), (last, last))
    layer["tm"] = {"a": 1, "k": [{"t": t, "s": [round((shown - start) / rate, 6)], **ease} for t, shown in times]}


def _runs(layers: list[Json], keep_playing: Collection[str]) -> list[tuple[bool, list[Json]]]:
    """Divide layers into stretches of those that go on and those that do not; in one piece where dividing would change the picture."""
    plays = [layer.get("nm") in keep_playing for layer in layers]
    if not any(plays) or any(layer.get("bm") for layer in layers):
        return [(False, layers)]
    for below in range(len(layers)):
        for source in _matte_sources(layers, below):
            if plays[source] != plays[below] or any(
                plays[between] != plays[below] for between in range(*sorted((source, below)))
            ):
                return [(False, layers)]
    by_index = {layer["ind"]: layer for layer in layers if is_number(layer.get("ind"))}
    runs: list[tuple[bool, list[Json]]] = []
    for playing, group in itertools.groupby(zip(plays, layers, strict=True), key=lambda pair: pair[0]):
        run = [layer for _, layer in group]
        runs.append((playing, [*run, *_absent_parents(run, by_index)]))
    return runs


def _matte_sources(layers: list[Json], at: int) -> list[int]:
    layer = layers[at]
    if not layer.get("tt"):
        return []
    if is_number(layer.get("tp")):
        return [number for number, other in enumerate(layers) if other.get("ind") == layer["tp"]]
    return [at - 1] if at > 0 else []


def _absent_parents(run: list[Json], by_index: dict[float, Json]) -> list[Json]:
    """Return layers that draw nothing and stand for the parents that are in another stretch."""
    there = {layer.get("ind") for layer in run}
    made: list[Json] = []
    todo = [layer.get("parent") for layer in run]
    while todo:
        index = todo.pop()
        if not is_number(index) or index in there or index not in by_index:
            continue
        there.add(index)
        parent = by_index[index]
        kept: Json = {
            key: parent[key] for key in ("nm", "ind", "ip", "op", "st", "sr", "ks", "parent", "ao") if key in parent
        }
        made.append({"ty": NULL, **kept})
        todo.append(parent.get("parent"))
    return made


def _remapped(lottie: Json, name: str, index: int, points: list[tuple[float, float]], frames: float) -> Json:
    first, rate = lottie["ip"], lottie["fr"]
    ease = {"i": {"x": [1], "y": [1]}, "o": {"x": [0], "y": [0]}}
    keyframes: list[Json] = []
    for number, (at, shown) in enumerate(points):
        keyframe: Json = {"t": round(first + at, 4), "s": [round((first + shown) / rate, 6)]}
        following = points[number + 1][1] if number + 1 < len(points) else shown
        # Time never runs back but in a jump; the picture before it stands for the thousandth of a frame in between.
        keyframes.append({**keyframe, "h": 1} if following < shown else {**keyframe, **ease})
    return {
        "ty": 0,
        "ind": index,
        "nm": name,
        "refId": name,
        "w": lottie["w"],
        "h": lottie["h"],
        "ip": first,
        "op": first + frames,
        "st": 0,
        "sr": 1,
        "bm": 0,
        "ks": {},
        "tm": {"a": 1, "k": keyframes},
    }
