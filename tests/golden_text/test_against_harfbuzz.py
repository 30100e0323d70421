"""What we set is what HarfBuzz's own programs give with the same font: the same glyphs at the same places, and the same picture.

`hb-shape` and `hb-view` are Debian's `libharfbuzz-bin`, an older HarfBuzz than the library that we use and built apart from it.
"""

import io
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from flatrender.engine.text.fonts import FontFace, FontFile, InstalledFont
from flatrender.engine.text.glyphs import GlyphTable
from flatrender.engine.text.layout import Layout, TextStyle, lay_out

from .drawing import drawn_scenes
from .strings import CASES, ENGINE, IDS, SCRIPTS, Script

HB_SHAPE, HB_VIEW = shutil.which("hb-shape"), shutil.which("hb-view")
WEIGHT = 400
SIZE, MARGIN = 300, 240
PAD = 240
MEAN_OFF, FAR_OFF = 1.6, 0.012
"""Of 255 levels: the mean difference over the pictures' common box, and the share of its pixels that differ by more than 96.

Measured: at most 1.3 and 0.006. Cairo and ThorVG smooth edges differently; a glyph that is wrong or misplaced by 1 % of an em gives 4 and 0.02 at least."""

pytestmark = [
    pytest.mark.skipif(not (HB_SHAPE and HB_VIEW), reason="hb-shape and hb-view (libharfbuzz-bin) are not installed"),
    pytest.mark.xdist_group("golden_text"),
]


def face_of(script: Script) -> FontFace:
    if not script.font.is_file():
        pytest.skip(f"{script.font.name} is not installed (fonts-noto-core, fonts-noto-cjk)")
    if script.font.is_relative_to(ENGINE):
        return FontFile(script.font.read_bytes(), script.font.name).at(WEIGHT)
    return InstalledFont(script.font, script.index).at(WEIGHT)


def laid_out(script: Script, text: str, **changes: object) -> tuple[Layout, FontFace]:
    face = face_of(script)
    style = {"chain": (face,), "size": float(SIZE), "line_height": SIZE * 1.5, "language": script.language, **changes}
    return lay_out(text, TextStyle(**style)), face  # type: ignore[arg-type]


def options(script: Script, *more: str) -> list[str]:
    variations = [f"--variations=wght={WEIGHT}"] if script.font.is_relative_to(ENGINE) else []
    return [
        f"--font-file={script.font}", f"--face-index={script.index}", *variations, f"--direction={script.direction}",
        f"--script={script.code}", f"--language={script.language}", *more,
    ]  # fmt: skip


def hb_shape(script: Script, text: str, *more: str) -> list[tuple[int, int, float, float]]:
    """Inked and blank glyphs as HarfBuzz's program gives them: id, cluster, x and y in font units."""
    assert HB_SHAPE is not None
    command = [HB_SHAPE, *options(script, "--no-glyph-names", "--output-format=json", *more), f"--text={text}"]
    answer = subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout
    found, pen = [], 0.0
    for glyph in json.loads(answer):
        found.append((glyph["g"], glyph["cl"], pen + glyph.get("dx", 0), float(glyph.get("dy", 0))))
        pen += glyph.get("ax", 0)
    return found


def ours(layout: Layout, face: FontFace) -> list[tuple[int, int, float, float]]:
    (line,) = layout.lines
    found, pen = [], 0.0
    for item in line.items:
        found += [(g.id, item.cluster.start, (pen + g.x) * face.upem, g.y * face.upem) for g in item.cluster.glyphs]
        pen += item.advance
    return found


@pytest.mark.parametrize(("script", "text"), CASES, ids=IDS)
def test_glyphs_clusters_and_places_are_those_of_hb_shape(script: Script, text: str) -> None:
    layout, face = laid_out(script, text)
    expected = [glyph for glyph in hb_shape(script, text) if face.outline(glyph[0])]
    found = ours(layout, face)
    assert layout.missing == ""
    assert [glyph[:2] for glyph in found] == [glyph[:2] for glyph in expected]
    for one, other in zip(found, expected, strict=True):
        assert one[2:] == pytest.approx(other[2:], abs=1.01 * len(text))  # the program rounds every advance


@pytest.mark.parametrize(
    ("text", "setting", "feature"),
    [
        ("AVATAR To Wave", {"kerning": False}, "kern=0"),
        ("office affine fi fl", {"ligatures": False}, "liga=0,clig=0,dlig=0,hlig=0"),
        ("سلام لا لله", {"ligatures": False}, "liga=0,clig=0,dlig=0,hlig=0"),
    ],
)
def test_kerning_and_ligatures_can_be_turned_off_as_in_harfbuzz(
    text: str, setting: dict[str, bool], feature: str
) -> None:
    name = "latin" if text.isascii() else "persian"
    script = next(script for script in SCRIPTS if script.name == name)
    layout, face = laid_out(script, text, **setting)
    expected = [glyph for glyph in hb_shape(script, text, f"--features={feature}") if face.outline(glyph[0])]
    found = ours(layout, face)
    assert [glyph[:2] for glyph in found] == [glyph[:2] for glyph in expected]
    assert [glyph[2] for glyph in found] == pytest.approx([glyph[2] for glyph in expected], abs=1.01 * len(text))


def scene_of(layout: Layout, face: FontFace) -> tuple[bytes, int, int]:
    """A Lottie that shows one line, and its size in px."""
    (line,) = layout.lines
    table = GlyphTable()
    name = table.font_name(face)
    text = table.encode(layout, name)
    width, height = round(line.width * SIZE) + 2 * MARGIN, 4 * SIZE + 2 * MARGIN
    document = {"t": text, "f": name, "s": SIZE, "lh": SIZE, "tr": 0, "j": 0, "fc": [0, 0, 0]}
    lottie = {
        "v": "5.7.0", "fr": 30, "ip": 0, "op": 1, "w": width, "h": height, "assets": [],
        "layers": [{
            "ty": 5, "ip": 0, "op": 1, "st": 0, "ks": {"p": {"a": 0, "k": [MARGIN, 2 * SIZE]}},
            "t": {"d": {"k": [{"t": 0, "s": document}]}, "p": {}, "m": {"g": 1}, "a": []},
        }],
        "fonts": {"list": table.fonts}, "chars": table.chars,
    }  # fmt: skip
    return encode(lottie), width, height


def encode(value: object) -> bytes:
    import msgspec

    return msgspec.json.encode(value)


def hb_view(script: Script, text: str) -> np.ndarray:
    """The picture of HarfBuzz's program: height × width, 0 is ink."""
    assert HB_VIEW is not None
    command = [
        HB_VIEW,
        *options(script, f"--font-size={SIZE}", f"--margin={MARGIN}", "--output-format=png"),
        f"--text={text}",
    ]
    # HB_DRAW: outlines from HarfBuzz itself; FreeType would hint them, which moves them by up to two pixels.
    environment = {**os.environ, "HB_DRAW": "1"}
    answer = subprocess.run(command, check=True, capture_output=True, timeout=30, env=environment).stdout
    with Image.open(io.BytesIO(answer)) as picture:
        return np.asarray(picture.convert("L")).astype(int)


def inked(pixels: np.ndarray) -> tuple[slice, slice]:
    dark = pixels < 200
    rows, columns = np.flatnonzero(dark.any(axis=1)), np.flatnonzero(dark.any(axis=0))
    assert rows.size, "nothing is drawn"
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def difference(one: np.ndarray, other: np.ndarray) -> tuple[float, float]:
    """Mean difference and share of far pixels in the box of `one`'s ink, with `other` put there by a corner of its own box.

    Any corner will do, as hb-view cuts the ends of high and wide marks off; and a pixel to each side, as it rounds.
    """
    rows, columns = inked(one)
    other_rows, other_columns = inked(other)
    height, width = rows.stop - rows.start, columns.stop - columns.start
    padded = np.pad(other, PAD, constant_values=255)
    best = (255.0, 1.0)
    for top in (other_rows.start, other_rows.stop - height):
        for left in (other_columns.start, other_columns.stop - width):
            for dy in (-1, 0, 1):
                for dx in (-1, 0, 1):
                    y, x = top + dy + PAD, left + dx + PAD
                    off = np.abs(one[rows, columns] - padded[y : y + height, x : x + width])
                    best = min(best, (float(off.mean()), float((off > 96).mean())))
    return best


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> dict[str, np.ndarray]:
    """Our pictures of all strings whose fonts are here, drawn in one child process."""
    scenes = {}
    for (script, text), key in zip(CASES, IDS, strict=True):
        if script.font.is_file():
            scenes[key] = scene_of(*laid_out(script, text))
    return drawn_scenes(scenes, tmp_path_factory.mktemp("golden"))


@pytest.mark.parametrize(
    ("key", "script", "text"), [(key, *case) for key, case in zip(IDS, CASES, strict=True)], ids=IDS
)
def test_the_picture_is_that_of_hb_view(key: str, script: Script, text: str, drawn: dict[str, np.ndarray]) -> None:
    if key not in drawn:
        pytest.skip(f"{script.font.name} is not installed (fonts-noto-core, fonts-noto-cjk)")
    theirs = hb_view(script, text)
    mean, far = difference(theirs, drawn[key])
    assert mean < MEAN_OFF, f"{mean:.2f}"
    assert far < FAR_OFF, f"{far:.4f}"


def test_the_strings_are_enough() -> None:
    assert len(CASES) >= 60
    assert len({script.code for script in SCRIPTS}) >= 8
    assert len(IDS) == len(set(IDS))
    assert re.fullmatch(r"[a-z0-9-]+", "".join(IDS))
    assert all(Path(script.font).suffix in (".ttf", ".ttc") for script in SCRIPTS)
