"""Animations that kill or hang the renderer, and how they must end: the code, and words of the message.

Expressions do it: the renderer's script engine runs them, dies of a function without arguments, and has no limit of its own to a loop.
"""

import json

FILMS = {
    "killing.json": ("engine_crashed", "renderer died"),
    "endless.json": ("engine_timeout", "took longer than"),
}
_EXPRESSIONS = {
    "killing.json": "var $bm_rt; $bm_rt = linear();",
    "endless.json": "var $bm_rt; while (true) {} $bm_rt = [0, 0];",
}
WATCHDOG_S = 20
"""What drawing one frame may take (docs/engine.md)."""


def animation(name: str) -> bytes:
    """Return the file of that name."""
    place = {"p": {"a": 0, "k": [100, 100], "x": _EXPRESSIONS[name]}}
    layer = {
        "ty": 1,
        "nm": "Box",
        "ip": 0,
        "op": 30,
        "st": 0,
        "sr": 1,
        "ks": place,
        "sw": 50,
        "sh": 50,
        "sc": "#336699",
    }
    return json.dumps(
        {"v": "5.9.0", "w": 200, "h": 200, "fr": 30, "ip": 0, "op": 30, "layers": [layer], "assets": []}
    ).encode()
