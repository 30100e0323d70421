"""What a person asks for on the command line, turned into what the engine takes: values, colours, sizes, music."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from flatrender.engine.errors import ValueRefused
from flatrender.engine.resolve.kept import resolve_kept
from flatrender.engine.resolve.values import all_fields
from flatrender.engine.scene import ResolvedScene
from flatrender.engine.store.disk import Store
from flatrender.engine.template import Template
from flatrender.engine.template.model import Field, Scene

_MAX_VALUES = 16 << 20
_YES, _NO = {"true", "yes", "on", "1"}, {"false", "no", "off", "0"}


class Frame(NamedTuple):
    """A picture's size: the template's design to use and pixels (even)."""

    size_key: str
    width: int
    height: int


class Values(NamedTuple):
    """Values for every scene that has the field, and for one scene: `key`, or `key#2` for the second time that it comes."""

    everywhere: dict[str, Any]
    by_scene: dict[str, dict[str, Any]]


def chosen_scenes(template: Template, keys: str | None) -> list[Scene]:
    """Return the scenes named `a,b,c` (one may come twice), or all. Raises ValueRefused `unknown_scene`."""
    if keys is None:
        return list(template.scenes)
    return [template.scene(key.strip()) for key in keys.split(",") if key.strip()]


def parse_values(
    template: Template, scenes: Sequence[Scene], options: Sequence[str], document: Mapping[str, Any] | None = None
) -> Values:
    """Sort `key=value` and `scene.key=value`, over those of a JSON object. Raises ValueRefused when no chosen scene has the field."""
    sorter = _Sorter(template, scenes)
    for name, value in (document or {}).items():
        if isinstance(value, dict) and sorter.is_scene(name):
            for key, inner in value.items():
                sorter.add(f"{name}.{key}", inner)
        else:
            sorter.add(name, value)
    for option in options:
        name, sign, text = option.partition("=")
        if not sign or not name:
            raise ValueRefused(f"--set {option[:80]!r}: write key=value or scene.key=value", code="wrong_type")
        sorter.add(name, text)
    return sorter.values


def read_values(source: Path) -> dict[str, Any]:
    """Read a JSON object of values from a file, or from standard input for `-`. Raises ValueRefused `wrong_type` or `missing_asset`."""
    where = "standard input" if str(source) == "-" else str(source)
    try:
        if str(source) == "-":
            data = sys.stdin.buffer.read(_MAX_VALUES + 1)
        else:
            with source.open("rb") as file:
                data = file.read(_MAX_VALUES + 1)
    except OSError as error:
        raise ValueRefused(f"cannot be read ({error.strerror})", code="missing_asset", where=where) from None
    if len(data) > _MAX_VALUES:
        raise ValueRefused(f"more than {_MAX_VALUES >> 20} MB of values", code="value_out_of_range", where=where)
    try:
        document = msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueRefused(f"this is no JSON: {error}", code="wrong_type", where=where) from None
    if not isinstance(document, dict):
        raise ValueRefused('write a JSON object: {"key": value}', code="wrong_type", where=where)
    return document


class _Sorter:
    """Puts each value where it belongs."""

    def __init__(self, template: Template, scenes: Sequence[Scene]) -> None:
        self._template, self._scenes = template, scenes
        self._known = {field.key for scene in scenes for field in all_fields(template, scene)}
        self.values = Values({}, {})

    def is_scene(self, name: str) -> bool:
        """Whether a scene has this name, with or without `#2`."""
        return any(scene.key == name.partition("#")[0] for scene in self._template.scenes)

    def add(self, name: str, value: Any) -> None:
        """Raises ValueRefused for a scene or a field that is not there."""
        scene_key, dot, key = name.rpartition(".")
        if not dot:
            if name not in self._known:
                raise ValueRefused(
                    f"no scene has a field {name!r}; there are {', '.join(sorted(self._known)) or 'none'}",
                    code="unknown_field",
                    where=self._template.where,
                )
            self.values.everywhere[name] = value
            return
        base, sign, number = scene_key.partition("#")
        scene = self._template.scene(base)
        times = sum(one.key == scene.key for one in self._scenes)
        if sign and not (number.isdigit() and 1 <= int(number) <= times):
            raise ValueRefused(
                f"the film has no {scene_key!r}; {base!r} comes {times} time(s)", code="unknown_scene", where=name
            )
        self.values.by_scene.setdefault(scene_key, {})[key] = value


def parse_colors(template: Template, preset: str | None, options: Sequence[str]) -> dict[str, str]:
    """Return the colours of a preset, and over them those given as `slot=#rrggbb`."""
    colors: dict[str, str] = {}
    if preset is not None:
        found = next((one for one in template.presets if one.key == preset), None)
        if found is None:
            raise ValueRefused(
                f"the template has no colour preset {preset!r}; it has "
                f"{', '.join(one.key for one in template.presets) or 'none'}",
                code="value_out_of_range",
                where=template.where,
            )
        colors.update(found.colors)
    for option in options:
        for part in option.split(","):
            slot, sign, color = part.partition("=")
            if not sign:
                raise ValueRefused(f"--colors {part[:80]!r}: write slot=#rrggbb", code="wrong_type")
            colors[slot.strip()] = color.strip()
    return colors


def parse_background(color: str | None) -> tuple[int, int, int] | None:
    """Return `#rrggbb` as three numbers of 0 to 255."""
    if color is None:
        return None
    if not re.fullmatch("#[0-9a-fA-F]{6}", color):
        raise ValueRefused(f"--background {color[:40]!r}: write #rrggbb", code="value_out_of_range")
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def parse_size(template: Template, wanted: str | None, *, short_side: int | None = None) -> Frame:
    """Return the size for a template's size key (`9x16`), pixels (`1280x720`: the design of the nearest shape) or a short side (`720p`).

    Without `wanted` the template's first size is taken. A template's size is scaled to `short_side` when given. Raises ValueRefused `value_out_of_range`.
    """
    if wanted is None or any(size.key == wanted for size in template.sizes):
        size = template.size(wanted)
        return _scaled(size.key, size.width, size.height, short_side)
    first = template.sizes[0]
    if match := re.fullmatch(r"(\d{2,4})p", wanted):
        return _scaled(first.key, first.width, first.height, int(match[1]))
    if match := re.fullmatch(r"(\d{2,5})[x×](\d{2,5})", wanted):
        width, height = int(match[1]), int(match[2])
        if width >= 100 or height >= 100:
            near = min(template.sizes, key=lambda size: abs(size.width / size.height - width / height))
            return Frame(near.key, _even(width), _even(height))
    raise ValueRefused(
        f"--size {wanted[:40]!r}: write one of the template's sizes ({', '.join(size.key for size in template.sizes)}), "
        "pixels (1280x720) or a height (720p)",
        code="value_out_of_range",
    )


def resolve(
    template: Template,
    scene: Scene,
    size_key: str,
    values: Values,
    colors: dict[str, str],
    locale: str,
    *,
    time: int = 1,
    store: Store | None = None,
    **options: Any,
) -> ResolvedScene:
    """Put the values into a scene, which comes for the `time`-th time; pictures are paths. Raises what `resolve_scene` raises."""
    own = {field.key: field for field in all_fields(template, scene)}
    given = {key: value for key, value in values.everywhere.items() if key in own}
    given.update(values.by_scene.get(scene.key, {}))
    given.update(values.by_scene.get(f"{scene.key}#{time}", {}))
    assets: dict[str, Path | str | bytes] = dict(options.pop("assets", {}))
    typed: dict[str, Any] = {}
    for key, value in given.items():
        typed[key] = _value(own[key], value) if key in own and isinstance(value, str) else value
        if key in own and own[key].type == "image":
            picture = typed[key].get("asset") if isinstance(typed[key], dict) else typed[key]
            if isinstance(picture, str) and picture and not template.has_file(picture):
                assets[picture] = Path(picture)
    return resolve_kept(
        template,
        scene.key,
        store,
        size=size_key,
        values=typed,
        colors=colors,
        locale=locale,
        assets=assets,
        **options,
    )


def resolve_all(
    template: Template,
    scenes: Sequence[Scene],
    size_key: str,
    values: Values,
    colors: dict[str, str],
    locale: str,
    store: Store | None,
    **options: Any,
) -> Iterator[ResolvedScene]:
    """Resolve the scenes in order, one at a time. `options` are `resolve_scene`'s others."""
    times: Counter[str] = Counter()
    for scene in scenes:
        times[scene.key] += 1
        yield resolve(template, scene, size_key, values, colors, locale, time=times[scene.key], store=store, **options)


def _value(field: Field, text: str) -> Any:
    match field.type:
        case "image" if text.startswith("{"):  # otherwise a path
            try:
                return msgspec.json.decode(text)
            except ValueError as error:
                raise ValueRefused(
                    f"the picture's value is no JSON ({error})", code="wrong_type", where=f"field {field.key!r}"
                ) from None
        case "number" | "slider":
            try:
                return float(text)
            except ValueError:
                raise ValueRefused(
                    f"{text[:40]!r} is no number", code="wrong_type", where=f"field {field.key!r}"
                ) from None
        case "checkbox":
            if text.lower() in _YES | _NO:
                return text.lower() in _YES
            raise ValueRefused(f"{text[:40]!r}: write true or false", code="wrong_type", where=f"field {field.key!r}")
        case "textarea":
            return text.replace("\\n", "\n")
        case _:
            return text


def _even(size: int) -> int:
    return max(2, size - size % 2)


def _scaled(key: str, width: int, height: int, short_side: int | None) -> Frame:
    scale = 1.0 if short_side is None else short_side / min(width, height)
    return Frame(key, 2 * max(1, round(width * scale / 2)), 2 * max(1, round(height * scale / 2)))
