"""HTTP ranges (RFC 9110 §14): one range is served, several at once are answered with the whole, which the RFC allows."""

import re
from dataclasses import dataclass

ONE_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


@dataclass(frozen=True)
class Part:
    """`length` bytes from `start`."""

    start: int
    length: int


class Unsatisfiable(ValueError):
    """The range begins behind the end."""


def wanted_part(header: str | None, if_range: str | None, *, size: int, etag: str) -> Part | None:
    """Return the part that is asked for, or None for the whole; raise Unsatisfiable.

    A header that is not understood, or an `If-Range` that names another version, means the whole.
    """
    found = ONE_RANGE.fullmatch(header.strip()) if header else None
    if found is None or (if_range is not None and if_range.strip() != etag):
        return None
    first, last = found.groups()
    if not first and not last:
        return None
    if not first:
        length = min(int(last), size)
        if length == 0:
            raise Unsatisfiable
        return Part(size - length, length)
    start = int(first)
    if last and int(last) < start:
        return None
    if start >= size:
        raise Unsatisfiable
    end = min(int(last), size - 1) if last else size - 1
    return Part(start, end - start + 1)
