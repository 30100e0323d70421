"""Layers whose own time runs slower, faster or backwards: their keys are played as After Effects plays them."""

from typing import Any

import numpy as np
import pytest
from py_aep import KeyframeEase
from py_aep.enums import KeyframeInterpolationType

from flatrender.aftereffects.convert import convert_composition
from flatrender.engine.lottie.sampling import sample

from .making import add_comp, new_project

STRETCHES = (50, 200, -100, -50)
BEZIER, HOLD = KeyframeInterpolationType.BEZIER, KeyframeInterpolationType.HOLD


def layer_with_keys(kind: Any) -> tuple[Any, Any]:
    comp = add_comp(new_project(), seconds=4)
    layer = comp.add_solid([1, 0, 0], "Square", 20, 20, 1.0)
    position, opacity = layer.transform["ADBE Position"], layer.transform["ADBE Opacity"]
    for seconds, x, percent in ((0.4, 10, 0), (0.8, 60, 100), (1.6, 30, 20)):
        position.set_value_at_time(seconds, [x, 32, 0])
        opacity.set_value_at_time(seconds, percent)
    for prop, speed in ((position, 90), (opacity, 150)):
        for key in prop.keyframes:
            key.in_interpolation_type = key.out_interpolation_type = kind
            if kind == BEZIER:
                key.in_temporal_ease = [KeyframeEase(speed, 40) for _ in key.in_temporal_ease]
                key.out_temporal_ease = [KeyframeEase(speed / 3, 70) for _ in key.out_temporal_ease]
    return comp, layer


@pytest.mark.parametrize("stretch", STRETCHES)
@pytest.mark.parametrize("kind", [BEZIER, HOLD], ids=["eased", "held"])
def test_keys_of_a_stretched_layer_are_played_as_after_effects_plays_them(stretch: int, kind: Any) -> None:
    comp, layer = layer_with_keys(kind)
    layer.stretch = stretch
    if stretch < 0:
        layer.start_time = 3.0
    converted = convert_composition(comp).lottie["layers"][0]["ks"]
    # A held value jumps at a frame; eases that leave the range of their values are written frame by frame.
    times = np.arange(0, 100) + (0.5 if kind == HOLD else 0.0)
    for name, place, size in (("ADBE Position", "p", 2), ("ADBE Opacity", "o", 1)):
        drawn = sample(converted[place], times, [0.0] * size)
        for at, values in zip(times, drawn, strict=True):
            truth = layer.transform[name].value_at_time(float(at) / 25)
            wanted = [truth] if size == 1 else truth[:2]
            assert values == pytest.approx(wanted, abs=0.35), (name, at)
