"""What a shape layer holds that is not drawn as designed. Each rule gives (feature, verdict, cause)."""

from __future__ import annotations

from collections.abc import Iterator

from flatrender.engine.compatibility.layers import UNLIKE
from flatrender.engine.lottie.document import Json
from flatrender.engine.lottie.rewrite.repeaters import can_expand, overgrows
from flatrender.engine.lottie.rewrite.timing import scalar
from flatrender.engine.lottie.walk import shape_items

_ABSENT = {
    "zz": ("zig zag", "a zig zag is not drawn: the path stays straight"),
    "tw": ("twist", "a twist is not drawn: the path stays straight"),
}
_UNITED = 1
_PRECISE = {
    "sr": ("polystar", "a star is drawn as a path"),
    "rp": ("repeater", "a repeater's copies are written out"),
}


def shapes_of(layer: Json) -> Iterator[tuple[str, str, str]]:
    """Items of shape layers."""
    for item in shape_items(layer):
        if item.get("hd") is True:
            if item.get("ty") == "gr":
                yield "hidden group", UNLIKE, "a hidden group is not drawn; lottie-web draws it all the same"
            continue
        kind = item.get("ty")
        if not isinstance(kind, str):
            continue
        if kind in _ABSENT:
            feature, cause = _ABSENT[kind]
            yield feature, "not_drawn", cause
        elif kind == "mm" and item.get("mm") != _UNITED:
            cause = "merged paths are drawn together as they are, neither cut nor subtracted; lottie-web alike"
            yield "merge paths", "approximate", cause
        elif kind == "op":
            yield "offset path", UNLIKE, "an offset path keeps sharp corners that lottie-web cuts"
        elif kind == "tr" and "o" not in item:
            cause = (
                "a group's transform has no opacity: it is drawn opaque; lottie-web fails on it and leaves layers out"
            )
            yield "malformed transform", UNLIKE, cause
        elif kind == "rp" and not can_expand(item):
            yield (
                "repeater",
                "approximate",
                "a repeater with expressions or curved motion: its copies may be stacked and fade otherwise",
            )
        elif kind == "rp" and overgrows(item):
            yield "repeater", "not_drawn", "a repeater's copies grow beyond ten thousand times: those are left out"
        elif kind == "rp" and _differs(item):
            yield (
                "repeater",
                UNLIKE,
                "an offset repeater starts where After Effects starts it; lottie-web leaves a copy out",
            )
        elif kind in _PRECISE:
            feature, cause = _PRECISE[kind]
            yield feature, "exact", cause


def _differs(repeater: Json) -> bool:
    offset = scalar(repeater.get("o"), 0)
    return offset is None or offset < 0
