"""The compatibility report of one animation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from typing import Literal

import msgspec

from flatrender.engine.compatibility.layers import (
    UNLIKE,
    effects_of,
    expressions_of,
    kind_of,
    masks_of,
    space_of,
    styles_of,
    texts_of,
)
from flatrender.engine.compatibility.shapes import shapes_of
from flatrender.engine.lottie.baking import answer_for, evaluate_expressions, scripted_places
from flatrender.engine.lottie.document import Json, is_number, layer_lists
from flatrender.engine.lottie.walk import IMAGE, TEXT, dicts, text_documents

Verdict = Literal["exact", "approximate", "not_drawn"]
SceneVerdict = Literal["open_engine", "approximate", "after_effects"]

MAX_FINDINGS = 500

_Rule = Callable[[Json], Iterator[tuple[str, str, str]]]
_RULES: tuple[_Rule, ...] = (
    kind_of,
    space_of,
    styles_of,
    effects_of,
    masks_of,
    shapes_of,
    texts_of,
)


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is not drawn as designed, or drawn so only because the engine rewrites it (`exact`)."""

    feature: str
    """A word or two that name the feature: `mask`, `effect`, `expression` …; the bench's table has the same."""
    layer: str
    """The way to the layer: names of precompositions and of the layer, joined by ` / `; empty for the whole animation."""
    verdict: Verdict
    cause: str
    """A sentence for people."""
    unlike_lottie_web: bool = False
    """Whether it is drawn as designed where lottie-web is known to draw it otherwise."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """All findings of one animation, the worst first, and what to do with it."""

    verdict: SceneVerdict
    """`open_engine` draws it as designed; `approximate`: near it; `after_effects`: something of it is drawn only there."""
    findings: tuple[Finding, ...]


_SCENE: dict[Verdict, SceneVerdict] = {
    "not_drawn": "after_effects",
    "approximate": "approximate",
    "exact": "open_engine",
}
_WORST: dict[Verdict, int] = {"not_drawn": 0, "approximate": 1, "exact": 2}


def compatibility(document: Json, *, alone: bool = True) -> Report:
    """Judge a checked Lottie; at most 500 findings are listed. Expressions are evaluated to be judged.

    `alone`: nothing comes with it, no fonts and no pictures beside it.
    """
    found: dict[Finding, None] = {}
    answers = evaluate_expressions(document)
    given = {id(prop): answer_for(answers, place) for place, prop in scripted_places(document)} if answers else {}
    rules: tuple[_Rule, ...] = (*_RULES, partial(expressions_of, answers=given))
    for layer, path in _layers(document):
        for rule in rules:
            for feature, verdict, cause in rule(layer):
                unlike = verdict == UNLIKE
                judged = _verdict(verdict)
                finding = Finding(feature=feature, layer=path, verdict=judged, cause=cause, unlike_lottie_web=unlike)
                found[finding] = None
    for finding in (
        *_sampled(document),
        *_mattes(document),
        *((*_pictures(document), *_fonts(document)) if alone else ()),
    ):
        found[finding] = None
    listed = sorted(found, key=lambda finding: _WORST[finding.verdict])
    worst = listed[0].verdict if listed else "exact"
    return Report(verdict=_SCENE[worst], findings=tuple(listed[:MAX_FINDINGS]))


def _verdict(word: str) -> Verdict:
    return "not_drawn" if word == "not_drawn" else "approximate" if word == "approximate" else "exact"


def _layers(document: Json) -> Iterator[tuple[Json, str]]:
    """Every shown layer with its path: a precomposition's layers once, below the first name that shows it."""
    comps = {
        asset["id"]: asset["layers"]
        for asset in dicts(document.get("assets"))
        if "layers" in asset and isinstance(asset.get("id"), str)
    }
    waiting: list[tuple[object, str]] = [(document.get("layers"), "")]
    seen: set[object] = set()
    while waiting:
        layers, above = waiting.pop()
        for number, layer in enumerate(dicts(layers), start=1):
            if layer.get("hd") is True:
                continue
            name = layer.get("nm")
            path = above + (name if isinstance(name, str) and name else f"layer {number}")
            yield layer, path
            inner = layer.get("refId")
            if isinstance(inner, str) and inner in comps and inner not in seen:
                seen.add(inner)
                waiting.append((comps[inner], path + " / "))


def _sampled(document: Json) -> Iterator[Finding]:
    """Pictures, once for the animation: ThorVG reads a scaled picture at the corners of output pixels, lottie-web at their centres."""
    for layer, path in _layers(document):
        if layer.get("ty") == IMAGE:
            cause = "drawn smaller than designed or turned, pictures stand half a pixel further up and left than in lottie-web"
            yield Finding(feature="image", layer=path, verdict="exact", cause=cause, unlike_lottie_web=True)
            return


def _mattes(document: Json) -> Iterator[Finding]:
    """Mattes whose source lottie-web shows as well, or does not matte with."""
    inner = {
        asset["id"]: dicts(asset.get("layers"))
        for asset in dicts(document.get("assets"))
        if isinstance(asset.get("id"), str)
    }
    for layers in layer_lists(document):
        known = dicts(layers)
        for source, layer in pairwise(known):
            if not layer.get("tt") or "tp" in layer:
                continue
            cause = ""
            if not source.get("td"):
                cause = (
                    "the source of a matte is not marked as one: only its matte is drawn; lottie-web draws it as well"
                )
            elif any(deeper.get("tt") for deeper in inner.get(str(source.get("refId")), ())):
                cause = "the source of a matte has a matte inside, which lottie-web's mattes leave out"
            if cause:
                name = str(layer.get("nm") or "")
                yield Finding(feature="matte", layer=name, verdict="exact", cause=cause, unlike_lottie_web=True)


def _pictures(document: Json) -> Iterator[Finding]:
    shown: dict[str, str] = {}
    for layer, path in _layers(document):
        if layer.get("ty") == IMAGE and isinstance(layer.get("refId"), str):
            shown.setdefault(layer["refId"], path)
    for asset in dicts(document.get("assets")):
        key = asset.get("id")
        if not isinstance(key, str) or key not in shown or not isinstance(asset.get("p"), str):
            continue
        path = shown[key]
        width, height = asset.get("w"), asset.get("h")
        if not (is_number(width) and is_number(height)):
            cause = "the picture's size is missing or no number"
            yield Finding(feature="image", layer=path, verdict="approximate", cause=cause)
        if not asset["p"].startswith("data:"):
            cause = f"the picture {asset['p'][:80]!r} is a file beside the animation, shown only if it comes with it"
            yield Finding(feature="image", layer=path, verdict="approximate", cause=cause)


def _fonts(document: Json) -> Iterator[Finding]:
    listed = document.get("fonts")
    fonts = {str(font.get("fName")): font for font in dicts(listed.get("list") if isinstance(listed, dict) else None)}
    held = {tuple(str(char.get(key)) for key in ("fFamily", "style", "ch")) for char in dicts(document.get("chars"))}
    for layer, path in _layers(document):
        for text in text_documents(layer) if layer.get("ty") == TEXT else []:
            name = str(text.get("f"))
            font = fonts.get(name, {})
            family, style = str(font.get("fFamily") or name), str(font.get("fStyle"))
            letters = {letter for letter in str(text.get("t")) if letter not in "\r\n\x03 "}
            if any((family, style, letter) not in held for letter in letters):
                cause = f"the file does not bring the font {family[:60]!r}: without it another is shown"
                yield Finding(feature="font", layer=path, verdict="approximate", cause=cause)
