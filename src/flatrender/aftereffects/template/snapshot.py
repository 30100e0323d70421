"""The frame that shows a scene best."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flatrender.engine.lottie.keyframes import value_at

if TYPE_CHECKING:
    from flatrender.aftereffects.convert.context import Json

_MARKERS = ("snapshot", "thumbnail", "poster", "preview", "fr:snapshot", "پیش‌نمایش", "تصویر")
_SAMPLES = 48
_MAX_DEPTH = 4
_TEXT, _NULL, _PRECOMPOSITION = 5, 3, 0
_WEIGHTS = {_TEXT: 3.0, _NULL: 0.0}
_BEST = 0.6
"""Where in a scene, as a share, most is usually in place; of frames that show as much, the nearest to it is taken."""


def snapshot_frame(lottie: Json, frames: int) -> int:
    """Return a frame counted from the scene's first: where a marker named `snapshot` stands, else where most of the layers are seen."""
    begins: float = lottie["ip"]
    for marker in lottie.get("markers", []):
        if str(marker.get("cm", "")).strip().lower() in _MARKERS:
            return min(max(round(float(marker["tm"]) - begins), 0), frames - 1)
    step = max(1, frames // _SAMPLES)
    assets = {asset["id"]: asset["layers"] for asset in lottie["assets"] if "layers" in asset}

    def merit(frame: int) -> tuple[float, float]:
        return (round(_seen(lottie["layers"], begins + frame, assets, 0), 2), -abs(frame - _BEST * frames))

    return max(range(0, frames, step), key=merit)


def _seen(layers: list[Json], frame: float, assets: dict[str, list[Json]], depth: int) -> float:
    total = 0.0
    for layer in layers:
        if not layer["ip"] <= frame < layer["op"] or layer.get("td"):
            continue
        opacity = value_at(layer["ks"]["o"], frame) if "o" in layer["ks"] else None
        share = 1.0 if opacity is None else min(max(opacity[0] / 100, 0), 1)
        if layer["ty"] == _PRECOMPOSITION and depth < _MAX_DEPTH and "tm" not in layer:
            inside = (frame - layer["st"]) / (layer.get("sr") or 1)
            total += share * _seen(assets.get(layer["refId"], []), inside, assets, depth + 1)
        else:
            total += share * _WEIGHTS.get(layer["ty"], 1.0)
    return total
