"""What a layer has that is not drawn as designed. Each rule gives (feature, verdict, cause)."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping

from flatrender.engine.lottie.baking import Answer, is_scripted
from flatrender.engine.lottie.document import Json
from flatrender.engine.lottie.rewrite.effects import DRAWN_EFFECTS
from flatrender.engine.lottie.rewrite.loops import is_simple_loop
from flatrender.engine.lottie.rewrite.masks import draws_right
from flatrender.engine.lottie.rewrite.timing import scalar
from flatrender.engine.lottie.walk import TEXT, dicts, objects, text_documents

UNLIKE = "unlike"
"""The verdict of what is drawn as designed where lottie-web is known to draw it otherwise."""

Found = Iterator[tuple[str, str, str]]

_KINDS = {
    6: "an audio layer is heard in After Effects only; give the sound to the film's tracks",
    7: "a video layer is not drawn: make it an image layer and put the film there",
    8: "an image sequence is not drawn: put a film into an image layer instead",
    9: "a video layer is not drawn: make it an image layer and put the film there",
    13: "the camera is not used: layers are seen from straight ahead",
    14: "a light is not used",
    15: "a data layer shows nothing",
}
_SILENT = (6, 15)
_CONTROLS = 5
_NEAR_EFFECTS = {
    20: "a tint weighs the three colours by their brightness for the eye, lottie-web alike",
    23: "a tritone weighs the three colours by their brightness for the eye, lottie-web alike",
    22: "a stroke along masks is drawn with round ends, in one colour for all masks",
    25: "a shadow is drawn whole; lottie-web cuts it at the layer's bounds",
    29: "a blur mixes colours as they are stored; lottie-web mixes light",
}
_BLENDS = {9: "soft light", 12: "hue", 13: "saturation", 14: "colour", 15: "luminosity"}


def kind_of(layer: Json) -> Found:
    """Layers of kinds that are not drawn."""
    kind = layer.get("ty")
    if isinstance(kind, int) and kind in _KINDS:
        yield "layer type", "approximate" if kind in _SILENT else "not_drawn", _KINDS[kind]


def space_of(layer: Json) -> Found:
    """Depth, and compositions inside out."""
    transform = layer.get("ks")
    if layer.get("ddd") == 1 and isinstance(transform, dict):
        turned = any(scalar(transform.get(key), 0) != 0 for key in ("rx", "ry"))
        if turned:
            yield "three dimensions", "approximate", "the layer is turned in space, but drawn without perspective"
    if isinstance(transform, dict) and "rx" in transform and not transform.keys() >= {"ry", "rz", "or"}:
        yield (
            "malformed transform",
            UNLIKE,
            "a layer turned in space lacks one of its turns: lottie-web fails on it and leaves the layer out",
        )
    if layer.get("tt") == 4:
        yield "matte", UNLIKE, "the inverted luma matte is drawn as After Effects does; lottie-web ignores it"
    blend = layer.get("bm")
    if isinstance(blend, int) and blend in _BLENDS:
        cause = (
            f"the blend mode {_BLENDS[blend]} is mixed a little otherwise in the browser's preview and by other players"
        )
        yield "blend mode", "approximate", cause


def styles_of(layer: Json) -> Found:
    """Layer styles."""
    styles = [style for style in dicts(layer.get("sy")) if style.get("ty") != 0]
    if styles:
        yield (
            "layer style",
            "approximate",
            "layer styles (shadow, glow, bevel, stroke) are not drawn; lottie-web draws none either",
        )


def effects_of(layer: Json) -> Found:
    """Effects that are on."""
    for effect in dicts(layer.get("ef")):
        kind = effect.get("ty")
        name = str(effect.get("nm") or kind)[:60]
        if effect.get("en", 1) == 0:
            if kind in DRAWN_EFFECTS:
                cause = f"the effect {name!r} is switched off, and so not drawn; lottie-web draws it all the same"
                yield "effect", UNLIKE, cause
            continue
        if kind == _CONTROLS:
            continue
        if kind not in DRAWN_EFFECTS:
            yield "effect", "not_drawn", f"the effect {name!r} is not drawn"
        elif isinstance(kind, int) and kind in _NEAR_EFFECTS:
            yield "effect", "approximate", f"the effect {name!r}: {_NEAR_EFFECTS[kind]}"


def masks_of(layer: Json) -> Found:
    """Masks that ThorVG does not draw by itself."""
    masks = [mask for mask in dicts(layer.get("masksProperties")) if mask.get("mode") != "n"]
    if any(mask.get("mode") in ("l", "d", "f") for mask in masks) and len(masks) > 1:
        cause = "masks in the modes lighten, darken or difference are drawn as After Effects does; lottie-web adds them"
        yield "mask", UNLIKE, cause
    elif not draws_right(masks):
        if any(mask.get("inv") is True for mask in masks):
            cause = "several masks of which one is inverted: combined in After Effects' order, in which lottie-web may differ"
            yield "mask", UNLIKE, cause
        else:
            yield "mask", "exact", "several masks are drawn as a matte"
    if any(scalar(mask.get("x"), 0) != 0 for mask in masks):
        yield "mask", "approximate", "an expanded mask has mitred corners; lottie-web widens or thins its edge"
    if any(isinstance(mask.get("f"), dict) and _feathered(mask["f"]) for mask in masks):
        yield "mask", "not_drawn", "a feathered mask is drawn with a hard edge"


def _feathered(prop: Json) -> bool:
    value = prop.get("k")
    return value not in (0, [0, 0], [0])


def texts_of(layer: Json) -> Found:
    """Text that players show unlike this engine."""
    if layer.get("ty") != TEXT:
        return
    text = layer.get("t")
    documents = text_documents(layer)
    letters = "".join(str(document.get("t")) for document in documents)
    if any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in letters):
        cause = "letters are joined and run from right to left; lottie-web shows them apart and in their stored order"
        yield "text", UNLIKE, cause
    if any(document.get("ca") == 2 for document in documents):
        yield "small caps", "approximate", "small capitals are drawn as capitals"
    if isinstance(text, dict) and isinstance(text.get("p"), dict) and text["p"].get("m") is not None:
        yield "text", "approximate", "text along a path turns whole letters; spacing may differ a little"


def expressions_of(layer: Json, answers: Mapping[int, Answer | None]) -> Found:
    """Expressions; `answers` says by the `id()` of a property what its expression gives, None for a control that is not drawn itself."""
    for node in objects(layer):
        if not is_scripted(node):
            continue
        answer = answers.get(id(node))
        if is_simple_loop(node["x"]):
            yield "expression", "exact", "a loop is written out as keyframes"
        elif answer is None:
            continue
        elif answer.error:
            cause = f"an expression cannot be evaluated ({answer.error}): the value without it is shown"
            yield "expression", "not_drawn", cause
        elif answer.chance:
            yield "expression", UNLIKE, "an expression draws lots: every player draws others, this one always the same"
        elif answer.undeclared:
            yield (
                "expression",
                UNLIKE,
                "an expression writes to variables that it does not declare: lottie-web stops there",
            )
        elif "loopIn" in node["x"]:
            yield "expression", UNLIKE, "loopIn repeats as in After Effects; lottie-web stays at the first keyframe"
        else:
            yield "expression", "exact", "an expression is written out as keyframes"
