"""What notifications say, in the languages that we speak. A locale that we do not know reads English."""

from dataclasses import dataclass

FIRST_STRONG_ISOLATE = "\u2068"
POP_ISOLATE = "\u2069"
LONGEST_TITLE = 120


@dataclass(frozen=True)
class Text:
    """A title and a body."""

    title: str
    body: str


_COMPLETED = {
    "fa": Text("فیلم شما آماده است", "«{film}» ساخته شد و می‌توانید آن را ببینید یا دانلود کنید."),
    "en": Text("Your film is ready", "“{film}” has been rendered: watch or download it."),
}
_REPAIRED = {
    "fa": Text("نسخهٔ تازهٔ فیلم شما آماده است", "قاب‌هایی از «{film}» دوباره کشیده شد؛ فیلم در همان نشانی تازه شده است."),
    "en": Text(
        "A new version of your film is ready", "Frames of “{film}” were drawn again; the film is new at the same place."
    ),
}
_FAILED = {
    "fa": Text("ساخت فیلم ناموفق بود", "«{film}» ساخته نشد. می‌توانید دوباره تلاش کنید."),
    "en": Text("Your film could not be rendered", "“{film}” failed. You can try again."),
}
_EXPIRING = {
    "fa": Text(
        "فایل فیلم شما به‌زودی پاک می‌شود", "فایل «{film}» تا چند روز دیگر پاک می‌شود. دانلودش کنید یا تمدیدش کنید."
    ),
    "en": Text(
        "Your film’s file expires soon", "The file of “{film}” will be removed in a few days: download or renew it."
    ),
}
_DELIVERY_DEAD = {
    "fa": Text(
        "تحویل فایل ناموفق ماند",
        "پس از چند بار تلاش، چیزی به «{film}» تحویل داده نشد. نشانی و کلیدهای آن را بررسی کنید.",
    ),
    "en": Text(
        "A delivery was given up", "Nothing could be delivered to “{film}” in all attempts: check its address and keys."
    ),
}
_UNNAMED = {"fa": "بدون نام", "en": "Untitled"}


def completed(locale: str, film: str) -> Text:
    """Say that a film is ready."""
    return _filled(_COMPLETED, locale, film)


def repaired(locale: str, film: str) -> Text:
    """Say that frames of a film were drawn again."""
    return _filled(_REPAIRED, locale, film)


def failed(locale: str, film: str) -> Text:
    """Say that a film could not be made."""
    return _filled(_FAILED, locale, film)


def expiring(locale: str, film: str) -> Text:
    """Say that a film's file is removed soon."""
    return _filled(_EXPIRING, locale, film)


def delivery_dead(locale: str, target: str) -> Text:
    """Say that nothing could be delivered to a target."""
    return _filled(_DELIVERY_DEAD, locale, target)


def _filled(texts: dict[str, Text], locale: str, film: str) -> Text:
    language = locale.partition("-")[0].lower()
    language = language if language in texts else "en"
    name = film.strip()[:LONGEST_TITLE] or _UNNAMED[language]
    # a Latin name inside a Persian sentence, and the reverse, must not turn the words around it (UAX #9 §2.4.1)
    text = texts[language]
    return Text(text.title, text.body.replace("{film}", f"{FIRST_STRONG_ISOLATE}{name}{POP_ISOLATE}"))
