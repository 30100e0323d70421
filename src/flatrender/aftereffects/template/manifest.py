"""The manifest of a template made of a project: fields of the scenes' sizes brought together, colours of all scenes as slots."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from flatrender.engine.template.model import Binding, ColorSlot, Field

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from flatrender.aftereffects.convert.context import Json
    from flatrender.aftereffects.fields.model import SuggestedField

_BY_NAME = frozenset({"text", "image", "visible"})


class SizedFields(NamedTuple):
    """The fields of one composition of a scene, and its Lottie, whose layers may be given other names."""

    fields: tuple[SuggestedField, ...]
    lottie: Json


def merged_fields(sizes: Sequence[SizedFields]) -> tuple[SuggestedField, ...]:
    """Return the fields of a scene in all its sizes.

    A field is the same in each by its key; layers of later sizes take the names that the first size's have, so that one binding serves all. What a
    size binds otherwise is said in `unbound`.
    """
    known = {field.key: field for field in sizes[0].fields}
    for size in sizes[1:]:
        for field in size.fields:
            first = known.get(field.key)
            if first is None or first.type != field.type:
                known.setdefault(field.key, field)
                continue
            if not _renamed(first.bindings, field.bindings, size.lottie):
                known[field.key] = msgspec.structs.replace(
                    first, unbound=first.unbound or "the sizes of the scene follow it in different ways"
                )
    return tuple(known.values())


def scene_fields(fields: Iterable[SuggestedField], *, all_of_them: bool) -> tuple[Field, ...]:
    """Return the template's fields; without `all_of_them` only those that the drawn scene takes."""
    return tuple(
        Field(
            key=field.key,
            type=field.type,
            label=field.label,
            bindings=field.bindings,
            default=field.default,
            help=field.help,
            constraints=field.constraints,
            is_required=field.is_required,
        )
        for field in fields
        if not field.slot and (field.bindings or all_of_them)
    )


def color_slots(scenes: Sequence[tuple[list[SuggestedField], list[Json]]]) -> tuple[ColorSlot, ...]:
    """Return the colours of all scenes as slots of the template.

    A key that stands for different colours in two scenes stays with the first; in the other scene, its Lotties and its fields (which are changed
    in place) it gets a number.
    """
    slots: dict[str, ColorSlot] = {}
    for fields, lotties in scenes:
        for number, field in enumerate(fields):
            if not field.slot:
                continue
            key, count = field.key, 2
            while key in slots and slots[key].default != field.default:
                key = f"{field.key}_{count}"
                count += 1
            if key != field.key:
                for lottie in lotties:
                    _rename_slot(lottie, field.key, key)
                fields[number] = msgspec.structs.replace(field, key=key)
            slots.setdefault(key, ColorSlot(key=key, label=field.label, default=field.default))
    return tuple(slots.values())


def _renamed(wanted: Sequence[Binding], own: Sequence[Binding], lottie: Json) -> bool:
    if list(wanted) == list(own):
        return True
    if len(wanted) != len(own):
        return False
    pairs = list(zip(wanted, own, strict=True))
    if any(first.property != second.property or first.property not in _BY_NAME for first, second in pairs):
        return False
    for first, second in pairs:
        if first.layer != second.layer:
            _swap_names(lottie, second.layer, first.layer)
    return True


def _swap_names(lottie: Json, name: str, wanted: str) -> None:
    for layers in (lottie["layers"], *(asset["layers"] for asset in lottie["assets"] if "layers" in asset)):
        for layer in layers:
            if layer.get("nm") == name:
                layer["nm"] = wanted
            elif layer.get("nm") == wanted:
                layer["nm"] = name


def _rename_slot(lottie: Json, slot: str, wanted: str) -> None:
    stack: list[object] = [lottie["layers"], lottie["assets"]]
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            if node.get("sid") == slot:
                node["sid"] = wanted
            stack.extend(node.values())
        elif isinstance(node, list):
            stack.extend(node)
