"""Effects of After Effects for projects made by py-aep, which itself knows the Transform effect and the expression controls only.

The parameters, their numbers and defaults are those that After Effects 2025 reports. A parameter definition is the `PF_ParamDef` of the After Effects SDK
in 148 bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

from py_aep.data.builtin_effects import BUILTIN_EFFECTS

_LAYER, _FIXED, _ANGLE, _CHECK, _COLOR, _POINT, _MENU, _NONE, _SLIDER, _MASK = 0, 2, 3, 4, 5, 6, 7, 9, 10, 12
Parameter = tuple[int, str, int, Any]


def _color(*parts: float) -> tuple[float, ...]:
    return parts


_BLACK, _WHITE, _RED = _color(0, 0, 0), _color(1, 1, 1), _color(1, 0, 0)

_EFFECTS: dict[str, tuple[str, Sequence[Parameter]]] = {
    "ADBE Fill": ("Fill", [
        (1, "Fill Mask", _MASK, 0), (7, "All Masks", _CHECK, 0), (2, "Color", _COLOR, _RED), (6, "Invert", _CHECK, 0),
        (3, "Horizontal Feather", _SLIDER, 0), (4, "Vertical Feather", _SLIDER, 0), (5, "Opacity", _SLIDER, 1)]),
    "ADBE Tint": ("Tint", [(1, "Map Black To", _COLOR, _BLACK), (2, "Map White To", _COLOR, _WHITE), (3, "Amount to Tint", _SLIDER, 100)]),
    "ADBE Tritone": ("Tritone", [
        (1, "Highlights", _COLOR, _WHITE), (2, "Midtones", _COLOR, (0.5, 0.4, 0.3)), (3, "Shadows", _COLOR, _BLACK), (4, "Blend With Original", _SLIDER, 0)]),
    "ADBE Drop Shadow": ("Drop Shadow", [
        (1, "Shadow Color", _COLOR, _BLACK), (2, "Opacity", _SLIDER, 127.5), (3, "Direction", _ANGLE, 135), (4, "Distance", _SLIDER, 5),
        (5, "Softness", _SLIDER, 0), (6, "Shadow Only", _CHECK, 0)]),
    "ADBE Gaussian Blur 2": ("Gaussian Blur", [(1, "Blurriness", _SLIDER, 0), (2, "Blur Dimensions", _MENU, 1), (3, "Repeat Edge Pixels", _CHECK, 0)]),
    "ADBE Box Blur2": ("Fast Box Blur", [
        (1, "Blur Radius", _SLIDER, 0), (2, "Iterations", _SLIDER, 3), (3, "Blur Dimensions", _MENU, 1), (4, "Repeat Edge Pixels", _CHECK, 0)]),
    "ADBE Fast Blur": ("Fast Blur (Legacy)", [(1, "Blurriness", _SLIDER, 0), (2, "Blur Dimensions", _MENU, 1), (3, "Repeat Edge Pixels", _CHECK, 0)]),
    "ADBE Motion Blur": ("Directional Blur", [(1, "Direction", _ANGLE, 0), (2, "Blur Length", _SLIDER, 0)]),
    "ADBE Ramp": ("Gradient Ramp", [
        (1, "Start of Ramp", _POINT, (50, 0)), (2, "Start Color", _COLOR, _BLACK), (3, "End of Ramp", _POINT, (50, 100)), (4, "End Color", _COLOR, _WHITE),
        (5, "Ramp Shape", _MENU, 1), (6, "Ramp Scatter", _SLIDER, 0), (7, "Blend With Original", _SLIDER, 0)]),
    "ADBE 4ColorGradient": ("4-Color Gradient", [
        (1, "Point 1", _POINT, (10, 10)), (2, "Color 1", _COLOR, (1, 1, 0)), (3, "Point 2", _POINT, (90, 10)), (4, "Color 2", _COLOR, (0, 1, 0)),
        (5, "Point 3", _POINT, (10, 90)), (6, "Color 3", _COLOR, (1, 0, 1)), (7, "Point 4", _POINT, (90, 90)), (8, "Color 4", _COLOR, (0, 0, 1)),
        (9, "Blend", _SLIDER, 100), (10, "Jitter", _SLIDER, 0), (11, "Opacity", _SLIDER, 100), (12, "Blending Mode", _MENU, 2)]),
    "ADBE Invert": ("Invert", [(1, "Channel", _MENU, 1), (2, "Blend With Original", _SLIDER, 0)]),
    "ADBE HUE SATURATION": ("Hue/Saturation", [
        (2, "Channel Control", _MENU, 1), (4, "Master Hue", _ANGLE, 0), (5, "Master Saturation", _SLIDER, 0), (6, "Master Lightness", _SLIDER, 0),
        (7, "Colorize", _CHECK, 0), (8, "Colorize Hue", _ANGLE, 0), (9, "Colorize Saturation", _SLIDER, 25), (10, "Colorize Lightness", _SLIDER, 0)]),
    "ADBE Brightness & Contrast 2": ("Brightness & Contrast", [(1, "Brightness", _SLIDER, 0), (2, "Contrast", _SLIDER, 0), (3, "Use Legacy", _CHECK, 0)]),
    "ADBE Easy Levels2": ("Levels", [
        (1, "Channel", _MENU, 1), (3, "Input Black", _SLIDER, 0), (4, "Input White", _SLIDER, 1), (5, "Gamma", _SLIDER, 1),
        (6, "Output Black", _SLIDER, 0), (7, "Output White", _SLIDER, 1)]),
    "ADBE Exposure2": ("Exposure", [
        (1, "Channels", _MENU, 1), (3, "Exposure", _SLIDER, 0), (4, "Offset", _SLIDER, 0), (5, "Gamma Correction", _SLIDER, 1)]),
    "ADBE Black&White": ("Black & White", [
        (1, "Reds", _SLIDER, 40), (2, "Yellows", _SLIDER, 60), (3, "Greens", _SLIDER, 40), (4, "Cyans", _SLIDER, 60), (5, "Blues", _SLIDER, 20),
        (6, "Magentas", _SLIDER, 80), (7, "Tint", _CHECK, 0), (8, "Tint Color", _COLOR, _WHITE)]),
    "ADBE Set Matte3": ("Set Matte", [
        (1, "Take Matte From Layer", _LAYER, 0), (2, "Use For Matte", _MENU, 4), (3, "Invert Matte", _CHECK, 0), (4, "If Layer Sizes Differ", _CHECK, 1),
        (5, "Composite Matte with Original", _CHECK, 1), (6, "Premultiply Matte Layer", _CHECK, 1)]),
    "ADBE Linear Wipe": ("Linear Wipe", [(1, "Transition Completion", _SLIDER, 0), (2, "Wipe Angle", _ANGLE, 90), (3, "Feather", _SLIDER, 0)]),
    "ADBE Radial Wipe": ("Radial Wipe", [
        (1, "Transition Completion", _SLIDER, 0), (2, "Start Angle", _ANGLE, 0), (3, "Wipe Center", _POINT, (50, 50)), (4, "Wipe", _MENU, 1),
        (5, "Feather", _SLIDER, 0)]),
    "ADBE Venetian Blinds": ("Venetian Blinds", [
        (1, "Transition Completion", _SLIDER, 0), (2, "Direction", _ANGLE, 0), (3, "Width", _SLIDER, 20), (4, "Feather", _SLIDER, 0)]),
    "ADBE Glo2": ("Glow", [
        (1, "Glow Based On", _MENU, 2), (2, "Glow Threshold", _SLIDER, 153), (3, "Glow Radius", _SLIDER, 10), (4, "Glow Intensity", _SLIDER, 1),
        (5, "Composite Original", _MENU, 2), (6, "Glow Operation", _MENU, 3), (7, "Glow Colors", _MENU, 1), (14, "Glow Dimensions", _MENU, 1)]),
    "ADBE Tile": ("Motion Tile", [
        (1, "Tile Center", _POINT, (50, 50)), (2, "Tile Width", _SLIDER, 100), (3, "Tile Height", _SLIDER, 100), (4, "Output Width", _SLIDER, 100),
        (5, "Output Height", _SLIDER, 100), (6, "Mirror Edges", _CHECK, 0), (7, "Phase", _ANGLE, 0), (8, "Horizontal Phase Shift", _CHECK, 0)]),
    "ADBE Offset": ("Offset", [(1, "Shift Center To", _POINT, (50, 50)), (2, "Blend With Original", _SLIDER, 0)]),
    "ADBE Stroke": ("Stroke", [
        (1, "Path", _MASK, 0), (10, "All Masks", _CHECK, 0), (11, "Stroke Sequentially", _CHECK, 1), (2, "Color", _COLOR, _WHITE),
        (3, "Brush Size", _SLIDER, 2), (4, "Brush Hardness", _SLIDER, 0.75), (5, "Opacity", _SLIDER, 1), (8, "Start", _SLIDER, 0), (9, "End", _SLIDER, 1),
        (6, "Spacing", _SLIDER, 0.15), (7, "Paint Style", _MENU, 1)]),
    "ADBE Corner Pin": ("Corner Pin", [
        (1, "Upper Left", _POINT, (0, 0)), (2, "Upper Right", _POINT, (100, 0)), (3, "Lower Left", _POINT, (0, 100)), (4, "Lower Right", _POINT, (100, 100))]),
    "ADBE Turbulent Displace": ("Turbulent Displace", [(1, "Displacement", _MENU, 1), (2, "Amount", _SLIDER, 50), (3, "Size", _SLIDER, 100)]),
    "ADBE Mosaic": ("Mosaic", [(1, "Horizontal Blocks", _SLIDER, 10), (2, "Vertical Blocks", _SLIDER, 10), (3, "Sharp Colors", _CHECK, 0)]),
    "ADBE Posterize Time": ("Posterize Time", [(1, "Frame Rate", _SLIDER, 24)]),
    "ADBE Echo": ("Echo", [(1, "Echo Time (seconds)", _SLIDER, -0.033), (2, "Number Of Echoes", _SLIDER, 1)]),
    "ADBE Fractal Noise": ("Fractal Noise", [(4, "Contrast", _SLIDER, 100), (5, "Brightness", _SLIDER, 0)]),
    "ADBE Simple Choker": ("Simple Choker", [(1, "View", _MENU, 1), (2, "Choke Matte", _SLIDER, 0)]),
    "CC Particle World": ("CC Particle World", [(1, "Birth Rate", _SLIDER, 2)]),
    "tc Particular": ("Particular", [(1, "Particles/sec", _SLIDER, 100)]),
}  # fmt: skip


def install() -> None:
    """Let py-aep add these effects."""
    for name, (display, parameters) in _EFFECTS.items():
        BUILTIN_EFFECTS.setdefault(name, (display, _template(name, display, parameters).hex()))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return kind + struct.pack(">I", len(data)) + data + b"\0" * (len(data) % 2)


def _list(kind: bytes, *parts: bytes) -> bytes:
    return _chunk(b"LIST", kind + b"".join(parts))


def _text(kind: bytes, text: str) -> bytes:
    return _chunk(kind, _chunk(b"Utf8", text.encode()))


def _named(match_name: str) -> bytes:
    return _chunk(b"tdmn", match_name.encode().ljust(40, b"\0"))


def _template(name: str, display: str, parameters: Sequence[Parameter]) -> bytes:
    defined = [_named(f"{name}-0000"), _definition("", _LAYER, 0)]
    for number, label, kind, default in parameters:
        defined += [_named(f"{name}-{number:04d}"), _definition(label, kind, default)]
    defined += [_named("ADBE Effect Built In Params"), _definition("", _NONE, 0)]
    end = _named("ADBE Group End")
    switched = _chunk(b"tdsb", struct.pack(">I", 1))
    built_in = _list(b"tdgp", switched, _text(b"tdsn", "Compositing Options"), end)
    owner = _list(
        b"tdbs",
        _chunk(b"tdsb", struct.pack(">I", 3)),
        _text(b"tdsn", ""),
        _chunk(b"tdb4", _TDB4),
        _chunk(b"cdat", bytes(40)),
        _chunk(b"tdpi", struct.pack(">I", 0)),
        _chunk(b"tdps", struct.pack(">I", 0)),
    )
    group = _list(
        b"tdgp", switched, _text(b"tdsn", display), _named(f"{name}-0000"), owner, _named("ADBE Effect Built In Params"), built_in, end
    )  # fmt: skip
    count = _chunk(b"parn", struct.pack(">I", len(parameters) + 2))
    return _list(b"sspc", _text(b"fnam", display), _list(b"parT", count, *defined), group, _chunk(b"pgui", bytes(16)))


_TDB4 = bytes.fromhex("db99000100010000000100000000").ljust(124, b"\0")


def _definition(label: str, kind: int, default: Any) -> bytes:
    head = bytes(15) + bytes([kind]) + label.encode()[:31].ljust(32, b"\0") + bytes(8)
    return _chunk(b"pard", (head + _body(kind, default)).ljust(148, b"\0"))


def _body(kind: int, default: Any) -> bytes:
    if kind == _SLIDER:
        return struct.pack(">dd32s5fHH", default, 0, b"", -1e6, 1e6, -100, 100, default, 2, 0)
    if kind == _ANGLE:
        return struct.pack(">ii", default * 65536, default * 65536)
    if kind == _CHECK:
        return struct.pack(">IB", default, default)
    if kind == _COLOR:
        return bytes([255, *(round(part * 255) for part in default)]) * 2
    if kind == _POINT:
        x, y = (round(part * 65536) for part in default)
        return struct.pack(">ii3xBii", x, y, 0, x, y)
    if kind == _MENU:
        return struct.pack(">Ihh", default, 20, default)
    return b""
