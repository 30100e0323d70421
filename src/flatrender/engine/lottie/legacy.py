"""Files of early Bodymovin versions and of other writers in today's form.

Early ones are converted as lottie-web does, by the version that the file names (`v`).
"""

from __future__ import annotations

import re
from typing import Any

from flatrender.engine.lottie.document import Json, is_number, layer_lists
from flatrender.engine.lottie.walk import dicts, objects

_COLORS_SINCE, _TEXTS_SINCE, _PATHS_SINCE = (4, 1, 9), (4, 4, 14), (4, 4, 18)
_NOW = "5.9.0"


def modernise(lottie: Json) -> None:
    """Bring an animation into today's form, in place.

    Colours (once 0 to 255), closed paths (once said beside the path) and texts (once without keyframes); whole numbers that are written
    with a fraction, which the renderer does not take for kinds and modes.
    """
    _whole_numbers(lottie)
    version = _version(lottie.get("v"))
    if version is None or version >= _PATHS_SINCE:
        return
    for layers in layer_lists(lottie):
        for layer in layers:
            if not isinstance(layer, dict):
                continue
            _close_masks(layer)
            if version < _TEXTS_SINCE:
                _give_keyframes(layer)
            stack = [layer.get("shapes")]
            while stack:
                items = stack.pop()
                for item in items if isinstance(items, list) else []:
                    if not isinstance(item, dict):
                        continue
                    stack.append(item.get("it"))
                    if item.get("ty") == "sh":
                        _close(item.get("ks"), item.get("closed"))
                    elif item.get("ty") in ("fl", "st") and version < _COLORS_SINCE:
                        _scale_color(item.get("c"))
    lottie["v"] = _NOW


def _whole_numbers(lottie: Json) -> None:
    if any(type(layer.get("ty")) is float for layers in layer_lists(lottie) for layer in dicts(layers)):
        for node in objects(lottie):
            for key, value in node.items():
                if type(value) is float and value.is_integer():
                    node[key] = int(value)


def _version(text: object) -> tuple[int, int, int] | None:
    parts = re.match(r"(\d{1,6})\.(\d{1,6})\.(\d{1,6})", text) if isinstance(text, str) else None
    return None if parts is None else (int(parts[1]), int(parts[2]), int(parts[3]))


def _scale_color(prop: object) -> None:
    if not isinstance(prop, dict):
        return
    value = prop.get("k")
    holders: list[tuple[Any, str]] = [(prop, "k")]
    if isinstance(value, list) and value and isinstance(value[0], dict):
        holders = [(frame, key) for frame in value if isinstance(frame, dict) for key in ("s", "e")]
    for holder, key in holders:
        color = holder.get(key)
        if isinstance(color, list) and all(is_number(part) for part in color):
            holder[key] = [part / 255 for part in color]


def _close(prop: object, closed: object) -> None:
    if not isinstance(prop, dict) or closed is None:
        return
    value = prop.get("k")
    outlines: list[object] = [value]
    if isinstance(value, list):
        frames = [frame for frame in value if isinstance(frame, dict)]
        outlines = [
            outline
            for frame in frames
            for key in ("s", "e")
            if isinstance(frame.get(key), list)
            for outline in frame[key]
        ]
    for outline in outlines:
        if isinstance(outline, dict) and "v" in outline:
            outline.setdefault("c", bool(closed))


def _close_masks(layer: Json) -> None:
    masks = layer.get("masksProperties")
    for mask in masks if isinstance(masks, list) else []:
        if isinstance(mask, dict):
            _close(mask.get("pt"), mask.get("cl"))


def _give_keyframes(layer: Json) -> None:
    text = layer.get("t")
    document = text.get("d") if isinstance(text, dict) else None
    if isinstance(text, dict) and isinstance(document, dict) and "k" not in document:
        text["d"] = {"k": [{"s": document, "t": 0}]}
