"""A Lottie scene, painted from back to front: what is added later lies above."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, TypeAlias

from kit.keys import Animated, Json, Number, prop, tidy
from kit.shapes import Colour, Point, Slot, group, rgb

Align: TypeAlias = Literal["left", "right", "center"]
_JUSTIFY = {"left": 0, "right": 1, "center": 2}
_WEIGHTS = {
    "Light": "300",
    "Regular": "400",
    "Medium": "500",
    "SemiBold": "600",
    "Bold": "700",
    "ExtraBold": "800",
    "Black": "900",
}


class Layer:
    """A layer of a scene; other layers may follow it as their parent."""

    def __init__(self, data: Json) -> None:
        self.data = data

    @property
    def index(self) -> int:
        """The layer's `ind`."""
        return int(self.data["ind"])


class Composition:
    """Layers in paint order: a scene or a precomposition."""

    def __init__(self, width: int, height: int, frames: int) -> None:
        self.width, self.height, self.frames = width, height, frames
        self._layers: list[Json] = []
        self._count = 0

    def _add(
        self,
        kind: int,
        name: str,
        extra: Json,
        *,
        at: Animated = (0, 0),
        anchor: Animated = (0, 0),
        scale: Animated = (100, 100),
        rotate: Animated = 0,
        opacity: Animated = 100,
        parent: Layer | None = None,
        span: tuple[Number, Number] | None = None,
    ) -> Layer:
        self._count += 1
        start, end = span or (0, self.frames)
        data: Json = {
            "ty": kind,
            "nm": name,
            "ind": self._count,
            "ip": tidy(start),
            "op": tidy(end),
            "st": 0,
            "sr": 1,
            "ks": {"o": prop(opacity), "r": prop(rotate), "p": prop(at), "a": prop(anchor), "s": prop(scale)},
            **extra,
        }
        if parent is not None:
            data["parent"] = parent.index
        self._layers.append(data)
        return Layer(data)

    def null(self, name: str, **transform: object) -> Layer:
        """A layer that draws nothing and moves others."""
        return self._add(3, name, {}, **transform)  # type: ignore[arg-type]

    def shape(self, name: str, *items: Json, **transform: object) -> Layer:
        """A shape layer. Items that are not groups are put into one group, in drawing order top first."""
        grouped = list(items) if all(item["ty"] == "gr" for item in items) else [group(*items, name=name)]
        return self._add(4, name, {"shapes": grouped}, **transform)  # type: ignore[arg-type]

    def image(self, name: str, asset: str, size: Point, **transform: object) -> Layer:
        """An image layer of the asset with that id, anchored in its middle."""
        transform.setdefault("anchor", (size[0] / 2, size[1] / 2))
        return self._add(2, name, {"refId": asset}, **transform)  # type: ignore[arg-type]

    def precomp(self, name: str, asset: str, size: Point, **transform: object) -> Layer:
        """A layer that shows a precomposition."""
        return self._add(0, name, {"refId": asset, "w": tidy(size[0]), "h": tidy(size[1])}, **transform)  # type: ignore[arg-type]

    def text(
        self,
        name: str,
        text: str,
        size: Number,
        colour: Colour,
        *,
        weight: str = "Bold",
        align: Align = "center",
        box: tuple[Number, Number] | None = None,
        leading: Number = 1.4,
        **transform: object,
    ) -> Layer:
        """A text layer. Without `box` its place is the baseline; with `box` (width, height) the place is the box's middle."""
        document: Json = {
            "s": tidy(size),
            "f": f"Vazirmatn-{weight}",
            "t": text,
            "j": _JUSTIFY[align],
            "tr": 0,
            "lh": tidy(size * leading),
            "ls": 0,
            "fc": rgb(colour),
        }
        if isinstance(colour, Slot):
            document["sid"] = colour.key
        if box is not None:
            document["sz"] = [tidy(box[0]), tidy(box[1])]
            document["ps"] = [tidy(-box[0] / 2), tidy(-box[1] / 2)]
        body: Json = {"d": {"k": [{"s": document, "t": 0}]}, "p": {}, "m": {"g": 1, "a": prop((0, 0))}, "a": []}
        return self._add(5, name, {"t": body}, **transform)  # type: ignore[arg-type]

    def matte(self, target: Layer, *items: Json, inverted: bool = False, **transform: object) -> Layer:
        """Shows `target` only inside the shape. Call it right after adding `target`: a matte lies directly above its layer."""
        if self._layers[-1] is not target.data:
            msg = f"the matte of {target.data['nm']!r} must follow it at once"
            raise ValueError(msg)
        layer = self.shape(f"{target.data['nm']} matte", *items, **transform)
        layer.data["td"] = 1
        target.data["tt"] = 2 if inverted else 1
        target.data["tp"] = layer.index
        return layer

    def cut(self, target: Layer, outline: Json) -> None:
        """Shows `target` only inside the path `outline`, in its own coordinates; drawn as a clip, far cheaper than a matte."""
        target.data["hasMask"] = True
        target.data["masksProperties"] = [
            {"inv": False, "mode": "a", "pt": outline["ks"], "o": prop(100), "x": prop(0), "nm": "Cut"}
        ]

    def layers(self) -> list[Json]:
        """The layers as Lottie orders them, topmost first."""
        return self._layers[::-1]


class Scene(Composition):
    """A whole Lottie document."""

    def __init__(self, name: str, width: int, height: int, frames: int, *, fps: int = 30) -> None:
        super().__init__(width, height, frames)
        self.name, self.fps = name, fps
        self._assets: list[Json] = []

    def picture(self, asset: str, file: str, size: tuple[int, int]) -> str:
        """Adds a picture asset: `file` below `images/`, shown at `size` px. Returns the asset's id."""
        self._assets.append({"id": asset, "w": size[0], "h": size[1], "u": "images/", "p": file, "e": 0})
        return asset

    def composition(self, asset: str, comp: Composition) -> str:
        """Adds a precomposition. Returns the asset's id."""
        self._assets.append({"id": asset, "nm": asset, "fr": self.fps, "layers": comp.layers()})
        return asset

    def window(self, name: str, comp: Composition, **transform: object) -> Layer:
        """Shows a composition, anchored in its middle; what reaches over its edges is cut off."""
        asset = self.composition(name, comp)
        transform.setdefault("anchor", (comp.width / 2, comp.height / 2))
        return self.precomp(name, asset, (comp.width, comp.height), **transform)

    def _styles(self) -> list[str]:
        found: set[str] = set()
        for layers in [self._layers, *(a["layers"] for a in self._assets if "layers" in a)]:
            found |= {layer["t"]["d"]["k"][0]["s"]["f"] for layer in layers if layer["ty"] == 5}
        return sorted(style.removeprefix("Vazirmatn-") for style in found)

    def lottie(self) -> Json:
        """The Lottie document."""
        fonts = [
            {"fName": f"Vazirmatn-{s}", "fFamily": "Vazirmatn", "fStyle": s, "fWeight": _WEIGHTS[s], "ascent": 105}
            for s in self._styles()
        ]
        return {
            "v": "5.9.0",
            "fr": self.fps,
            "ip": 0,
            "op": self.frames,
            "w": self.width,
            "h": self.height,
            "nm": self.name,
            "ddd": 0,
            "assets": self._assets,
            "fonts": {"list": fonts},
            "layers": self.layers(),
        }

    def write(self, file: Path) -> None:
        """Writes the document as compact UTF-8 JSON."""
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(self.lottie(), ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")


def slots(palette: Sequence[tuple[str, str]] | dict[str, str]) -> dict[str, Slot]:
    """A template's colour slots by key, with their designed colours."""
    return {key: Slot(key, value) for key, value in dict(palette).items()}
