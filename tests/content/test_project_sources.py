"""What a node is told of the values of a scene that only After Effects draws."""

from typing import Any

import msgspec
import pytest

from flatrender.contracts.content import SceneRequest
from flatrender.engine.template.model import Scene
from flatrender.engine.template.source import PlacedField
from flatrender.kit.ids import new_id
from flatrender.services.content.project_sources import written_out

PLACE = {"composition": "Main", "composition_id": 1, "layer": "Line", "layer_id": 2, "layer_index": 1}


def placed(key: str, kind: str, *takes: str) -> PlacedField:
    return msgspec.convert(
        {"key": key, "type": kind, "places": [{**PLACE, "takes": one} for one in takes]}, PlacedField
    )


def request(values: dict[str, Any], locale: str) -> SceneRequest:
    return SceneRequest(
        version_id=new_id(), scene_key="main", size="16x9", locale=locale, values=values, colors={"accent": "#ff0000"}
    )


SCENE = msgspec.convert(
    {
        "key": "main", "files": {"16x9": "main.json"}, "duration_frames": 30,
        "fields": [
            {"key": "price", "type": "number", "label": {}, "constraints": {"grouping": True, "suffix": {"fa": " تومان", "en": " T"}}},
            {"key": "level", "type": "slider", "label": {}},
            {"key": "season", "type": "dropdown", "label": {}, "constraints": {"options": [{"key": "s", "label": {"fa": "بهار", "en": "Spring"}}]}},
            {"key": "title", "type": "text", "label": {}},
        ],
    },
    Scene,
)  # fmt: skip
FIELDS = (
    placed("price", "number", "text"),
    placed("level", "slider", "number"),
    placed("season", "dropdown", "text", "text"),
    placed("title", "text", "text"),
    placed("accent", "color", "color"),
)


@pytest.mark.parametrize(("locale", "price", "season"), [("fa", "۱۲٬۰۰۰ تومان", "بهار"), ("en", "12,000 T", "Spring")])
def test_numbers_and_options_that_texts_show_are_written_out_in_the_films_language(
    locale: str, price: str, season: str
) -> None:
    asked = request({"price": 12000, "level": 4, "season": "s", "title": "۱۲", "unknown": 3}, locale)
    fields, values = written_out(FIELDS, SCENE, asked)
    assert values == {"price": price, "level": 4, "season": season, "title": "۱۲", "accent": "#ff0000"}
    assert {field.key: field.type for field in fields} == {
        "price": "textarea", "level": "slider", "season": "textarea", "title": "text", "accent": "color",
    }  # fmt: skip


def test_what_has_no_value_stays_as_designed() -> None:
    fields, values = written_out(FIELDS, SCENE, request({"price": None}, "fa"))
    assert values == {"accent": "#ff0000"}
    assert list(fields) == list(FIELDS)
