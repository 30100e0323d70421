"""The package's manifest: fields, scenes, presets, and writing it all to a folder."""

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from kit.keys import Json
from kit.music import TRACKS
from kit.scene import Scene

Both: TypeAlias = tuple[str, str]


def both(text: Both) -> dict[str, str]:
    """(Persian, English) as a map of locales."""
    return {"fa": text[0], "en": text[1]}


def bind(layer: str, prop: str, **extra: Any) -> Json:
    """One binding of a field."""
    return {"layer": layer, "property": prop, **extra}


def field(
    key: str,
    kind: str,
    label: Both,
    default: Any,
    bindings: Sequence[Json],
    *,
    required: bool = False,
    when: Sequence[Json] = (),
    **constraints: Any,
) -> Json:
    """A field; `when` names the conditions under which it is asked for; `default` as (Persian, English) for words, as it is otherwise."""
    return {
        "key": key,
        "type": kind,
        "label": both(label),
        "default": both(default) if isinstance(default, tuple) else default,
        "bindings": list(bindings),
        "constraints": constraints,
        "is_required": required,
        **({"visible_when": list(when)} if when else {}),
    }


def text_field(
    key: str,
    label: Both,
    default: Both,
    layer: str,
    *,
    kind: str = "text",
    max_width: int = 0,
    start: bool = False,
    required: bool = False,
    **constraints: Any,
) -> Json:
    """A field for words on one text layer: point text of at most `max_width` px, or without it a box whose words stand in its middle.

    `start`: aligned to the side where reading starts.
    """
    extra: Json = {"max_width": max_width} if max_width else {"valign": "middle"}
    if start:
        extra["justify"] = "start"
    return field(key, kind, label, default, [bind(layer, "text", **extra)], required=required, **constraints)


def image_field(key: str, label: Both, file: str, layer: str, **constraints: Any) -> Json:
    """A field for a picture; `file` below `images/`."""
    return field(key, "image", label, f"images/{file}", [bind(layer, "image")], **({"fit": "cover"} | constraints))


def choice(key: str, label: Both) -> Json:
    """One option of a dropdown."""
    return {"key": key, "label": both(label)}


class SceneSpec(NamedTuple):
    """A scene of the package: `draw` makes it for a size."""

    key: str
    title: Both
    kind: str
    frames: int
    snapshot: int
    draw: Callable[[Scene], None]
    fields: Sequence[Json]
    can_repeat: bool = False
    is_required: bool = False
    duration: Json | None = None
    ground: Sequence[str] = ()
    """Layers that a person's own background takes the place of."""


class Package(NamedTuple):
    """A whole template."""

    key: str
    title: Both
    description: Both
    category: str
    tags: Sequence[str]
    sizes: Sequence[tuple[str, int, int]]
    slots: Sequence[tuple[str, Both] | tuple[str, Both, Json]]
    """Key and label, and of a colour that follows from others how it does."""
    presets: Sequence[tuple[str, Both, dict[str, str]]]
    scenes: Sequence[SceneSpec]
    fields: Sequence[Json] = ()
    music: Sequence[tuple[str, Both]] = ()
    pictures: Iterable[str] = ()
    fps: int = 30

    def manifest(self) -> Json:
        """The content of `template.json`."""
        default = self.presets[0][2]
        return {
            "format": "flatrender-template/1",
            "key": self.key,
            "title": both(self.title),
            "description": both(self.description),
            "category": self.category,
            "license": "CC0-1.0",
            "author": "FlatRender",
            "tags": list(self.tags),
            "fps": self.fps,
            "sizes": [{"key": k, "width": w, "height": h} for k, w, h in self.sizes],
            "color_slots": [
                {"key": k, "label": both(label), **({"derive": derive[0]} if derive else {"default": default[k]})}
                for k, label, *derive in self.slots
            ],
            "presets": [
                {"key": k, "name": both(name), "colors": colours, "is_default": i == 0}
                for i, (k, name, colours) in enumerate(self.presets)
            ],
            "fonts": [],
            "music": [self._music(key, title) for key, title in self.music],
            "fields": list(self.fields),
            "scenes": [self._scene(spec) for spec in self.scenes],
        }

    def _music(self, key: str, title: Both) -> Json:
        track = TRACKS[key]
        return {
            "key": key,
            "title": both(title),
            "file": f"music/{key}.ogg",
            "license": "CC0-1.0",
            "bpm": track.bpm,
            "duration_seconds": track.seconds,
        }

    def _scene(self, spec: SceneSpec) -> Json:
        return {
            "key": spec.key,
            "title": both(spec.title),
            "scene_type": spec.kind,
            "files": {size: f"scenes/{spec.key}.{size}.json" for size, _, _ in self.sizes},
            "duration_frames": spec.frames,
            "snapshot_frame": spec.snapshot,
            "can_repeat": spec.can_repeat,
            "is_required": spec.is_required,
            "fields": list(spec.fields),
            **({"duration": spec.duration} if spec.duration else {}),
            **({"background_layers": list(spec.ground)} if spec.ground else {}),
        }

    def write(self, folder: Path) -> None:
        """Writes the manifest and the scenes of every size below `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(self.manifest(), ensure_ascii=False, indent=1) + "\n"
        (folder / "template.json").write_text(text, encoding="utf-8")
        for spec in self.scenes:
            for size, width, height in self.sizes:
                scene = Scene(f"{self.key}/{spec.key}", width, height, spec.frames, fps=self.fps)
                spec.draw(scene)
                scene.write(folder / "scenes" / f"{spec.key}.{size}.json")
