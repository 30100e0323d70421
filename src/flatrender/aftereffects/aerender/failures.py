"""Why a render failed, in classes that say who can do something about it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

import msgspec

FailureClass = Literal["template", "asset", "font", "node", "licence", "timeout", "cancelled", "unknown"]
RETRIED: frozenset[FailureClass] = frozenset({"node", "licence", "timeout", "unknown"})
"""On another node; the others go back to the person."""

_WORDS: tuple[tuple[FailureClass, tuple[str, ...]], ...] = (
    ("font", (r"\bfonts?\b", "schriftart", "police de caract", "フォント", "шрифт")),
    (
        "licence",
        (
            "licen[cs]e",
            "lizenz",
            "ライセンス",
            "serial number",
            "not activated",
            "activation",
            "sign in",
            "trial (?:has|is) (?:over|expired)",
        ),
    ),
    (
        "node",
        (
            "disk (?:is )?full",
            "not enough (?:disk )?space",
            "no space",
            "(?:out of|not enough) memory",
            "unable to allocate",
            "unexpectedly quit",
            "crash",
            "could not (?:launch|start)",
            "socket",
            "gpu",
            "display driver",
            "another instance",
        ),
    ),
    (
        "asset",
        (
            "footage",
            "missing (?:file|item)",
            "file .*(?:not found|does not exist|missing|cannot be found)",
            "could not be (?:imported|read)",
            "unsupported (?:file )?type",
            "damaged (?:file|footage)",
            "codec",
            "import",
        ),
    ),
    (
        "template",
        (
            "no comp(?:osition)? was found",
            "comp(?:osition)? .*not found",
            "project .*(?:not|could)",
            "newer version",
            "newer than",
            "template .*(?:not|exist)",
            "render queue",
            "expression",
            "effect .*missing",
            "missing effect",
            "plug-?in",
            "script",
        ),
    ),
)
_MISSING_FONT = re.compile(
    r"missing dependenc.*font family|\bfonts?\b.*\b(?:missing|not (?:found|installed|available)|substitut)|missing font",
    re.IGNORECASE | re.DOTALL,
)
_EXIT: dict[int, tuple[FailureClass, str]] = {
    1: ("unknown", "After Effects failed"),
    2: ("unknown", "aerender did not understand its arguments"),
    3: ("unknown", "aerender did not understand its arguments"),
    4: ("unknown", "aerender did not understand its arguments"),
    5: ("template", "a script in the project failed"),
    6: ("template", "a script in the project failed"),
    7: ("template", "the project, composition or output template was not found"),
    8: ("template", "the project, composition or output template was not found"),
    9: ("unknown", "After Effects reported an error while it rendered"),
    10: ("unknown", "After Effects reported an error while it rendered"),
    11: ("node", "aerender could not talk to After Effects"),
}


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """Why a render failed."""

    kind: FailureClass
    reason: str
    """A stable word: `exit_code`, `error_line`, `font_missing`, `output_missing`, `output_wrong`, or the watchdog's name."""
    detail: str

    @property
    def is_retried(self) -> bool:
        """Whether another node may do better."""
        return self.kind in RETRIED


def failure_of_line(text: str) -> Failure:
    """Classify the text of an error line."""
    for kind, words in _WORDS:
        if any(re.search(pattern, text, re.IGNORECASE) for pattern in words):
            return Failure(kind=kind, reason="error_line", detail=text)
    return Failure(kind="unknown", reason="error_line", detail=text)


def failure_of_warnings(warnings: Sequence[str]) -> Failure | None:
    """Return the failure that a render with these warnings is although it went to its end: another font stands in its texts."""
    for text in warnings:
        if _MISSING_FONT.search(text) is not None:
            return Failure(kind="font", reason="font_missing", detail=f"a font of the project is not installed: {text}")
    return None


def failure_of_exit(code: int) -> Failure:
    """Classify an exit code other than 0; a negative one is a signal, a large one a Windows exception."""
    if code in _EXIT:
        kind, detail = _EXIT[code]
        return Failure(kind=kind, reason="exit_code", detail=f"{detail} (exit code {code})")
    return Failure(kind="node", reason="exit_code", detail=f"After Effects ended unexpectedly (exit code {code})")
