"""A layer, or all layers of a composition, put into a precomposition of their own."""

from __future__ import annotations

from typing import Any

from flatrender.engine.lottie.document import Json, is_number
from flatrender.engine.lottie.walk import IMAGE, PRECOMP, SHAPE, SOLID, TEXT

_INNER = ("shapes", "t", "refId", "w", "h", "sw", "sh", "sc", "tm", "sr", "st", "ty", "ddd")
"""What makes a layer's picture; everything else (place, time, mattes, effects) stays on the precomposition."""


_GEOMETRY = frozenset({"it", "ks", "k", "s", "e", "p", "a", "v", "i", "o", "or", "tr", "shapes"})
_FARTHEST = 20_000.0
"""px; beyond it too little is left of a coordinate's digits."""


def still(value: Any) -> Json:
    """Return a property that does not move."""
    return {"a": 0, "k": value}


def placed(x: float = 0, y: float = 0, opacity: Any = None) -> Json:
    """Return a transform that only moves."""
    return {
        "p": still([x, y, 0]),
        "a": still([0, 0, 0]),
        "s": still([100, 100, 100]),
        "r": still(0),
        "o": opacity if opacity is not None else still(100),
    }


def add_comp(lottie: Json, layers: list[Json]) -> str:
    """Add a precomposition to the assets and return its id."""
    assets = lottie.setdefault("assets", [])
    taken = {str(asset.get("id")) for asset in assets}
    number = len(assets)
    while f"flatrender-{number}" in taken:
        number += 1
    key = f"flatrender-{number}"
    assets.append({"id": key, "layers": layers})
    return key


def comp_layer(key: str, width: float, height: float, like: Json, **more: Any) -> Json:
    """Return a layer that shows a precomposition for as long as `like` is shown, in the same time."""
    base = {"ty": PRECOMP, "nm": "flatrender", "refId": key, "w": width, "h": height, "ks": placed()}
    return {**base, "ip": like.get("ip", 0), "op": like.get("op", 0), "st": 0, "sr": 1, "bm": 0, **more}


def free_index(layers: list[Any]) -> int:
    """Return an `ind` that no layer has."""
    used = [layer["ind"] for layer in layers if isinstance(layer, dict) and isinstance(layer.get("ind"), int)]
    return max(used, default=0) + 1


def own_size(lottie: Json, layer: Json) -> tuple[float, float] | None:
    """Return the size of a layer whose picture begins at its origin; None for shapes and texts, which have no bounds."""
    kind = layer.get("ty")
    if kind in (SHAPE, TEXT):
        return None
    keys = ("sw", "sh") if kind == SOLID else ("w", "h")
    holder: Json = layer
    if kind == IMAGE:
        holder = next((asset for asset in lottie.get("assets", []) if asset.get("id") == layer.get("refId")), {})
    width, height = holder.get(keys[0]), holder.get(keys[1])
    if is_number(width) and is_number(height) and width > 0 and height > 0:
        return width, height
    return None


def _reach(layer: Json) -> float:
    """Return the largest coordinate among a layer's shapes and its anchor."""
    reach = 0.0
    stack: list[Any] = [layer.get("shapes"), layer["ks"].get("a") if isinstance(layer.get("ks"), dict) else None]
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            stack += [value for key, value in node.items() if key in _GEOMETRY]
        elif isinstance(node, list):
            stack += node
        elif is_number(node):
            reach = max(reach, abs(node))
    return reach


class Wrapped:
    """A layer that has become a precomposition.

    `inner` are the layer's own contents; `layers` is the precomposition's list, for the caller to add to, in which the contents' origin lies
    at (`shift`, `shift`); `width` and `height` are its size. `roomy`: there is room around a layer with a size of its own too, for what
    effects draw there.
    """

    def __init__(self, lottie: Json, siblings: list[Any], layer: Json, *, roomy: bool = False) -> None:
        own = own_size(lottie, layer)
        size = None if roomy else own
        self.shift = 0.0
        if size is None:
            # A precomposition shows nothing above and to the left of its origin, where a shape layer has half of its picture.
            # Drawn small, or about an anchor far away, a layer's own coordinates go far beyond the animation's size.
            self.shift = 2.0 * max(lottie["w"], lottie["h"], min(1.5 * _reach(layer), _FARTHEST))
            size = (2 * self.shift + (own[0] if own else 0), 2 * self.shift + (own[1] if own else 0))
        self.width, self.height = size
        self.inner: Json = {"nm": layer.get("nm", ""), "ind": 1, "ks": placed(self.shift, self.shift), "bm": 0}
        self.inner.update({key: layer.pop(key) for key in _INNER if key in layer})
        self.inner.update(ip=layer.get("ip", 0), op=layer.get("op", 0))
        self.inner.setdefault("st", 0)
        self.layers: list[Json] = [self.inner]
        key = add_comp(lottie, self.layers)
        layer.update(ty=PRECOMP, refId=key, w=self.width, h=self.height, st=0, sr=1)
        if "ddd" in self.inner:
            # ThorVG reads a transform in three dimensions only when it knows of them before.
            rest = dict(layer)
            layer.clear()
            layer.update({"ddd": self.inner.pop("ddd")}, **rest)
        if self.shift:
            _move_origin(siblings, layer, self.shift)


def _move_origin(siblings: list[Any], layer: Json, shift: float) -> None:
    """Let a null take the layer's place in space, for the layers that hang on it; the layer hangs on it too, moved back by the shift."""
    place = free_index(siblings)
    holder: Json = {"ty": 3, "ind": place, "nm": "flatrender"}
    if "ddd" in layer:
        holder = {"ddd": layer.pop("ddd"), **holder}
    transform = layer.get("ks") if isinstance(layer.get("ks"), dict) else {}
    opacity = transform.pop("o", None) if isinstance(transform, dict) else None
    holder.update(ks=transform, ip=layer.get("ip", 0), op=layer.get("op", 0), st=0, sr=1, bm=0)
    if "parent" in layer:
        holder["parent"] = layer["parent"]
    if layer.pop("ao", 0):
        holder["ao"] = 1
    own = layer.get("ind")
    if own is not None:
        for other in siblings:
            if isinstance(other, dict) and other is not layer and other.get("parent") == own:
                other["parent"] = place
    layer["ks"] = placed(-shift, -shift, opacity)
    layer["parent"] = place
    siblings.append(holder)  # last: a matte's source is the layer above the one that it mattes
