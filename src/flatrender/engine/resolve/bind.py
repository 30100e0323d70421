"""Bringing checked values to the layers that their bindings name."""

from __future__ import annotations

from flatrender.engine.lottie.document import Json
from flatrender.engine.lottie.edit import (
    color_layer,
    rgb_of_hex,
    set_opacity,
    set_rotation,
    set_scale,
    set_visible,
)
from flatrender.engine.lottie.walk import IMAGE, TEXT, all_layers, layers_by_name
from flatrender.engine.resolve.images import ImageSetter
from flatrender.engine.resolve.texts import Wanted
from flatrender.engine.resolve.values import Value, number_text, option_label, refuse
from flatrender.engine.scene import SceneWarning
from flatrender.engine.template.model import Binding, Field
from flatrender.engine.template.package import Template


class Binder:
    """Collects what is wanted of the layers of one scene and writes what needs no typesetting."""

    def __init__(
        self, template: Template, lottie: Json, locale: str, images: ImageSetter, warnings: list[SceneWarning]
    ) -> None:
        self._template = template
        self._lottie = lottie
        self._locale = locale
        self._images = images
        self._warnings = warnings
        self._by_name = layers_by_name(lottie)
        self._shared = {field.key for field in template.fields}
        self._colors: list[tuple[Json, str, str | None]] = []
        self.texts: dict[int, Wanted] = {}
        """What text layers are to say, by the `id()` of the layer."""
        self.families: dict[int, str] = {}
        """Other font families of text layers, by the `id()` of the layer."""

    def bind(self, field: Field, value: Value) -> None:
        """Write a checked value to every layer that the field is bound to; raises ValueRefused."""
        if field.type == "font" and not self._template.fonts.has(value):
            raise refuse(field, "unknown_font", f"{value[:60]!r} is none of {', '.join(self._template.fonts.families)}")
        for binding in field.bindings:
            layers = self._layers(field, binding)
            for layer in layers:
                if not self._apply(field, binding, layer, value):
                    self._warn(field, binding, f"the layer {binding.layer!r} has no {binding.property} to change")

    def _layers(self, field: Field, binding: Binding) -> list[Json]:
        if binding.layer == "*":
            return [layer for layer in all_layers(self._lottie) if layer.get("ty") == TEXT]
        layers = self._by_name.get(binding.layer, [])
        # A template-wide field is bound only where its layer is.
        if not layers and field.key not in self._shared:
            self._warn(field, binding, f"the scene has no layer {binding.layer!r}")
        return layers

    def _warn(self, field: Field, binding: Binding, detail: str) -> None:
        self._warnings.append(SceneWarning(code="unknown_layer", detail=detail, field=field.key, layer=binding.layer))

    def _apply(self, field: Field, binding: Binding, layer: Json, value: Value) -> bool:
        match binding.property:
            case "text":
                if layer.get("ty") != TEXT:
                    return False
                self.texts[id(layer)] = Wanted(
                    self._text(field, value), field.key, binding, field.constraints, field.type != "textarea"
                )
            case "font":
                if layer.get("ty") != TEXT:
                    return False
                self.families[id(layer)] = value
            case "image":
                return layer.get("ty") == IMAGE and self._images.put(field, layer, value)
            case "color":
                self._colors.append((layer, value, binding.shape))
            case "visible":
                shown = value == binding.when if field.type == "dropdown" else value
                set_visible(layer, visible=bool(shown) != binding.invert)
            case "opacity":
                set_opacity(layer, min(max(value, 0), 100))
            case "rotation":
                set_rotation(layer, value)
            case "scale":
                set_scale(layer, value)
        return True

    def _text(self, field: Field, value: Value) -> str:
        if field.type in ("number", "slider"):
            return number_text(field, value, self._locale)
        if field.type == "dropdown":
            return option_label(field, value, self._locale)
        return str(value)

    def apply_colors(self) -> None:
        """Colour the bound layers; called after the template's own colours, which these override."""
        for layer, color, shape in self._colors:
            color_layer(layer, rgb_of_hex(color), shape)
