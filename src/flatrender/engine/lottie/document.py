"""Reading and writing Lottie files: limits, structure, canonical JSON."""

from __future__ import annotations

import math
import re
from array import array
from collections.abc import Iterator
from itertools import accumulate
from typing import Any, TypeGuard

import msgspec

from flatrender.engine.errors import TemplateError

Json = dict[str, Any]

MAX_BYTES = 64 * 1024 * 1024
MAX_DEPTH = 128
MAX_NODES = 5_000_000
MAX_LAYERS = 20_000
MAX_DRAWN_LAYERS = 200_000
"""Layers, those of a precomposition counted each time it is shown."""

MAX_SIDE = 8192
MAX_FRAMES = 1_000_000

_encoder = msgspec.json.Encoder()
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_STEPS = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")
"""Brackets as signed bytes: one level deeper, one level back."""
_NO_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[{]}")


def decode_json(data: bytes, where: str, *, limit: int = MAX_BYTES) -> object:
    """JSON (UTF-8, with or without a byte order mark) as Python values; raises TemplateError `not_json` or `template_too_large`."""
    if len(data) > limit:
        raise TemplateError(
            f"{len(data)} bytes of JSON; at most {limit} are read: take embedded pictures out of it",
            code="template_too_large",
            where=where,
        )
    try:
        value: object = msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"))
    except RecursionError:
        raise _too_deep(where) from None
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError, OverflowError) as error:
        raise TemplateError(f"not JSON ({error}): export the file again", code="not_json", where=where) from None
    _check_depth(data, where)
    return value


def _too_deep(where: str) -> TemplateError:
    return TemplateError(
        f"nested deeper than {MAX_DEPTH} levels: simplify the file", code="template_too_large", where=where
    )


def _check_depth(data: bytes, where: str) -> None:
    """Look at the brackets of what is known to be JSON: walking its values takes ten times as long."""
    brackets = _STRING.sub(b"", data).translate(_STEPS, _NO_BRACKETS)
    if len(brackets) // 2 > MAX_NODES + 1:
        raise TemplateError(
            f"more than {MAX_NODES} objects and arrays: simplify the file", code="template_too_large", where=where
        )
    if max(accumulate(array("b", brackets)), default=0) > MAX_DEPTH:
        raise _too_deep(where)


def is_number(value: object) -> TypeGuard[float]:
    """Whether the value is a finite JSON number."""
    if isinstance(value, float):
        return math.isfinite(value)
    # Whole numbers beyond this have no float at all, and none is meant by any Lottie property.
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 1000


def parse_lottie(data: bytes, where: str) -> Json:
    """Return a Lottie animation whose head and layers are sound; raises TemplateError `not_json`, `not_lottie`, `no_layers` or `template_too_large`."""
    value = decode_json(data, where)
    if not isinstance(value, dict):
        raise _not_lottie("the file holds no JSON object", where)
    check_lottie(value, where)
    return value


def _not_lottie(what: str, where: str) -> TemplateError:
    return TemplateError(
        f"not a Lottie animation: {what}; export it with Bodymovin or LottieFiles", code="not_lottie", where=where
    )


def check_lottie(lottie: Json, where: str) -> None:
    """Raise TemplateError unless size, rate, length, layers and assets are what players rely on."""
    if "layers" not in lottie:
        raise _not_lottie("it has no `layers`", where)
    for key in ("w", "h", "fr", "ip", "op"):
        value = lottie.get(key)
        if not is_number(value):
            raise _not_lottie(f"`{key}` is not a number", where)
    if not (1 <= lottie["w"] <= MAX_SIDE and 1 <= lottie["h"] <= MAX_SIDE):
        raise _not_lottie(f"its size {lottie['w']}×{lottie['h']} is not within 1 to {MAX_SIDE} px", where)
    if not 0 < lottie["fr"] <= 240:
        raise _not_lottie(f"its frame rate {lottie['fr']} is not within 0 to 240", where)
    if not 0 < lottie["op"] - lottie["ip"] <= MAX_FRAMES or abs(lottie["ip"]) > MAX_FRAMES:
        raise _not_lottie(f"it lasts from frame {lottie['ip']} to {lottie['op']}", where)
    assets = lottie.get("assets", [])
    if not isinstance(assets, list) or not all(isinstance(asset, dict) for asset in assets):
        raise _not_lottie("`assets` is not a list of objects", where)
    if not isinstance(lottie["layers"], list):
        raise _not_lottie("`layers` is not a list", where)
    count = 0
    for layers in layer_lists(lottie):
        count += len(layers)
        if not all(isinstance(layer, dict) for layer in layers):
            raise _not_lottie("a layer is not an object", where)
    if not lottie["layers"]:
        raise TemplateError("the animation has no layers: there is nothing to draw", code="no_layers", where=where)
    if count > MAX_LAYERS:
        raise TemplateError(f"{count} layers; at most {MAX_LAYERS} are drawn", code="template_too_large", where=where)
    _check_nesting(lottie, where)


def layer_lists(lottie: Json) -> Iterator[list[Any]]:
    """Return the layers of the animation itself, then those of each precomposition."""
    for holder in (lottie, *lottie.get("assets", [])):
        layers = holder.get("layers")
        if isinstance(layers, list):
            yield layers


def _check_nesting(lottie: Json, where: str) -> None:
    """Refuse precompositions that contain themselves, or each other so often that no player would come to an end."""
    comps = {
        _key(asset.get("id")): [_key(layer.get("refId")) for layer in asset["layers"] if isinstance(layer, dict)]
        for asset in lottie.get("assets", [])
        if isinstance(asset.get("layers"), list)
    }
    drawn: dict[object, int] = {}
    for root, inside in comps.items():
        path: list[tuple[object, Iterator[object]]] = [(root, iter(set(inside)))]
        open_comps = {root}
        while path:
            comp, children = path[-1]
            child = next((c for c in children if c in comps and c not in drawn), None)
            if child is None:
                path.pop()
                open_comps.discard(comp)
                drawn[comp] = sum(1 + drawn.get(c, 0) for c in comps[comp])
            elif child in open_comps:
                raise _not_lottie(f"precomposition {child!r} contains itself", where)
            else:
                path.append((child, iter(set(comps[child]))))
                open_comps.add(child)
            if len(path) > MAX_DEPTH:
                raise _too_deep(where)
    total = sum(1 + drawn.get(_key(layer.get("refId")), 0) for layer in lottie["layers"])
    if total > MAX_DRAWN_LAYERS:
        raise TemplateError(
            f"its precompositions repeat {total} layers; at most {MAX_DRAWN_LAYERS} are drawn",
            code="template_too_large",
            where=where,
        )


def _key(value: object) -> object:
    return value if isinstance(value, str | int | float) else None


def canonical(lottie: Json) -> bytes:
    """Write a Lottie as UTF-8 JSON without spaces, keys in the file's own order: players rely on it (ThorVG reads some effects only so)."""
    return _encoder.encode(lottie)
