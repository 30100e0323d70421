"""Seeded damage to a Lottie file: aware of its structure (keys, types, numbers, references, nesting), or of its bytes alone."""

# ruff: noqa: ARG001, S311 - every kind of damage takes the same arguments; nothing here is secret
import json
import random
from collections.abc import Callable
from typing import Any

Node = dict[str, Any] | list[Any]
Place = tuple[Node, Any]
"""A container and the key or index in it."""

_NUMBERS = (
    0, -1, 1, 0.5, -0.0, 2**31, -(2**31), 2**53, 2**63, 2**64, -(2**64), 10**30, 1e9, -1e9, 1e38, 1e300, -1e300, 1e-300,
)  # fmt: skip
_OTHERS: tuple[Any, ...] = (
    None, True, False, "", "x", "0", "\x00", "سلام\u200cدنیا", "\U0001f600", "#ff0000", "../../etc/passwd", "data:,",
    "data:image/png;base64,AAAA", [], {}, [[]], [None], [{}], [0], [0, 0, 0, 0], [1e300, -1e300], {"k": 0}, {"a": 1, "k": []},
    {"a": 1, "k": [{"t": 0, "s": [0]}]}, {"a": 0, "k": {"i": [], "o": [], "v": [], "c": True}},
)  # fmt: skip


_MOST_ADDED = 300_000
"""Characters that one duplication adds: copies of copies would grow without end."""


def mutated(data: bytes, seed: str) -> bytes:
    """Return the file with one to five kinds of damage, the same for the same seed. Seeds ending in `:0` leave it as it is."""
    if seed.endswith(":0"):
        return data
    random_source = random.Random(seed)
    if random_source.random() < 0.1:
        return _damaged_bytes(data, random_source)
    try:
        root = json.loads(data)
    except ValueError:
        return _damaged_bytes(data, random_source)
    for _ in range(random_source.choice((1, 1, 1, 2, 3, 5))):
        place = _place(root, random_source)
        if place is not None:
            random_source.choice(_DAMAGE)(root, place, random_source)
    if random_source.random() < 0.01:
        _not_a_number(root, random_source)
    return json.dumps(root, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _place(root: Any, source: random.Random) -> Place | None:
    """Walk down from the root by chance and stop somewhere; deep places are as likely as shallow ones."""
    node, found, depth = root, None, source.randint(2, 16)
    for _ in range(depth):
        if isinstance(node, dict) and node:
            # most keys of the animation itself are plain figures, and most damage to those ends at the door
            inner = [name for name, value in node.items() if node is not root or isinstance(value, dict | list)]
            key: Any = source.choice(inner if inner and source.random() < 0.9 else list(node))
        elif isinstance(node, list) and node:
            key = source.randrange(len(node))
        else:
            break
        found = (node, key)
        node = node[key]
    return found


def _delete(root: Any, place: Place, source: random.Random) -> None:
    holder, key = place
    del holder[key]


def _duplicate(root: Any, place: Place, source: random.Random) -> None:
    holder, key = place
    if isinstance(holder, list):
        times = source.choice((1, 2, 50, 2000))
        holder[key:key] = [holder[key]] * min(times, _MOST_ADDED // len(json.dumps(holder[key])))
    else:
        holder[f"{key}2"] = holder[key]


def _swap(root: Any, place: Place, source: random.Random) -> None:
    other = _place(root, source)
    if other is not None:
        # by way of text, or a value could come to hold itself
        mine, theirs = json.dumps(place[0][place[1]]), json.dumps(other[0][other[1]])
        if len(mine) + len(theirs) < 200_000:
            place[0][place[1]] = json.loads(theirs)


def _number(root: Any, place: Place, source: random.Random) -> None:
    numbers = [place] if isinstance(place[0][place[1]], int | float) else _numbers_in(place[0][place[1]])
    for holder, key in numbers[: source.choice((1, 1, 4, 64))]:
        holder[key] = (
            source.choice(_NUMBERS) if source.random() < 0.7 else holder[key] * source.choice((-1, 10, 1e6, 1e-6))
        )


def _not_a_number(root: Any, source: random.Random) -> None:
    """Write what some programs write and JSON does not have."""
    place = _place(root, source)
    if place is not None:
        place[0][place[1]] = source.choice((float("nan"), float("inf"), -float("inf")))


def _numbers_in(node: Any) -> list[Place]:
    found: list[Place] = []
    waiting = [node]
    while waiting and len(found) < 500:
        top = waiting.pop()
        if isinstance(top, dict | list):
            for key, value in top.items() if isinstance(top, dict) else enumerate(top):
                if isinstance(value, int | float):
                    found.append((top, key))
                waiting.append(value)
    return found


def _type(root: Any, place: Place, source: random.Random) -> None:
    place[0][place[1]] = json.loads(json.dumps(source.choice(_OTHERS)))


def _nest(root: Any, place: Place, source: random.Random) -> None:
    holder, key = place
    value = holder[key]
    for level in range(source.choice((1, 2, 20, 100, 400))):
        value = [value] if level % 2 or source.random() < 0.5 else {source.choice(("k", "it", "s", "x")): value}
    holder[key] = value


def _long(root: Any, place: Place, source: random.Random) -> None:
    place[0][place[1]] = source.choice(("a", "ب", "0", " \n", "var $bm_rt;")) * source.choice((300, 20_000))


def _rename(root: Any, place: Place, source: random.Random) -> None:
    holder, key = place
    if isinstance(holder, dict):
        holder[source.choice(("k", "ty", "ks", "layers", "shapes", "it", "ef", "t", "d", "ix", "sid", key[::-1]))] = (
            holder.pop(key)
        )


def _layers(root: Any) -> list[dict[str, Any]]:
    holders = (
        [root, *(root.get("assets") or [])]
        if isinstance(root, dict) and isinstance(root.get("assets", []), list)
        else []
    )
    lists = [holder.get("layers") for holder in holders if isinstance(holder, dict)]
    return [layer for layers in lists if isinstance(layers, list) for layer in layers if isinstance(layer, dict)]


def _reference(root: Any, place: Place, source: random.Random) -> None:
    """Cycles and dead ends among precompositions, parents and mattes."""
    layers = _layers(root)
    if not layers:
        return
    layer, other = source.choice(layers), source.choice(layers)
    match source.randrange(4):
        case 0:
            layer["parent"] = source.choice((layer.get("ind"), other.get("ind"), -1, 10**9))
            other["parent"] = layer.get("ind")
        case 1:
            ids = [asset.get("id") for asset in root.get("assets") or [] if isinstance(asset, dict)]
            layer["ty"], layer["refId"] = 0, source.choice([*ids, "absent"])
        case 2:
            layer["tt"], layer["tp"] = (
                source.choice((1, 2, 3, 4, 9)),
                source.choice((layer.get("ind"), other.get("ind"))),
            )
        case _:
            layer["ty"] = source.choice((-1, 0, 1, 2, 3, 4, 5, 6, 13, 99))


def _times(root: Any, place: Place, source: random.Random) -> None:
    layers = _layers(root)
    for holder in [root] if source.random() < 0.2 or not layers else source.sample(layers, min(3, len(layers))):
        if isinstance(holder, dict):
            holder[source.choice(("ip", "op", "st", "sr", "fr", "w", "h"))] = source.choice(_NUMBERS)


_DAMAGE: tuple[Callable[[Any, Place, random.Random], None], ...] = (
    _delete, _duplicate, _swap, _number, _number, _type, _type, _nest, _long, _rename, _reference, _reference, _times,
)  # fmt: skip


def _damaged_bytes(data: bytes, source: random.Random) -> bytes:
    damaged = bytearray(data)
    for _ in range(source.choice((1, 3, 20))):
        at = source.randrange(len(damaged) + 1)
        match source.randrange(5):
            case 0 if at < len(damaged):
                damaged[at] ^= 1 << source.randrange(8)
            case 1:
                damaged[at:at] = source.randbytes(source.choice((1, 4, 64)))
            case 2:
                del damaged[at : at + source.choice((1, 10, 1000))]
            case 3:
                damaged[at:at] = damaged[at : at + source.choice((1, 10, 1000))]
            case _:
                damaged[at:at] = source.choice((b"-", b"9", b"e999", b'"', b"[", b"}", b"\\u0000", b"\\ud800"))
    if source.random() < 0.1:
        del damaged[source.randrange(len(damaged) + 1) :]
    return bytes(damaged)
