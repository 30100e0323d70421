"""Bringing checked values to the layers that their bindings name."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from flatrender.engine.lottie.document import Json, check_lottie, is_number
from flatrender.engine.lottie.edit import rgb_of_hex, set_color, set_visible
from flatrender.engine.lottie.locate import Place
from flatrender.engine.lottie.walk import (
    IMAGE,
    PRECOMP,
    TEXT,
    all_layers,
    dicts,
    layers_by_name,
    objects,
    text_documents,
)
from flatrender.engine.resolve.apply import apply_color, apply_number, eased, is_color, to_places
from flatrender.engine.resolve.conditions import filled, holds
from flatrender.engine.resolve.images import ImageSetter
from flatrender.engine.resolve.values import Value, all_fields, check_value, in_locale, refuse, value_text
from flatrender.engine.scene import SceneWarning
from flatrender.engine.template.check_rules import PLACEHOLDER
from flatrender.engine.template.model import Binding, Field, Scene
from flatrender.engine.template.package import Template
from flatrender.engine.template.properties import kind_of

if TYPE_CHECKING:
    from flatrender.engine.resolve.texts import Wanted

_PICTURE = Field(key="values", type="image", label={})
_MAX_STEPS = 120
"""Texts that a counter goes through at most: each is set on its own."""


class Binder:
    """Collects what is wanted of the layers of one scene and writes what needs no typesetting."""

    def __init__(
        self,
        template: Template,
        scene: Scene,
        lottie: Json,
        locale: str,
        images: ImageSetter,
        warnings: list[SceneWarning],
        values: Mapping[str, Value],
    ) -> None:
        """Bind fields of `scene`; `values` are those of all its fields by key, for conditions and texts that name several."""
        self._template = template
        self._lottie = lottie
        self._locale = locale
        self._images = images
        self._warnings = warnings
        self._values = values
        self._fields = {field.key: field for field in all_fields(template, scene)}
        self._by_name = layers_by_name(lottie)
        self._shared = {field.key for field in template.fields}
        self._rest = lottie["ip"] + scene.snapshot_frame
        self._shown: dict[int, bool] = {}
        self._colors: list[tuple[Field, Binding, Json, str]] = []
        self.slots: dict[str, str] = {}
        """Colour slots that fields choose: slot → `#rrggbb` or another slot."""
        self.texts: dict[int, Wanted] = {}
        """What text layers are to say, by the `id()` of the layer."""
        self.families: dict[int, str] = {}
        """Other font families of text layers, by the `id()` of the layer."""

    def bind(self, field: Field, value: Value) -> None:
        """Write a checked value to every layer that the field is bound to; raises ValueRefused.

        A field that has no value (None, or a picture that is "") changes nothing but what it shows and hides.
        """
        if field.type == "font":
            self._check_font(field, value)
        if not holds(field.visible_when, self._values):
            return
        absent = value is None or (field.type == "image" and value == "")
        for binding in field.bindings:
            if absent and binding.property != "visible":
                continue
            if not holds(binding.only_when, self._values):
                continue
            wanted = _mapped(binding, value)
            if wanted is None and not absent:
                continue
            match binding.property:
                case "switch":
                    self._switch(field, binding, wanted)
                case "slot":
                    self.slots[str(binding.slot)] = wanted
                case "sid":
                    self._set_slot(binding, wanted)
                case _:
                    for name in binding.targets():
                        self._bind_layers(field, binding, name, wanted)

    def _check_font(self, field: Field, value: Value) -> None:
        if value is not None and not self._template.fonts.has(value):
            raise refuse(field, "unknown_font", f"{value[:60]!r} is none of {', '.join(self._template.fonts.families)}")

    def _bind_layers(self, field: Field, binding: Binding, name: str, value: Value) -> None:
        for layer in self._layers(field, name):
            if not self._apply(field, binding, layer, value):
                self._warn(field, name, f"the layer {name!r} has no {binding.property} to change")

    def _layers(self, field: Field, name: str) -> list[Json]:
        if name == "*":
            return [layer for layer in all_layers(self._lottie) if layer.get("ty") == TEXT]
        layers = self._by_name.get(name, [])
        # A template-wide field is bound only where its layer is.
        if not layers and field.key not in self._shared:
            self._warn(field, name, f"the scene has no layer {name!r}")
        return layers

    def _warn(self, field: Field, layer: str, detail: str) -> None:
        self._warnings.append(SceneWarning(code="unknown_layer", detail=detail, field=field.key, layer=layer))

    def _apply(self, field: Field, binding: Binding, layer: Json, value: Value) -> bool:
        kind = kind_of(binding.property)
        if kind == "text":
            return self._want_text(field, binding, layer, value)
        if kind == "font":
            if layer.get("ty") == TEXT:
                self.families[id(layer)] = value
            return layer.get("ty") == TEXT
        if kind == "image":
            if isinstance(value, str):  # a picture of the package, that a choice stands for
                value = check_value(_PICTURE, value)
            return layer.get("ty") == IMAGE and self._images.put(field, layer, value)
        if kind == "visible":
            self._show(layer, _is_shown(field, binding, value))
            return True
        if kind == "composition":
            return self._compose(layer, value)
        if is_color(value):
            self._colors.append((field, binding, layer, value))
            return True
        if binding.property == "start":
            value += self._lottie["ip"]
        if binding.property.endswith("opacity") and is_number(value) and binding.mode == "auto":
            value = min(max(value, 0), 100)
        return apply_number(layer, binding, value, self._rest)

    def _show(self, layer: Json, shown: bool) -> None:
        """Show a layer when everything that is bound to it wants it shown."""
        shown = self._shown.get(id(layer), True) and shown
        self._shown[id(layer)] = shown
        set_visible(layer, visible=shown)

    def _switch(self, field: Field, binding: Binding, chosen: str | list[str]) -> None:
        groups = [[names] if isinstance(names, str) else names for names in binding.values.values()]
        shown = {chosen} if isinstance(chosen, str) else set(chosen)
        for name in dict.fromkeys(name for group in groups for name in group):
            for layer in self._layers(field, name):
                self._show(layer, name in shown)

    def _compose(self, layer: Json, composition: str) -> bool:
        known = [
            asset.get("id") for asset in dicts(self._lottie.get("assets")) if isinstance(asset.get("layers"), list)
        ]
        if layer.get("ty") != PRECOMP or composition not in known:
            return False
        layer["refId"] = composition
        check_lottie(self._lottie, self._template.where)
        return True

    def _set_slot(self, binding: Binding, value: Any) -> None:
        for node in objects([self._lottie.get("layers"), self._lottie.get("assets")]):
            if node.get("sid") == binding.slot and "k" in node:
                if is_color(value):
                    set_color(node, rgb_of_hex(value))
                else:
                    to_places([Place(node)], binding, value, self._rest)

    def _want_text(self, field: Field, binding: Binding, layer: Json, value: Value) -> bool:
        if layer.get("ty") != TEXT:
            return False
        from flatrender.engine.resolve.texts import Wanted  # noqa: PLC0415  # with all that shapes text

        if isinstance(value, dict):
            value = in_locale(value, self._locale)
        one_line = field.type != "textarea"
        if binding.count is not None:
            steps = self._count(field, binding, layer, value)
            self.texts[id(layer)] = Wanted(steps[-1], field.key, binding, field.constraints, one_line, steps)
            return True
        text = value if binding.values else value_text(field, value, self._locale)
        self.texts[id(layer)] = Wanted(self._worded(binding, text), field.key, binding, field.constraints, one_line)
        return True

    def _worded(self, binding: Binding, text: str) -> str:
        """Return the text with the binding's words around it."""
        form = binding.format if isinstance(binding.format, str) else in_locale(binding.format, self._locale)
        if not form:
            return text

        def part(key: str) -> str:
            if key == "value":
                return text
            other = self._values.get(key)
            return "" if other is None else value_text(self._fields[key], other, self._locale)

        return PLACEHOLDER.sub(lambda found: part(found[1]), form)

    def _count(self, field: Field, binding: Binding, layer: Json, value: float) -> tuple[str, ...]:
        """Give the layer a document a step of its count; returns what each of them says."""
        count = binding.count
        documents = text_documents(layer)
        if count is None or not documents:
            return (self._worded(binding, value_text(field, value, self._locale)),)
        length = count.end - count.start
        stride = max(1, -(-length // _MAX_STEPS))
        ease = eased(count.ease)
        first = self._lottie["ip"]
        steps: list[tuple[float, str]] = []
        for frame in [*range(count.start, count.end, stride), count.end]:
            share = ease((frame - count.start) / length)
            now = value if frame == count.end else count.begin + (value - count.begin) * share
            if field.constraints.decimals is None and frame != count.end:
                now = round(now)
            text = self._worded(binding, value_text(field, now, self._locale))
            if not steps or steps[-1][1] != text:
                steps.append((first + frame, text))
        # The first document stands from the layer's beginning.
        steps[0] = (min(first, steps[0][0]), steps[0][1])
        layer["t"]["d"]["k"] = [{"s": {**deepcopy(documents[0]), "t": text}, "t": at} for at, text in steps]
        return tuple(text for _, text in steps)

    def apply_colors(self) -> None:
        """Colour the bound layers; called after the template's own colours, which these override."""
        for field, binding, layer, color in self._colors:
            if not apply_color(layer, binding, color):
                self._warn(field, str(layer.get("nm")), f"the layer has no {binding.property} to change")


def _mapped(binding: Binding, value: Value) -> Value:
    """Return what the value stands for in this binding; None when it stands for nothing."""
    if binding.values:
        return binding.values.get(str(value).lower() if isinstance(value, bool) else value)
    if binding.input is not None and binding.output is not None:
        low, high = binding.input
        share = min(max((value - low) / (high - low), 0), 1)
        return binding.output[0] + (binding.output[1] - binding.output[0]) * share
    return value


def _is_shown(field: Field, binding: Binding, value: Value) -> bool:
    if field.type == "dropdown" and not binding.values:
        wanted = (binding.when,) if isinstance(binding.when, str) else binding.when or ()
        return (value in wanted) != binding.invert
    return filled(value) != binding.invert
