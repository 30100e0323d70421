"""Writing dates: the Jalali calendar in Persian, the Gregorian elsewhere."""

from __future__ import annotations

import bisect
from datetime import date
from typing import Literal

Calendar = Literal["gregorian", "jalali"]
Style = Literal["short", "long", "full", "month"]

FIRST, LAST = date(1800, 3, 22), date(2199, 12, 31)
"""Between these the 33-year rule of leap years is right."""

# Leap years of the 33-year cycle, by the year's remainder; valid 1178 to 1633 (K. M. Borkowski, “The Persian calendar for 3000 years”, 1996).
_LEAPS = (1, 5, 9, 13, 17, 22, 26, 30)
_ANCHOR_YEAR, _ANCHOR = 1403, date(2024, 3, 20).toordinal()

_JALALI = {
    "fa": ("فروردین", "اردیبهشت", "خرداد", "تیر", "مرداد", "شهریور", "مهر", "آبان", "آذر", "دی", "بهمن", "اسفند"),
    "en": (
        "Farvardin", "Ordibehesht", "Khordad", "Tir", "Mordad", "Shahrivar",
        "Mehr", "Aban", "Azar", "Dey", "Bahman", "Esfand",
    ),
}  # fmt: skip
_GREGORIAN = {
    "fa": ("ژانویه", "فوریه", "مارس", "آوریل", "مه", "ژوئن", "ژوئیه", "اوت", "سپتامبر", "اکتبر", "نوامبر", "دسامبر"),
    "ar": ("يناير", "فبراير", "مارس", "أبريل", "مايو", "يونيو", "يوليو", "أغسطس", "سبتمبر", "أكتوبر", "نوفمبر", "ديسمبر"),
    "en": (
        "January", "February", "March", "April", "May", "June",
        "July", "August", "September", "October", "November", "December",
    ),
}  # fmt: skip
_WEEKDAYS = {
    "fa": ("دوشنبه", "سه‌شنبه", "چهارشنبه", "پنجشنبه", "جمعه", "شنبه", "یکشنبه"),
    "ar": ("الاثنين", "الثلاثاء", "الأربعاء", "الخميس", "الجمعة", "السبت", "الأحد"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}


def _leaps_before(year: int) -> int:
    cycles, rest = divmod(year - 1, 33)
    return cycles * len(_LEAPS) + bisect.bisect_right(_LEAPS, rest)


def _new_year(year: int) -> int:
    """Ordinal of 1 Farvardin."""
    return _ANCHOR + 365 * (year - _ANCHOR_YEAR) + _leaps_before(year) - _leaps_before(_ANCHOR_YEAR)


def jalali(day: date) -> tuple[int, int, int]:
    """Return year, month and day of the Persian calendar for a day from `FIRST` to `LAST`."""
    year = day.year - 621
    while _new_year(year) > day.toordinal():
        year -= 1
    rest = day.toordinal() - _new_year(year)
    if rest < 186:
        return year, rest // 31 + 1, rest % 31 + 1
    return year, (rest - 186) // 30 + 7, (rest - 186) % 30 + 1


def date_text(day: date, style: Style, calendar: Calendar, locale: str) -> str:
    """Return a date in words or figures, with Latin digits: `short` 1405/09/01, `long` 1 آذر 1405, `full` with the weekday, `month` without the day."""
    language = locale if locale in _WEEKDAYS else "en"
    if calendar == "jalali":
        year, month, number = jalali(day)
        name = _JALALI.get(language, _JALALI["en"])[month - 1]
    else:
        year, month, number = day.year, day.month, day.day
        name = _GREGORIAN[language][month - 1]
    if style == "short":
        return f"{year:04d}/{month:02d}/{number:02d}" if language != "en" else f"{year:04d}-{month:02d}-{number:02d}"
    if style == "month":
        return f"{name} {year}"
    words = f"{number} {name} {year}"
    if style == "full":
        comma = ", " if language == "en" else " " if language == "fa" else "، "
        return f"{_WEEKDAYS[language][day.weekday()]}{comma}{words}"
    return words
