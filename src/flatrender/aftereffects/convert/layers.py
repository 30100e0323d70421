"""Layers of a composition."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from py_aep.enums import AutoOrientType, BlendingMode, TrackMatteType

from flatrender.aftereffects.convert.adjustments import adjust
from flatrender.aftereffects.convert.context import Json, Place
from flatrender.aftereffects.convert.effects import DRAWN_EFFECTS, EffectDrawer
from flatrender.aftereffects.convert.feather import cut_softly, is_soft
from flatrender.aftereffects.convert.footage import hex_color
from flatrender.aftereffects.convert.masks import layer_masks
from flatrender.aftereffects.convert.nesting import Composition, Picture, resting
from flatrender.aftereffects.convert.recolor import Repainter
from flatrender.aftereffects.convert.rest import note_rest
from flatrender.aftereffects.convert.shapes import DRAWN_SHAPES, shape_items
from flatrender.aftereffects.convert.sound import with_volume
from flatrender.aftereffects.convert.space import View, is_deep, moves_in_depth
from flatrender.aftereffects.convert.styles import draw_styles
from flatrender.aftereffects.convert.switches import note_nested, note_sound, note_switches
from flatrender.aftereffects.convert.texts import text_fields
from flatrender.aftereffects.convert.timing import layer_time, plays_from_its_start
from flatrender.aftereffects.convert.transform import layer_transform

if TYPE_CHECKING:
    from collections.abc import Sequence

    from py_aep.models.items.composition import CompItem
    from py_aep.models.items.footage import FootageItem
    from py_aep.models.layers.layer import Layer

_PRECOMPOSITION, _SOLID, _IMAGE, _NULL, _SHAPE, _TEXT = range(6)
_SQUARE = 1e-3
"""How far from 1 a pixel aspect ratio is still that of a square."""
_BLEND = {
    BlendingMode.NORMAL: 0,
    BlendingMode.MULTIPLY: 1,
    BlendingMode.SCREEN: 2,
    BlendingMode.OVERLAY: 3,
    BlendingMode.DARKEN: 4,
    BlendingMode.LIGHTEN: 5,
    BlendingMode.COLOR_DODGE: 6,
    BlendingMode.COLOR_BURN: 7,
    BlendingMode.HARD_LIGHT: 8,
    BlendingMode.SOFT_LIGHT: 9,
    BlendingMode.DIFFERENCE: 10,
    BlendingMode.EXCLUSION: 11,
    BlendingMode.HUE: 12,
    BlendingMode.SATURATION: 13,
    BlendingMode.COLOR: 14,
    BlendingMode.LUMINOSITY: 15,
    BlendingMode.ADD: 16,
}
_NEAR_BLEND = {
    BlendingMode.LINEAR_DODGE: 16,
    BlendingMode.CLASSIC_COLOR_BURN: 7,
    BlendingMode.CLASSIC_COLOR_DODGE: 6,
    BlendingMode.CLASSIC_DIFFERENCE: 10,
}
_MATTES = {
    TrackMatteType.ALPHA: 1,
    TrackMatteType.ALPHA_INVERTED: 2,
    TrackMatteType.LUMA: 3,
    TrackMatteType.LUMA_INVERTED: 4,
}


class Library(Protocol):
    """Where layers put what several of them may use."""

    fonts: dict[str, Json]
    assets: dict[int | str, Json]

    def composition(self, item: CompItem, place: Place) -> str:
        """Return the asset id of a composition."""

    def layers(self, name: str, layers: list[Json]) -> str:
        """Add a composition of these layers and return its asset id."""

    def footage(self, item: FootageItem, place: Place) -> str | None:
        """Return the asset id of a picture or clip, None for what cannot be seen."""


def convert_layers(comp: CompItem, library: Library, place: Place) -> list[Json]:
    """Convert the layers that are seen, and those that seen ones need (mattes, parents). The topmost comes first."""
    layers = list(comp.layers)
    numbers = {layer.id: index + 1 for index, layer in enumerate(layers)}
    mattes = {matte.id for layer in layers if _shows(layer, layers) and (matte := _matte(layer)) is not None}
    parents = {parent.id for layer in layers for parent in _ancestors(layer)}
    made: list[Json] = []
    drawn: list[tuple[Any, Json, Place]] = []
    for layer in layers:
        here = place.inside(layer.name, stretch=float(layer.stretch) / 100 or 1.0)
        shown = _shows(layer, layers)
        if layer.enabled and getattr(layer, "guide_layer", False):
            here.note("exact", "layer.guide", "a guide layer is not part of the film")
        if not layer.enabled:
            note_sound(layer, here)
        if not shown and layer.id not in mattes:
            if layer.id in parents:
                made.append(_frame(layer, here, numbers) | {"ty": _NULL})
            continue
        converted = _layer(layer, here, library, numbers, is_matte=layer.id in mattes and not shown)
        made.append(converted)
        drawn.append((layer, converted, here))

    def source(number: int) -> Json | None:
        layer: Any = layers[number - 1] if 0 < number <= len(layers) else None
        if layer is None or getattr(layer, "source", None) is None or layer.null_layer:
            return None
        shown = {"st": place.frame(layer.start_time), "sr": 1} | _source(
            layer, layer.source, place.inside(layer.name), library
        )
        return shown if shown["ty"] != _NULL else None

    _order_by_depth(drawn, made, place)
    composition = Composition(made, (int(comp.width), int(comp.height)), library.assets, library.layers, source)
    effects = EffectDrawer(Repainter(library.assets))
    for layer, converted, here in reversed(drawn):
        active = getattr(layer, "effects_active", True)
        if not getattr(layer, "adjustment_layer", False):
            picture = Picture(composition, converted)
            if is_soft(converted):
                cut_softly(picture, here)
            if active:
                effects.draw(layer.effects, picture, here)
            draw_styles(layer, picture, here)
            if converted.get("ef") and "tt" in converted:
                picture.nest()  # a track matte cuts what effects and styles have made
        elif active and any(getattr(effect, "enabled", True) for effect in layer.effects or ()):
            _adjust(layer, converted, composition, effects, here)
    return _mattes_marked(made)


def _order_by_depth(drawn: Sequence[tuple[Any, Json, Place]], made: list[Json], place: Place) -> None:
    """Put neighbouring layers in space into the order in which they are seen: the nearest first. Layers in the plane part such neighbours."""
    runs: list[list[tuple[Any, Json]]] = [[]]
    for layer, converted, _ in drawn:
        if not getattr(layer, "three_d_layer", False):
            runs.append([])
        elif converted["ty"] != _NULL:
            runs[-1].append((layer, converted))
    for run in runs:
        if len(run) < 2:
            continue
        view = View(run[0][0].containing_comp)
        ordered = sorted(run, key=lambda pair: view.depth(pair[0]))
        if [pair[1] for pair in ordered] == [pair[1] for pair in run]:
            continue
        if any("tt" in converted for _, converted in run):
            place.note("approximate", "layer.3d_order", "layers in space that matte others keep their order")
            continue
        spots = sorted(made.index(converted) for _, converted in run)
        for spot, (_, converted) in zip(spots, ordered, strict=True):
            made[spot] = converted
    if any(moves_in_depth(layer) for run in runs if len(run) > 1 for layer, _ in run):
        place.note(
            "approximate", "layer.3d_order", "layers in space that pass one another keep the order that they begin in"
        )


def _adjust(layer: Any, converted: Json, composition: Composition, effects: EffectDrawer, place: Place) -> None:
    source = getattr(layer, "source", None)
    size = None if source is None else (float(source.width), float(source.height))
    if "tt" in converted:
        place.note("not_drawn", "layer.adjustment", "the track matte of an adjustment layer does not cut its effects")
    if adjust(composition, converted, size, lambda picture: effects.draw(layer.effects, picture, place)):
        place.note("exact", "layer.adjustment", "the layers below are drawn again with its effects")


def _mattes_marked(layers: list[Json]) -> list[Json]:
    wanted = {layer["tp"] for layer in layers if "tp" in layer}
    for layer in layers:
        if layer["ind"] in wanted:
            layer["td"] = 1
    return layers


def _shows(layer: Layer, layers: Sequence[Layer]) -> bool:
    if not layer.enabled or getattr(layer, "guide_layer", False):
        return False
    return layer.solo or not any(other.solo for other in layers)


def _matte(layer: Layer) -> Any:
    if getattr(layer, "track_matte_type", TrackMatteType.NO_TRACK_MATTE) not in _MATTES:
        return None
    return getattr(layer, "track_matte_layer", None)


def _ancestors(layer: Layer) -> list[Layer]:
    found: list[Layer] = []
    parent = layer.parent
    while parent is not None and parent not in found:
        found.append(parent)
        parent = parent.parent
    return found


def _frame(layer: Layer, place: Place, numbers: dict[int, int]) -> Json:
    """Return what every layer has."""
    first, last = sorted((layer.in_point, layer.out_point))
    made: Json = {
        "ddd": 0,
        "ind": numbers[layer.id],
        "nm": layer.name,
        "sr": 1,
        "ks": layer_transform(
            layer.transform,
            place,
            three_d=bool(getattr(layer, "three_d_layer", False)),
            aspect=_pixel_aspect(layer, place),
            view=_view(layer),
        ),
        "ao": int(layer.auto_orient == AutoOrientType.ALONG_PATH),
        "ip": place.frame(first),
        "op": place.frame(last),
        "st": place.frame(layer.start_time),
        "bm": 0,
    }
    if layer.parent is not None:
        made["parent"] = numbers[layer.parent.id]
    return made


def _view(layer: Any) -> View | None:
    """Return how a layer in space is seen, when that can be drawn: straight ahead, with nothing between it and the composition."""
    comp = layer.containing_comp
    if not getattr(layer, "three_d_layer", False) or layer.parent is not None:
        return None
    if any(other.parent is layer for other in comp.layers):
        return None
    view = View(comp)
    moved = view.camera is not None or is_deep(layer.transform)
    return view if view.straight and moved else None


def _pixel_aspect(layer: Any, place: Place) -> float:
    """Return how wide a pixel of the layer's source is, in pixels of the composition."""
    source = getattr(layer, "source", None)
    if source is None or layer.null_layer:
        return 1
    aspect = float(source.pixel_aspect or 1) / float(layer.containing_comp.pixel_aspect or 1)
    if abs(aspect - 1) < _SQUARE:
        return 1
    if any(other.parent is layer for other in layer.containing_comp.layers):
        place.note("approximate", "layer.pixel_aspect", "what hangs on a layer of wide pixels is widened with it")
    return aspect


def _layer(layer: Layer, place: Place, library: Library, numbers: dict[int, int], *, is_matte: bool) -> Json:
    made = _frame(layer, place, numbers)
    made |= _content(layer, place, library)
    made["bm"] = 0 if is_matte else _blend_mode(layer, place)
    masks = layer_masks(layer.masks, place)
    if masks:
        made["hasMask"], made["masksProperties"] = True, masks
    matte = _matte(layer)
    if matte is not None:
        made["tt"], made["tp"] = _MATTES[layer.track_matte_type], numbers[matte.id]
    note_switches(layer, place)
    note_rest(layer, place, DRAWN_EFFECTS, DRAWN_SHAPES)
    return made


def _content(layer: Layer, place: Place, library: Library) -> Json:
    if layer.null_layer:
        return {"ty": _NULL}
    kind = type(layer).__name__
    if getattr(layer, "adjustment_layer", False) and kind != "ShapeLayer":
        return {"ty": _NULL}
    if kind == "ShapeLayer":
        return {"ty": _SHAPE, "shapes": shape_items(_contents(layer), place.inside("Contents"))}
    if kind == "TextLayer":
        return {"ty": _TEXT, "t": text_fields(layer, place, library.fonts)}
    if kind in {"CameraLayer", "LightLayer"}:
        _note_camera_or_light(layer, kind, place)
        return {"ty": _NULL}
    source = getattr(layer, "source", None)
    if source is None:
        place.note("not_drawn", f"layer.{kind}", "a layer of this kind is not drawn")
        return {"ty": _NULL}
    return _source(layer, source, place, library)


def _note_camera_or_light(layer: Any, kind: str, place: Place) -> None:
    what = "camera" if kind == "CameraLayer" else "light"
    comp = layer.containing_comp
    inside = [other for other in comp.layers if getattr(other, "three_d_layer", False) and other.enabled]
    if not inside:
        place.note("exact", f"layer.{what}", f"the {what} changes nothing: no layer of the composition lies in space")
    elif what == "camera" and View(comp).straight and all(_view(other) is not None for other in inside):
        place.note(
            "exact", "layer.camera", "the camera looks straight ahead: layers are drawn as large and where it sees them"
        )
        if layer["ADBE Camera Options Group"]["ADBE Camera Depth of Field"].value:
            place.note("not_drawn", "layer.depth_of_field", "layers out of the camera's focus are drawn sharp")
    else:
        detail = f"the {what} is not used: layers in space are drawn from straight ahead, evenly lit"
        place.note("not_drawn", f"layer.{what}", detail)


def _contents(layer: Any) -> Any:
    return layer["ADBE Root Vectors Group"]


def _source(layer: Any, source: Any, place: Place, library: Library) -> Json:
    if type(source).__name__ == "CompItem":
        made: Json = {
            "ty": _PRECOMPOSITION,
            "refId": library.composition(source, place),
            "w": int(source.width),
            "h": int(source.height),
            **layer_time(layer, place),
        }
        note_nested(source, place)
        if layer.collapse_transformation:
            place.note(
                "approximate",
                "layer.collapse",
                "what lies outside the nested composition is cut off although its transformations are collapsed",
            )
        return made
    if source.asset_type == "solid":
        return {
            "ty": _SOLID,
            "sc": hex_color(source.main_source.color),
            "sw": int(source.width),
            "sh": int(source.height),
        }
    asset = library.footage(source, place)
    if asset is None:
        return {"ty": _NULL}
    picture: Json = {"ty": _IMAGE, "refId": with_volume(layer, asset, library.assets, place)}
    if source.main_source.is_still or plays_from_its_start(layer):
        return picture
    length = place.frame(source.duration)
    inner = picture | {
        "ddd": 0, "ind": 1, "nm": layer.name, "ks": resting(), "ip": 0, "op": max(length, 1), "st": 0, "sr": 1, "bm": 0,
    }  # fmt: skip
    return {
        "ty": _PRECOMPOSITION,
        "refId": library.layers(layer.name, [inner]),
        "w": int(source.width),
        "h": int(source.height),
        **layer_time(layer, place),
    }


def _blend_mode(layer: Any, place: Place) -> int:
    mode = getattr(layer, "blending_mode", BlendingMode.NORMAL)
    if mode in _BLEND:
        return _BLEND[mode]
    name = mode.name.lower().replace("_", " ")
    if mode in _NEAR_BLEND:
        place.note("approximate", f"blend.{mode.name.lower()}", f"the blend mode {name} is drawn as its nearest")
        return _NEAR_BLEND[mode]
    place.note("not_drawn", f"blend.{mode.name.lower()}", f"the blend mode {name} is drawn as normal")
    return 0
