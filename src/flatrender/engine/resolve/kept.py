"""`resolve_kept`: resolving what was not resolved before.

Reading a resolved scene costs a millisecond; resolving it loads fonts and pictures, and takes a tenth of a second with the imports.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import msgspec

from flatrender.engine.scene import ResolvedScene
from flatrender.engine.store.disk import Store
from flatrender.engine.store.keys import content_key, sources_version
from flatrender.engine.template.package import Template

_FONT_FOLDERS = "FLATRENDER_FONTS"
_SYSTEM_FONTS = (Path("/usr/share/fonts/truetype/noto"), Path("/usr/share/fonts/opentype/noto"))


def resolve_kept(template: Template, scene_key: str, store: Store | None, **options: Any) -> ResolvedScene:
    """Resolve a scene as `resolve_scene` does with these options, or take it from the store when the same was resolved before.

    Scenes with film clips are resolved each time: they name files of this machine. Raises what `resolve_scene` raises.
    """
    key = "" if store is None else _key(template, scene_key, options)
    kept = store.read(key) if store is not None and key else None
    if kept is not None:
        try:
            scene = msgspec.msgpack.decode(kept, type=ResolvedScene)
        except msgspec.DecodeError:
            pass
        else:
            if hashlib.sha256(scene.lottie).hexdigest() == scene.sha256:
                return scene
    from flatrender.engine.resolve.scene import resolve_scene  # noqa: PLC0415  # with the fonts, which are not needed when all is kept

    scene = resolve_scene(template, scene_key, **options)
    if store is not None and key and not scene.clips:
        store.write(key, msgspec.msgpack.encode(scene), ".scene")
    return scene


def _key(template: Template, scene_key: str, options: dict[str, Any]) -> str:
    fields = {
        "template": template.sha256,
        "scene": scene_key,
        "options": options,
        "sources": sources_version(),
        "fonts": _fonts(),
    }
    try:
        return content_key("scene", fields)
    except (OSError, NotImplementedError, TypeError):
        return ""  # a missing picture, say: resolving it says what is wrong


def _fonts() -> list[tuple[str, int, int]]:
    """Say which fonts of the machine a text could be set in."""
    own = os.environ.get(_FONT_FOLDERS, "")
    found = []
    for folder in [*map(Path, filter(None, own.split(os.pathsep))), *_SYSTEM_FONTS]:
        try:
            files = [folder, *folder.iterdir()] if folder not in _SYSTEM_FONTS else [folder]
            found += [(str(file), seen.st_size, seen.st_mtime_ns) for file in sorted(files) if (seen := file.stat())]
        except OSError:
            continue
    return found
