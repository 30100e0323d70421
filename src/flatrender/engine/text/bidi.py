"""The Unicode bidirectional algorithm (UAX #9, with isolates and paired brackets) on one paragraph."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import lru_cache

MAX_DEPTH = 125
"""The deepest explicit level (UAX #9, BD2)."""

_ISOLATE_INITIATORS = frozenset({"LRI", "RLI", "FSI"})
_EMBEDDINGS = frozenset({"LRE", "RLE", "LRO", "RLO"})
_REMOVED = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "BN"})
_NEUTRAL = frozenset({"B", "S", "WS", "ON", "LRI", "RLI", "FSI", "PDI"})
_STRONG_AS = {"L": "L", "R": "R", "AL": "R", "EN": "R", "AN": "R"}
_TRAILING = frozenset({"WS", "LRI", "RLI", "FSI", "PDI", *_REMOVED})

# Pairs of BidiBrackets.txt whose closing bracket is not the next code point (square and curly brackets skip one; two pairs cross).
_IRREGULAR_PAIRS = {0x5B: 0x5D, 0x7B: 0x7D, 0x298D: 0x2990, 0x298F: 0x298E}
# Canonical equivalents of the angle brackets (BD16, note).
_CANONICAL = {0x2329: 0x3008, 0x232A: 0x3009}


@lru_cache(maxsize=1)
def _brackets() -> tuple[dict[int, int], dict[int, int]]:
    """Return opening and closing brackets, each mapped to the canonical closing bracket of its pair."""
    opening: dict[int, int] = {}
    closing: dict[int, int] = {}
    for code in range(0x28, 0x10000):
        char = chr(code)
        if (
            unicodedata.category(char) != "Ps"
            or not unicodedata.mirrored(char)
            or unicodedata.bidirectional(char) != "ON"
        ):
            continue
        close = _IRREGULAR_PAIRS.get(code, code + 1)
        if unicodedata.category(chr(close)) != "Pe":
            continue
        canonical = _CANONICAL.get(close, close)
        opening[code] = canonical
        closing[close] = canonical
    return opening, closing


def char_class(char: str) -> str:
    """Return the character's bidirectional class; unassigned characters count as `L`."""
    return unicodedata.bidirectional(char) or "L"


def base_level(text: str, default: int = 0) -> int:
    """Return the paragraph's level by rules P2 and P3: 0 left to right, 1 right to left, `default` without a strong character."""
    return _first_strong([char_class(c) for c in text], 0, len(text), default)


def _first_strong(classes: Sequence[str], start: int, end: int, default: int) -> int:
    depth = 0
    for i in range(start, end):
        cls = classes[i]
        if cls in _ISOLATE_INITIATORS:
            depth += 1
        elif cls == "PDI":
            if depth == 0 and start > 0:
                break
            depth = max(depth - 1, 0)
        elif depth == 0:
            if cls == "L":
                return 0
            if cls in ("R", "AL"):
                return 1
    return default


def paragraph_levels(text: str, base: int) -> list[int]:
    """One embedding level a character of `text` (a paragraph without its separator); odd is right to left.

    Characters that rule X9 removes get the level of what precedes them. Rule L1 is left to `reorder_line`, which knows the line's end.
    """
    original = [char_class(c) for c in text]
    if base == 0 and all(c in ("L", "EN", "ES", "ET", "CS", "WS", "ON", "S", "NSM") for c in original):
        return [0] * len(text)
    matching = _match_isolates(original)
    state = _Explicit(original, matching, base)
    classes, explicit = state.classes, state.levels
    levels = list(explicit)
    kept = [i for i, cls in enumerate(original) if cls not in _REMOVED]
    for sequence in _run_sequences(kept, explicit, original, matching):
        _resolve_sequence(text, sequence, classes, explicit, levels, original, matching, base)
    previous = base
    for i, cls in enumerate(original):
        if cls in _REMOVED:
            levels[i] = previous
        previous = levels[i]
    return levels


def _match_isolates(classes: Sequence[str]) -> dict[int, int]:
    """Isolate initiators and their PDIs, both ways (BD9)."""
    matching: dict[int, int] = {}
    stack: list[int] = []
    for i, cls in enumerate(classes):
        if cls in _ISOLATE_INITIATORS:
            stack.append(i)
        elif cls == "PDI" and stack:
            start = stack.pop()
            matching[start] = i
            matching[i] = start
    return matching


class _Explicit:
    """Rules X1 to X8: levels from embeddings, overrides and isolates, and the classes after overrides."""

    def __init__(self, original: list[str], matching: dict[int, int], base: int) -> None:
        self.original = original
        self.matching = matching
        self.classes = list(original)
        self.levels = [base] * len(original)
        self.stack: list[tuple[int, str | None, bool]] = [(base, None, False)]
        """Level, override and whether an isolate opened it."""
        self.overflow_isolates = self.overflow_embeddings = self.valid_isolates = 0
        for i, cls in enumerate(original):
            if cls in _EMBEDDINGS or cls in _ISOLATE_INITIATORS:
                self._open(i, cls)
            elif cls == "PDI":
                self._close_isolate(i)
            elif cls == "PDF":
                self._close_embedding(i)
            elif cls != "B":
                self._place(i, override=cls != "BN")

    def _place(self, i: int, *, override: bool = True) -> None:
        level, forced, _ = self.stack[-1]
        self.levels[i] = level
        if override and forced:
            self.classes[i] = forced

    def _open(self, i: int, cls: str) -> None:
        isolate = cls in _ISOLATE_INITIATORS
        level = self.stack[-1][0]
        if isolate:
            self._place(i)
        rtl = cls[0] == "R"
        if cls == "FSI":
            rtl = _first_strong(self.original, i + 1, self.matching.get(i, len(self.original)), 0) == 1
        new = level + 1 + (level % 2 == (1 if rtl else 0))
        if new <= MAX_DEPTH and not self.overflow_isolates and not self.overflow_embeddings:
            self.valid_isolates += isolate
            self.stack.append((new, ("R" if rtl else "L") if cls[-1] == "O" else None, isolate))
            if not isolate:
                self.levels[i] = new
        elif isolate:
            self.overflow_isolates += 1
        elif not self.overflow_isolates:
            self.overflow_embeddings += 1

    def _close_isolate(self, i: int) -> None:
        if self.overflow_isolates:
            self.overflow_isolates -= 1
        elif self.valid_isolates:
            self.overflow_embeddings = 0
            while not self.stack[-1][2]:
                self.stack.pop()
            self.stack.pop()
            self.valid_isolates -= 1
        self._place(i)

    def _close_embedding(self, i: int) -> None:
        if not self.overflow_isolates:
            if self.overflow_embeddings:
                self.overflow_embeddings -= 1
            elif not self.stack[-1][2] and len(self.stack) > 1:
                self.stack.pop()
        self._place(i, override=False)


def _run_sequences(
    kept: list[int], levels: list[int], original: list[str], matching: dict[int, int]
) -> list[list[int]]:
    """Isolating run sequences (BD13) as lists of indices."""
    runs: list[list[int]] = []
    for i in kept:
        if runs and levels[runs[-1][-1]] == levels[i]:
            runs[-1].append(i)
        else:
            runs.append([i])
    starting_at = {run[0]: run for run in runs}
    sequences: list[list[int]] = []
    for run in runs:
        if original[run[0]] == "PDI" and run[0] in matching:
            continue
        sequence = list(run)
        while original[sequence[-1]] in _ISOLATE_INITIATORS and sequence[-1] in matching:
            following = starting_at.get(matching[sequence[-1]])
            if following is None:
                break
            sequence.extend(following)
        sequences.append(sequence)
    return sequences


def _resolve_sequence(
    text: str,
    sequence: list[int],
    classes: list[str],
    explicit: list[int],
    levels: list[int],
    original: list[str],
    matching: dict[int, int],
    base: int,
) -> None:
    level = explicit[sequence[0]]
    before = next((explicit[i] for i in range(sequence[0] - 1, -1, -1) if original[i] not in _REMOVED), base)
    last = sequence[-1]
    if original[last] in _ISOLATE_INITIATORS and last not in matching:
        after = base
    else:
        after = next((explicit[i] for i in range(last + 1, len(original)) if original[i] not in _REMOVED), base)
    sos = "R" if max(level, before) % 2 else "L"
    eos = "R" if max(level, after) % 2 else "L"
    types = [classes[i] for i in sequence]
    _weak(types, sos)
    _paired_brackets(text, sequence, types, [original[i] for i in sequence], level, sos)
    _neutral(types, level, sos, eos)
    for i, kind in zip(sequence, types, strict=True):
        if level % 2:
            levels[i] = level + (kind != "R")
        else:
            levels[i] = level + {"L": 0, "R": 1}.get(kind, 2)


def _weak(types: list[str], sos: str) -> None:
    """Apply rules W1 to W7."""
    previous = sos
    for i, kind in enumerate(types):  # W1
        if kind == "NSM":
            types[i] = "ON" if previous in _ISOLATE_INITIATORS or previous == "PDI" else previous
        previous = types[i]
    strong = sos
    for i, kind in enumerate(types):  # W2
        if kind in ("L", "R", "AL"):
            strong = kind
        elif kind == "EN" and strong == "AL":
            types[i] = "AN"
    types[:] = ["R" if kind == "AL" else kind for kind in types]  # W3
    for i in range(1, len(types) - 1):  # W4
        around = types[i - 1]
        if around == types[i + 1] and (types[i], around) in (("ES", "EN"), ("CS", "EN"), ("CS", "AN")):
            types[i] = around
    _terminators(types)
    strong = sos
    for i, kind in enumerate(types):  # W6, W7
        if kind in ("ES", "CS"):
            types[i] = "ON"
        elif kind in ("L", "R"):
            strong = kind
        elif kind == "EN" and strong == "L":
            types[i] = "L"


def _terminators(types: list[str]) -> None:
    """Apply rule W5, and W6 to the terminators that it leaves."""
    i = 0
    while i < len(types):
        if types[i] != "ET":
            i += 1
            continue
        end = i
        while end < len(types) and types[end] == "ET":
            end += 1
        beside_number = (i > 0 and types[i - 1] == "EN") or (end < len(types) and types[end] == "EN")
        types[i:end] = ["EN" if beside_number else "ON"] * (end - i)
        i = end


def _paired_brackets(
    text: str, sequence: list[int], types: list[str], original: list[str], level: int, sos: str
) -> None:
    """Rule N0."""
    opening, closing = _brackets()
    stack: list[tuple[int, int]] = []
    pairs: list[tuple[int, int]] = []
    for at, index in enumerate(sequence):
        code = ord(text[index])
        if types[at] != "ON":
            continue
        if code in opening:
            if len(stack) == 63:
                return
            stack.append((opening[code], at))
        elif code in closing:
            for depth in range(len(stack) - 1, -1, -1):
                if stack[depth][0] == closing[code]:
                    pairs.append((stack[depth][1], at))
                    del stack[depth:]
                    break
    embedding = "R" if level % 2 else "L"
    for start, end in sorted(pairs):
        inside = {_STRONG_AS.get(kind) for kind in types[start + 1 : end]} - {None}
        if not inside:
            continue
        direction = embedding
        if embedding not in inside:
            context = next((_STRONG_AS[k] for k in reversed(types[:start]) if k in _STRONG_AS), sos)
            direction = context if context != embedding else embedding
        for at in (start, end):
            types[at] = direction
            follow = at + 1
            while follow < len(types) and original[follow] == "NSM":
                types[follow] = direction
                follow += 1


def _neutral(types: list[str], level: int, sos: str, eos: str) -> None:
    """Rules N1 and N2."""
    embedding = "R" if level % 2 else "L"
    i = 0
    while i < len(types):
        if types[i] not in _NEUTRAL:
            i += 1
            continue
        end = i
        while end < len(types) and types[end] in _NEUTRAL:
            end += 1
        left = _STRONG_AS[types[i - 1]] if i else sos
        right = _STRONG_AS[types[end]] if end < len(types) else eos
        types[i:end] = [left if left == right else embedding] * (end - i)
        i = end


def line_levels(text: str, levels: Sequence[int], base: int) -> list[int]:
    """Rule L1 on one line: its separators and its trailing white space take the paragraph's level."""
    out = list(levels)
    trailing = True
    for i in range(len(text) - 1, -1, -1):
        cls = char_class(text[i])
        if cls in ("B", "S"):
            out[i] = base
            trailing = True
        elif trailing and cls in _TRAILING:
            out[i] = base
        else:
            trailing = False
    return out


def reorder_runs(levels: Sequence[int]) -> list[int]:
    """Rule L2 over runs: the visual order, left to right, of runs whose levels are given in logical order."""
    order = list(range(len(levels)))
    if not order:
        return order
    for level in range(max(levels), 0, -1):
        i = 0
        while i < len(order):
            if levels[order[i]] < level:
                i += 1
                continue
            end = i
            while end < len(order) and levels[order[end]] >= level:
                end += 1
            order[i:end] = order[i:end][::-1]
            i = end
    return order
