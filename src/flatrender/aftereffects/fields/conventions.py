"""How designers name layers and compositions so that they become fields and scenes (docs/after-effects/designers.md)."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

Wanted = Literal["any", "text", "image", "color", "visible", "none"]

_WORDS: dict[str, Wanted] = {
    "text": "text", "txt": "text", "متن": "text",
    "image": "image", "img": "image", "photo": "image", "media": "image", "video": "image", "logo": "image",
    "تصویر": "image", "عکس": "image", "فیلم": "image", "لوگو": "image",
    "color": "color", "colour": "color", "رنگ": "color",
    "show": "visible", "toggle": "visible", "نمایش": "visible",
    "fixed": "none", "ثابت": "none",
}  # fmt: skip
_SCENE_WORDS = ("scene", "صحنه")
_MAX_COMMENT = 4000


class Marked(NamedTuple):
    """What a layer's name and comment say."""

    wanted: Wanted
    label: str
    options: dict[str, str]
    """`key`, `label`, `fa`, `en`, `help`, `group`, `max`, `lines`, `required` …, by the comment."""


def marked(name: str, comment: str) -> Marked | None:
    """Return what the names of the designers' convention say of a layer; None for a layer that keeps to none.

    `$Headline` is a field of whatever kind the layer is, `text: Headline`, `image: Photo`, `color: Accent`, `show: Badge` one of that kind;
    `_Headline` and `fixed: Headline` are none.
    """
    name = name.strip()
    options = comment_options(comment)
    if name.startswith("_"):
        return Marked("none", name[1:].strip(), options)
    if name.startswith("$") and len(name) > 1:
        return Marked("any", name[1:].strip(), options)
    found = re.fullmatch(r"(\w+)\s*:\s*(.+)", name, re.DOTALL)
    if found is None or found[1].lower() not in _WORDS:
        return None
    return Marked(_WORDS[found[1].lower()], found[2].strip(), options)


def comment_options(comment: str) -> dict[str, str]:
    """Return the `name = value` pairs of a comment, separated by `;` or lines; a name alone (`required`) stands for `yes`.

    A comment without any `=` is somebody's note, unless it is one known word.
    """
    options: dict[str, str] = {}
    for part in re.split(r"[;\n\r]+", comment[:_MAX_COMMENT]):
        name, equals, value = part.partition("=")
        key = name.strip().lower()
        if equals and re.fullmatch(r"[a-z_]{1,20}", key):
            options[key] = value.strip()
        elif key in {"required", "fixed", "repeat"}:
            options[key] = "yes"
    return options


class SceneName(NamedTuple):
    """What a composition's name says."""

    title: str
    """Without the word and the size."""
    size: str
    """`16x9` …, empty when the name says none."""
    is_scene: bool
    """It begins with `scene:` or `$`."""
    is_hidden: bool
    """It begins with `_`."""


def scene_name(name: str) -> SceneName:
    """Read a composition's name: `scene: Intro 16x9`, `Intro_9x16`, `Intro [1080x1920]`, `Intro (square)`."""
    rest = name.strip()
    hidden = rest.startswith("_")
    rest = rest.lstrip("_").strip()
    word = re.match(rf"({'|'.join(_SCENE_WORDS)})\s*:\s*(?=\S)", rest, re.IGNORECASE)
    is_scene = word is not None or (rest.startswith("$") and len(rest) > 1)
    rest = rest[word.end() :] if word is not None else rest.lstrip("$").strip()
    size = ""
    found = _SIZE.search(rest)
    if found is not None and (rest[: found.start()].strip(" -_–—")):
        size = _size_key(found["size"])
        rest = rest[: found.start()].rstrip(" -_–—")
    return SceneName(rest, size, is_scene, hidden)


_SIZE = re.compile(
    r"[\s\-_–—]*[\[(]?\s*(?P<size>\d{1,4}\s*[x×:]\s*\d{1,4}|\d{3,4}[_-]\d{3,4}|square|vertical|portrait|horizontal|landscape|story|reels?|wide|مربع|عمودی|افقی)\s*[\])]?\s*$",
    re.IGNORECASE,
)
_SIZE_WORDS = {
    "square": "1x1", "مربع": "1x1",
    "vertical": "9x16", "portrait": "9x16", "story": "9x16", "reel": "9x16", "reels": "9x16", "عمودی": "9x16",
    "horizontal": "16x9", "landscape": "16x9", "wide": "16x9", "افقی": "16x9",
}  # fmt: skip


def _size_key(text: str) -> str:
    word = text.strip().lower()
    return _SIZE_WORDS.get(word) or "x".join(re.findall(r"\d+", word))
