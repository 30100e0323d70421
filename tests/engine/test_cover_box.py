"""The part of a picture that fills a box lies inside the picture, whatever the figures round to."""

from hypothesis import given
from hypothesis import strategies as st

from flatrender.engine.picture_value import cover_box

SIDES = st.integers(min_value=1, max_value=9000)
SHARES = st.floats(min_value=0, max_value=1)


@given(size=st.tuples(SIDES, SIDES), goal=st.tuples(SIDES, SIDES), focus=st.tuples(SHARES, SHARES))
def test_the_cut_is_inside_the_picture(
    size: tuple[int, int], goal: tuple[int, int], focus: tuple[float, float]
) -> None:
    left, top, right, bottom = cover_box(size, goal, focus)
    assert 0 <= left < right <= size[0]
    assert 0 <= top < bottom <= size[1]
