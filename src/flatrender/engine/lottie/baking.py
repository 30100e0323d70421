"""Expressions of an animation: what they give, as keyframes.

The whole animation is described to the evaluating process once. An answer is kept together with the values that the expressions looked
at, and holds as long as those are the same: another text or colour that no expression reads starts no process.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

import msgspec

from flatrender.engine.expressions import LOTTIE, ExpressionsNotEvaluated, ask
from flatrender.engine.lottie.document import Json
from flatrender.engine.lottie.walk import PRECOMP, TEXT, all_layers, dicts, objects

MAX_FRAMES = 20_000
"""Frames of a composition for which expressions are evaluated."""
_KEPT = 64
_LAYER_FACTS = ("ind", "nm", "ty", "parent", "ip", "op", "st", "refId", "w", "h", "sw", "sh")
_STRAIGHT: Json = {"i": {"x": [1], "y": [1]}, "o": {"x": [0], "y": [0]}}
_TEXT_PLACE = "/t/d"


class Answer(msgspec.Struct, frozen=True):
    """What one expression gives: keys of (frame, value), straight lines between them, one for what stands still; or why there are none."""

    keys: tuple[tuple[float, Any], ...] = ()
    chance: bool = False
    """Whether it draws lots: every player draws others."""
    undeclared: bool = False
    """Whether it writes to variables that it does not declare."""
    error: str = ""


class _Answers(msgspec.Struct, frozen=True):
    answers: dict[str, Answer]
    reads: tuple[str, ...]


class _Kept(msgspec.Struct, frozen=True):
    reads: tuple[str, ...]
    seen: bytes
    answers: dict[str, Answer]


_kept: OrderedDict[bytes, list[_Kept]] = OrderedDict()
_lock = threading.Lock()


def is_scripted(node: Json) -> bool:
    """Whether the object is a property with an expression."""
    return isinstance(node.get("x"), str) and "k" in node


def evaluate_expressions(lottie: Json) -> dict[str, Answer]:
    """Return what every drawn property with an expression gives, by the way to it (`layers/0/ks/p`); nothing when there is none.

    Does not change the animation. Starts a process for up to ten seconds unless the same has been asked before.
    """
    codes = [node["x"] for node in objects(lottie) if is_scripted(node)]
    if not codes:
        return {}
    name = hashlib.sha256(msgspec.json.encode([codes, *_skeleton(lottie)])).digest()
    with _lock:
        known = list(_kept.get(name, ()))
    for one in known:
        if _digest(lottie, one.reads) == one.seen:
            return one.answers
    try:
        found = msgspec.json.decode(ask(LOTTIE, msgspec.json.encode(_described(lottie))), type=_Answers)
    except (ExpressionsNotEvaluated, msgspec.MsgspecError) as error:
        if isinstance(error, ExpressionsNotEvaluated) and not error.lasting:
            return {"": Answer(error=str(error))}  # not kept: another time it may be
        found = _Answers(answers={"": Answer(error=str(error)[:200])}, reads=())
    with _lock:
        kept = _kept.setdefault(name, [])
        kept.insert(0, _Kept(reads=found.reads, seen=_digest(lottie, found.reads), answers=found.answers))
        del kept[4:]
        _kept.move_to_end(name)
        while len(_kept) > _KEPT:
            _kept.popitem(last=False)
    return found.answers


def answer_for(answers: dict[str, Answer], place: str) -> Answer | None:
    """Return the answer for a property; None for a control that is not drawn itself."""
    return answers.get(place) or answers.get("")


def scripted_places(lottie: Json) -> Iterator[tuple[str, Json]]:
    """Yield every property with an expression, with the way to it."""
    waiting: list[tuple[str, Any]] = [("assets", lottie.get("assets")), ("layers", lottie.get("layers"))]
    while waiting:
        place, node = waiting.pop()
        if isinstance(node, dict):
            if is_scripted(node):
                yield place, node
            waiting += [(f"{place}/{key}", value) for key, value in node.items() if isinstance(value, dict | list)]
        elif isinstance(node, list):
            waiting += [(f"{place}/{at}", value) for at, value in enumerate(node) if isinstance(value, dict | list)]


def write_texts(lottie: Json) -> None:
    """Write what the expressions of texts give as text documents: one for each time at which the text is another."""
    if not any(_is_written(layer) for layer in all_layers(lottie)):
        return
    answers = evaluate_expressions(lottie)
    for place, prop in list(scripted_places(lottie)):
        answer = answer_for(answers, place)
        if place.endswith(_TEXT_PLACE) and answer is not None and answer.keys:
            _write_text(prop, answer)


def _is_written(layer: Json) -> bool:
    text = layer.get("t")
    data = text.get("d") if layer.get("ty") == TEXT and isinstance(text, dict) else None
    return isinstance(data, dict) and isinstance(data.get("x"), str)


def _write_text(prop: Json, answer: Answer) -> None:
    frames = [frame for frame in dicts(prop.get("k")) if isinstance(frame.get("s"), dict)]
    if not frames:
        return
    written: list[Json] = []
    for at, text in answer.keys:
        shown = [frame for frame in frames if frame.get("t", 0) <= at] or frames[:1]
        if not written or written[-1]["s"]["t"] != text:
            written.append({"s": {**shown[-1]["s"], "t": text}, "t": at})
    del prop["x"]
    prop["k"] = written


def write_keys(prop: Json, answer: Answer) -> None:
    """Put an answer in the place of a property's keys and expression; one that failed leaves the keys."""
    del prop["x"]
    if not answer.keys:
        return
    if len(answer.keys) == 1:
        prop["a"], prop["k"] = 0, answer.keys[0][1]
        return
    prop["a"] = 1
    prop["k"] = [
        {"t": at, "s": value if isinstance(value, list) else [value], **_STRAIGHT} for at, value in answer.keys
    ]
    for before, after in zip(prop["k"], prop["k"][1:], strict=False):
        if isinstance(before["s"][0], dict) and len(before["s"][0]["v"]) != len(after["s"][0]["v"]):
            before["h"] = 1  # outlines of other numbers of points have nothing between them


def _at(lottie: Json, place: str) -> Any:
    node: Any = lottie
    for part in place.split("/"):
        node = node[int(part)] if isinstance(node, list) else node.get(part) if isinstance(node, dict) else None
        if node is None:
            return None
    return node


def _digest(lottie: Json, places: tuple[str, ...]) -> bytes:
    digest = hashlib.sha256()
    for place in places:
        try:
            value = _at(lottie, place)
        except (IndexError, ValueError):
            value = None
        digest.update(msgspec.json.encode(value.get("k") if isinstance(value, dict) else value) + b"\0")
    return digest.digest()


def _skeleton(lottie: Json) -> list[Any]:
    layers = [[layer.get(key) for key in _LAYER_FACTS] for layer in all_layers(lottie)]
    return [lottie.get(key) for key in ("w", "h", "fr", "ip", "op", "nm")] + layers


def _described(lottie: Json) -> Json:
    shown: dict[str, list[Json]] = {}
    for layer in all_layers(lottie):
        if layer.get("ty") == PRECOMP and isinstance(layer.get("refId"), str):
            shown.setdefault(layer["refId"], []).append(layer)
    whole = {"width": lottie["w"], "height": lottie["h"]}
    comps = [{"name": lottie.get("nm") or "", "place": "layers", "shown": [], **whole, "layers": lottie["layers"]}]
    sizes = []
    for number, asset in enumerate(lottie.get("assets") or []):
        if not isinstance(asset, dict):
            continue
        if not isinstance(asset.get("layers"), list):
            sizes.append({key: asset.get(key) for key in ("id", "w", "h")})
            continue
        by = shown.get(str(asset.get("id")), [])
        size = {"width": by[0].get("w") or lottie["w"], "height": by[0].get("h") or lottie["h"]} if by else whole
        names = [layer["nm"] for layer in by if isinstance(layer.get("nm"), str)]
        own = asset.get("nm") or (names[0] if names else "")
        place = f"assets/{number}/layers"
        comps.append({"name": own, "place": place, "shown": names, **size, "layers": asset["layers"]})
    times = {key: lottie[key] for key in ("fr", "ip", "op")}
    return {**times, "limit": MAX_FRAMES, "sizes": sizes, "comps": comps}
