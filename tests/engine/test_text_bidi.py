"""The bidirectional algorithm against Unicode's own tests (Debian's `unicode-data`)."""

from pathlib import Path

import pytest

from flatrender.engine.text import bidi

UNICODE = Path("/usr/share/unicode")
# One character of each class, for the test that is written in classes.
OF_CLASS = {
    "L": "A", "R": "\u05d0", "AL": "\u0627", "EN": "1", "ES": "+", "ET": "$", "AN": "\u0660", "CS": ",", "NSM": "\u0300", "BN": "\u00ad",
    "B": "\u2029", "S": "\t", "WS": " ", "ON": "!", "LRE": "\u202a", "RLE": "\u202b", "LRO": "\u202d", "RLO": "\u202e", "PDF": "\u202c",
    "LRI": "\u2066", "RLI": "\u2067", "FSI": "\u2068", "PDI": "\u2069",
}  # fmt: skip
EVERY = 17
"""BidiTest.txt has half a million lines, all sequences up to four classes; each so many-th is tried."""


def unicode_lines(name: str) -> list[str]:
    if not (UNICODE / name).is_file():
        pytest.skip(f"{name} (unicode-data) is not installed")
    return [line.strip() for line in (UNICODE / name).read_text().splitlines()]


def agrees(text: str, base: int, levels: list[str], order: list[int]) -> bool:
    """Whether ours has the levels (`x`: removed by rule X9, any) and the visual order of what is not removed."""
    found = bidi.line_levels(text, bidi.paragraph_levels(text, base), base)
    kept = [i for i, level in enumerate(levels) if level != "x"]
    return [found[i] for i in kept] == [int(levels[i]) for i in kept] and [
        kept[i] for i in bidi.reorder_runs([found[i] for i in kept])
    ] == order


def test_every_case_of_bidi_character_test_is_met() -> None:
    failed, count = [], 0
    for line in unicode_lines("BidiCharacterTest.txt"):
        if not line or line.startswith("#"):
            continue
        codes, direction, base, levels, order = line.split(";")
        text = "".join(chr(int(code, 16)) for code in codes.split())
        count += 1
        right_base = direction != "2" or bidi.base_level(text, 0) == int(base)
        if not right_base or not agrees(text, int(base), levels.split(), [int(i) for i in order.split()]):
            failed.append(line)
    assert count > 90_000
    assert failed[:5] == []


def test_cases_of_bidi_test_are_met() -> None:
    failed, count = [], 0
    levels: list[str] = []
    order: list[int] = []
    for number, line in enumerate(unicode_lines("BidiTest.txt")):
        if line.startswith("@Levels:"):
            levels = line.partition(":")[2].split()
        elif line.startswith("@Reorder:"):
            order = [int(i) for i in line.partition(":")[2].split()]
        elif line and line[0] not in "#@" and number % EVERY == 0:
            classes, directions = line.split(";")
            text = "".join(OF_CLASS[name] for name in classes.split())
            for bit, base in ((1, bidi.base_level(text, 0)), (2, 0), (4, 1)):
                if int(directions) & bit:
                    count += 1
                    if not agrees(text, base, levels, order):
                        failed.append((line, base))
    assert count > 40_000
    assert failed[:5] == []
