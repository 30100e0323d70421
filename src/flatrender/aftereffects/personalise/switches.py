"""Whether layers are seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py_aep.models.layers.layer import Layer


def write_visible(layer: Layer, *, visible: bool) -> None:
    """Switch a layer's picture on or off. Its sound is not touched."""
    if layer.enabled != visible:
        layer.enabled = visible


def write_sounding(layer: Layer, *, sounding: bool) -> None:
    """Switch a layer's sound on or off, if it has any."""
    if getattr(layer, "has_audio", False) and layer.audio_enabled != sounding:
        layer.audio_enabled = sounding
