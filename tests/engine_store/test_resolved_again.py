"""A resolved scene is resolved once."""

import json
import shutil
from pathlib import Path

import pytest
from PIL import Image

from flatrender.engine.errors import EngineError
from flatrender.engine.resolve import resolve_scene
from flatrender.engine.resolve.kept import resolve_kept
from flatrender.engine.store import Store
from flatrender.engine.template import load_template

PROMO = Path(__file__).resolve().parents[2] / "templates" / "promo"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def test_a_scene_is_taken_from_the_store_as_it_was_resolved(store, monkeypatch):
    template = load_template(PROMO)
    options = {"values": {"headline": "سلام"}, "colors": {"background": "#102030"}, "locale": "fa"}
    first = resolve_kept(template, "opening", store, **options)
    assert first == resolve_scene(template, "opening", **options)
    monkeypatch.setattr("flatrender.engine.resolve.scene.resolve_scene", lambda *_, **__: pytest.fail("resolved again"))
    assert resolve_kept(load_template(PROMO), "opening", store, **options) == first


def test_any_difference_resolves_it_again(store, tmp_path, monkeypatch):
    picture = tmp_path / "a.png"
    Image.new("RGB", (300, 300), "red").save(picture)
    template = load_template(PROMO)

    def key(scene: str = "opening", **options) -> str:
        return resolve_kept(template, scene, store, **options).sha256

    keys = [
        key(),
        key("name"),
        key(values={"headline": "a"}),
        key(colors={"background": "#102030"}),
        key(locale="en"),
        key(frames=40),
        key(values={"hero": "a"}, assets={"a": picture}),
    ]
    Image.new("RGB", (300, 300), "blue").save(picture)
    keys.append(key(values={"hero": "a"}, assets={"a": picture}))
    assert len(set(keys)) == len(keys)
    assert store.use.hits == 0
    monkeypatch.setattr("flatrender.engine.resolve.kept.sources_version", lambda: "another")
    assert key() == keys[0]
    assert store.use.hits == 0


def test_a_changed_template_resolves_its_scenes_again(store, tmp_path):
    copy = tmp_path / "promo"
    shutil.copytree(PROMO, copy)
    before = resolve_kept(load_template(copy), "opening", store)
    manifest = json.loads((copy / "template.json").read_text("utf-8"))
    next(slot for slot in manifest["color_slots"] if slot["key"] == "background")["default"] = "#010203"
    for preset in manifest["presets"]:
        preset["colors"].pop("background", None)
    (copy / "template.json").write_text(json.dumps(manifest), "utf-8")
    assert resolve_kept(load_template(copy), "opening", store).sha256 != before.sha256


def test_a_font_that_was_installed_resolves_scenes_again(store, tmp_path, monkeypatch):
    fonts = tmp_path / "fonts"
    fonts.mkdir()
    monkeypatch.setenv("FLATRENDER_FONTS", str(fonts))
    template = load_template(PROMO)
    resolve_kept(template, "opening", store)
    resolve_kept(template, "opening", store)
    assert store.use.hits == 1
    (fonts / "new.ttf").write_bytes(b"font")
    resolve_kept(template, "opening", store)
    assert store.use.hits == 1


def test_errors_are_those_of_resolving(store):
    template = load_template(PROMO)
    for options in ({"values": {"nothing": 1}}, {"values": {"hero": "a"}, "assets": {"a": Path("absent.png")}}):
        with pytest.raises(EngineError) as kept:
            resolve_kept(template, "opening", store, **options)
        with pytest.raises(EngineError) as plain:
            resolve_scene(template, "opening", **options)
        assert (kept.value.code, str(kept.value)) == (plain.value.code, str(plain.value))


def test_a_store_that_holds_something_else_is_not_believed(store, monkeypatch):
    template = load_template(PROMO)
    first = resolve_kept(template, "opening", store)
    monkeypatch.setattr(store, "read", lambda _: b"no scene")
    assert resolve_kept(template, "opening", store) == first
