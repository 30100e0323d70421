"""Fields from the layers themselves: names by the designers' convention, texts, pictures, films and placeholders."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from flatrender.aftereffects.convert.footage import hex_color
from flatrender.aftereffects.fields.conventions import Marked, marked
from flatrender.aftereffects.fields.model import ProjectPlace, SuggestedField, Takes
from flatrender.aftereffects.fields.places import TEXT_STEPS, place_of, text_described
from flatrender.engine.template.model import Constraints, FieldType, LocaleText

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flatrender.aftereffects.fields.layers import SceneLayer

PICTURES = frozenset(
    {".png", ".jpg", ".jpeg", ".webp", ".gif", ".svg", ".avif", ".heic", ".tif", ".tiff", ".bmp", ".tga", ".psd", ".ai", ".eps", ".exr", ".dpx"}
)  # fmt: skip
_PLACEHOLDER = re.compile(
    r"(place ?holders?|media|image|img|photo|picture|video|footage|logo|drop (your|it)|your (logo|photo|image|video)|"
    r"جایگاه|تصویر|عکس|فیلم|ویدیو|لوگو)",
    re.IGNORECASE,
)
_MAX_PLACEHOLDER_LAYERS = 3
_MAX_FIELDS = 200
"""Of one kind, in a scene."""


def marked_layers(layers: Sequence[SceneLayer]) -> dict[int, Marked]:
    """Return what names and comments say, by the places of the layers in the sequence."""
    found: dict[int, Marked] = {}
    for place, one in enumerate(layers):
        told = marked(one.layer.name, one.layer.comment or "")
        if told is not None:
            found[place] = told
    return found


def named_fields(layers: Sequence[SceneLayer], told: dict[int, Marked]) -> Iterator[SuggestedField]:
    """Yield a field for each layer that the convention names; layers of one kind and label share it."""
    made: dict[tuple[str, str], SuggestedField] = {}
    for place, words in told.items():
        one = layers[place]
        kind = _kind(one, words)
        if kind is None:
            continue
        label = (kind, words.options.get("key") or words.label)
        written = _written(one, kind)
        known = made.get(label)
        if known is not None:
            made[label] = _also(known, written)
        else:
            made[label] = _named_field(one, kind, words, written)
    yield from made.values()


def wrongly_named(layers: Sequence[SceneLayer], told: dict[int, Marked]) -> Iterator[tuple[SceneLayer, str]]:
    """Yield the layers whose names ask for a field that a layer of their kind cannot be."""
    for place, words in told.items():
        if words.wanted not in {"none", "any"} and _kind(layers[place], words) is None:
            yield (
                layers[place],
                f"the name asks for a field of the kind {words.wanted}, and the layer is a {layers[place].kind} layer",
            )


def text_fields(layers: Sequence[SceneLayer]) -> Iterator[SuggestedField]:
    """Yield a field for each text that is shown, says something in letters, and is the same throughout."""
    for one in layers:
        if one.kind == "text" and one.shown and (document := still_text(one.layer)) is not None:
            kind = text_described(document)
            if any(letter.isalpha() for letter in kind.default):
                yield SuggestedField(
                    key=_label(one, kind.default),
                    type=kind.type,
                    label=_both(_label(one, kind.default)),
                    origin="text",
                    places=(place_of(one, "text", TEXT_STEPS),),
                    default=kind.default,
                )


def footage_fields(layers: Sequence[SceneLayer]) -> Iterator[SuggestedField]:
    """Yield a field for each picture, film and placeholder that is shown; layers that show the same share one."""
    shared: dict[int, list[SceneLayer]] = {}
    for one in layers:
        if one.shown and is_replaceable(one):
            shared.setdefault(one.source.id, []).append(one)
    for group in list(shared.values())[:_MAX_FIELDS]:
        name = re.sub(r"\.\w{2,4}$", "", group[0].source.name) or "Image"
        yield SuggestedField(
            key=name,
            type="image",
            label=_both(name),
            origin="footage",
            places=tuple(place_of(one, "footage", item_id=one.source.id) for one in group),
        )


def is_replaceable(one: SceneLayer) -> bool:
    """Whether a layer shows what a person would put a picture or film in the place of."""
    if one.kind == "footage":
        return bool(one.source.width) and getattr(one.layer, "enabled", True)
    return one.kind == "composition" and is_placeholder(one.source)


def is_placeholder(comp: Any) -> bool:
    """Whether a composition waits for a picture: its name says so, and it holds no more than a ground or a hint."""
    if _PLACEHOLDER.search(comp.name) is None:
        return False
    layers = list(comp.layers)
    if len(layers) > _MAX_PLACEHOLDER_LAYERS:
        return False
    sources = [getattr(layer, "source", None) for layer in layers]
    return all(source is None or getattr(source, "asset_type", "") == "solid" for source in sources)


def still_text(layer: Any) -> Any:
    """Return the document of a text that is the same throughout; None for one that changes, or that an expression writes."""
    group = layer.text
    if group is None:
        return None
    source = group["ADBE Text Document"]
    if source.expression and source.expression_enabled:
        return None
    if source.keyframes:
        documents = [key.value for key in source.keyframes]
        return documents[0] if all(str(one.text) == str(documents[0].text) for one in documents) else None
    return source.value


def _kind(one: SceneLayer, words: Marked) -> FieldType | None:
    """Return the type of the field that the layer is to be; None where it can be none of the wanted kind."""
    wanted, kind = words.wanted, one.kind
    if wanted == "none":
        return None
    if kind == "text" and wanted in {"any", "text"}:
        document = one.layer.text["ADBE Text Document"].value if one.layer.text is not None else None
        return None if document is None else text_described(document).type
    if wanted == "visible":
        return "checkbox"
    if kind in {"footage", "composition"} and wanted in {"any", "image"}:
        return "image" if kind == "footage" or wanted == "image" or is_placeholder(one.source) else "checkbox"
    if kind == "solid":
        return {"any": "color", "color": "color", "image": "image"}.get(wanted)  # type: ignore[return-value]
    if wanted == "any" and kind in {"shape", "null", "adjustment"}:
        return "checkbox"
    return None


def _written(one: SceneLayer, kind: FieldType) -> ProjectPlace:
    takes: dict[FieldType, Takes] = {
        "text": "text", "textarea": "text", "image": "footage", "color": "solid", "checkbox": "visible",
    }  # fmt: skip
    if kind in {"text", "textarea"}:
        return place_of(one, "text", TEXT_STEPS)
    return place_of(one, takes[kind], item_id=getattr(one.source, "id", None))


def _named_field(one: SceneLayer, kind: FieldType, words: Marked, written: ProjectPlace) -> SuggestedField:
    options = words.options
    name = options.get("label") or words.label
    default: Any = None
    if kind in {"text", "textarea"}:
        default = text_described(one.layer.text["ADBE Text Document"].value).default
    elif kind == "color":
        default = hex_color(one.source.main_source.color)
    elif kind == "checkbox":
        default = bool(one.layer.enabled)
    return SuggestedField(
        key=options.get("key") or words.label,
        type=kind,
        label={"fa": options.get("fa") or name, "en": options.get("en") or name},
        origin="name",
        places=(written,),
        default=default,
        constraints=_constraints(kind, options),
        group=options.get("group", ""),
        help=_both(options["help"]) if options.get("help") else {},
        is_required=options.get("required", "no").lower() in {"yes", "true", "1"},
    )


def _constraints(kind: FieldType, options: dict[str, str]) -> Constraints:
    if kind in {"text", "textarea"}:
        return Constraints(
            max_length=_whole(options.get("max")),
            max_lines=_whole(options.get("lines")) if kind == "textarea" else None,
            min_font_size=_number(options.get("min_font_size")),
        )
    fit = options.get("fit", "").lower()
    if kind == "image" and fit in {"contain", "fill"}:
        return Constraints(fit="contain" if fit == "contain" else "fill")
    return Constraints()


def _also(field: SuggestedField, place: ProjectPlace) -> SuggestedField:
    return msgspec.structs.replace(field, places=(*field.places, place))


def _label(one: SceneLayer, words: str) -> str:
    """Return the layer's name; a text's first words where the name is only those."""
    return one.layer.name.strip() or words.split("\n", 1)[0][:40]


def _both(text: str) -> LocaleText:
    return {"fa": text, "en": text}


def _whole(text: str | None) -> int | None:
    return int(text) if text and re.fullmatch(r"\d{1,4}", text) and int(text) > 0 else None


def _number(text: str | None) -> float | None:
    return float(text) if text and re.fullmatch(r"\d{1,4}(\.\d+)?", text) and float(text) > 0 else None
