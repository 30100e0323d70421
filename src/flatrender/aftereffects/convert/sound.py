"""The sound of films: how loud a layer is."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from flatrender.aftereffects.convert.context import rounded
from flatrender.engine.picture_value import MAX_VOLUME
from flatrender.engine.resolve.images import OPTIONS_MEMBER

if TYPE_CHECKING:
    from flatrender.aftereffects.convert.context import Json, Place

_SILENCE = -48
"""Decibels at which the slider of After Effects ends."""


def with_volume(layer: Any, asset: str, assets: dict[int | str, Json], place: Place) -> str:
    """Return the asset of a layer's film as loud as the layer is: the film's own, or a copy for this layer."""
    if not getattr(layer, "has_audio", False):
        return asset
    volume = _volume(layer, place) if layer.audio_enabled else 0.0
    if volume == 1:
        return asset
    own = copy.deepcopy(next(known for known in assets.values() if known["id"] == asset))
    own["id"] = f"{asset}_{len(assets)}"
    own.setdefault(OPTIONS_MEMBER, {"fit": "fill"}).setdefault("clip", {})["volume"] = volume
    assets[own["id"]] = own
    return str(own["id"])


def _volume(layer: Any, place: Place) -> float:
    """Return how loud a layer is, 1 being as loud as its film; of its two sides the louder counts."""
    try:
        levels = layer["ADBE Audio Group"]["ADBE Audio Levels"]
    except KeyError:
        return 1.0
    values = [key.value for key in levels.keyframes] or [levels.value]
    if len({tuple(value) for value in values}) > 1 or (levels.expression and levels.expression_enabled):
        place.note(
            "approximate", "layer.audio_levels", "a sound whose loudness moves keeps the one that it begins with"
        )
    loudest = max(float(level) for level in values[0])
    return rounded(min(MAX_VOLUME, 10 ** (loudest / 20))) if loudest > _SILENCE else 0.0
