"""Whether a document fits its template: every value against its field, every colour against the template's slots."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import msgspec

from flatrender.contracts.content import TemplateDetails, TemplateField, TemplateScene
from flatrender.engine.errors import ValueRefused
from flatrender.engine.picture_value import PictureValueError, picture_value
from flatrender.engine.resolve.background import checked_background
from flatrender.engine.resolve.conditions import holds
from flatrender.engine.resolve.dates import FIRST, LAST
from flatrender.engine.resolve.duration import asked_frames, content_frames, followed_texts
from flatrender.engine.template.rules import BACKGROUND_KEY, Condition, Duration
from flatrender.services.studio.errors import Problems

MAX_TEXT = 10_000
"""Characters of a text, whatever its field allows."""
MAX_FILM_FRAMES = 36_000
"""Twenty minutes at 30 frames a second."""

_COLOR = re.compile(r"#[0-9A-Fa-f]{6}\Z")
_LINE_BREAK = re.compile("[\n\r\u2028\u2029]")


class Checker:
    """Checks the parts of one document and remembers the pictures that it names."""

    def __init__(self, template: TemplateDetails) -> None:
        self.problems = Problems()
        self.pictures: dict[UUID, str] = {}
        """File id (of a picture or film) → the path of a value that names it."""
        self._slots = {slot["key"] for slot in template.color_slots}
        self._global = {field.key: field for field in template.fields}
        self._scenes = {scene.key: scene for scene in template.scenes}
        self._template = template

    def scene(self, key: str, path: str) -> TemplateScene | None:
        """Return the template's scene, or note that there is none."""
        found = self._scenes.get(key)
        if found is None:
            known = ", ".join(self._scenes) or "none"
            self.problems.add("unknown_scene", f"{path}.scene_key", f"the template has no scene {key}; it has {known}")
        return found

    def size(self, key: str) -> None:
        """Note a size that the template does not have."""
        known = [size.key for size in self._template.sizes]
        if key not in known:
            self.problems.add("unknown_size", "size", f"the template has no size {key}; it has {', '.join(known)}")

    def colors(self, colors: Mapping[str, Any], path: str) -> dict[str, str]:
        """Return the colours in lower case; a null is left out."""
        kept: dict[str, str] = {}
        for key, color in colors.items():
            where = f"{path}.{key}"
            if color is None:
                continue
            if key not in self._slots:
                known = ", ".join(sorted(self._slots)) or "none"
                self.problems.add("unknown_field", where, f"the template has no colour {key}; it has {known}")
            elif not isinstance(color, str):
                self.problems.add("wrong_type", where, "a colour is a string #rrggbb")
            elif not _COLOR.match(color):
                self.problems.add("value_out_of_range", where, "write a colour as #rrggbb")
            else:
                kept[key] = color.lower()
        return kept

    def global_values(self, values: Mapping[str, Any], path: str = "global_values") -> dict[str, Any]:
        """Return the template-wide values without nulls."""
        return self._values(values, self._global, path, "the template")

    def scene_values(self, scene: TemplateScene, values: Mapping[str, Any], path: str) -> dict[str, Any]:
        """Return a scene's values without nulls; a template-wide field may be set for one scene."""
        return self._values(
            values, {**self._global, **{field.key: field for field in scene.fields}}, path, f"scene {scene.key}"
        )

    def frames(self, scene: TemplateScene, values: Mapping[str, Any], locale: str, asked: int | None, path: str) -> int:
        """Return how many frames a scene lasts, or note that it cannot last as long as was asked."""
        try:
            return frames_of(self._template, scene, values, locale, asked=asked)
        except ValueRefused as error:
            self.problems.add(error.code, f"{path}.duration_frames", error.detail)
            return scene.duration_frames

    def _values(
        self, values: Mapping[str, Any], fields: Mapping[str, TemplateField], path: str, owner: str
    ) -> dict[str, Any]:
        kept: dict[str, Any] = {}
        for key, value in values.items():
            if value is None:
                continue
            if key == BACKGROUND_KEY:
                wrong = self._wrong_background(value, f"{path}.{key}")
                if wrong is None:
                    kept[key] = value
                else:
                    self.problems.add(wrong[0], f"{path}.{key}", wrong[1])
                continue
            field = fields.get(key)
            if field is None:
                known = ", ".join(fields) or "none"
                self.problems.add("unknown_field", f"{path}.{key}", f"{owner} has no field {key}; it has {known}")
                continue
            wrong = self._wrong(field, value, f"{path}.{key}")
            if wrong is None:
                kept[key] = value
            else:
                self.problems.add(wrong[0], f"{path}.{key}", wrong[1])
        return kept

    def _wrong(self, field: TemplateField, value: Any, path: str) -> tuple[str, str] | None:
        if field.type == "image":
            return self._wrong_picture(value, path)
        if field.type == "font":
            return self._wrong_font(value)
        check = _CHECKS.get(field.type)
        if check is None:
            return "wrong_type", f"a field of type {field.type} takes no value here"
        return check(field, value)

    def _wrong_background(self, value: Any, path: str) -> tuple[str, str] | None:
        try:
            checked_background(value, self._slots)
        except ValueRefused as error:
            return error.code, error.detail
        picture = value.get("image") if isinstance(value, dict) else None
        return None if picture is None else self._wrong_picture(picture, f"{path}.image")

    def _wrong_font(self, value: Any) -> tuple[str, str] | None:
        if not isinstance(value, str):
            return "wrong_type", "a font is the name of a family"
        if value in self._template.fonts:
            return None
        return "unknown_font", f"there is no font {value[:60]!r}; choose one of {', '.join(self._template.fonts)}"

    def _wrong_picture(self, value: Any, path: str) -> tuple[str, str] | None:
        if value == "":
            return None
        try:
            name = picture_value(value).asset
        except PictureValueError as error:
            return ("wrong_type" if error.wrong_type else "value_out_of_range"), str(error)
        try:
            self.pictures.setdefault(UUID(name), path)
        except ValueError:
            return "missing_asset", "a picture is the id of an uploaded file"
        return None


def _wrong_text(field: TemplateField, value: Any) -> tuple[str, str] | None:
    if not isinstance(value, str):
        return "wrong_type", "a text is a string"
    if any(c == "\0" or 0xD800 <= ord(c) < 0xE000 for c in value):
        return "wrong_type", "the text holds something that is no character"
    longest = min(MAX_TEXT, int(field.constraints.get("max_length") or MAX_TEXT))
    if len(value) > longest:
        return "value_out_of_range", f"{len(value)} characters; at most {longest} fit"
    if field.type == "text" and _LINE_BREAK.search(value):
        return "value_out_of_range", "this text has one line: leave out the line break"
    return None


def _wrong_number(field: TemplateField, value: Any) -> tuple[str, str] | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "wrong_type", "a number is needed"
    low, high = field.constraints.get("min"), field.constraints.get("max")
    if not math.isfinite(value) or abs(value) > 1e15:
        return "value_out_of_range", "this number cannot be shown"
    if (low is not None and value < low) or (high is not None and value > high):
        return "value_out_of_range", f"{value} is not within {_or_any(low)} to {_or_any(high)}"
    return None


def _wrong_choice(field: TemplateField, value: Any) -> tuple[str, str] | None:
    known = [str(option["key"]) for option in field.options]
    if not isinstance(value, str):
        return "wrong_type", f"a choice is one of {', '.join(known)}"
    return None if value in known else ("value_out_of_range", f"the choices are {', '.join(known)}")


def _wrong_color(_: TemplateField, value: Any) -> tuple[str, str] | None:
    if not isinstance(value, str):
        return "wrong_type", "a colour is a string #rrggbb"
    return None if _COLOR.match(value) else ("value_out_of_range", "write a colour as #rrggbb")


def _wrong_checkbox(_: TemplateField, value: Any) -> tuple[str, str] | None:
    return None if isinstance(value, bool) else ("wrong_type", "a checkbox is true or false")


def _wrong_date(_: TemplateField, value: Any) -> tuple[str, str] | None:
    if not isinstance(value, str):
        return "wrong_type", "a date is a string YYYY-MM-DD"
    try:
        good = len(value) == len("2026-03-21") and FIRST <= date.fromisoformat(value) <= LAST
    except ValueError:
        good = False
    return None if good else ("value_out_of_range", f"write a date as YYYY-MM-DD, {FIRST} to {LAST}")


_CHECKS: dict[str, Callable[[TemplateField, Any], tuple[str, str] | None]] = {
    "text": _wrong_text,
    "textarea": _wrong_text,
    "color": _wrong_color,
    "number": _wrong_number,
    "slider": _wrong_number,
    "checkbox": _wrong_checkbox,
    "dropdown": _wrong_choice,
    "date": _wrong_date,
}


def _or_any(limit: Any) -> str:
    return "any" if limit is None else f"{limit:g}"


def is_filled(field: TemplateField, value: Any) -> bool:
    """Return whether a required field has something to show: what was written, otherwise its default."""
    effective = field.default if value is None else value
    if isinstance(effective, str):
        return effective.strip() != ""
    if isinstance(effective, dict):
        return bool(effective)
    return effective is not None


def is_asked_for(field: TemplateField, fields: Sequence[TemplateField], values: Mapping[str, Any]) -> bool:
    """Return whether a field's conditions (`visible_when`) hold, so that a person sees it."""
    conditions = field.constraints.get("visible_when")
    if not conditions:
        return True
    current = {one.key: one.default if values.get(one.key) is None else values[one.key] for one in fields}
    return holds(msgspec.convert(conditions, tuple[Condition, ...]), current)


def frames_of(
    template: TemplateDetails,
    scene: TemplateScene,
    values: Mapping[str, Any],
    locale: str,
    *,
    asked: int | None = None,
    clip_seconds: float | None = None,
) -> int:
    """Return how many frames a scene lasts with these values, by the rule by which it is resolved.

    Raises ValueRefused `value_out_of_range` for a length that the scene cannot have.
    """
    rule = None if scene.duration is None else msgspec.convert(scene.duration, Duration)
    if asked is not None:
        return asked_frames(rule, asked, designed=scene.duration_frames, where=f"scene {scene.key!r}")
    if rule is None:
        return scene.duration_frames
    language = locale.split("-", 1)[0].lower()
    current = {field.key: values.get(field.key, _default(field, language)) for field in scene.fields}
    return content_frames(
        rule,
        designed=scene.duration_frames,
        fps=template.fps,
        texts=followed_texts(rule, ((field.key, field.type) for field in scene.fields), current),
        clip_seconds=clip_seconds,
    )


def _default(field: TemplateField, language: str) -> Any:
    default = field.default
    if isinstance(default, dict) and field.type in ("text", "textarea"):
        return next(
            (default[key] for key in (language, "fa", "en") if key in default), next(iter(default.values()), "")
        )
    return default
