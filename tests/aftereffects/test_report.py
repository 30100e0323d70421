"""A feature is drawn right or named in the report: nothing is left out in silence."""

import numpy as np
import pytest

from flatrender.aftereffects.convert import convert_composition
from flatrender.engine.raster.pool import WorkerPool

from .drawing import first_frame
from .features import FEATURES, Feature, blend_features, built
from .features_edges import EDGE_FEATURES
from .features_effects import EFFECT_FEATURES

_NEAR = 6
"""Steps of 255 by which a drawn colour may differ."""


_ALL = (*FEATURES, *EFFECT_FEATURES, *EDGE_FEATURES, *blend_features())


@pytest.mark.parametrize("feature", _ALL, ids=[feature.name for feature in _ALL])
def test_a_feature_is_drawn_right_or_named(feature: Feature, pool: WorkerPool) -> None:
    comp = built(feature)
    findings = convert_composition(comp).findings
    if feature.named:
        assert any(feature.named in finding.feature for finding in findings), findings
    else:
        assert feature.shows or feature.inked
        assert not [finding for finding in findings if finding.verdict == "not_drawn"]
    if feature.shows:
        picture = first_frame(pool, comp, feature.frame).astype(int)
        for x, y, color in feature.shows:
            assert np.abs(picture[y, x] - color).max() <= _NEAR, (x, y, picture[y, x])
    if feature.inked:
        assert first_frame(pool, comp, feature.frame).min() < 64


def test_at_least_120_features_are_tried() -> None:
    names = [feature.name for feature in _ALL]
    assert len(names) == len(set(names))
    assert len(names) >= 120
