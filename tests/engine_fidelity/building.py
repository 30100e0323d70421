"""Parts of a Lottie, and small ones made of them: one for each feature of the format."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

SIDE = 200
FRAMES = 60
EASE = {"i": {"x": [0.3], "y": [1]}, "o": {"x": [0.7], "y": [0]}}
LINEAR = {"i": {"x": [1], "y": [1]}, "o": {"x": [0], "y": [0]}}
RED, GREEN, BLUE, YELLOW, DARK = [0.9, 0.2, 0.2], [0.2, 0.7, 0.3], [0.2, 0.3, 0.9], [1, 0.8, 0.1], [0.12, 0.12, 0.2]


def still(value: Any) -> Json:
    return {"a": 0, "k": value}


def moving(*keys: tuple[float, Any], ease: Json = EASE, hold: bool = False) -> Json:
    """A property with keyframes at (frame, value)."""
    frames: list[Json] = []
    for at, value in keys:
        frame: Json = {"t": at, "s": value if isinstance(value, list) else [value]}
        frames.append({**frame, "h": 1} if hold else {**frame, **ease})
    return {"a": 1, "k": frames}


def prop(value: Any) -> Json:
    return value if isinstance(value, dict) else still(value)


def place(**given: Any) -> Json:
    """A transform; `position`, `anchor`, `scale`, `rotation`, `opacity`, `skew`, `axis`."""
    names = {"position": "p", "anchor": "a", "scale": "s", "rotation": "r", "opacity": "o", "skew": "sk", "axis": "sa"}
    base = {"p": [0, 0], "a": [0, 0], "s": [100, 100], "r": 0, "o": 100}
    made = {key: still(value) for key, value in base.items()}
    made.update({names.get(key, key): prop(value) for key, value in given.items()})
    return made


def group(*items: Json, **transform: Any) -> Json:
    more: Json = {key: transform.pop(key) for key in ("bm", "hd") if key in transform}
    return {"ty": "gr", "it": [*items, {"ty": "tr", **place(**transform)}], **more}


def rectangle(width: float = 100, height: float = 80, x: float = 0, y: float = 0, r: Any = 0, **more: Any) -> Json:
    return {"ty": "rc", "p": still([x, y]), "s": still([width, height]), "r": prop(r), "d": 1, **more}


def ellipse(width: float = 90, height: float = 90, x: float = 0, y: float = 0, **more: Any) -> Json:
    return {"ty": "el", "p": still([x, y]), "s": still([width, height]), "d": 1, **more}


def star(points: Any = 5, outer: Any = 70, inner: Any = 32, kind: int = 1, **more: Any) -> Json:
    made = {"ty": "sr", "sy": kind, "pt": prop(points), "or": prop(outer), "os": prop(more.pop("os", 0))}
    if kind == 1:  # lottie-web fails on a polygon that has them
        made.update({"ir": prop(inner), "is": prop(more.pop("inner_roundness", 0))})
    return {**made, "p": still([0, 0]), "r": prop(more.pop("r", 0)), "d": 1, **more}


def bezier(*points: tuple[float, float], closed: bool = True, bend: float = 0) -> Json:
    """A polygon, its sides bent outwards by `bend` of their length."""
    count = len(points)
    ins, outs = [], []
    for at, (x, y) in enumerate(points):
        nx, ny = points[(at + 1) % count]
        px, py = points[at - 1]
        outs.append([bend * (nx - x) + bend * (ny - y), bend * (ny - y) - bend * (nx - x)] if bend else [0, 0])
        ins.append([bend * (px - x) - bend * (py - y), bend * (py - y) + bend * (px - x)] if bend else [0, 0])
    return {"i": ins, "o": outs, "v": [list(point) for point in points], "c": closed}


def path(*points: tuple[float, float], closed: bool = True, bend: float = 0, **more: Any) -> Json:
    return {"ty": "sh", "ks": still(bezier(*points, closed=closed, bend=bend)), **more}


def fill(color: Any = RED, opacity: Any = 100, rule: int = 1) -> Json:
    return {"ty": "fl", "c": prop(color), "o": prop(opacity), "r": rule}


def stroke(color: Any = DARK, width: Any = 10, **more: Any) -> Json:
    base = {
        "ty": "st",
        "c": prop(color),
        "o": prop(more.pop("opacity", 100)),
        "w": prop(width),
        "lc": 1,
        "lj": 1,
        "ml": 4,
    }
    return {**base, **more}


def dashes(dash: Any, gap: Any, offset: Any = 0) -> list[Json]:
    return [
        {"n": "d", "nm": "dash", "v": prop(dash)},
        {"n": "g", "nm": "gap", "v": prop(gap)},
        {"n": "o", "nm": "offset", "v": prop(offset)},
    ]


def gradient(kind: int = 1, stops: list[float] | Json | None = None, count: int = 3, **more: Any) -> Json:
    colors = stops if stops is not None else [0, 1, 0.2, 0.2, 0.5, 1, 0.9, 0.1, 1, 0.1, 0.3, 0.9]
    base = {"ty": "gf", "t": kind, "o": still(100), "r": 1, "s": still([-60, 0]), "e": still([60, 0])}
    return {**base, "g": {"p": count, "k": prop(colors)}, **more}


def gradient_stroke(width: float = 14, **more: Any) -> Json:
    return {**gradient(**more), "ty": "gs", "w": still(width), "lc": 2, "lj": 2, "ml": 4}


def trim(start: Any = 0, end: Any = 100, offset: Any = 0, mode: int = 1) -> Json:
    return {"ty": "tm", "s": prop(start), "e": prop(end), "o": prop(offset), "m": mode}


def repeater(
    copies: Any = 4, offset: Any = 0, composite: int = 1, so: Any = 100, eo: Any = 100, **transform: Any
) -> Json:
    base = {"ty": "rp", "c": prop(copies), "o": prop(offset), "m": composite}
    moved = place(**transform)
    del moved["o"]
    return {**base, "tr": {"ty": "tr", **moved, "so": prop(so), "eo": prop(eo)}}


def round_corners(radius: Any = 15) -> Json:
    return {"ty": "rd", "r": prop(radius)}


def merge(mode: int = 1) -> Json:
    return {"ty": "mm", "mm": mode}


def turned(points: Json) -> Json:
    """The same outline drawn the other way round."""
    back = {key: points[key][::-1] for key in "iov"}
    return {**points, "v": back["v"], "i": back["o"], "o": back["i"]}


def mask(points: Json, mode: str = "a", opacity: Any = 100, expand: Any = 0, inverted: bool = False) -> Json:
    """A mask; an inverted one has its outline turned round, as Bodymovin exports it and lottie-web needs it."""
    if inverted:
        points = turned(points)
    shape = points if "k" in points else still(points)
    return {"mode": mode, "inv": inverted, "pt": shape, "o": prop(opacity), "x": prop(expand)}


_LAYERS = {"ip": 0, "op": FRAMES, "st": 0, "sr": 1, "bm": 0, "ao": 0, "ddd": 0}


def layer(kind: int, transform: Json | None = None, **more: Any) -> Json:
    middle = place(position=[SIDE / 2, SIDE / 2])
    return {"ty": kind, **_LAYERS, "ks": transform or middle, **more}


def shapes(*items: Json, transform: Json | None = None, **more: Any) -> Json:
    return layer(4, transform, shapes=list(items), **more)


def solid(color: str = "#335577", width: int = SIDE, height: int = SIDE, **more: Any) -> Json:
    return layer(1, more.pop("transform", place()), sw=width, sh=height, sc=color, **more)


def precomp(asset: str, width: float = SIDE, height: float = SIDE, **more: Any) -> Json:
    return layer(0, more.pop("transform", place()), refId=asset, w=width, h=height, **more)


def null(transform: Json | None = None, **more: Any) -> Json:
    return layer(3, transform, **more)


def comp(key: str, *layers: Json) -> Json:
    return {"id": key, "layers": list(layers)}


def scene(*layers: Json, assets: list[Json] | None = None, **more: Any) -> Json:
    """An animation of two seconds, 200 px square, its first layer on top; `ind` is a layer's place unless given."""
    for number, item in enumerate(layers, start=1):
        item.setdefault("ind", number)
        item.setdefault("nm", f"layer {number}")
    base = {"v": "5.9.0", "fr": 30, "ip": 0, "op": FRAMES, "w": SIDE, "h": SIDE, "nm": "feature", "ddd": 0}
    return {**base, "assets": assets or [], "layers": list(layers), **more}


def picture(width: int, height: int) -> str:
    """A PNG of four coloured quarters and a diagonal, as a data URL."""
    import base64
    import io

    from PIL import Image, ImageDraw

    image = Image.new("RGB", (width, height), (230, 60, 60))
    draw = ImageDraw.Draw(image)
    draw.rectangle((width // 2, 0, width, height // 2), fill=(60, 180, 90))
    draw.rectangle((0, height // 2, width // 2, height), fill=(50, 80, 220))
    draw.rectangle((width // 2, height // 2, width, height), fill=(250, 210, 40))
    draw.line((0, 0, width, height), fill=(20, 20, 20), width=max(2, width // 30))
    out = io.BytesIO()
    image.save(out, "PNG")
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()


def image_asset(key: str, width: int, height: int, *, shown: tuple[int, int] | None = None) -> Json:
    """A picture of width × height pixels; `shown` is the size that the asset says."""
    said = shown or (width, height)
    return {"id": key, "w": said[0], "h": said[1], "u": "", "p": picture(width, height), "e": 1}


def effect(kind: int, *controls: tuple[int, Any]) -> Json:
    """An effect with its controls as (type, value)."""
    return {"ty": kind, "en": 1, "nm": "effect", "ef": [{"ty": ty, "v": prop(value)} for ty, value in controls]}
