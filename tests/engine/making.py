"""Small animations, pictures and packages, made here so that what they hold is known."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

from PIL import Image

STILL = {"a": 0, "k": 0}
EASE = {"i": {"x": [1], "y": [1]}, "o": {"x": [0], "y": [0]}}


def lottie(layers: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return {
        "v": "5.7.0", "w": 600, "h": 340, "fr": 30, "ip": 0, "op": 60, "layers": layers, "assets": [],
        "fonts": {"list": [
            {"fName": "V-Bold", "fFamily": "Vazirmatn", "fStyle": "Bold", "ascent": 75},
            {"fName": "V", "fFamily": "Vazirmatn", "fStyle": "Regular", "ascent": 75},
        ]},
        **more,
    }  # fmt: skip


def layer(kind: int, name: str, x: float = 0, y: float = 0, **more: Any) -> dict[str, Any]:
    return {"ty": kind, "nm": name, "ip": 0, "op": 60, "st": 0, "sr": 1, "ks": {"p": {"a": 0, "k": [x, y]}}, **more}


def text_layer(
    name: str, text: str, x: float = 0, y: float = 0, animators: tuple[Any, ...] = (), **document: Any
) -> dict[str, Any]:
    style = {"s": 60, "f": "V-Bold", "t": text, "j": 0, "tr": 0, "lh": 90, "ls": 0, "fc": [0, 0, 0], **document}
    data = {
        "d": {"k": [{"s": style, "t": 0}]},
        "p": {},
        "m": {"g": 1, "a": {"a": 0, "k": [0, 0]}},
        "a": list(animators),
    }
    return layer(5, name, x, y, t=data)


def solid(name: str, color: str, width: int = 600, height: int = 340, **more: Any) -> dict[str, Any]:
    return layer(1, name, sw=width, sh=height, sc=color, **more)


def fill(color: list[float], name: str = "Fill", **more: Any) -> dict[str, Any]:
    return {"ty": "fl", "nm": name, "c": {"a": 0, "k": color, **more}, "o": {"a": 0, "k": 100}}


def rectangle(width: float, height: float, *paints: dict[str, Any], name: str = "Rectangle") -> dict[str, Any]:
    shape = {"ty": "rc", "p": {"a": 0, "k": [width / 2, height / 2]}, "s": {"a": 0, "k": [width, height]}, "r": STILL}
    place = {
        "ty": "tr",
        "p": {"a": 0, "k": [0, 0]},
        "a": {"a": 0, "k": [0, 0]},
        "s": {"a": 0, "k": [100, 100]},
        "r": STILL,
        "o": {"a": 0, "k": 100},
    }
    return {"ty": "gr", "nm": name, "it": [shape, *paints, place]}


def image_asset(key: str, path: str, width: int, height: int) -> dict[str, Any]:
    return {"id": key, "w": width, "h": height, "u": "", "p": path, "e": 0}


def encoded(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def picture(width: int, height: int, kind: str = "PNG", color: Any = (200, 30, 30), **options: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGBA" if len(color) == 4 else "RGB", (width, height), color).save(out, kind, **options)
    return out.getvalue()


def quarters(width: int, height: int) -> bytes:
    """Left top red, right top green, left bottom blue, right bottom yellow."""
    image = Image.new("RGB", (width, height))
    colors = ((255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0))
    for index, color in enumerate(colors):
        image.paste(
            color,
            (
                (index % 2) * width // 2,
                (index // 2) * height // 2,
                (index % 2 + 1) * width // 2,
                (index // 2 + 1) * height // 2,
            ),
        )
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def manifest(**more: Any) -> dict[str, Any]:
    return {
        "format": "flatrender-template/1", "key": "test", "title": {"fa": "آزمون", "en": "Test"}, "fps": 30,
        "sizes": [{"key": "16x9", "width": 600, "height": 340}],
        "scenes": [{"key": "one", "files": {"16x9": "scenes/one.json"}, "duration_frames": 60, "snapshot_frame": 30, "fields": []}],
        **more,
    }  # fmt: skip


def package(
    animation: dict[str, Any], fields: list[dict[str, Any]], files: dict[str, bytes] | None = None, **more: Any
) -> dict[str, bytes]:
    """The files of a template of one scene, `one`."""
    described = manifest(**more)
    described["scenes"][0]["fields"] = fields
    return {"template.json": encoded(described), "scenes/one.json": encoded(animation), **(files or {})}


def field(key: str, kind: str, bindings: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return {"key": key, "type": kind, "label": {"fa": key, "en": key}, "bindings": bindings, **more}


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def written(files: dict[str, bytes], folder: Path) -> Path:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder
