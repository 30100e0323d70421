"""A scene that follows a clip lasts as long as the clip, which plays on while the scene waits."""

import json
from pathlib import Path
from typing import Any

from flatrender.engine.raster.pool import WorkerPool
from flatrender.engine.resolve import resolve_scene
from flatrender.engine.template import load_template

from .making import HEIGHT, WIDTH, numbered_film
from .test_clips import image_layer, numbers


def test_a_scene_lasts_until_its_clip_ends_and_shows_every_frame_of_it(pool: WorkerPool, tmp_path: Path) -> None:
    clip = numbered_film(tmp_path / "clip.mp4", 100)
    lottie = {
        "v": "5.7.0", "fr": 30, "ip": 0, "op": 60, "w": WIDTH, "h": HEIGHT, "layers": [{**image_layer(), "ind": 1}],
        "assets": [{"id": "picture", "w": WIDTH, "h": HEIGHT, "u": "", "p": "", "e": 0}],
    }  # fmt: skip
    field = {
        "key": "media",
        "type": "image",
        "label": {"en": "M"},
        "bindings": [{"layer": "clip", "property": "image"}],
    }
    duration: dict[str, Any] = {"mode": "follow_clip", "padding_seconds": 0.5, "max_frames": 200}
    manifest = {
        "format": "flatrender-template/1", "key": "test", "title": {"en": "Test"}, "fps": 30,
        "sizes": [{"key": "16x9", "width": WIDTH, "height": HEIGHT}],
        "scenes": [{"key": "one", "files": {"16x9": "one.json"}, "duration_frames": 60, "snapshot_frame": 30, "fields": [field], "duration": duration}],
    }  # fmt: skip
    folder = tmp_path / "template"
    folder.mkdir()
    (folder / "template.json").write_text(json.dumps(manifest))
    (folder / "one.json").write_text(json.dumps(lottie))
    template = load_template(folder)
    value = {"asset": "a", "fit": "fill"}
    resolved = resolve_scene(template, "one", values={"media": value}, assets={"a": clip})
    assert resolved.frames == 115
    assert numbers(pool, resolved, [0, 29, 31, 59, 61, 99]) == [0, 29, 31, 59, 61, 99]
    faster = resolve_scene(template, "one", values={"media": {**value, "clip": {"speed": 2}}}, assets={"a": clip})
    assert faster.frames == 65
    assert resolve_scene(template, "one").frames == 60
