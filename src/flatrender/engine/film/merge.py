"""Scenes as precompositions of another Lottie: everything that has a name gets its side's prefix, time is mapped, the background is painted in."""

from typing import Any

import msgspec

from flatrender.engine.lottie.document import MAX_FRAMES, Json, is_number
from flatrender.engine.lottie.walk import PRECOMP, SOLID, TEXT, all_layers, dicts, property_values, text_documents
from flatrender.engine.scene import ResolvedScene

_NUDGE = 1e-3
"""Frames: what single-precision players may lose of a stretched time, or a held keyframe would come a frame late."""

Rgb = tuple[int, int, int]


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """A scene inside a composed Lottie."""

    assets: list[Json]
    fonts: list[Json]
    chars: list[Json]
    comp: str
    """Id of the precomposition that shows it at the canvas' size, one frame of it a frame of the composed Lottie."""
    last_frame: float
    """The latest frame, in the composed Lottie's rate, that a remapped time inside it names; 0 without one."""


def scene_side(
    scene: ResolvedScene,
    prefix: str,
    *,
    start: int,
    rate: float,
    canvas: tuple[int, int],
    background: Rgb | None,
) -> Side:
    """Make a side of a scene whose output frame `start` (at `rate` frames a second) is shown at frame 0.

    The scene is centred in `canvas` as the renderer centres it, on `background` when there is one.
    """
    lottie: Json = msgspec.json.decode(scene.lottie)
    if background is not None:
        # Inside the scene's own composition, because layers that blend must meet it there.
        lottie["layers"].append(_solid(scene.width, scene.height, background, lottie["layers"]))
    side = lottie_side(lottie, prefix, rate=rate)
    stretch = rate / scene.fps
    nudge = 0.0 if stretch == 1 else _NUDGE * stretch
    scale = min(canvas[0] / scene.width, canvas[1] / scene.height)
    inside = precomp_layer(
        side.comp,
        (scene.width, scene.height),
        frames=MAX_FRAMES,
        begin=round(-start - scene.first_frame * stretch - nudge, 6),
        stretch=stretch,
    )
    inside["ks"] = placed(
        position=[canvas[0] / 2, canvas[1] / 2], anchor=[scene.width / 2, scene.height / 2], scale=100 * scale
    )
    layers = [inside | {"ind": 1}]
    if background is not None and not _fills(scene, canvas):
        layers.append(_solid(*canvas, background, layers))
    shown = f"{prefix}shown"
    return msgspec.structs.replace(
        side, assets=[*side.assets, {"id": shown, "w": canvas[0], "h": canvas[1], "layers": layers}], comp=shown
    )


def lottie_side(lottie: Json, prefix: str, *, rate: float) -> Side:
    """Move a Lottie's layers into a precomposition and give everything in it the prefix. The Lottie is changed."""
    latest = 0.0
    ratio = float(lottie["fr"]) / rate
    for layer in all_layers(lottie):
        if isinstance(layer.get("refId"), str):
            layer["refId"] = prefix + layer["refId"]
        if layer.get("ty") == TEXT:
            for document in text_documents(layer):
                if isinstance(document.get("f"), str):
                    document["f"] = prefix + document["f"]
        latest = max(latest, _remap(layer, ratio) * rate)
    for asset in dicts(lottie.get("assets")):
        if isinstance(asset.get("id"), str):
            asset["id"] = prefix + asset["id"]
    fonts = lottie.get("fonts")
    faces = dicts(fonts.get("list")) if isinstance(fonts, dict) else []
    for face in faces:
        face.update({key: prefix + face[key] for key in ("fName", "fFamily") if isinstance(face.get(key), str)})
    chars = dicts(lottie.get("chars"))
    for char in chars:
        if isinstance(char.get("fFamily"), str):
            char["fFamily"] = prefix + char["fFamily"]
    comp = f"{prefix}scene"
    whole = {"id": comp, "w": lottie["w"], "h": lottie["h"], "layers": lottie["layers"]}
    return Side(assets=[*dicts(lottie.get("assets")), whole], fonts=faces, chars=chars, comp=comp, last_frame=latest)


def _remap(layer: Json, ratio: float) -> float:
    """Seconds of a remapped time count frames of the whole animation's rate: keep the frames. Returns the latest second."""
    remap = layer.get("tm")
    if not isinstance(remap, dict):
        return 0.0
    latest = 0.0
    for holder, key in property_values(remap):
        value = holder[key]
        numbers = [v for v in (value if isinstance(value, list) else [value]) if is_number(v)]
        changed = [round(v * ratio, 6) for v in numbers]
        latest = max([latest, *changed])
        if numbers:
            holder[key] = changed if isinstance(value, list) else changed[0]
    return latest


def precomp_layer(comp: str, size: tuple[float, float], *, frames: float, begin: float = 0, stretch: float = 1) -> Json:
    """Return a layer that shows a precomposition; its frame f is shown at frame `begin + f * stretch`."""
    return {
        "ty": PRECOMP,
        "refId": comp,
        "w": size[0],
        "h": size[1],
        "ip": 0,
        "op": frames,
        "st": begin,
        "sr": stretch,
        "ks": placed(position=[size[0] / 2, size[1] / 2], anchor=[size[0] / 2, size[1] / 2]),
    }


def placed(*, position: list[float], anchor: list[float], scale: float = 100) -> dict[str, Any]:
    """Return a layer's transform."""
    return {
        "o": constant(100),
        "r": constant(0),
        "p": constant([*position, 0]),
        "a": constant([*anchor, 0]),
        "s": constant([scale, scale, 100]),
    }


def constant(value: object) -> Json:
    """Return a property that stays."""
    return {"a": 0, "k": value}


def _solid(width: int, height: int, color: Rgb, beside: list[Json]) -> Json:
    used = [layer["ind"] for layer in dicts(beside) if is_number(layer.get("ind"))]
    return solid_layer((width, height), color) | {"ind": int(max(used, default=0)) + 1}


def solid_layer(size: tuple[int, int], color: Rgb) -> Json:
    """Return a layer of one colour that is always there."""
    return {
        "ty": SOLID,
        "sw": size[0],
        "sh": size[1],
        "sc": "#{:02x}{:02x}{:02x}".format(*color),
        "ip": -MAX_FRAMES,
        "op": MAX_FRAMES,
        "st": 0,
        "ks": placed(position=[0, 0], anchor=[0, 0]),
    }


def _fills(scene: ResolvedScene, canvas: tuple[int, int]) -> bool:
    return abs(scene.width * canvas[1] - scene.height * canvas[0]) < max(canvas)
