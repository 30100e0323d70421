"""What a text document and a field ask of a text: size, spacing, capitals, digits, fonts, emoji, strokes."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flatrender.engine.resolve import resolve_scene
from flatrender.engine.scene import ResolvedScene
from flatrender.engine.template import load_template
from flatrender.engine.text.emoji import emoji_spans
from flatrender.engine.text.fonts import FontFile, FontLibrary, engine_emoji
from flatrender.engine.text.installed import FOLDERS_VARIABLE
from flatrender.engine.text.layout import Box, Layout, TextStyle, lay_out, with_digits
from flatrender.engine.text.outlines import transform, unite
from flatrender.engine.text.shape import TATWEEL

from .conftest import Draw, ink
from .making import encoded, field, lottie, package, solid, text_layer, zipped

LIBRARY = FontLibrary()
DATA = Path(__file__).parents[2] / "src/flatrender/engine/text/data"


def style(**changes: Any) -> TextStyle:
    chain = LIBRARY.chain(LIBRARY.default("Bold"))
    return TextStyle(**{"chain": chain, "size": 50.0, "line_height": 70.0, **changes})


def width(layout: Layout) -> float:
    return max(line.width for line in layout.lines) * layout.size


def glyphs(layout: Layout) -> list[Any]:
    return [glyph for line in layout.lines for item in line.items for glyph in item.cluster.glyphs]


def resolved(
    value: str, document: dict[str, Any], binding: dict[str, Any] | None = None, **constraints: Any
) -> ResolvedScene:
    layer = text_layer("T", "x", 300, 170, **document)
    bound = [{"layer": "T", "property": "text", **(binding or {})}]
    files = package(
        lottie([layer, solid("Ground", "#ffffff")]), [field("t", "textarea", bound, constraints=constraints)]
    )
    return resolve_scene(load_template(zipped(files)), "one", values={"t": value})


def plain(document: dict[str, Any]) -> ResolvedScene:
    source = lottie([text_layer(**document), solid("Ground", "#ffffff")])
    return resolve_scene(load_template(encoded(source), name="plain.json"), "main")


# --- size -------------------------------------------------------------------------------------------------------------------------------


def test_a_short_text_grows_until_it_fills_its_box() -> None:
    layout = lay_out("سلام", style(box=Box(0, 0, 400, 200), max_size=300))
    assert 50 < layout.size <= 300
    assert width(layout) <= 400 * 1.001
    larger = lay_out("سلام", style(box=Box(0, 0, 400, 200), size=layout.size * 1.03, min_size=1))
    assert larger.shrunk, "it could have grown further"


def test_a_text_grows_no_further_than_its_greatest_size() -> None:
    assert lay_out("سلام", style(box=Box(0, 0, 4000, 2000), max_size=80)).size == 80
    assert lay_out("سلام", style(max_width=4000, max_size=90)).size == 90
    assert lay_out("سلام", style(max_size=90)).size == 50, "nothing bounds it, so nothing is to be filled"


def test_a_fields_bounds_hold_in_the_scene() -> None:
    box = {"sz": [500, 300], "ps": [-250, -150]}
    grown = json.loads(resolved("نو", box, max_font_size=120).lottie)["layers"][0]["t"]["d"]["k"][0]["s"]
    kept = resolved("جمله‌ای بسیار بلند " * 12, box, min_font_size=50)
    assert grown["s"] == 120
    assert [warning.code for warning in kept.warnings] == ["text_overflow"]


@pytest.mark.parametrize(("valign", "place"), [("top", 0), ("middle", 1), ("bottom", 2)])
def test_a_box_places_its_lines_at_its_top_middle_or_bottom(valign: str, place: int, draw: Draw) -> None:
    box = {"sz": [560, 300], "ps": [-280, -150], "s": 40, "lh": 50, "j": 2}
    _, top, _, bottom = ink(draw(resolved("یک\nدو", box, {"valign": valign})))
    by_number = ink(draw(resolved("یک\nدو", {**box, "vj": place})))
    assert (by_number[1], by_number[3]) == (top, bottom)
    above, below = top - 20, 320 - bottom
    assert {0: above < 30 < below, 1: abs(above - below) < 25, 2: below < 30 < above}[place]


# --- spacing ----------------------------------------------------------------------------------------------------------------------------


def test_kashida_spacing_lengthens_the_strokes_between_joined_letters() -> None:
    tight, wide = lay_out("سلیم", style(kashida=True)), lay_out("سلیم", style(kashida=True, tracking=200))
    bars = [glyph for glyph in glyphs(wide) if glyph.id == glyph.face.glyph(TATWEEL)]
    assert len(bars) == 3
    assert width(wide) - width(tight) == pytest.approx(4 * 0.2 * 50, abs=0.1)
    assert width(lay_out("سلیم", style(tracking=200))) == pytest.approx(width(tight))


def test_a_line_with_kashida_has_no_gap_in_its_words(draw: Draw) -> None:
    document = {"s": 60, "lh": 90, "j": 2, "tr": 300}
    pixels = draw(resolved("سلیم", document, letter_spacing="kashida"))
    left, _, right, _ = ink(pixels)
    columns = (pixels[:, left:right].mean(axis=2) < 128).any(axis=0)
    assert columns.all(), "the word is one stroke of the pen"
    tight = ink(draw(resolved("سلیم", {**document, "tr": 0})))
    assert right - left > 40 + tight[2] - tight[0]


def test_justified_lines_with_kashida_fill_the_box_by_longer_strokes() -> None:
    text = "یک متن بلند پارسی که باید در چند خط شکسته شود و بماند"
    plain_lines = lay_out(text, style(box=Box(0, 0, 400, 2000), justify="justify_right"))
    with_bars = lay_out(text, style(box=Box(0, 0, 400, 2000), justify="justify_right", kashida=True))
    for line in with_bars.lines[:-1]:
        assert line.width * with_bars.size == pytest.approx(400)
    spaces = [max(item.advance for item in layout.lines[0].items if item.space) for layout in (plain_lines, with_bars)]
    assert spaces[1] < spaces[0]
    assert len(glyphs(with_bars)) > len(glyphs(plain_lines))


@pytest.mark.parametrize(
    ("number", "last"),
    [(3, "left"), (4, "right"), (5, "center"), (6, "full")],
)
def test_a_justified_text_sets_its_last_line_as_lottie_numbers_it(number: int, last: str, draw: Draw) -> None:
    text = "Words that are set in lines of one length"
    document = {"sz": [400, 300], "ps": [-200, -150], "s": 36, "lh": 50, "j": number}
    pixels = draw(resolved(text, document, {"direction": "ltr"}))
    left, top, right, bottom = ink(pixels)
    assert (left, right) == pytest.approx((100, 500), abs=5)
    low_left, _, low_right, _ = ink(pixels[bottom - 20 : bottom])
    ends = {"left": (100, None), "right": (None, 500), "center": None, "full": (100, 500)}[last]
    if ends is None:
        assert (low_left + low_right) / 2 == pytest.approx(300, abs=6)
    else:
        assert ends[0] is None or low_left == pytest.approx(ends[0], abs=6)
        assert ends[1] is None or low_right == pytest.approx(ends[1], abs=6)
    assert bottom - top > 60


# --- letters ----------------------------------------------------------------------------------------------------------------------------


def test_small_capitals_come_from_the_font_where_it_has_them() -> None:
    small = lay_out("Abc", style(caps="small"))
    names = [glyph.face.hb.glyph_to_string(glyph.id) for glyph in glyphs(small)]
    assert names == ["A", "B.smcp", "C.smcp"]
    assert [glyph.height for glyph in glyphs(small)] == [1.0, 1.0, 1.0]


def test_small_capitals_are_capitals_at_a_smaller_size_where_the_font_has_none() -> None:
    greek = FontFile((DATA / "NotoSans-Greek[wght].ttf").read_bytes(), "greek.ttf").at(400)
    small, large = lay_out("Αβγ", style(chain=(greek,), caps="small")), lay_out("ΑΒΓ", style(chain=(greek,)))
    assert [glyph.id for glyph in glyphs(small)] == [glyph.id for glyph in glyphs(large)]
    assert [glyph.height for glyph in glyphs(small)] == [1.0, 0.8, 0.8]
    assert width(small) < width(large)


def test_all_capitals_follow_the_language() -> None:
    def shown(language: str) -> list[int]:
        return [glyph.id for glyph in glyphs(lay_out("iß", style(caps="all", language=language)))]

    def written(text: str) -> list[int]:
        return [glyph.id for glyph in glyphs(lay_out(text, style(language="en")))]

    assert shown("en") == written("ISS")
    assert shown("tr") == written("İSS")


@pytest.mark.parametrize(("kind", "digits"), [("fa", "۱۲۳"), ("ar", "١٢٣"), ("latin", "123"), ("as_written", "1۲٣")])
def test_digits_are_written_as_the_field_asks(kind: Any, digits: str) -> None:
    assert with_digits("سال 1۲٣", kind) == f"سال {digits}"
    assert resolved("1۲٣", {}, digits=kind).lottie == resolved(digits, {}).lottie


def test_a_return_and_an_end_of_text_character_break_lines_as_a_line_feed_does() -> None:
    scenes = {resolved(f"یک{end}دو", {}).sha256 for end in ("\r", "\n", "\r\n", "\x03")} - {""}
    assert len(scenes) == 1


def test_a_baseline_shift_raises_a_text_in_every_form(draw: Draw) -> None:
    for more in ({}, {"sw": 2, "sc": [0, 0, 0]}):
        low = ink(draw(resolved("سلام", {"j": 2, **more})))
        high = ink(draw(resolved("سلام", {"j": 2, "ls": 40, **more})))
        assert low[1] - high[1] == pytest.approx(40, abs=1)


# --- outlines ---------------------------------------------------------------------------------------------------------------------------


def test_joined_letters_share_one_outline() -> None:
    square = (((0.0, 0.0), (0, 0, 10, 0, 10, 0), (10, 0, 10, 10, 10, 10), (10, 10, 0, 10, 0, 10), (0, 10, 0, 0, 0, 0)),)
    both = unite((*square, *transform(square, (1, 0, 0, 1, 5, 0))))
    assert len(both) == 1
    points = np.array([point[-2:] for point in both[0]])
    assert (points.min(axis=0).tolist(), points.max(axis=0).tolist()) == ([0, 0], [15, 10])


def test_a_translucent_persian_word_has_one_tone(draw: Draw) -> None:
    source = lottie([text_layer("T", "نمایش", 560, 220, j=1, s=160), solid("Ground", "#ffffff")])
    source["layers"][0]["ks"]["o"] = {"a": 0, "k": 40}
    template = load_template(encoded(source), name="plain.json")
    pixels = draw(resolve_scene(template, "main"))
    tones = pixels[pixels.mean(axis=2) < 250].mean(axis=1)
    assert tones.min() == pytest.approx(255 * 0.6, abs=2), "where letters overlap it is not darker"


def test_a_stroke_runs_round_the_word_and_not_through_it(draw: Draw) -> None:
    document = {
        "name": "T",
        "text": "سسس",
        "x": 560,
        "y": 220,
        "j": 1,
        "s": 160,
        "fc": [1, 1, 1],
        "sc": [1, 0, 0],
        "sw": 4,
    }
    pixels = draw(plain(document))
    red = (pixels[..., 0] > 200) & (pixels[..., 1] < 90)
    scene = json.loads(plain(document).lottie)
    assert scene["layers"][0]["ty"] == 4
    # Along the base line's stroke of the pen red is met at the word's two ends at most, once at each.
    rows = [np.flatnonzero(np.diff(row.astype(int)) == 1).size for row in red]
    outline = [item for item in scene["layers"][0]["shapes"][0]["it"] if item["ty"] == "sh"]
    assert max(rows) > 0
    assert len(outline) == 1


@pytest.mark.parametrize(("over", "order"), [(True, ["st", "fl"]), (False, ["fl", "st"])])
def test_a_stroke_lies_over_or_under_the_fill_as_the_document_says(over: bool, order: list[str]) -> None:
    scene = json.loads(plain({"name": "T", "text": "Aa", "sc": [1, 0, 0], "sw": 4, "of": over}).lottie)
    kinds = [item["ty"] for item in scene["layers"][0]["shapes"][0]["it"]]
    assert [kind for kind in kinds if kind in ("fl", "st")] == order


# --- emoji and fonts --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("😀", 1),
        ("👨‍👩‍👧", 1),
        ("👍🏽", 1),
        ("🇮🇷🇩🇪", 2),
        ("❤️", 1),
        ("❤", 0),
        ("1️⃣", 1),
        ("123", 0),
        ("☎\ufe0e", 0),
        ("سلام ✨ دنیا", 1),
        ("🏴󠁧󠁢󠁥󠁮󠁧󠁿", 1),
    ],
)
def test_an_emoji_sequence_is_one_picture(text: str, count: int) -> None:
    assert len(emoji_spans(text)) == count
    pictures = [glyph for glyph in glyphs(lay_out(text, style())) if glyph.face.painted(glyph.id)]
    assert len(pictures) == count
    assert lay_out(text, style()).missing == ""


@pytest.mark.parametrize("text", ["سلام 😀", "Hello 😀"])
def test_an_emoji_is_drawn_in_its_colours_beside_the_letters(text: str, draw: Draw) -> None:
    pixels = draw(plain({"name": "T", "text": text, "x": 300, "y": 200, "j": 2, "s": 80, "fc": [0, 0, 1]}))
    yellow = (pixels[..., 0] > 230) & (pixels[..., 1] > 180) & (pixels[..., 2] < 120)
    blue = (pixels[..., 2] > 200) & (pixels[..., 0] < 60)
    assert yellow.sum() > 1500
    assert blue.sum() > 500
    first = np.flatnonzero(yellow.any(axis=0)).mean() < np.flatnonzero(blue.any(axis=0)).mean()
    assert first == (text[0] == "س"), "it stands at the line's end"


def test_an_emoji_takes_the_layers_opacity_as_a_whole(draw: Draw) -> None:
    source = lottie([text_layer("T", "😀", 300, 250, j=2, s=200), solid("Ground", "#ffffff")])
    source["layers"][0]["ks"]["o"] = {"a": 0, "k": 50}
    faint = draw(resolve_scene(load_template(encoded(source), name="plain.json"), "main"))
    full = draw(plain({"name": "T", "text": "😀", "x": 300, "y": 250, "j": 2, "s": 200}))
    assert np.abs(faint - (full + 255) / 2).max() <= 3


def test_the_emoji_font_covers_what_people_write() -> None:
    face = engine_emoji().at(400)
    assert all(face.glyph(code) for code in (*range(0x1F600, 0x1F645), 0x2764, 0x1F680, 0x1FAE0, 0x1F1E6))


@pytest.mark.parametrize(
    "text", ["سلام", "اُردو پاکستان ٹھیک", "עברית", "Łódź", "Привет", "Καλημέρα", "हिन्दी", "ภาษาไทย", "→ ✓ ★ ∞"]
)
def test_the_engine_alone_has_glyphs_for_these_scripts(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flatrender.engine.text.shape.installed_face", lambda *_: None)
    assert lay_out(text, style()).missing == ""


def test_fonts_of_a_folder_serve_what_no_other_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flatrender.engine.text.installed._NOTO", ())
    text = "\u0905"  # Devanagari, from the folder's copy: the chain below has Persian alone
    alone = style(chain=(LIBRARY.default("Bold"),), language="hi")
    assert lay_out(text, alone).missing == text
    (tmp_path / "b.ttf").write_bytes((DATA / "NotoSansDevanagari[wght].ttf").read_bytes())
    (tmp_path / "a.ttf").write_bytes(b"no font")
    monkeypatch.setenv(FOLDERS_VARIABLE, str(tmp_path))
    found = lay_out(text, style(chain=(LIBRARY.default("Bold"),), language="mr"))
    assert found.missing == ""
    assert [glyph.face.file.name for glyph in glyphs(found)] == ["b.ttf"]


def test_a_templates_own_colour_font_goes_before_the_engines() -> None:
    own = FontFile((DATA / "TwemojiMozilla.ttf").read_bytes() + b"\0", "own.ttf", "Own")
    library = FontLibrary([own])
    layout = lay_out("😀", style(chain=library.chain(library.default())))
    assert [glyph.face.file.name for glyph in glyphs(layout)] == ["own.ttf"]
