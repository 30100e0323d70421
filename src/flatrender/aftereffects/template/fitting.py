"""A scene's Lottie brought to the rate and size of its template."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flatrender.aftereffects.convert.context import rounded

if TYPE_CHECKING:
    from flatrender.aftereffects.convert.context import Json
    from flatrender.engine.template.model import Size

_WHOLE = "flatrender-whole"


def at_rate(lottie: Json, fps: float) -> None:
    """Give the animation another number of frames a second; it takes as many seconds as before."""
    factor = fps / lottie["fr"]
    if abs(factor - 1) < 1e-6:
        lottie["fr"] = fps
        return
    _scale_times([lottie["layers"], *(asset.get("layers") for asset in lottie["assets"])], factor)
    for asset in lottie["assets"]:
        if "fr" in asset:
            asset["fr"] = fps
    for marker in lottie.get("markers", []):
        marker["tm"], marker["dr"] = rounded(marker["tm"] * factor), rounded(marker["dr"] * factor)
    lottie["ip"], lottie["op"] = rounded(lottie["ip"] * factor), rounded(lottie["op"] * factor)
    lottie["fr"] = fps


def in_size(lottie: Json, size: Size) -> bool:
    """Fit the animation into the size, whole and in the middle; False when it has that size already."""
    width, height = lottie["w"], lottie["h"]
    if (width, height) == (size.width, size.height):
        return False
    scale = rounded(100 * min(size.width / width, size.height / height))
    lottie["assets"].append({"id": _WHOLE, "nm": lottie["nm"], "w": width, "h": height, "layers": lottie["layers"]})
    lottie["layers"] = [
        {
            "ty": 0, "ddd": 0, "ind": 1, "nm": _WHOLE, "refId": _WHOLE, "w": width, "h": height, "sr": 1, "st": 0, "bm": 0, "ao": 0,
            "ip": min(0, lottie["ip"]), "op": lottie["op"],
            "ks": {
                "a": _still([width / 2, height / 2]), "p": _still([size.width / 2, size.height / 2]),
                "s": _still([scale, scale]), "r": _still(0), "o": _still(100),
            },
        }
    ]  # fmt: skip
    lottie["w"], lottie["h"] = size.width, size.height
    return True


def _still(value: Any) -> Json:
    return {"a": 0, "k": value}


def _scale_times(nodes: list[Any], factor: float) -> None:
    stack: list[Any] = list(nodes)
    while stack:
        node = stack.pop()
        if isinstance(node, list):
            stack.extend(part for part in node if isinstance(part, (dict, list)))
            continue
        if not isinstance(node, dict):
            continue
        if "ty" in node and "ip" in node:
            for key in ("ip", "op", "st"):
                if key in node:
                    node[key] = rounded(node[key] * factor)
        keys = node.get("k")
        if isinstance(keys, list):
            for key in keys:
                if isinstance(key, dict) and isinstance(key.get("t"), (int, float)):
                    key["t"] = rounded(key["t"] * factor)
        stack.extend(part for part in node.values() if isinstance(part, (dict, list)))
