"""A bare Lottie animation as a template: one scene, with fields suggested from what it shows."""

from __future__ import annotations

import re
from collections import Counter

from flatrender.engine.lottie.document import Json
from flatrender.engine.lottie.edit import hex_of_rgb
from flatrender.engine.lottie.walk import (
    IMAGE,
    SOLID,
    TEXT,
    all_layers,
    is_animated,
    objects,
    shape_items,
    text_documents,
)
from flatrender.engine.template.model import FORMAT, Binding, ColorSlot, Field, Manifest, Scene, Size
from flatrender.engine.template.pictures import image_assets

SCENE_KEY = "main"
SIZE_KEY = "original"
_MAX_FIELDS = 40
_MAX_COLORS = 6


def suggest(lottie: Json, file: str, name: str) -> Manifest:
    """Suggest a manifest for a checked animation. Layers get distinct names and colours get slots in `lottie` itself."""
    names = _Names(lottie)
    fields = [*_text_fields(lottie, names), *_image_fields(lottie, names)]
    colors = _color_slots(lottie)
    width, height = round(lottie["w"]), round(lottie["h"])
    frames = max(1, round(lottie["op"] - lottie["ip"]))
    title = name.rsplit("/", 1)[-1].rsplit(".", 1)[0] or "animation"
    return Manifest(
        format=FORMAT,
        key=_slug(title) or "animation",
        title={"fa": title, "en": title},
        fps=float(lottie["fr"]),
        sizes=(Size(key=SIZE_KEY, width=width, height=height),),
        color_slots=tuple(colors),
        scenes=(
            Scene(
                key=SCENE_KEY,
                title={"fa": title, "en": title},
                files={SIZE_KEY: file},
                duration_frames=frames,
                snapshot_frame=frames // 2,
                fields=tuple(fields),
            ),
        ),
    )


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")[:40]


class _Names:
    """The names of an animation's layers."""

    def __init__(self, lottie: Json) -> None:
        self._used = Counter(layer["nm"] for layer in all_layers(lottie) if isinstance(layer.get("nm"), str))

    def own(self, layer: Json, fallback: str) -> str:
        """Give the layer a name that no other has: bindings find layers by name."""
        old = layer["nm"] if isinstance(layer.get("nm"), str) else ""
        if old not in ("", "*") and self._used[old] == 1:
            return old
        self._used[old] -= 1
        base = old if old not in ("", "*") else fallback
        name, number = base, 2
        while self._used[name] > 0:
            name = f"{base} ({number})"
            number += 1
        self._used[name] += 1
        layer["nm"] = name
        return name


def _own_key(wanted: str, taken: set[str], fallback: str) -> str:
    base = _slug(wanted) or fallback
    key, number = base, 2
    while key in taken:
        key = f"{base}_{number}"
        number += 1
    taken.add(key)
    return key


def _text_fields(lottie: Json, names: _Names) -> list[Field]:
    fields: list[Field] = []
    keys: set[str] = set()
    for layer in all_layers(lottie):
        documents = text_documents(layer)
        if layer.get("ty") != TEXT or not documents or not isinstance(documents[0].get("t"), str):
            continue
        if any(document.get("t") != documents[0]["t"] for document in documents):
            continue  # a text that changes with time is no text for a person to write
        if len(fields) == _MAX_FIELDS:
            break
        text = re.sub("\r\n|[\r\x03]", "\n", documents[0]["t"])
        name = names.own(layer, "Text")
        several = "\n" in text or isinstance(documents[0].get("sz"), list)
        fields.append(
            Field(
                key=_own_key(name, keys, "text"),
                type="textarea" if several else "text",
                label={"fa": name, "en": name},
                default=text,
                bindings=(Binding(layer=name, property="text"),),
            )
        )
    return fields


def _image_fields(lottie: Json, names: _Names) -> list[Field]:
    fields: list[Field] = []
    keys: set[str] = set()
    known = {asset["id"] for asset in image_assets(lottie) if isinstance(asset.get("id"), str)}
    by_asset: dict[str, list[str]] = {}
    for layer in all_layers(lottie):
        reference = layer.get("refId")
        if layer.get("ty") == IMAGE and isinstance(reference, str) and reference in known:
            by_asset.setdefault(reference, []).append(names.own(layer, "Image"))
    for layer_names in list(by_asset.values())[:_MAX_FIELDS]:
        fields.append(  # noqa: PERF401  # keys are made one after the other
            Field(
                key="image_" + _own_key(layer_names[0], keys, "picture"),
                type="image",
                label={"fa": layer_names[0], "en": layer_names[0]},
                bindings=tuple(Binding(layer=name, property="image") for name in layer_names),
            )
        )
    return fields


def _color_slots(lottie: Json) -> list[ColorSlot]:
    """Return the animation's own slots, then its most used still colours as slots of ours."""
    slots: dict[str, str] = {}
    places: dict[str, list[Json]] = {}
    counts: Counter[str] = Counter()
    for node in objects([lottie.get("layers"), lottie.get("assets")]):
        slot = node.get("sid")
        if isinstance(slot, str) and re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", slot):
            color = hex_of_rgb(node.get("fc") if "t" in node else node.get("k"))
            if color is not None:
                slots.setdefault(slot, color)
    for layer in all_layers(lottie):
        if layer.get("ty") == SOLID and isinstance(layer.get("sc"), str) and "sid" not in layer:
            color = layer["sc"].lower()
            if re.fullmatch("#[0-9a-f]{6}", color):
                places.setdefault(color, []).append(layer)
                counts[color] += 1
        for item in shape_items(layer):
            prop = item.get("c")
            if item.get("ty") not in ("fl", "st") or not isinstance(prop, dict) or is_animated(prop) or "sid" in prop:
                continue
            shape_color = hex_of_rgb(prop.get("k"))
            if shape_color is not None:
                places.setdefault(shape_color, []).append(prop)
                counts[shape_color] += 1
    for number, (color, _) in enumerate(sorted(counts.items(), key=lambda c: (-c[1], c[0]))[:_MAX_COLORS], start=1):
        key = f"color_{number}"
        if key in slots:
            continue
        slots[key] = color
        for place in places[color]:
            place["sid"] = key
    return [ColorSlot(key=key, label={"fa": key, "en": key}, default=color) for key, color in slots.items()]
