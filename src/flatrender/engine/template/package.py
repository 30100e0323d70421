"""A loaded template."""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from flatrender.engine.errors import TemplateError, ValueRefused
from flatrender.engine.lottie.document import Json, parse_lottie
from flatrender.engine.lottie.legacy import modernise
from flatrender.engine.template.model import (
    ColorSlot,
    Field,
    Manifest,
    Music,
    OwnTransition,
    Preset,
    Scene,
    Size,
)
from flatrender.engine.template.store import Store

if TYPE_CHECKING:
    from flatrender.engine.text.fonts import FontLibrary


class Template:
    """A template: its manifest and its files. Read-only; two threads may use one."""

    def __init__(self, manifest: Manifest, store: Store, where: str, *, plain: bool = False) -> None:
        self.manifest = manifest
        self.store = store
        self.where = where
        """The path or name it was loaded from, for messages."""
        self.plain = plain
        """Whether it is a bare Lottie animation, whose fields were suggested, not designed."""
        self._scenes = {scene.key: scene for scene in manifest.scenes}
        self._raw: dict[str, bytes] = {}

    @property
    def key(self) -> str:
        """The template's own name."""
        return self.manifest.key

    @property
    def fps(self) -> float:
        """Frames a second of every scene."""
        return self.manifest.fps

    @property
    def scenes(self) -> tuple[Scene, ...]:
        """The scenes, in the designed order."""
        return self.manifest.scenes

    @property
    def fields(self) -> tuple[Field, ...]:
        """The fields that hold for every scene."""
        return self.manifest.fields

    @property
    def color_slots(self) -> tuple[ColorSlot, ...]:
        """The template's colours."""
        return self.manifest.color_slots

    @property
    def presets(self) -> tuple[Preset, ...]:
        """Named sets of colours."""
        return self.manifest.presets

    @property
    def music(self) -> tuple[Music, ...]:
        """Bundled music."""
        return self.manifest.music

    @property
    def sizes(self) -> tuple[Size, ...]:
        """The sizes it is designed for; the first is the default."""
        return self.manifest.sizes

    @cached_property
    def sha256(self) -> str:
        """Hexadecimal SHA-256 over every file's name and contents: the same for a folder and for an archive of it."""
        digest = hashlib.sha256(b"flatrender-template/1\n")
        for name in self.store.names:
            content = hashlib.sha256(self.store.read(name)).hexdigest()
            digest.update(f"{len(name.encode())} {name} {content}\n".encode())
        return digest.hexdigest()

    @cached_property
    def fonts(self) -> FontLibrary:
        """The package's fonts before the engine's."""
        from flatrender.engine.text.fonts import FontFile, FontLibrary  # noqa: PLC0415  # who sets no type does not load the shaper

        return FontLibrary(FontFile(self.read_file(font.file), font.file, font.family) for font in self.manifest.fonts)

    def read_file(self, name: str) -> bytes:
        """Return a file of the package; raises TemplateError `missing_asset`."""
        try:
            return self.store.read(name)
        except KeyError:
            raise TemplateError(
                f"the template has no file {name!r}: add it or correct the name", code="missing_asset", where=self.where
            ) from None

    def has_file(self, name: str) -> bool:
        """Whether the package holds the file."""
        return name in self.store.names

    def scene(self, key: str) -> Scene:
        """Return a scene by its key; raises ValueRefused `unknown_scene`."""
        try:
            return self._scenes[key]
        except KeyError:
            raise ValueRefused(
                f"the template has no scene {key!r}; it has {', '.join(self._scenes)}",
                code="unknown_scene",
                where=self.where,
            ) from None

    def size(self, key: str | None) -> Size:
        """Return a size by its key, the default without one; raises ValueRefused `value_out_of_range`."""
        if key is None:
            return self.sizes[0]
        for size in self.sizes:
            if size.key == key:
                return size
        raise ValueRefused(
            f"the template has no size {key!r}; it has {', '.join(s.key for s in self.sizes)}",
            code="value_out_of_range",
            where=self.where,
        )

    def transition(self, key: str) -> OwnTransition:
        """Return a transition of the template's own by its key; raises ValueRefused `value_out_of_range`."""
        for transition in self.manifest.transitions:
            if transition.key == key:
                return transition
        raise ValueRefused(
            f"the template has no transition {key!r}; it has {', '.join(t.key for t in self.manifest.transitions) or 'none'}",
            code="value_out_of_range",
            where=self.where,
        )

    def transition_lottie(self, key: str, size_key: str | None = None) -> Json:
        """Return a fresh copy of a transition's animation."""
        name = self.transition(key).files[self.size(size_key).key]
        return parse_lottie(self.read_file(name).removeprefix(b"\xef\xbb\xbf"), name)

    def lottie(self, scene_key: str, size_key: str | None = None) -> Json:
        """Return a fresh copy of a scene's animation, for the caller to change."""
        name = self.scene(scene_key).files[self.size(size_key).key]
        raw = self._raw.get(name)
        if raw is None:
            raw = self.read_file(name).removeprefix(b"\xef\xbb\xbf")
            lottie = parse_lottie(raw, name)
            modernise(lottie)
            self._raw[name] = raw
            return lottie
        copy: Json = msgspec.json.decode(raw)
        modernise(copy)
        return copy
