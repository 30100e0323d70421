"""What needs no buffer gets none, and looks the same without: blends on opaque ground, mattes that only crop."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from flatrender.engine.lottie.rewrite import rewrite_for_engine
from flatrender.engine.raster.pool import WorkerPool
from tests.engine_film.conftest import as_scene

from .building import (
    SIDE,
    bezier,
    ellipse,
    fill,
    group,
    mask,
    moving,
    place,
    precomp,
    rectangle,
    scene,
    shapes,
    solid,
    stroke,
)

Json = dict[str, Any]
RIDGED = group(rectangle(150, 120), fill([0.2, 0.4, 0.9]))
SCREENED = group(ellipse(80, 80), fill([0.7, 0.3, 0.1]))
MIDDLE = place(position=[SIDE / 2, SIDE / 2, 0])
TURNING = place(position=[SIDE / 2, SIDE / 2, 0], rotation=moving((0, 0), (60, 90)))


@pytest.fixture(scope="module")
def pool() -> Iterator[WorkerPool]:
    with WorkerPool(1) as one:
        yield one


def rewritten(lottie: Json) -> Json:
    made = copy.deepcopy(lottie)
    rewrite_for_engine(made)
    return made


def drawn(pool: WorkerPool, lottie: Json) -> list[NDArray[np.int16]]:
    found = as_scene(lottie, "ground")
    pictures = (pool.draw(found, at, width=400, height=400, background=(250, 240, 200)) for at in (0, 31, 59))
    return [np.frombuffer(picture, np.uint8).reshape(400, 400, 4).astype(np.int16) for picture in pictures]


def assert_same(pool: WorkerPool, one: Json, other: Json) -> None:
    for left, right in zip(drawn(pool, one), drawn(pool, other), strict=True):
        assert np.abs(left - right).mean() < 0.1
        assert left[..., :3].std() > 10


def on_ground(ground: Json, *above: Json, **blended: Any) -> Json:
    return scene(*above, shapes(SCREENED, transform=MIDDLE, bm=2, **blended), ground)


def test_what_blends_on_opaque_ground_gets_no_buffer_and_looks_the_same(pool, monkeypatch):
    for ground in (shapes(RIDGED, transform=MIDDLE), solid("#3355aa")):
        lottie = on_ground(ground)
        plain = rewritten(lottie)
        assert [layer["ty"] for layer in plain["layers"]] == [4, ground["ty"]]
        with monkeypatch.context() as patch:
            patch.setattr("flatrender.engine.lottie.rewrite.blends._all_on_ground", lambda *_: False)
            buffered = rewritten(lottie)
        assert [layer["ty"] for layer in buffered["layers"]] == [0]
        assert_same(pool, plain, buffered)


@pytest.mark.parametrize(
    "ground",
    [
        shapes(group(rectangle(70, 70), fill()), transform=MIDDLE),
        shapes(group(ellipse(190, 190), fill()), transform=MIDDLE),
        shapes(group(rectangle(150, 120, r=20), fill()), transform=MIDDLE),
        shapes(RIDGED, transform=TURNING),
        shapes(RIDGED, transform=MIDDLE, op=30),
        shapes(group(rectangle(150, 120), fill(opacity=90)), transform=MIDDLE),
        shapes(RIDGED, transform=place(position=[SIDE / 2, SIDE / 2, 0], opacity=90)),
        shapes(group(rectangle(150, 120), fill(), opacity=50), transform=MIDDLE),
        shapes(RIDGED, transform=MIDDLE, masksProperties=[mask(bezier((-9, -9), (9, -9), (9, 9)))], hasMask=True),
        shapes(RIDGED, transform=MIDDLE, hd=True),
    ],
    ids=["small", "round", "rounded", "turning", "short", "thin-fill", "thin-layer", "thin-group", "masked", "hidden"],
)
def test_what_blends_elsewhere_gets_a_buffer(ground):
    assert [layer["ty"] for layer in rewritten(on_ground(ground))["layers"]] == [0]


def test_ground_above_what_blends_is_none_and_moving_blends_need_ground_everywhere():
    ground = shapes(RIDGED, transform=MIDDLE)
    upside_down = scene(ground, shapes(SCREENED, transform=MIDDLE, bm=2))
    assert [layer["ty"] for layer in rewritten(upside_down)["layers"]] == [0]
    moving_over = scene(shapes(SCREENED, transform=TURNING, bm=2), ground)
    assert [layer["ty"] for layer in rewritten(moving_over)["layers"]] == [0]
    everywhere = scene(shapes(SCREENED, transform=TURNING, bm=2), solid("#3355aa"))
    assert [layer["ty"] for layer in rewritten(everywhere)["layers"]] == [4, 1]


def matted(source: Json, **more: Any) -> Json:
    inner = {"id": "inner", "layers": [shapes(SCREENED, transform=MIDDLE, bm=1), shapes(RIDGED, transform=TURNING)]}
    layer = precomp("inner", tt=1, **more)
    return scene(source, layer, solid("#ddeeff"), assets=[inner])


CROP = shapes(group(rectangle(90, 60), fill()), transform=MIDDLE, td=1)


def test_a_matte_that_only_crops_becomes_a_mask_and_looks_the_same(pool, monkeypatch):
    lottie = matted(CROP)
    cropped = rewritten(lottie)
    assert not any(layer.get("tt") for layer in cropped["layers"])
    assert len(cropped["layers"]) == 3
    with monkeypatch.context() as patch:
        patch.setattr("flatrender.engine.lottie.rewrite.run.crop_instead_of_matting", lambda *_: None)
        original = rewritten(lottie)
    assert original["layers"][1]["tt"] == 1
    assert_same(pool, cropped, original)


@pytest.mark.parametrize(
    "lottie",
    [
        matted(shapes(group(ellipse(90, 60), fill()), transform=MIDDLE, td=1)),
        matted(shapes(group(rectangle(90, 60), fill()), transform=TURNING, td=1)),
        matted(shapes(group(rectangle(90, 60), fill(), stroke()), transform=MIDDLE, td=1)),
        matted(shapes(group(rectangle(90, 60), fill()), SCREENED, transform=MIDDLE, td=1)),
        matted(shapes(group(rectangle(90, 60), fill(opacity=50)), transform=MIDDLE, td=1)),
        matted(CROP, bm=1),
        matted(CROP, parent=3, ind=2),
    ],
    ids=["round", "turning", "stroked", "two", "thin", "blended", "parented"],
)
def test_any_other_matte_stays_one(lottie):
    assert any(layer.get("tt") == 1 for layer in rewritten(lottie)["layers"])
