"""A segment is looked at before it is handed in: the right frames pass, another scene's or blank ones do not."""

from pathlib import Path

import pytest

from flatrender.engine.errors import RenderError
from flatrender.engine.film.expect import expect_segment
from flatrender.engine.film.segments import render_segment
from flatrender.engine.film.settings import FilmSettings
from flatrender.engine.probe import check_pictures
from flatrender.engine.raster.pool import WorkerPool

from .conftest import as_scene, numbered

SETTINGS = FilmSettings(width=192, height=108, fps=30)


def test_a_segment_from_the_middle_of_a_scene_passes_and_another_range_does_not(tmp_path: Path) -> None:
    scene = as_scene(numbered(40), "film")
    with WorkerPool(workers=1) as pool:
        render_segment(scene, 10, 29, SETTINGS, tmp_path / "segment", pool=pool, threads=1)
        check_pictures(tmp_path / "segment", expect_segment(scene, 10, 29, SETTINGS, pool))
        with pytest.raises(RenderError) as wrong:
            check_pictures(tmp_path / "segment", expect_segment(scene, 10, 30, SETTINGS, pool))
        with pytest.raises(RenderError) as other:
            check_pictures(
                tmp_path / "segment", expect_segment(as_scene(numbered(40, base=2720), "other"), 10, 29, SETTINGS, pool)
            )
    assert (wrong.value.code, other.value.code) == ("film_check_failed", "film_check_failed")
