"""A finished film made once more with changes: what did not change is not drawn again."""

import json
from typing import Any
from uuid import UUID, uuid4

import pytest

from flatrender.contracts.content import SceneRequest
from flatrender.contracts.render import RenderJobBrief
from flatrender.kit.errors import Refused
from tests.engine_film.conftest import film_numbers
from tests.render.farm import Farm, numbered

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def finished(farm: Farm) -> tuple[RenderJobBrief, set[str]]:
    """A film of three scenes, and the keys of its segments."""
    async with farm.real_node(slots=2):
        made = await farm.create("a", "b", "c")
        await farm.until(made.id, "completed")
    return made, segments(farm, made.id)


def segments(farm: Farm, film: UUID) -> set[str]:
    return {key for (key,) in farm.rows("SELECT segment_key FROM render.frame_jobs WHERE render_job_id = %s", film)}


async def again(farm: Farm, film: UUID, status: int = 200, **changes: Any) -> dict[str, Any]:
    answer = await farm.http.post(f"/v1/render-jobs/{film}/rerender", json=changes or None)
    assert answer.status_code == status, answer.text
    return dict(answer.json())


async def test_without_a_change_it_is_made_of_what_is_stored_and_needs_no_node(farm: Farm) -> None:
    first, drawn = await finished(farm)
    second = await again(farm, first.id)
    assert second["id"] != str(first.id)
    assert (second["title"], second["profile"]) == ("a film", "draft")
    job = await farm.until(second["id"], "completed")
    assert segments(farm, UUID(job["id"])) == drawn
    assert film_numbers(farm.film_path(job)) == [*range(30), *range(100, 140), *range(200, 220)]
    third = await again(farm, first.id)
    assert third["id"] == second["id"], "the same changes again are the same film"
    assert farm.row("SELECT count(*) FROM render.render_jobs") == (2,)


async def test_another_profile_is_drawn_and_the_sound_and_scenes_stay(farm: Farm) -> None:
    first, drawn = await finished(farm)
    second = await again(farm, first.id, profile="720p", title="larger")
    async with farm.real_node(slots=2):
        job = await farm.until(second["id"], "completed")
    assert (job["profile"], job["title"]) == ("720p", "larger")
    assert not segments(farm, UUID(job["id"])) & drawn
    assert film_numbers(farm.film_path(job)) == [*range(30), *range(100, 140), *range(200, 220)]


async def test_changed_values_of_one_scene_draw_that_scene_alone(farm: Farm, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []

    async def scene_request(**named: Any) -> SceneRequest | None:
        draft = json.loads(named["draft"])
        asked.append(draft)
        if "unknown" in draft["scene"]["values"]:
            raise Refused("there is no field unknown", code="studio.unknown_field")
        scene = draft["scene"]
        return SceneRequest(
            version_id=farm.templates.version_id,
            scene_key=scene["scene_key"],
            size="16x9",
            locale="en",
            values={**draft["global_values"], **scene["values"]},
            colors={**draft["palette"], **scene["colors"]},
        )

    monkeypatch.setattr(farm.projects, "scene_request", scene_request)
    seen: list[SceneRequest] = []
    real = farm.templates.resolve_scenes

    async def resolve(**named: Any) -> Any:
        seen.extend(named["requests"])
        found = await real(**named)
        changed = [one.values.get("words") == "new" for one in named["requests"]]
        if any(changed):
            farm.templates.add("b", numbered(40, base=300), 40)
            found = await real(**named)
        return found

    first, drawn = await finished(farm)
    monkeypatch.setattr(farm.templates, "resolve_scenes", resolve)
    second = await again(
        farm,
        first.id,
        global_values={"brand": "x"},
        palette={"main": "#112233"},
        scenes=[{"number": 2, "values": {"words": "new"}, "colors": {"main": "#445566"}}],
    )
    async with farm.real_node(slots=2):
        job = await farm.until(second["id"], "completed")
    assert [one.values for one in seen] == [{"brand": "x"}, {"brand": "x", "words": "new"}, {"brand": "x"}]
    assert [one.colors["main"] for one in seen] == ["#112233", "#445566", "#112233"]
    assert len(asked) == 2, "only what changed is asked about"
    assert film_numbers(farm.film_path(job)) == [*range(30), *range(300, 340), *range(200, 220)]
    kept = segments(farm, UUID(job["id"])) & drawn
    assert len(drawn - kept) == farm.row("SELECT count(*) FROM render.frame_jobs WHERE render_job_id = %s AND scene_key = 'b'", first.id)[0]  # fmt: skip
    refused = await again(farm, first.id, 422, scenes=[{"number": 1, "values": {"unknown": 1}}])
    assert refused["code"] == "studio.unknown_field"
    refused = await again(farm, first.id, 422, scenes=[{"number": 4}])
    assert refused["code"] == "render.no_such_scene"


async def test_only_a_film_that_has_ended_and_is_ones_own_is_made_again(farm: Farm) -> None:
    made = await farm.create("a")
    refused = await again(farm, made.id, 409)
    assert refused["code"] == "render.not_rerenderable"
    assert (await again(farm, uuid4(), 404))["code"] == "render.job_not_found"
    stranger = {"X-Test-Tenant": str(UUID(int=0xB2))}
    answer = await farm.http.post(f"/v1/render-jobs/{made.id}/rerender", headers=stranger)
    assert (answer.status_code, answer.json()["code"]) == (404, "render.job_not_found")
    await farm.http.post(f"/v1/render-jobs/{made.id}/cancel")
    assert (await again(farm, made.id, 422, profile="8k"))["code"] == "render.unknown_profile"
    assert (await again(farm, made.id, profile="720p"))["status"] == "queued"
