"""The SVG that drawings are kept as: what is written is read back, and nothing else is."""

import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flatrender.engine.vector.drawing import (
    MAX_BYTES,
    MAX_PATHS,
    Drawing,
    DrawingRefused,
    Outline,
    Segment,
    Shape,
    from_svg,
    to_svg,
)

SQUARE = Outline((0, 0), ((100, 0), (100, 100), (0, 100)))
HEAD = '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="10" viewBox="0 0 20 10">'

coordinates = st.integers(-80, 40960)
points = st.tuples(coordinates, coordinates)
segments: st.SearchStrategy[Segment] = st.one_of(
    points, st.tuples(coordinates, coordinates, coordinates, coordinates, coordinates, coordinates)
)
outlines = st.builds(Outline, points, st.lists(segments, min_size=1, max_size=6).map(tuple))


@st.composite
def drawings(draw: st.DrawFn) -> tuple[Drawing, dict[int, str]]:
    colors = draw(st.lists(st.from_regex(r"#[0-9a-f]{6}", fullmatch=True), min_size=1, max_size=5))
    # every group has a shape, as in everything that is traced
    order = [*range(len(colors)), *draw(st.lists(st.integers(0, len(colors) - 1), max_size=6))]
    shapes = [Shape(group, tuple(draw(st.lists(outlines, min_size=1, max_size=3)))) for group in order]
    side = st.integers(1, 4096)
    slots = draw(
        st.dictionaries(
            st.integers(0, len(colors) - 1), st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,20}", fullmatch=True)
        )
    )
    return Drawing(width=draw(side), height=draw(side), colors=tuple(colors), shapes=tuple(shapes)), slots


@settings(max_examples=40, deadline=None)
@given(drawings())
def test_what_is_written_is_read_back_and_written_the_same(made: tuple[Drawing, dict[int, str]]) -> None:
    drawing, slots = made
    text = to_svg(drawing, slots)
    assert from_svg(text) == (drawing, slots)
    assert to_svg(*from_svg(text)) == text


@settings(max_examples=25, deadline=None)
@given(drawings())
def test_an_xml_parser_finds_only_groups_and_paths_with_known_attributes(made: tuple[Drawing, dict[int, str]]) -> None:
    root = ET.fromstring(to_svg(*made))  # noqa: S314  # our own text
    allowed = {
        "svg": {"width", "height", "viewBox"},
        "g": {"fill", "data-group", "data-slot"},
        "path": {"d"},
    }
    for element in root.iter():
        assert set(element.attrib) <= allowed[element.tag.removeprefix("{http://www.w3.org/2000/svg}")]
        assert not (element.text or "").strip()


@settings(max_examples=40, deadline=None)
@given(drawings(), st.data())
def test_a_text_with_anything_put_in_is_refused_or_is_a_drawing_again(
    made: tuple[Drawing, dict[int, str]], data: st.DataObject
) -> None:
    text = to_svg(*made)
    at = data.draw(st.integers(0, len(text)))
    put_in = data.draw(st.text(alphabet='<>&"/ =:()#.-0123456789Mlczongfilhref\0é', min_size=1, max_size=12))
    changed = text[:at] + put_in + text[at:]
    try:
        drawing, slots = from_svg(changed)
    except DrawingRefused:
        return
    again = to_svg(drawing, slots)
    assert from_svg(again) == (drawing, slots)
    assert re.fullmatch(r'[A-Za-z0-9 ="#<>/:._-]+', again)


HOSTILE = {
    "a script": f"{HEAD}<script>alert(1)</script></svg>",
    "an event": HEAD.replace(" width", ' onload="alert(1)" width') + "</svg>",
    "a link": f'{HEAD}<a href="javascript:alert(1)"><path d="M0 0l1 1z"/></a></svg>',
    "a foreign object": f"{HEAD}<foreignObject><p/></foreignObject></svg>",
    "an image from elsewhere": f'{HEAD}<image href="https://example.org/x.png"/></svg>',
    "a style": f'{HEAD}<style>@import "https://example.org/x.css"</style></svg>',
    "an entity": '<!DOCTYPE svg [<!ENTITY a "b">]>' + HEAD + "&a;</svg>",
    "a reference": f'{HEAD}<use href="#a"/></svg>',
    "a fill that reaches out": f'{HEAD}<g fill="url(https://example.org)" data-group="0"></g></svg>',
    "a slot with a quote": f'{HEAD}<g fill="#000000" data-group="0" data-slot="a"onclick="x"></g></svg>',
    "text": f"{HEAD}hello</svg>",
    "a comment": f"{HEAD}<!-- x --></svg>",
    "an open group": f'{HEAD}<g fill="#000000" data-group="0"></svg>',
    "an open path": f'{HEAD}<g fill="#000000" data-group="0"><path d="M0 0l1 1"/></g></svg>',
    "a number of five digits": f'{HEAD}<g fill="#000000" data-group="0"><path d="M12345 0l1 1z"/></g></svg>',
    "two colours of a group": f'{HEAD}<g fill="#000000" data-group="0"></g><g fill="#000001" data-group="0"></g></svg>',
    "something after the end": f"{HEAD}</svg><script/>",
    "another viewBox": HEAD.replace("0 0 20 10", "0 0 9 9") + "</svg>",
    "a huge size": HEAD.replace("20", "9999") + "</svg>",
    "nothing": "",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_text_that_was_not_written_by_us_is_refused(text: str) -> None:
    with pytest.raises(DrawingRefused):
        from_svg(text)


def test_a_drawing_above_the_limits_is_refused() -> None:
    def drawn(count: int, outline: Outline = SQUARE) -> Drawing:
        return Drawing(width=20, height=10, colors=("#000000",), shapes=(Shape(0, (outline,)),) * count)

    with pytest.raises(DrawingRefused, match=f"at most {MAX_PATHS}"):
        to_svg(drawn(MAX_PATHS + 1), {})
    zigzag = Outline((0, 0), tuple((n % 2 * 10007, n % 3 * 10007) for n in range(60_000)))
    with pytest.raises(DrawingRefused, match=f"at most {MAX_BYTES}"):
        to_svg(drawn(1, zigzag), {})
    with pytest.raises(DrawingRefused, match="are read"):
        from_svg(" " * (MAX_BYTES + 1))
    fitting = to_svg(drawn(MAX_PATHS), {})
    assert from_svg(fitting)[0] == drawn(MAX_PATHS)
