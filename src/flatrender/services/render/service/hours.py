"""When nodes work: hours of the day in a time zone, asked with the database's time. Pure."""

import re
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from flatrender.kit.errors import Refused
from flatrender.protocol.register import Hours
from flatrender.services.render.queries.nodes import NodeRow

_TIME = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d")
MAX_ASLEEP_S = 8 * 86400.0
"""Hours that begin on one day of the week leave a node asleep for less than this."""


def checked_hours(hours: Hours) -> Hours:
    """Return the hours with their days in order, each once. Raises Refused `render.hours_invalid` for what is no time, day or time zone."""
    for name, value in (("begin", hours.begin), ("end", hours.end)):
        if _TIME.fullmatch(value) is None:
            raise _invalid(f"{name} {value[:20]!r} is no time: give HH:MM, 00:00 to 23:59")
    days = tuple(sorted(set(hours.days)))
    if not days or days[0] < 1 or days[-1] > 7:
        raise _invalid("days are 1 (Monday) to 7 (Sunday), at least one")
    _zone(hours.time_zone)
    return msgspec.structs.replace(hours, days=days)


def asleep_s(node: NodeRow) -> float | None:
    """Return for how many seconds the node sleeps from the moment when its row was read; None when it may work."""
    stored = node.hours or node.own_hours
    return None if stored is None else sleep_of(msgspec.convert(stored, Hours), node.read_at)


def sleep_of(hours: Hours, now: datetime) -> float | None:
    """Return the seconds from `now` until the hours begin; None within them. Raises Refused for hours that are none."""
    zone = _zone(hours.time_zone)
    today = now.astimezone(zone).date()
    next_day = hours.end <= hours.begin
    waits: list[float] = []
    # Begun yesterday they may still last; the next beginning is at most a week away.
    for offset in range(-1, 8):
        day = today + timedelta(days=offset)
        if day.isoweekday() not in hours.days:
            continue
        begin = _at(day.isoformat(), hours.begin, zone)
        end = _at((day + timedelta(days=int(next_day))).isoformat(), hours.end, zone)
        if begin <= now < end:
            return None
        if begin > now:
            waits.append((begin - now).total_seconds())
    return min(waits, default=MAX_ASLEEP_S)


def _at(day: str, time: str, zone: ZoneInfo) -> datetime:
    return datetime.fromisoformat(f"{day}T{time}:00").replace(tzinfo=zone)


@lru_cache(maxsize=200)
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise _invalid(f"there is no time zone {name[:60]!r}: give a name such as Asia/Tehran or UTC") from error


def _invalid(detail: str) -> Refused:
    return Refused(detail, code="render.hours_invalid")
