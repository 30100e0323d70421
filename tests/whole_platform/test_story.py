"""The newcomer's story over HTTP: in one process, and with every service in a process of its own."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flatrender.engine.raster.pool import WorkerPool
from flatrender.engine.resolve import resolve_scene
from flatrender.engine.still import render_still
from flatrender.engine.template import load_template

from .apart import apart
from .films import difference, film_frames, sound_level, video_facts
from .running import Running
from .story import HEADLINE, picture, tell

pytestmark = pytest.mark.xdist_group("platform")
TEMPLATES = Path(__file__).resolve().parents[2] / "templates"


def drawn(document: dict[str, Any], number: int, frame: int, width: int) -> np.ndarray[Any, Any]:
    """Return what the engine draws for a frame of the document's scene, as RGB."""
    import io

    from PIL import Image

    scene = document["scenes"][number]
    template = load_template(TEMPLATES / "promo")
    fields = {
        field.key: field
        for described in template.scenes
        if described.key == scene["scene_key"]
        for field in described.fields
    }
    values = {key: "picture" if fields[key].type == "image" else value for key, value in scene["values"].items()}
    resolved = resolve_scene(
        template,
        scene["scene_key"],
        values=values,
        colors=document["palette"],
        locale="fa",
        assets={"picture": picture()},
    )
    with WorkerPool(workers=1) as pool:
        png = render_still(resolved, frame, width=width, height=round(width * 9 / 16), pool=pool)
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"), dtype=np.float64)


def check(told: dict[str, Any]) -> None:
    """Assert that the film is the document: every frame there, the right pictures at the right places, the music under it."""
    document, film = told["document"], told["film"]
    lengths = told["lengths"]
    facts = video_facts(film)
    assert facts["frames"] == sum(lengths)
    assert (facts["codec"], facts["height"], facts["fps"], facts["sound"]) == ("h264", 360, 30.0, ["aac"])
    starts = [sum(lengths[:number]) for number in range(len(lengths))]
    middles = {number: start + length // 2 for number, (start, length) in enumerate(zip(starts, lengths, strict=True))}
    frames = film_frames(film, set(middles.values()))
    for number, place in middles.items():
        expected = drawn(document, number, lengths[number] // 2, 320)
        assert difference(frames[place], expected) < 4, f"scene {number} is not what the engine draws"
    assert sound_level(film, 1.0, 2.0) > 0.01
    assert any(HEADLINE in str(scene["values"]) for scene in document["scenes"])
    assert told["notice"]["action_url"]


def test_a_newcomer_gets_a_film_from_the_platform_in_one_process(platform: Running, tmp_path: Path) -> None:
    check(tell(platform, tmp_path))


def test_a_newcomer_gets_the_same_film_when_every_service_runs_alone(tmp_path: Path) -> None:
    with apart(tmp_path / "var") as platform:
        check(tell(platform, tmp_path))
