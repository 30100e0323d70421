"""The log reader, whatever After Effects and the pipe make of the lines."""

import io
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flatrender.aftereffects.aerender.log import MAX_LINE, LogReader
from flatrender.aftereffects.stand_in.log_lines import LANGUAGES, Printer, timecode


def read(data: bytes, cuts: list[int] | None = None) -> LogReader:
    reader = LogReader()
    at = 0
    for cut in [*sorted(cuts or []), len(data)]:
        reader.feed(data[at:cut])
        at = max(at, cut)
    reader.end()
    return reader


def whole_log(language: str, frames: int, fps: float) -> bytes:
    out = io.BytesIO()

    class Stdout:
        buffer = out

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", Stdout)
        printer = Printer(LANGUAGES[language], quiet=False)
        printer.progress("Launching After Effects...")
        printer.progress("After Effects successfully launched")
        printer.header("Szene ü 場面", 0, frames - 1, fps)
        for number in range(1, frames + 1):
            printer.frame(number - 1, number, fps, 0)
        printer.finished("Szene ü 場面")
    return out.getvalue()


@given(
    language=st.sampled_from(sorted(LANGUAGES)),
    frames=st.integers(1, 60),
    fps=st.sampled_from([23.976, 24.0, 25.0, 29.97, 30.0, 59.94]),
    ends=st.sampled_from([b"\n", b"\r\n"]),
    data=st.data(),
)
@settings(max_examples=60, deadline=None)
def test_frames_and_length_are_the_same_however_the_log_is_cut(language, frames, fps, ends, data):
    log = whole_log(language, frames, fps).replace(b"\n", ends)
    cuts = data.draw(st.lists(st.integers(0, len(log)), max_size=12))
    reader = read(log, cuts)
    assert reader.frames == set(range(1, frames + 1))
    assert reader.expected == frames


@given(st.binary(max_size=600), st.lists(st.integers(0, 600), max_size=8))
@settings(max_examples=150, deadline=None)
def test_any_bytes_are_read_without_an_error_and_lines_stay_bounded(data, cuts):
    reader = LogReader()
    at = 0
    for cut in [*sorted(cuts), len(data)]:
        for event in reader.feed(data[at:cut]):
            assert len(event.text) <= MAX_LINE
        at = max(at, cut)
    reader.end()


@given(order=st.permutations(range(1, 13)), cuts=st.lists(st.integers(0, 2000), max_size=10))
@settings(max_examples=30, deadline=None)
def test_a_utf_16_log_out_of_order_counts_each_frame_once(order, cuts):
    lines = [f"PROGRESS:  0:00:00:{number - 1:02d} ({number}L): 0 Sekunden\r\n" for number in (*order, *order[:3])]
    assert read("".join(lines).encode("utf-16"), cuts).frames == set(range(1, 13))


@pytest.mark.parametrize(
    "line",
    [
        "PROGRESS:  0:00:00:07 (8): 0 Seconds",
        "PROGRESS:  0;00;00;07 (8L): 1,25 Sekunden",
        "PROGRESS:  0:00:00:07 (8U): 0 Seconds",
        "PROGRESS:  0+07 (8): 0 Seconds",
        "PROGRESS:  00007 (8): 0 Seconds",
        "FORTSCHRITT:  0:00:00:07 (8): 0 Sekunden",
    ],
    ids=["timecode", "drop-frame", "unsigned", "feet", "plain", "translated"],
)
def test_a_frame_is_known_by_its_form(line):
    assert read(line.encode()).frames == {8}


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("aerender ERROR: No comp was found with the given name.", "error"),
        ("aerender Error: After Effects error: the disk is full. ( 26 :: 34 )", "error"),
        ("WARNING:After Effects warning: ERROR in a name (8): 1", "warning"),
        ("INFO: libmpeg: 3 ERRORS corrected", "line"),
        ("[decoder] error concealment on", "line"),
    ],
    ids=["aerender", "application", "warning", "library", "concealment"],
)
def test_only_after_effects_own_errors_are_strong(line, kind):
    reader = LogReader()
    events = [*reader.feed(line.encode()), *reader.end()]
    assert [event.kind for event in events] == [kind]


def test_a_line_without_end_does_not_grow_for_ever():
    reader = LogReader()
    for _ in range(200):
        reader.feed(b"x" * 4096)
    assert all(len(event.text) <= MAX_LINE for event in reader.end())


@given(st.integers(0, 400_000), st.sampled_from([29.97, 59.94]))
@settings(max_examples=200, deadline=None)
def test_drop_frame_times_are_counted_back_to_the_same_frames(frame, fps):
    reader = read(
        f"PROGRESS:  Start: {timecode(0, fps)}\nPROGRESS:  End: {timecode(0, fps)}\n"
        f"PROGRESS:  Duration: {timecode(frame, fps)}\nPROGRESS:  Frame Rate: {fps:.2f} (comp)\n".encode()
    )
    assert reader.expected == frame
