"""Projects with one effect each, and what must become of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from py_aep.enums import TrackMatteType
from py_aep.models.properties.shape import Shape

from . import effect_templates
from .features import BLUE, GREEN, RED, WHITE, Feature, filled, square
from .making import add_comp

effect_templates.install()

_BLACK, _GREY = (0, 0, 0), (128, 128, 128)
_CYAN, _YELLOW = (0, 255, 255), (255, 255, 0)
Values = dict[int, Any]


def set_effect(layer: Any, match_name: str, values: Values) -> Any:
    """Add an effect and set parameters by number: a value, or a map of seconds to values."""
    effect = layer.effects.add_property(match_name)
    for number, value in values.items():
        prop = effect[f"{match_name}-{number:04d}"]
        if isinstance(value, dict):
            for seconds, keyed in value.items():
                prop.set_value_at_time(seconds, keyed)
        else:
            prop.value = value
    return effect


def on_solid(
    match_name: str, values: Values | None = None, color: tuple[float, float, float] = (1, 0, 0)
) -> Callable[[Any, Any], None]:
    def make(_: Any, comp: Any) -> None:
        set_effect(square(comp, color), match_name, values or {})

    return make


def on_shape(match_name: str, values: Values | None = None) -> Callable[[Any, Any], None]:
    def make(_: Any, comp: Any) -> None:
        filled(comp)
        set_effect(comp.layers[0], match_name, values or {})

    return make


def on_nested(match_name: str, values: Values | None = None) -> Callable[[Any, Any], None]:
    def make(project: Any, comp: Any) -> None:
        inner = add_comp(project, "Inner")
        square(inner)
        set_effect(comp.add(inner), match_name, values or {})

    return make


def _set_matte(*, invert: bool) -> Callable[[Any, Any], None]:
    def make(_: Any, comp: Any) -> None:
        matte = comp.add_solid([1, 1, 1], "Matte", 10, 20, 1.0)
        matte.enabled = False
        layer = square(comp)
        set_effect(layer, "ADBE Set Matte3", {1: 2, 3: int(invert), 4: 0})

    return make


def _parented_wipe(_: Any, comp: Any) -> None:
    null = comp.add_null(1.0)
    filled(comp)
    layer = comp.layers[0]
    layer.parent = null
    null.transform["ADBE Position"].value = [68, 32, 0]
    set_effect(layer, "ADBE Linear Wipe", {1: 70})
    square(comp, (0, 0, 1), "Child").parent = layer


def _adjusted(
    match_name: str, values: Values | None = None, *, size: tuple[int, int] = (96, 64), **settings: Any
) -> Callable[[Any, Any], None]:
    """A red square on green below an adjustment layer, a blue square of 10 px above it at 10, 10."""

    def make(_: Any, comp: Any) -> None:
        comp.add_solid([0, 1, 0], "Ground", 96, 64, 1.0)
        square(comp)
        layer = comp.add_solid([1, 1, 1], "Adjust", *size, 1.0)
        layer.adjustment_layer = True
        set_effect(layer, match_name, values or {})
        if "opacity" in settings:
            layer.transform["ADBE Opacity"].value = settings["opacity"]
        if "in_point" in settings:
            layer.in_point = settings["in_point"]
        top = comp.add_solid([0, 0, 1], "Top", 10, 10, 1.0)
        top.transform["ADBE Position"].value = [10, 10, 0]

    return make


def _adjusted_child(_: Any, comp: Any) -> None:
    """The parent of the square below lies above the adjustment layer."""
    below = square(comp)
    layer = comp.add_solid([1, 1, 1], "Adjust", 96, 64, 1.0)
    layer.adjustment_layer = True
    set_effect(layer, "ADBE Invert", {})
    null = comp.add_null(1.0)
    below.parent = null
    null.transform["ADBE Position"].value = [68, 32, 0]


def _cut(kind: str, match_name: str, values: Values) -> Callable[[Any, Any], None]:
    """A square of which a mask or a matte leaves the left half, with an effect."""

    def make(_: Any, comp: Any) -> None:
        layer = square(comp)
        if kind == "mask":
            mask = layer.masks.add_property("ADBE Mask Atom")
            mask["ADBE Mask Shape"].value = Shape(vertices=[[0, 0], [10, 0], [10, 20], [0, 20]], closed=True)
        else:
            matte = comp.add_solid([1, 1, 1], "Matte", 10, 20, 1.0)
            matte.transform["ADBE Position"].value = [43, 32, 0]
            layer.set_track_matte(matte, TrackMatteType.ALPHA)
        set_effect(layer, match_name, values)

    return make


EFFECT_FEATURES: tuple[Feature, ...] = (
    Feature(name="fill", make=on_solid("ADBE Fill", {2: [0, 0, 1, 1]}), shows=((48, 32, BLUE), (36, 32, WHITE))),
    Feature(name="fill, keyed", make=on_solid("ADBE Fill", {2: {0: [0, 0, 1, 1], 0.8: [0, 1, 0, 1]}}), frame=19.9, shows=((48, 32, GREEN),)),
    Feature(name="tint", make=on_solid("ADBE Tint", {1: [0, 0, 1, 1], 2: [0, 0, 1, 1]}), shows=((48, 32, BLUE),), named="engine.effect"),
    Feature(name="tritone", make=on_solid("ADBE Tritone", {1: [0, 0, 1, 1], 2: [0, 0, 1, 1], 3: [0, 0, 1, 1]}),
            shows=((48, 32, BLUE),), named="engine.effect"),
    Feature(name="drop shadow", make=on_solid("ADBE Drop Shadow", {2: 255, 3: 90, 4: 20}),
            shows=((48, 32, RED), (65, 32, _BLACK), (30, 32, WHITE)), named="engine.effect"),
    Feature(name="shadow of a nested composition", make=on_nested("ADBE Drop Shadow", {2: 255, 3: 90, 4: 20}),
            shows=((48, 32, RED), (65, 32, _BLACK)), named="engine.effect"),
    Feature(name="gaussian blur", make=on_solid("ADBE Gaussian Blur 2", {1: 10}), named="engine.effect", inked=False),
    Feature(name="box blur", make=on_solid("ADBE Box Blur2", {1: 3}), named="effect.ADBE Box Blur2"),
    Feature(name="fast blur", make=on_solid("ADBE Fast Blur", {1: 3}), named="engine.effect"),
    Feature(name="gradient ramp", make=on_solid("ADBE Ramp", {2: [1, 0, 0, 1], 4: [0, 0, 1, 1]}),
            shows=((48, 32, (121, 0, 134)), (48, 22, (249, 0, 6)), (48, 41, (6, 0, 249)), (36, 32, WHITE))),
    Feature(name="gradient ramp on a shape", make=on_shape("ADBE Ramp", {2: [1, 0, 0, 1], 4: [0, 0, 1, 1]}),
            shows=((48, 32, (128, 0, 128)), (48, 24, (157, 0, 98)), (36, 32, WHITE))),
    Feature(name="gradient ramp, radial", make=on_solid("ADBE Ramp", {1: [10, 10], 2: [1, 0, 0, 1], 3: [20, 10], 4: [0, 0, 1, 1], 5: 2}),
            shows=((48, 32, (237, 0, 18)), (53, 32, (114, 0, 140)))),
    Feature(name="gradient ramp, blended", make=on_solid("ADBE Ramp", {2: [0, 0, 1, 1], 4: [0, 0, 1, 1], 7: 50}), shows=((48, 32, (128, 0, 128)),)),
    Feature(name="gradient ramp, keyed", make=on_solid("ADBE Ramp", {2: {0: [0, 0, 1, 1], 0.8: [0, 1, 0, 1]}, 4: {0: [0, 0, 1, 1], 0.8: [0, 1, 0, 1]}}),
            frame=10, shows=((48, 32, (0, 128, 128)),)),
    Feature(name="gradient ramp, scattered", make=on_solid("ADBE Ramp", {6: 20}), named="ADBE Ramp-0006"),
    Feature(name="four colours", make=on_solid("ADBE 4ColorGradient", {1: [0, 0], 3: [20, 0], 5: [0, 20], 7: [20, 20]}),
            shows=((48, 32, (121, 121, 134)), (36, 32, WHITE)), named="effect.ADBE 4ColorGradient"),
    Feature(name="invert", make=on_solid("ADBE Invert"), shows=((48, 32, _CYAN),)),
    Feature(name="invert on a shape", make=on_shape("ADBE Invert"), shows=((48, 32, _CYAN),)),
    Feature(name="invert on a nested composition", make=on_nested("ADBE Invert"), shows=((48, 32, _CYAN), (36, 32, WHITE))),
    Feature(name="invert one channel", make=on_solid("ADBE Invert", {1: 3}), shows=((48, 32, _YELLOW),)),
    Feature(name="invert, keyed", make=on_solid("ADBE Invert", {2: {0: 100, 0.8: 0}}), frame=10, shows=((48, 32, _GREY),)),
    Feature(name="invert transparency", make=on_solid("ADBE Invert", {1: 16}), named="effect.ADBE Invert"),
    Feature(name="hue", make=on_solid("ADBE HUE SATURATION", {4: 120}), shows=((48, 32, GREEN),), named="effect.ADBE HUE SATURATION"),
    Feature(name="saturation", make=on_solid("ADBE HUE SATURATION", {5: -100}), shows=((48, 32, _GREY),), named="effect.ADBE HUE SATURATION"),
    Feature(name="lightness", make=on_solid("ADBE HUE SATURATION", {6: -100}), shows=((48, 32, _BLACK),), named="effect.ADBE HUE SATURATION"),
    Feature(name="colorize", make=on_solid("ADBE HUE SATURATION", {7: 1, 8: 240, 9: 100}, (0.5, 0.5, 0.5)),
            shows=((48, 32, BLUE),), named="effect.ADBE HUE SATURATION"),
    Feature(name="brightness", make=on_solid("ADBE Brightness & Contrast 2", {1: 51}, (0.4, 0.2, 0)),
            shows=((48, 32, (153, 102, 51)),), named="effect.ADBE Brightness"),
    Feature(name="levels", make=on_solid("ADBE Easy Levels2", {4: 0.5}, (0.25, 0.5, 0)), shows=((48, 32, (128, 255, 0)),)),
    Feature(name="levels, output", make=on_solid("ADBE Easy Levels2", {6: 0.5}), shows=((48, 32, (255, 128, 128)),)),
    Feature(name="levels, gamma", make=on_solid("ADBE Easy Levels2", {5: 2}, (0.25, 0, 1)), shows=((48, 32, (128, 0, 255)),)),
    Feature(name="exposure", make=on_solid("ADBE Exposure2", {3: -2.2}, (1, 1, 1)), shows=((48, 32, _GREY),)),
    Feature(name="black and white", make=on_solid("ADBE Black&White", {1: 50}), shows=((48, 32, _GREY),)),
    Feature(name="set matte", make=_set_matte(invert=False), shows=((48, 32, RED), (40, 32, WHITE))),
    Feature(name="set matte, inverted", make=_set_matte(invert=True), shows=((48, 32, WHITE), (40, 32, RED))),
    Feature(name="effect transform, moved", make=on_solid("ADBE Geometry2", {1: [10, 10], 2: [30, 10], 3: 50, 4: 50}),
            shows=((68, 32, RED), (60, 32, WHITE), (48, 32, WHITE))),
    Feature(name="effect transform on a shape", make=on_shape("ADBE Geometry2", {1: [48, 32], 2: [68, 32], 7: 45}),
            shows=((68, 20, RED), (59, 23, WHITE), (48, 32, WHITE))),
    Feature(name="effect transform, opacity", make=on_solid("ADBE Geometry2", {8: 50}), shows=((48, 32, (255, 128, 128)),)),
    Feature(name="linear wipe", make=on_solid("ADBE Linear Wipe", {1: 50}), shows=((43, 32, WHITE), (53, 32, RED))),
    Feature(name="linear wipe, upwards", make=on_solid("ADBE Linear Wipe", {1: 50, 2: 0}), shows=((48, 37, WHITE), (48, 27, RED))),
    Feature(name="linear wipe, keyed", make=on_solid("ADBE Linear Wipe", {1: {0: 0, 0.8: 100}}), frame=15, shows=((49, 32, WHITE), (56, 32, RED))),
    Feature(name="linear wipe, soft", make=on_solid("ADBE Linear Wipe", {1: 50, 3: 10}), shows=((40, 32, WHITE), (48, 32, (255, 121, 121)), (56, 32, RED))),
    Feature(name="linear wipe below a parent", make=_parented_wipe, shows=((60, 32, WHITE), (72, 32, RED), (48, 32, BLUE))),
    Feature(name="radial wipe", make=on_solid("ADBE Radial Wipe", {1: 25}), shows=((53, 27, WHITE), (43, 27, RED), (53, 37, RED))),
    Feature(name="radial wipe, the other way", make=on_solid("ADBE Radial Wipe", {1: 25, 4: 2}), shows=((43, 27, WHITE), (53, 27, RED))),
    Feature(name="radial wipe, keyed", make=on_solid("ADBE Radial Wipe", {1: {0: 0, 0.8: 100}}), frame=10,
            shows=((53, 27, WHITE), (53, 37, WHITE), (43, 27, RED))),
    Feature(name="venetian blinds", make=on_solid("ADBE Venetian Blinds", {1: 100}), shows=((48, 32, WHITE),), named="effect.ADBE Venetian Blinds"),
    Feature(name="glow", make=on_solid("ADBE Glo2", {3: 8}), shows=((48, 32, RED), (20, 32, WHITE)), named="effect.ADBE Glo2"),
    Feature(name="motion tile", make=on_solid("ADBE Tile", {4: 300, 5: 100}),
            shows=((48, 32, RED), (30, 32, RED), (66, 32, RED), (48, 50, WHITE), (16, 32, WHITE))),
    Feature(name="offset", make=on_solid("ADBE Offset", {1: [20, 10]}), shows=((48, 32, RED), (36, 32, WHITE), (60, 32, WHITE))),
    Feature(name="posterize time", make=on_nested("ADBE Posterize Time", {1: 5}), shows=((48, 32, RED),)),
    Feature(name="stroke without a mask", make=on_solid("ADBE Stroke"), named="engine.effect"),
    Feature(name="effect switched off", make=lambda _, comp: setattr(set_effect(square(comp), "ADBE Invert", {}), "enabled", False), shows=((48, 32, RED),)),
    Feature(name="adjusted, invert", make=_adjusted("ADBE Invert"), shows=((48, 32, _CYAN), (80, 50, (255, 0, 255)), (10, 10, BLUE))),
    Feature(name="adjusted, half", make=_adjusted("ADBE Invert", opacity=50), shows=((48, 32, _GREY), (10, 10, BLUE))),
    Feature(name="adjusted, small", make=_adjusted("ADBE Invert", size=(10, 10)), shows=((48, 32, _CYAN), (40, 32, RED), (10, 10, BLUE))),
    Feature(name="adjusted, before it begins", make=_adjusted("ADBE Invert", in_point=0.4), frame=5, shows=((48, 32, RED),)),
    Feature(name="adjusted, after it begins", make=_adjusted("ADBE Invert", in_point=0.4), frame=15, shows=((48, 32, _CYAN),)),
    Feature(name="adjusted, wiped", make=_adjusted("ADBE Linear Wipe", {1: 50}), shows=((45, 32, WHITE), (52, 32, RED))),
    Feature(name="adjusted, moved", make=_adjusted("ADBE Geometry2", {2: [68, 32]}), shows=((68, 32, RED), (50, 32, GREEN), (10, 50, WHITE))),
    Feature(name="adjusted below a parent", make=_adjusted_child, shows=((68, 32, _CYAN), (48, 32, WHITE))),
    Feature(name="adjusted, blur", make=_adjusted("ADBE Gaussian Blur 2", {1: 10}), named="engine.effect", shows=((10, 10, BLUE),)),
    Feature(name="mask before tint", make=_cut("mask", "ADBE Tint", {1: [0, 0, 1, 1], 2: [0, 0, 1, 1]}), named="engine",
            shows=((43, 32, BLUE), (53, 32, WHITE))),
    Feature(name="mask before shadow", make=_cut("mask", "ADBE Drop Shadow", {2: 255, 3: 90, 4: 5}), named="engine",
            shows=((43, 32, RED), (51, 32, _BLACK), (56, 32, WHITE))),
    Feature(name="matte after shadow", make=_cut("matte", "ADBE Drop Shadow", {2: 255, 3: 90, 4: 5}), named="engine", shows=((43, 32, RED), (51, 32, WHITE))),
    *(
        Feature(name=name, make=on_solid(name), named=f"effect.{name}")
        for name in (
            "ADBE Motion Blur", "ADBE Corner Pin", "ADBE Turbulent Displace", "ADBE Mosaic", "ADBE Echo", "ADBE Fractal Noise", "ADBE Simple Choker",
            "CC Particle World", "tc Particular",
        )
    ),
)  # fmt: skip
