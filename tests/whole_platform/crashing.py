"""Animations that kill or hang the renderer, and how they must end: the code, and words of the message.

Both ask for more than can be drawn: a polygon of 10⁹ points is at once more than the renderer's memory, 10⁸ copies of a shape more than its time.
"""

import json
from typing import Any

FILMS = {
    "killing.json": ("engine_crashed", "renderer died"),
    "endless.json": ("engine_timeout", "took longer than"),
}
WATCHDOG_S = 20
"""What drawing one frame may take (docs/engine.md)."""


def _still(value: Any) -> dict[str, Any]:
    return {"a": 0, "k": value}


_PLACE = {"p": _still([0, 0]), "a": _still([0, 0]), "s": _still([100, 100]), "r": _still(0)}
_POLYGON = {
    "ty": "sr", "sy": 2, "p": _still([0, 0]), "r": _still(0), "pt": _still(1e9), "ir": _still(20), "or": _still(80),
    "is": _still(0), "os": _still(0),
}  # fmt: skip
_RECTANGLE = {"ty": "rc", "p": _still([0, 0]), "s": _still([150, 150]), "r": _still(0)}
_COPIES = {"ty": "rp", "c": _still(1e8), "o": _still(0), "m": 1, "tr": {**_PLACE, "so": _still(100), "eo": _still(100)}}
_FILL = {"ty": "fl", "c": _still([1, 0, 0, 1]), "o": _still(100)}
_SHAPES = {"killing.json": [_POLYGON, _FILL], "endless.json": [_RECTANGLE, _FILL, _COPIES]}


def animation(name: str) -> bytes:
    """Return the file of that name."""
    group = {"ty": "gr", "nm": "Shape", "it": [*_SHAPES[name], {"ty": "tr", **_PLACE, "o": _still(100)}]}
    layer = {
        "ty": 4,
        "nm": "Box",
        "ip": 0,
        "op": 30,
        "st": 0,
        "sr": 1,
        "ks": {"p": _still([100, 100])},
        "shapes": [group],
    }
    return json.dumps(
        {"v": "5.9.0", "w": 200, "h": 200, "fr": 30, "ip": 0, "op": 30, "layers": [layer], "assets": []}
    ).encode()
