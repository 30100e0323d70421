"""Text: shaped as HarfBuzz shapes it, ordered as UAX #9 says, broken as UAX #14 says, fitted into its box."""

import random
import re
import shutil
import subprocess
from importlib import resources

import pytest
from bidi import get_display

from flatrender.engine.text import bidi
from flatrender.engine.text.fonts import FontLibrary, weight_of_style
from flatrender.engine.text.layout import Box, Layout, TextStyle, lay_out
from flatrender.engine.text.lines import break_opportunities, fill_lines

FONT = resources.files("flatrender.engine.text") / "data" / "Vazirmatn[wght].ttf"
HB_SHAPE = shutil.which("hb-shape")
LIBRARY = FontLibrary()


def style(**changes: object) -> TextStyle:
    face = LIBRARY.find("Vazirmatn", "Bold")
    assert face is not None
    base = {"chain": LIBRARY.chain(face), "size": 50.0, "line_height": 70.0}
    return TextStyle(**{**base, **changes})  # type: ignore[arg-type]


def glyph_places(layout: Layout) -> list[tuple[int, float, float]]:
    """Inked glyphs of one line: id, x and y in font units."""
    (line,) = layout.lines
    out, pen = [], 0.0
    for item in line.items:
        out += [(g.id, (pen + g.x) * g.face.upem, g.y * g.face.upem) for g in item.cluster.glyphs]
        pen += item.advance
    return out


def hb_shape(text: str, direction: str, script: str) -> tuple[list[tuple[int, float, float]], float]:
    """What HarfBuzz's own program gives: glyph id, x, y and the whole advance, in font units."""
    assert HB_SHAPE is not None
    command = [
        HB_SHAPE, f"--font-file={FONT}", "--variations=wght=700", f"--direction={direction}", f"--script={script}",
        "--language=fa", "--no-glyph-names", "--no-clusters", f"--text={text}",
    ]  # fmt: skip
    shaped = subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout.strip()
    out, pen = [], 0.0
    for glyph in shaped.strip("[]").split("|"):
        match = re.fullmatch(r"(\d+)(?:@(-?\d+),(-?\d+))?\+(-?\d+)(?:,-?\d+)?", glyph)
        assert match, glyph
        out.append((int(match[1]), pen + int(match[2] or 0), float(match[3] or 0)))
        pen += int(match[4])
    return out, pen


RTL, LTR = "rtl", "ltr"
# Each text with its runs in visual order, left to right, as UAX #9 orders them (written out by hand).
SHAPED = [
    ("سلام", [("سلام", RTL, "Arab")]),
    ("ساخت پیش‌نمایش صحنه‌ها", [("ساخت پیش‌نمایش صحنه‌ها", RTL, "Arab")]),
    ("فروش ویژه", [("فروش ویژه", RTL, "Arab")]),
    ("می‌خواهم", [("می‌خواهم", RTL, "Arab")]),
    ("لا إله", [("لا إله", RTL, "Arab")]),
    ("مُحَمَّد", [("مُحَمَّد", RTL, "Arab")]),
    ("دربارهٔ ما", [("دربارهٔ ما", RTL, "Arab")]),
    ("گچپژک", [("گچپژک", RTL, "Arab")]),
    ("۱۲۳۴۵۶۷۸۹۰", [("۱۲۳۴۵۶۷۸۹۰", LTR, "Latn")]),
    ("«نقل قول»", [("«نقل قول»", RTL, "Arab")]),
    ("(سلام)", [("(سلام)", RTL, "Arab")]),
    ("چرا؟ بله!", [("چرا؟ بله!", RTL, "Arab")]),
    ("AVATAR To Wave", [("AVATAR To Wave", LTR, "Latn")]),
    ("office affine", [("office affine", LTR, "Latn")]),
    ("naïve café", [("naïve café", LTR, "Latn")]),
    ("قیمت ۱۲۰۰ تومان", [(" تومان", RTL, "Arab"), ("۱۲۰۰", LTR, "Arab"), ("قیمت ", RTL, "Arab")]),
    ("برنامهٔ FlatRender آمد", [(" آمد", RTL, "Arab"), ("FlatRender", LTR, "Latn"), ("برنامهٔ ", RTL, "Arab")]),
    ("Hello سلام world", [("Hello ", LTR, "Latn"), ("سلام", RTL, "Arab"), (" world", LTR, "Arab")]),
    ("نسخهٔ 2.5 رسید", [(" رسید", RTL, "Arab"), ("2.5", LTR, "Arab"), ("نسخهٔ ", RTL, "Arab")]),
    ("۵۰٪ تخفیف", [(" تخفیف", RTL, "Arab"), ("۵۰٪", LTR, "Arab")]),
]


@pytest.mark.skipif(HB_SHAPE is None, reason="hb-shape (libharfbuzz-bin) is not installed")
@pytest.mark.parametrize(("text", "runs"), SHAPED, ids=[text for text, _ in SHAPED])
def test_glyphs_and_their_places_are_those_of_harfbuzz(text: str, runs: list[tuple[str, str, str]]) -> None:
    layout = lay_out(text, style())
    face = style().chain[0]
    expected, pen = [], 0.0
    for run, direction, script in runs:
        glyphs, advance = hb_shape(run, direction, script)
        expected += [(glyph, pen + x, y) for glyph, x, y in glyphs if face.outline(glyph)]
        pen += advance
    found = glyph_places(layout)
    assert [g[0] for g in found] == [g[0] for g in expected]
    for one, other in zip(found, expected, strict=True):
        assert one[1:] == pytest.approx(other[1:], abs=1.5)
    assert layout.lines[0].width * face.upem == pytest.approx(pen, abs=2)


def test_letters_take_their_joined_forms() -> None:
    face = style().chain[0]
    alone = {face.glyph(ord(c)) for c in "ساخت"}
    joined = [g.id for line in lay_out("ساخت", style()).lines for item in line.items for g in item.cluster.glyphs]
    assert len(joined) == 4
    assert sum(glyph not in alone for glyph in joined) >= 3


def test_a_zero_width_non_joiner_parts_letters_without_leaving_a_gap() -> None:
    joined, parted = lay_out("میخواهم", style()), lay_out("می‌خواهم", style())
    assert [g[0] for g in glyph_places(joined)] != [g[0] for g in glyph_places(parted)]
    assert all(item.advance > 0 for item in parted.lines[0].items)


def test_marks_belong_to_the_cluster_of_their_letter() -> None:
    items = lay_out("مُحَمَّد", style()).lines[0].items
    assert [len(item.cluster.glyphs) >= 2 for item in items] == [False, True, True, True]


def random_text(seed: int) -> str:
    pools = [
        "ابپتثجچحخدذرز",
        "abcdefghijk",
        "0123456789",
        "۰۱۲۳۴۵۶",
        "٠١٢٣٤",
        "+-*/#$%.,:; !?",
        "()[]{}<>",
        "\u2066\u2067\u2068\u2069",
        "אבגדה",
    ]
    source = random.Random(seed)
    return "".join(source.choice(source.choice(pools)) for _ in range(source.randint(1, 16)))


@pytest.mark.parametrize("base", [0, 1])
def test_bidirectional_order_is_that_of_another_implementation(base: int) -> None:
    mirrored = str.maketrans("()[]{}<>", "BBCCDDEE")  # the other one mirrors brackets, which is left to shaping here
    for seed in range(3000):
        text = random_text(seed)
        levels = bidi.line_levels(text, bidi.paragraph_levels(text, base), base)
        ours = "".join(text[i] for i in bidi.reorder_runs(levels))
        assert ours.translate(mirrored) == get_display(text, base_dir="LR"[base]).translate(mirrored), ascii(text)


def test_a_paragraph_takes_its_direction_from_its_first_strong_letter() -> None:
    assert lay_out("سلام world", style()).rtl
    assert not lay_out("Hello دنیا", style()).rtl
    assert lay_out("۱۲۳ !", style(language="fa")).rtl
    assert not lay_out("123 !", style(language="en")).rtl
    assert lay_out("Hello", style(direction="rtl")).rtl


def test_lines_break_where_words_end_and_never_inside_one() -> None:
    text = "یک متن بلند پارسی که در یک خط جا نمی‌شود و باید شکسته شود"
    layout = lay_out(text, style(box=Box(0, 0, 400, 2000)))
    assert len(layout.lines) >= 3
    assert all(line.width * layout.size <= 400 * 1.001 for line in layout.lines)
    paragraph = break_opportunities(text)
    assert all(text[i - 1] in " \u200c-" or i == len(text) for i in paragraph)
    ranges = fill_lines(text, [1.0] * len(text), break_opportunities(text), 12)
    assert "".join(text[a:b] for a, b in ranges) == text
    assert all(len(text[a:b].rstrip()) <= 12 for a, b in ranges)


def test_line_feeds_of_every_kind_start_a_new_line() -> None:
    assert len(lay_out("یک\nدو\r\nسه\rچهار\u2028پنج", style()).lines) == 5


def test_a_text_too_large_for_its_box_is_shrunk_and_says_so() -> None:
    small = lay_out("سلام", style(box=Box(0, 0, 400, 80)))
    long = lay_out("سلام به همهٔ شما دوستان", style(box=Box(0, 0, 400, 80)))
    assert (small.shrunk, small.size) == (False, 50)
    assert long.shrunk
    assert not long.overflow
    assert 25 <= long.size < 50
    assert all(line.width * long.size <= 400.5 for line in long.lines)


def test_what_does_not_fit_at_the_floor_is_an_overflow() -> None:
    layout = lay_out("سلام به همهٔ شما دوستان " * 20, style(box=Box(0, 0, 300, 100), min_size=40))
    assert layout.overflow
    assert layout.size == 40


def test_a_text_without_a_box_shrinks_to_its_greatest_width() -> None:
    layout = lay_out("یک تیتر بلند", style(max_width=200))
    assert layout.shrunk
    assert len(layout.lines) == 1
    assert layout.lines[0].width * layout.size <= 200.5


def test_more_lines_than_allowed_make_the_text_smaller() -> None:
    text = "یک متن بلند پارسی که باید در چند خط شکسته شود و بماند"
    free = lay_out(text, style(box=Box(0, 0, 400, 2000)))
    held = lay_out(text, style(box=Box(0, 0, 400, 2000), max_lines=2))
    assert len(free.lines) > 2
    assert len(held.lines) <= 2
    assert held.size < free.size


def test_start_and_end_follow_the_direction_of_the_text() -> None:
    assert lay_out("سلام", style(justify="start")).align == "right"
    assert lay_out("Hello", style(justify="start")).align == "left"
    assert lay_out("سلام", style(justify="end")).align == "left"
    assert lay_out("سلام", style(justify="left")).align == "left"


def test_justified_lines_fill_the_box_but_for_the_last() -> None:
    layout = lay_out(
        "یک متن بلند پارسی که باید در چند خط شکسته شود و بماند",
        style(box=Box(0, 0, 400, 2000), justify="justify_right"),
    )
    widths = [line.width * layout.size for line in layout.lines]
    assert widths[:-1] == pytest.approx([400] * (len(widths) - 1))
    assert widths[-1] < 390


def test_letter_spacing_parts_latin_letters_and_leaves_joined_ones_together() -> None:
    def growth(text: str) -> float:
        return lay_out(text, style(tracking=100)).lines[0].width - lay_out(text, style()).lines[0].width

    assert growth("Hello") == pytest.approx(0.5)
    assert growth("سلام") == pytest.approx(0)
    assert growth("سلام دنیا") == pytest.approx(0.1)


def test_characters_that_the_font_lacks_come_from_the_next_one() -> None:
    layout = lay_out("سلام Привет Ωμέγα ✓ → שלום", style())
    faces = {g.face.file.name for item in layout.lines[0].items for g in item.cluster.glyphs}
    assert layout.missing == ""
    assert len(faces) == 6


def test_a_character_that_no_font_has_is_reported() -> None:
    assert lay_out("سلام \U000f1234", style()).missing == "\U000f1234"


@pytest.mark.parametrize(
    ("name", "weight"),
    [
        ("Regular", 400),
        ("SemiBold Italic", 600),
        ("Extra-Light", 200),
        ("Bold", 700),
        ("ExtraBold", 800),
        ("", 400),
        ("W 300", 300),
        ("Black", 900),
    ],
)
def test_a_style_name_means_a_weight(name: str, weight: int) -> None:
    assert weight_of_style(name) == weight


def test_a_bolder_style_has_wider_letters() -> None:
    widths = []
    for name in ("Thin", "Regular", "Black"):
        face = LIBRARY.find("Vazirmatn", name)
        assert face is not None
        widths.append(lay_out("سلام", style(chain=LIBRARY.chain(face))).lines[0].width)
    assert widths == sorted(widths)
    assert len(set(widths)) == 3
