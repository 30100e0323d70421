"""Polystars: ThorVG bends points by other handles than lottie-web, draws part of a point where players draw whole ones, and trims askew."""

from __future__ import annotations

import math
from typing import Any

from flatrender.engine.lottie.document import Json, is_number
from flatrender.engine.lottie.rewrite.notes import Note, named
from flatrender.engine.lottie.rewrite.timing import MAX_BAKED, constant, keyframes, sampler, scalar, span
from flatrender.engine.lottie.walk import shape_items

_STAR = 1
_HANDLE = math.pi / 2 / (0.47829 / 0.28)
"""lottie-web's handle length (π/2 · radius · roundness / points) over ThorVG's (0.47829/0.28 · …)."""
_MAX_POINTS = 500


def redraw_stars(layer: Json, notes: list[Note]) -> None:
    """Make still stars that are rounded, trimmed or have broken points paths; adapt those that move."""
    items = list(shape_items(layer))
    trimmed = any(item.get("ty") == "tm" for item in items)
    redrawn = [item for item in items if item.get("ty") == "sr" and _redraw(item, trimmed=trimmed)]
    if redrawn:
        notes.append(Note(feature="polystar", detail="stars are drawn as paths", layer=named(layer)))


def _redraw(item: Json, *, trimmed: bool) -> bool:
    points = scalar(item.get("pt"), 5)
    rounded = item.get("sy") == _STAR and any(scalar(item.get(key), 0) != 0 for key in ("os", "is"))
    whole = points is not None and points == int(points) and not rounded
    if whole and not trimmed:
        return False
    if _to_path(item):
        return True
    if whole:
        return False
    if rounded:
        for key in ("os", "is"):
            _scale(item.get(key), _HANDLE)
    _whole_points(item)
    return True


def _to_path(item: Json) -> bool:
    given = {key: scalar(item.get(key), 0) for key in ("pt", "or", "os", "ir", "is", "r")}
    middle = constant(item.get("p"), (0.0, 0.0))
    if middle is None or len(middle) < 2 or any(value is None for value in given.values()):
        return False
    values = {key: value or 0.0 for key, value in given.items()}
    if not 2 <= values["pt"] <= _MAX_POINTS:
        return False
    kept: Json = {key: item[key] for key in ("nm", "mn", "ix", "ind", "hd", "cix", "bm") if key in item}
    outline = star_outline(item.get("sy") == _STAR, values, (middle[0], middle[1]), reverse=item.get("d") == 3)
    item.clear()
    item.update({"ty": "sh", **kept, "ks": {"a": 0, "k": outline}})
    return True


def star_outline(star: bool, values: dict[str, float], middle: tuple[float, float], *, reverse: bool) -> Json:
    """Return a star's (or polygon's) outline as lottie-web makes it from points, radii, roundness in percent and rotation in degrees."""
    count = math.floor(values["pt"]) * (2 if star else 1)
    turn = math.tau / count * (-1 if reverse else 1)
    angle = -math.pi / 2 + math.radians(values["r"])
    outline: dict[str, Any] = {"i": [], "o": [], "v": [], "c": True}
    for at in range(count):
        inner = star and at % 2 == 1
        radius, roundness = (values["ir"], values["is"]) if inner else (values["or"], values["os"])
        reach = math.tau * radius / (count * (2 if star else 4)) * roundness / 100 * (-1 if reverse else 1)
        x, y = radius * math.cos(angle), radius * math.sin(angle)
        length = math.hypot(x, y) or 1.0
        along = (-y / length * reach, x / length * reach)
        outline["v"].append([round(middle[0] + x, 4), round(middle[1] + y, 4)])
        outline["o"].append([round(along[0], 4), round(along[1], 4)])
        outline["i"].append([round(-along[0], 4), round(-along[1], 4)])
        angle += turn
    return outline


def _scale(prop: object, factor: float) -> None:
    if not isinstance(prop, dict):
        return
    for holder, key in [(prop, "k"), *((frame, key) for frame in keyframes(prop) or [] for key in ("s", "e"))]:
        value = holder.get(key)
        if is_number(value):
            holder[key] = value * factor
        elif isinstance(value, list) and all(is_number(part) for part in value):
            holder[key] = [part * factor for part in value]


def _whole_points(item: Json) -> None:
    """Let a moving number of points step from one whole number to the next."""
    prop = item.get("pt")
    still = scalar(prop, 5)
    if still is not None and math.isfinite(still):
        item["pt"] = {"a": 0, "k": math.floor(still)}
        return
    values, moments = sampler(prop, (5.0,)), span([prop])
    if values is None or not moments or len(moments) > 2 * MAX_BAKED:
        return
    frames: list[Json] = []
    for moment in moments:
        count = math.floor(min(max(values(moment)[0], 0), _MAX_POINTS))
        if not frames or frames[-1]["s"] != [count]:
            frames.append({"t": moment, "s": [count], "h": 1})
    item["pt"] = {"a": 1, "k": frames} if len(frames) > 1 else {"a": 0, "k": frames[0]["s"][0]}
