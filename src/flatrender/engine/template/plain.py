"""A bare Lottie animation as a template: one scene, with fields suggested from what it shows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from flatrender.engine.lottie.document import Json, is_number
from flatrender.engine.lottie.edit import fill_slots, hex_of_rgb
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
    fill_slots(lottie, name)
    names = _Names(lottie)
    keys: set[str] = set()
    slotted = [
        node for node in objects([lottie.get("layers"), lottie.get("assets")]) if isinstance(node.get("sid"), str)
    ]
    fields = [*_text_fields(lottie, names, keys), *_image_fields(lottie, names, keys), *_number_fields(slotted, keys)]
    colors = _color_slots(lottie, slotted)
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
    """The names of an animation's layers, made distinct where a binding needs it: bindings find layers by name."""

    def __init__(self, lottie: Json) -> None:
        self._used = Counter(layer["nm"] for layer in all_layers(lottie) if isinstance(layer.get("nm"), str))

    def distinct(self, layers: list[Json], fallback: str) -> list[str]:
        """Give each layer a name that no other layer has; the first of a name keeps it unless a layer beyond `layers` has it too."""
        own = Counter(layer["nm"] for layer in layers if isinstance(layer.get("nm"), str))
        kept: set[str] = set()
        names: list[str] = []
        for layer in layers:
            old = layer["nm"] if isinstance(layer.get("nm"), str) else ""
            if old not in ("", "*") and old not in kept and self._used[old] == own[old]:
                kept.add(old)
                names.append(old)
                continue
            base = old if old not in ("", "*") else fallback
            name, number = base, 2
            while self._used[name] > 0:
                name = f"{base} ({number})"
                number += 1
            self._used[name] += 1
            own[name] += 1
            kept.add(name)
            layer["nm"] = name
            names.append(name)
        return names


def _own_key(wanted: str, taken: set[str], fallback: str) -> str:
    base = _slug(wanted) or fallback
    key, number = base, 2
    while key in taken:
        key = f"{base}_{number}"
        number += 1
    taken.add(key)
    return key


def _text_fields(lottie: Json, names: _Names, keys: set[str]) -> list[Field]:
    layers = [layer for layer in all_layers(lottie) if _is_text(layer)][:_MAX_FIELDS]
    fields: list[Field] = []
    for layer, name in zip(layers, names.distinct(layers, "Text"), strict=True):
        document = text_documents(layer)[0]
        text = re.sub("\r\n|[\r\x03]", "\n", document["t"])
        several = "\n" in text or isinstance(document.get("sz"), list)
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


def _is_text(layer: Json) -> bool:
    """Tell whether the layer shows one text throughout: one that changes with time is no text for a person to write."""
    texts = [document.get("t") for document in text_documents(layer)]
    return layer.get("ty") == TEXT and bool(texts) and isinstance(texts[0], str) and all(t == texts[0] for t in texts)


def _image_fields(lottie: Json, names: _Names, keys: set[str]) -> list[Field]:
    known = {asset["id"] for asset in image_assets(lottie) if isinstance(asset.get("id"), str)}
    layers = [
        layer
        for layer in all_layers(lottie)
        if layer.get("ty") == IMAGE and isinstance(layer.get("refId"), str) and layer["refId"] in known
    ]
    by_asset: dict[str, list[str]] = {}
    for layer, name in zip(layers, names.distinct(layers, "Image"), strict=True):
        by_asset.setdefault(layer["refId"], []).append(name)
    fields: list[Field] = []
    for layer_names in list(by_asset.values())[:_MAX_FIELDS]:
        fields.append(  # noqa: PERF401  # keys are made one after the other
            Field(
                key=_own_key("image " + layer_names[0], keys, "image"),
                type="image",
                label={"fa": layer_names[0], "en": layer_names[0]},
                bindings=tuple(Binding(layer=name, property="image") for name in layer_names),
            )
        )
    return fields


def _number_fields(slotted: Sequence[Json], keys: set[str]) -> list[Field]:
    """Return a field for each slot of the file whose properties are one still number: an opacity, a width, an angle."""
    found: dict[str, list[object]] = {}
    for node in slotted:
        slot = node["sid"]
        if 0 < len(slot) <= 64 and "k" in node:
            found.setdefault(slot, []).append(node["k"])
    return [
        Field(
            key=_own_key(slot, keys, "number"),
            type="number",
            label={"fa": slot, "en": slot},
            default=values[0],
            bindings=(Binding(slot=slot, property="sid"),),
        )
        for slot, values in list(found.items())[:_MAX_FIELDS]
        if all(is_number(value) and abs(value) <= 1e15 for value in values)
    ]


def _color_slots(lottie: Json, slotted: Sequence[Json]) -> list[ColorSlot]:
    """Return the animation's own slots, then its most used still colours as slots of ours."""
    slots: dict[str, str] = {}
    places: dict[str, list[Json]] = {}
    counts: Counter[str] = Counter()
    for node in slotted:
        slot = node["sid"]
        if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", slot):
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
