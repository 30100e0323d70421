"""A scene that names files must not get them.

ThorVG opens every picture path and font path that exists on the machine before it asks its asset resolver, so such references are taken out
of the scene before ThorVG sees it.
"""

import re
from typing import Any

import msgspec

from flatrender.engine.errors import RenderError

_EMPTY_PICTURE = (
    "data:image/png;base64,"
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNgYGBgAAAABQABeqhXUAAAAABJRU5ErkJggg=="
)
_NESTED = frozenset({dict, list})
_REFERENCE = re.compile(rb'"(?:p":"(?!data:)|fPath":)')
"""In JSON that msgspec wrote, without spaces and escapes that need not be: every member that may name a file. Texts have their quotes escaped."""


def confined(lottie: bytes) -> bytes:
    """Return the scene with nothing in it but itself: references to files are pictures of nothing, and fonts are dropped.

    Always written anew, so that what was checked is what ThorVG reads (two keys of one name, for example, could be read differently).
    Raises RenderError `engine_refused` when it is not JSON.
    """
    try:
        scene = msgspec.json.decode(lottie)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise RenderError(f"the scene is not JSON: {error}", code="engine_refused") from error
    written = msgspec.json.encode(scene)
    if _REFERENCE.search(written) is None:
        return written  # most scenes, of which a hundred thousand values need not be visited
    waiting: list[Any] = [scene]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            _confine(node)
            waiting += [value for value in node.values() if type(value) in _NESTED]
        else:
            waiting += [value for value in node if type(value) in _NESTED]
    return msgspec.json.encode(scene)


def _confine(node: dict[str, Any]) -> None:
    # In a Lottie only assets have a string at "p", and only fonts have "fPath".
    path = node.get("p")
    if isinstance(path, str) and not path.startswith("data:"):
        node["u"], node["p"], node["e"] = "", _EMPTY_PICTURE, 1
    font = node.get("fPath")
    if isinstance(font, str) and not font.startswith("data:"):
        del node["fPath"]
