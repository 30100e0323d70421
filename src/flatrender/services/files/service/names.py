"""Names that people gave: kept to be shown, never used as paths."""

import unicodedata
from urllib.parse import quote, unquote_to_bytes

from flatrender.services.files.errors import BadFileName

LONGEST_NAME = 255
LONGEST_HEADER = 3 * 4 * LONGEST_NAME


def name_from_header(header: str | None) -> str:
    """Return the shown name for a percent-encoded UTF-8 header; raise BadFileName.

    Folders before the name are dropped, control and direction-override characters too (they would disguise the extension).
    """
    if header is None or len(header) > LONGEST_HEADER:
        raise BadFileName("send the file's name, percent-encoded UTF-8 of at most 255 characters, as X-File-Name")
    try:
        text = unquote_to_bytes(header).decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadFileName("X-File-Name is not percent-encoded UTF-8") from error
    return cleaned_name(text)


def cleaned_name(text: str) -> str:
    """Return a name that can be stored and shown; raise BadFileName when nothing is left of it."""
    last = unicodedata.normalize("NFC", text).replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(c for c in last if unicodedata.category(c) not in ("Cc", "Cs", "Zl", "Zp") and c not in DISGUISES)
    kept = kept.strip().strip(".") if set(kept.strip()) <= {"."} else kept.strip()
    if not kept or len(kept) > LONGEST_NAME:
        raise BadFileName("a file's name has 1 to 255 characters")
    return kept


DISGUISES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Direction overrides and isolates. The half-space (U+200C) belongs to Persian names and stays."""


def disposition(name: str, *, attachment: bool) -> str:
    """Return a Content-Disposition with the name in UTF-8 and a plain fall-back (RFC 6266 §4.3, Appendix D)."""
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\%;' else "_" for c in name)
    return f"{'attachment' if attachment else 'inline'}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
