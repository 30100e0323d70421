"""What the demo templates look like when drawn."""

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from flatrender.engine.raster.pool import WorkerPool
from flatrender.engine.resolve import resolve_scene
from flatrender.engine.scene import ResolvedScene
from flatrender.engine.template import Template

Picture = NDArray[np.int16]


def draw(pool: WorkerPool, scene: ResolvedScene, frame: int) -> Picture:
    width = 240 if scene.width >= scene.height else 135
    height = round(width * scene.height / scene.width)
    pixels = pool.draw(scene, frame, width=width, height=height, background=(255, 255, 255))
    return np.frombuffer(bytes(pixels), dtype=np.uint8).reshape(height, width, 4)[..., :3].astype(np.int16)


def test_scenes_cut_unseen_in_any_order(template: Template, pool: WorkerPool) -> None:
    """Each scene but an outro ends on the picture that each scene but an intro begins with."""
    for size in template.manifest.sizes:
        scenes = {s.key: resolve_scene(template, s.key, size=size.key) for s in template.manifest.scenes}
        kinds = {s.key: s.scene_type for s in template.manifest.scenes}
        lasts = {key: draw(pool, s, s.frames - 1) for key, s in scenes.items() if kinds[key] != "outro"}
        firsts = {key: draw(pool, s, 0) for key, s in scenes.items() if kinds[key] != "intro"}
        for before, last in lasts.items():
            for after, first in firsts.items():
                difference = np.abs(last - first).mean()
                assert difference < 1.0, f"{size.key}: {before} → {after} differ by {difference:.2f} of 255"


def test_no_scene_begins_or_ends_on_an_empty_frame(template: Template, pool: WorkerPool) -> None:
    for spec in template.manifest.scenes:
        scene = resolve_scene(template, spec.key)
        for frame in (0, scene.frames - 1):
            assert draw(pool, scene, frame).std(axis=(0, 1)).max() > 3, f"{spec.key} {frame}"


def test_a_film_can_stop_on_the_last_frame_of_its_outro(template: Template, pool: WorkerPool) -> None:
    spec = template.manifest.scenes[-1]
    assert spec.scene_type == "outro"
    scene = resolve_scene(template, spec.key)
    still = np.abs(draw(pool, scene, scene.frames - 1) - draw(pool, scene, scene.frames - 2)).mean()
    assert still < 2, "the last movement is not at rest"


def test_movement_has_no_jumps(template: Template, pool: WorkerPool) -> None:
    """Mean change from frame to frame, of 255: sweeps over the whole frame take several frames, all else is far calmer."""
    for spec in template.manifest.scenes:
        scene = resolve_scene(template, spec.key)
        pictures = [draw(pool, scene, frame) for frame in range(scene.frames)]
        steps = [float(np.abs(b - a).mean()) for a, b in itertools.pairwise(pictures)]
        between = steps[22:-22]
        assert max(steps) < 55, f"{spec.key}: {max(steps):.1f} at frame {int(np.argmax(steps))}"
        assert max(between) < 8, f"{spec.key}: {max(between):.1f} at frame {22 + int(np.argmax(between))}"
        assert sum(step > 0 for step in between) > 0.9 * len(between), f"{spec.key} stands still"


@pytest.mark.parametrize("locale", ["fa", "en"])
def test_what_people_choose_is_seen(templates: dict[str, Template], pool: WorkerPool, locale: str) -> None:
    """Each field of the sale and the promo changes its scene's best frame."""
    changed = {
        "text": "دگر سخن ۴۵",
        "textarea": "دگر سخن\nو باز",
        "color": "#00b050",
        "checkbox": False,
        "date": "2027-11-05",
        "image": "images/other",
    }
    for key in ("sale", "promo"):
        template = templates[key]
        for spec in template.manifest.scenes:
            for field in spec.fields:
                # A field that counts only beside another's value is changed beside that value.
                given = {condition.field: condition.equals for condition in field.visible_when}
                plain = draw(pool, resolve_scene(template, spec.key, locale=locale, values=given), spec.snapshot_frame)
                limits = field.constraints
                value = changed.get(field.type)
                assets = None
                if field.type in ("number", "slider"):
                    value = limits.max if field.default != limits.max else limits.min
                elif field.type == "dropdown":
                    value = limits.options[-1].key
                elif field.type == "image":
                    other = "images/detail.jpg" if key == "promo" else None
                    if other is None or field.default == other:
                        continue
                    value = other
                elif field.type == "text":
                    value = str(value)[: limits.max_length or 99]
                scene = resolve_scene(
                    template, spec.key, locale=locale, values=given | {field.key: value}, assets=assets
                )
                seen = np.abs(draw(pool, scene, spec.snapshot_frame) - plain).max()
                assert seen > 20, f"{key}.{spec.key}.{field.key}"
