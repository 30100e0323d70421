"""When nodes work: a pure function of hours, time zone and moment."""

from datetime import UTC, datetime

import pytest

from flatrender.kit.errors import Refused
from flatrender.protocol.register import Hours
from flatrender.services.render.service.hours import checked_hours, sleep_of

NIGHT = Hours(begin="22:00", end="08:00", time_zone="Asia/Tehran")
OFFICE = Hours(begin="09:00", end="17:30", days=(6, 7, 1, 2, 3), time_zone="Asia/Tehran")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("hours", "now", "asleep_h"),
    [
        # Tehran is 3.5 hours ahead of UTC.
        (NIGHT, "2026-11-23T18:30", None),
        (NIGHT, "2026-11-24T04:29", None),
        (NIGHT, "2026-11-24T04:30", 14.0),
        (NIGHT, "2026-11-23T18:29", 1 / 60),
        # Saturday to Wednesday; Thursday 2026-11-26 waits for Saturday.
        (OFFICE, "2026-11-25T05:30", None),
        (OFFICE, "2026-11-25T14:00", 63.5),
        (Hours(begin="00:00", end="00:00", time_zone="UTC"), "2026-11-25T05:30", None),
        (Hours(begin="10:00", end="10:00", days=(1,), time_zone="UTC"), "2026-11-24T09:59", None),
        (Hours(begin="10:00", end="10:00", days=(1,), time_zone="UTC"), "2026-11-24T10:00", 144.0),
    ],
    ids=["began", "last minute", "over", "before", "office", "weekend", "always", "a whole day", "until next week"],
)
def test_a_node_sleeps_outside_its_hours_until_they_begin_again(hours: Hours, now: str, asleep_h: float | None) -> None:
    found = sleep_of(hours, at(now))
    assert (found is None) == (asleep_h is None)
    if found is not None and asleep_h is not None:
        assert abs(found / 3600 - asleep_h) < 1e-6


def test_the_hours_follow_the_wall_clock_when_it_is_changed() -> None:
    berlin = Hours(begin="22:00", end="06:00", time_zone="Europe/Berlin")
    assert sleep_of(berlin, at("2026-10-24T19:59")) == 60.0  # summer time, two hours ahead
    assert sleep_of(berlin, at("2026-10-25T04:59")) is None  # in the night it was put back
    assert sleep_of(berlin, at("2026-10-25T05:00")) == 16 * 3600.0


@pytest.mark.parametrize(
    "wrong",
    [
        {"begin": "24:00"},
        {"end": "8:00"},
        {"days": ()},
        {"days": (0, 3)},
        {"time_zone": "Mars/Olympus"},
        {"time_zone": "../../etc/passwd"},
        {"time_zone": ""},
    ],
    ids=["no hour", "no two digits", "no day", "day 0", "no zone", "a path", "empty"],
)
def test_hours_that_are_none_are_refused_in_words(wrong: dict[str, object]) -> None:
    given = {"begin": "22:00", "end": "08:00", "time_zone": "UTC", **wrong}
    with pytest.raises(Refused) as refused:
        checked_hours(Hours(**given))  # type: ignore[arg-type]
    assert refused.value.code == "render.hours_invalid"
