"""What the manifests and scenes of the demo templates promise."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from flatrender.engine.resolve import resolve_scene
from flatrender.engine.template import Template
from flatrender.engine.template.model import Field, Scene
from flatrender.engine.template.palette import palette

from .conftest import FOLDER

PERSIAN = range(0x0600, 0x0700)

# Which slots words are written in, and on which slots they stand.
WORDS_ON = {
    "opener": [("text", "background"), ("text", "surface"), ("background", "text")],
    "promo": [("text", "background"), ("text", "surface"), ("contrast", "primary"), ("primary", "contrast")],
    "quote": [("text", "background"), ("text", "shade"), ("muted", "background"), ("muted", "shade")],
    "sale": [
        ("text", "background"),
        ("contrast", "primary"),
        ("primary", "contrast"),
        ("ink", "accent"),
        ("background", "text"),
    ],
}


def objects(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from objects(value)
    elif isinstance(node, list):
        for value in node:
            yield from objects(value)


def layers(template: Template, scene: Scene, size: str) -> list[dict[str, Any]]:
    lottie = template.lottie(scene.key, size)
    return [*lottie["layers"], *(layer for asset in lottie["assets"] for layer in asset.get("layers", []))]


def every_field(template: Template) -> list[Field]:
    return [*template.manifest.fields, *(field for scene in template.manifest.scenes for field in scene.fields)]


def luminance(color: str) -> float:
    """Relative luminance, WCAG 2.2."""
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_every_binding_finds_its_layer_in_every_size(template: Template) -> None:
    for scene in template.manifest.scenes:
        for size in scene.files:
            names = {layer["nm"] for layer in layers(template, scene, size)}
            for field in scene.fields:
                assert field.bindings, f"{scene.key}.{field.key}"
                for binding in field.bindings:
                    switched = [name for group in binding.values.values() for name in group]
                    bound = {*binding.targets(), *(switched if binding.property == "switch" else ())}
                    assert bound, f"{scene.key}.{field.key}"
                    assert bound <= names, f"{scene.key}.{size}: {field.key} → {bound - names}"


def test_every_template_wide_field_is_bound_in_some_scene(template: Template) -> None:
    names = {
        layer["nm"]
        for scene in template.manifest.scenes
        for size in scene.files
        for layer in layers(template, scene, size)
    }
    for field in template.manifest.fields:
        assert all(binding.layer == "*" or binding.layer in names for binding in field.bindings), field.key


def test_every_layer_of_words_and_every_picture_can_be_changed(template: Template) -> None:
    for scene in template.manifest.scenes:
        fields = (*template.manifest.fields, *scene.fields)
        for size in scene.files:
            for layer in layers(template, scene, size):
                wanted = {5: "text", 2: "image"}.get(layer["ty"])
                bound = any(b.layer == layer["nm"] and b.property == wanted for field in fields for b in field.bindings)
                assert wanted is None or bound, f"{scene.key}.{size}: {layer['nm']}"


def test_point_text_has_a_widest_width_and_boxes_say_where_words_stand(template: Template) -> None:
    for scene in template.manifest.scenes:
        bindings = {b.layer: b for field in scene.fields for b in field.bindings if b.property == "text"}
        for size in scene.files:
            for layer in layers(template, scene, size):
                if layer["ty"] == 5:
                    binding = bindings[layer["nm"]]
                    boxed = "sz" in layer["t"]["d"]["k"][0]["s"]
                    assert (binding.valign == "middle") if boxed else binding.max_width, f"{scene.key}: {layer['nm']}"


def test_all_words_for_people_are_in_persian_and_english(template: Template) -> None:
    manifest = template.manifest
    fields = every_field(template)
    options = [option for field in fields for option in field.constraints.options]
    texts = [manifest.title, manifest.description]
    texts += [slot.label for slot in manifest.color_slots] + [preset.name for preset in manifest.presets]
    texts += [music.title for music in manifest.music] + [scene.title for scene in manifest.scenes]
    texts += [field.label for field in fields] + [option.label for option in options]
    texts += [field.default for field in fields if field.type in ("text", "textarea")]
    for text in texts:
        assert set(text) == {"fa", "en"}, text
        assert text["fa"].strip(), text
        assert text["en"].strip(), text
        assert not any(ord(c) in PERSIAN for c in text["en"]), text
    labels = [text["fa"] for text in texts if text["fa"] != text["en"]]
    assert sum(any(ord(c) in PERSIAN for c in label) for label in labels) > 0.9 * len(labels)


def test_every_slot_is_used_and_every_slot_id_is_a_slot(template: Template) -> None:
    used: set[str] = set()
    for scene in template.manifest.scenes:
        for size in scene.files:
            for node in objects(template.lottie(scene.key, size)):
                used |= {node["sid"]} if "sid" in node else set()
                used |= set(node.get("sids", {}).values())
    assert used == {slot.key for slot in template.manifest.color_slots}


def test_there_are_four_to_six_slots_and_three_presets_or_more_one_of_them_default(template: Template) -> None:
    manifest = template.manifest
    assert 4 <= len(manifest.color_slots) <= 6
    assert len(manifest.presets) >= 3
    assert [preset.is_default for preset in manifest.presets].count(True) == 1
    for preset in manifest.presets:
        assert set(preset.colors) == {slot.key for slot in manifest.color_slots if slot.derive is None}
        if preset.is_default:
            assert preset.colors == {slot.key: slot.default for slot in manifest.color_slots if slot.derive is None}


def test_words_stand_out_from_what_they_stand_on_in_every_preset(template: Template) -> None:
    for preset in template.manifest.presets:
        for words, ground in WORDS_ON[template.manifest.key]:
            ratio = contrast(preset.colors[words], preset.colors[ground])
            assert ratio >= 4.5, f"{preset.key}: {words} on {ground} has {ratio:.2f}"


@pytest.mark.parametrize("locale", ["fa", "en"])
def test_default_words_fit_as_designed_in_every_size(template: Template, locale: str) -> None:
    for scene in template.manifest.scenes:
        for size in scene.files:
            resolved = resolve_scene(template, scene.key, size=size, locale=locale)
            # The quote's series name is longer in English and is set smaller where the frame is narrow.
            warnings = [w for w in resolved.warnings if (w.code, w.field) != ("text_shrunk", "series")]
            assert warnings == [], f"{scene.key}.{size}"


def test_snapshot_and_length_are_within_the_scene(template: Template) -> None:
    for scene in template.manifest.scenes:
        assert 0 < scene.snapshot_frame < scene.duration_frames
        for size in template.manifest.sizes:
            lottie = template.lottie(scene.key, size.key)
            assert (lottie["w"], lottie["h"], lottie["fr"]) == (size.width, size.height, template.manifest.fps)
            assert lottie["op"] - lottie["ip"] == scene.duration_frames


def test_a_package_is_small(template: Template) -> None:
    folder = FOLDER / template.manifest.key
    assert sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) < 1_500_000


def test_every_file_of_a_package_is_used(template: Template) -> None:
    folder = FOLDER / template.manifest.key
    manifest = template.manifest
    named = {"template.json", *(music.file for music in manifest.music)}
    named |= {file for scene in manifest.scenes for file in scene.files.values()}
    named |= {field.default for field in every_field(template) if field.type == "image"}
    assert {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()} == named


def test_scenes_keep_to_what_the_renderer_draws_exactly(template: Template) -> None:
    for scene in template.manifest.scenes:
        for size in scene.files:
            for node in objects(template.lottie(scene.key, size)):
                assert node.get("ty") not in ("mm", "sr", "rp", "rd"), f"{scene.key}: shape {node.get('ty')}"
                assert "ef" not in node
                assert not isinstance(node.get("x"), str), f"{scene.key}: an expression"
                assert node.get("ddd", 0) == 0


def test_the_templates_together_use_every_type_of_field(templates: dict[str, Template]) -> None:
    types = {field.type for template in templates.values() for field in every_field(template)}
    assert types == {"text", "textarea", "image", "color", "number", "slider", "checkbox", "dropdown", "font", "date"}


def test_the_promo_is_450_frames_of_1080p_at_30_and_has_music_and_pictures(templates: dict[str, Template]) -> None:
    promo = templates["promo"].manifest
    assert sum(scene.duration_frames for scene in promo.scenes) == 450
    assert (promo.fps, promo.sizes[0].width, promo.sizes[0].height) == (30, 1920, 1080)
    assert promo.music
    assert sum(field.type == "image" for field in every_field(templates["promo"])) >= 6


def test_scene_counts_and_sizes_are_as_described(templates: dict[str, Template]) -> None:
    assert {key: len(t.manifest.scenes) for key, t in templates.items()} == {
        "opener": 4,
        "promo": 6,
        "quote": 3,
        "sale": 8,
    }
    assert [(s.width, s.height) for s in templates["quote"].manifest.sizes] == [
        (1920, 1080),
        (1080, 1920),
        (1080, 1080),
    ]


def test_prices_are_written_in_groups_with_the_locales_digits(templates: dict[str, Template]) -> None:
    from flatrender.engine.resolve.values import number_text

    price = next(field for field in every_field(templates["sale"]) if field.key == "new_price")
    assert number_text(price, 490000, "fa") == "۴۹۰٬۰۰۰"
    assert number_text(price, 490000, "en") == "490,000"
    percent = next(field for field in every_field(templates["sale"]) if field.key == "percent")
    assert number_text(percent, 50, "fa") == "۵۰٪"
    assert number_text(percent, 50, "en") == "50%"


def test_a_long_saying_is_shown_longer_and_its_ground_moves_on(templates: dict[str, Template]) -> None:
    quote = templates["quote"]
    lengths = {}
    for words in (4, 10, 30, 70):
        resolved = resolve_scene(quote, "saying", values={"quote": "دل " * words})
        lengths[words] = resolved.frames
        names = [layer["nm"] for layer in json.loads(resolved.lottie)["layers"]]
        assert (names == ["flatrender-scene", "flatrender-scene-2"]) == (words != 10)
    assert lengths == {4: 120, 10: 165, 30: 375, 70: 795}


def test_the_saying_has_two_layouts(templates: dict[str, Template]) -> None:
    hidden: dict[str, set[str]] = {}
    for layout in ("portrait", "words"):
        resolved = json.loads(resolve_scene(templates["quote"], "saying", values={"layout": layout}).lottie)
        hidden[layout] = {layer["nm"] for layer in resolved["layers"] if layer.get("hd")}
    assert hidden == {"portrait": {"Quote large", "Rule"}, "words": {"Quote", "Portrait", "Portrait ring"}}


@pytest.mark.parametrize(("locale", "day"), [("fa", "فقط تا\n۲۹ اسفند ۱۴۰۵"), ("en", "Only until\n20 March 2027")])
def test_a_deadline_is_told_as_a_date_of_the_language(templates: dict[str, Template], locale: str, day: str) -> None:
    dated = resolve_scene(templates["sale"], "deadline", values={"ends": "date"}, locale=locale)
    written = resolve_scene(templates["sale"], "deadline", values={"deadline": day}, locale=locale)
    assert dated.sha256 == written.sha256


def test_the_marks_colour_on_the_seal_follows_the_accent(templates: dict[str, Template]) -> None:
    def mark(**colors: str) -> str:
        chosen = palette(templates["quote"].color_slots, {"background": "#101010", "text": "#f0f0f0", **colors})
        return chosen["seal_mark"]

    assert (mark(accent="#ffee99"), mark(accent="#331100")) == ("#101010", "#f0f0f0")
