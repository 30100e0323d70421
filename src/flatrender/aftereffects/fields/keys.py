"""Keys of fields: from a designer's names to short ASCII names that stay the same."""

from __future__ import annotations

import hashlib
import re
import unicodedata

_MAX_KEY = 40
_LETTERS = str.maketrans(
    {
        "ا": "a", "آ": "a", "أ": "a", "إ": "e", "ب": "b", "پ": "p", "ت": "t", "ث": "s", "ج": "j", "چ": "ch", "ح": "h", "خ": "kh",
        "د": "d", "ذ": "z", "ر": "r", "ز": "z", "ژ": "zh", "س": "s", "ش": "sh", "ص": "s", "ض": "z", "ط": "t", "ظ": "z", "ع": "a",
        "غ": "gh", "ف": "f", "ق": "gh", "ک": "k", "ك": "k", "گ": "g", "ل": "l", "م": "m", "ن": "n", "و": "v", "ؤ": "v", "ه": "h",
        "ة": "h", "ی": "y", "ي": "y", "ى": "y", "ئ": "y", "ء": "", "\u200c": " ", "ـ": "", "ß": "ss", "ø": "o", "ł": "l", "æ": "ae",
    }
)  # fmt: skip
"""Letters without a decomposition to Latin ones; those of Persian and Arabic as they are usually spelled."""


def slug(name: str) -> str:
    """Return the name in small ASCII letters, digits and `_`, at most 40. Empty for a name in a script that is not spelled here."""
    spelled = unicodedata.normalize("NFKD", unicodedata.normalize("NFC", name[:200].lower()).translate(_LETTERS))
    letters = "".join(part for part in spelled if not unicodedata.combining(part))
    return re.sub(r"[^a-z0-9]+", "_", letters.replace("'", "")).strip("_")[:_MAX_KEY].strip("_")


class Keys:
    """Gives out keys, each once."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def take(self, wanted: str, kind: str) -> str:
        """Return the key for a name: its slug, with a number when it is taken. `kind` leads where a name cannot stand alone."""
        base = slug(wanted)
        if not base:
            base = f"{kind}_{hashlib.sha256(wanted.encode()).hexdigest()[:6]}" if wanted.strip() else kind
        elif base[0].isdigit():
            base = f"{kind}_{base}"[:_MAX_KEY]
        key, number = base, 2
        while key in self._taken:
            key = f"{base}_{number}"
            number += 1
        self._taken.add(key)
        return key
