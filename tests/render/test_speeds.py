"""Learning how long frames take, and telling from it when films are ready."""

import itertools
import math
import random
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from flatrender.protocol.work import Engine
from flatrender.services.render.queries.forecasts import Film, Running, Server, Undrawn
from flatrender.services.render.queries.speeds import FinishSums, SceneKey, Speed
from flatrender.services.render.service.forecast import (
    Farm,
    alone_s,
    drawing_share,
    finish_left,
    finish_s,
    forecast,
    smoothed,
)
from flatrender.services.render.service.speeds import START_S, FrameResult, Speeds, chunk_s, typical_pace

TENANT, OTHER, VERSION, NEW_VERSION = UUID(int=1), UUID(int=2), UUID(int=3), UUID(int=4)
NODE, SLOW = UUID(int=10), UUID(int=11)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
START = START_S["thorvg"]


def key(scene: str = "a", *, height: int = 1080, engine: Engine = "thorvg", version: UUID = VERSION) -> SceneKey:
    return SceneKey(
        tenant_id=TENANT,
        project_version_id=version,
        scene_key=scene,
        engine=engine,
        kind="mp4_h264",
        height=height,
    )


def result(scene: str, frame_s: float, node: UUID = NODE, *, frames: int = 100, height: int = 1080) -> FrameResult:
    return FrameResult(
        tenant_id=TENANT,
        project_version_id=VERSION,
        scene_key=scene,
        engine="thorvg",
        kind="mp4_h264",
        height=height,
        node_id=node,
        frames=frames,
        seconds=START + frames * frame_s,
    )


def knowing(frame_s: float = 0.1) -> Speeds:
    return Speeds({key(): Speed(frame_s=frame_s, variance=0.001, spread=0.1, results=50)})


def film(number: int, chunks: int, *, tenant: UUID = TENANT, priority: int = 0, **more: object) -> Film:
    group = Undrawn(pool="default", engine="thorvg", scene="a", frames=100, chunks=chunks)
    given: dict[str, object] = {
        "tenant_id": tenant,
        "id": UUID(int=100 + number),
        "project_version_id": VERSION,
        "height": 1080,
        "kind": "mp4_h264",
        "film_s": 0.0,
        "priority": priority,
        "queued_at": NOW + timedelta(seconds=number),
        "undrawn": [group] if chunks else [],
    }
    return Film(**{**given, **more})  # type: ignore[arg-type]


def server(node: UUID = NODE, slots: int = 1, dedicated: UUID | None = None) -> Server:
    return Server(node_id=node, pool="default", engine="thorvg", slots=slots, dedicated_tenant_id=dedicated)


CHUNK_S = START + 10.0
FINISH_S = finish_s(FinishSums(), "mp4_h264", 0.0)


class TestLearning:
    def test_what_was_never_drawn_goes_by_scene_then_size_then_template_then_engine_then_a_constant(self) -> None:
        speeds = Speeds()
        assert not speeds.is_known(key())
        assert speeds.frame_s(key()) == pytest.approx(0.03)
        for _ in range(30):
            speeds.learn(result("a", 0.2))
            speeds.learn(result("b", 0.8))
        pace = speeds.pace(NODE, "thorvg").pace
        assert speeds.frame_s(key("a")) * pace == pytest.approx(0.2, rel=0.05)
        assert speeds.frame_s(key("b")) * pace == pytest.approx(0.8, rel=0.05)
        other_size = speeds.frame_s(key("b", height=540)) * pace
        assert 0.8 / 4 < other_size < 0.8 / 2
        template = speeds.frame_s(key("c"))
        assert 0.2 < template * pace < 0.8
        assert speeds.frame_s(key("x", version=NEW_VERSION)) == pytest.approx(template, rel=0.5)
        assert speeds.speed(key("x", version=NEW_VERSION)).results == 0
        assert not speeds.is_known(key("a", engine="aerender"))
        assert speeds.frame_s(key("a", engine="aerender")) == 1.0

    def test_a_node_half_as_fast_is_told_from_scenes_that_take_longer(self) -> None:
        speeds, chance = Speeds(), random.Random(7)
        truth = {scene: 0.02 * 1.7**number for number, scene in enumerate("abcdef")}
        for _ in range(120):
            scene = chance.choice("abcdef")
            node, pace = chance.choice(((NODE, 1.0), (SLOW, 2.0)))
            speeds.learn(result(scene, truth[scene] * pace * math.exp(chance.gauss(0, 0.1)), node))
        ratio = speeds.pace(SLOW, "thorvg").pace / speeds.pace(NODE, "thorvg").pace
        assert ratio == pytest.approx(2.0, rel=0.1)
        for scene, frame_s in truth.items():
            predicted = speeds.frame_s(key(scene)) * speeds.pace(SLOW, "thorvg").pace
            assert predicted == pytest.approx(2 * frame_s, rel=0.12)

    def test_a_scene_that_became_slower_is_believed_after_a_few_results_and_one_wild_result_is_not(self) -> None:
        speeds = Speeds()
        for _ in range(40):
            speeds.learn(result("a", 0.1))
        settled = speeds.frame_s(key())
        speeds.learn(result("a", 1000.0))
        assert speeds.frame_s(key()) < 2 * settled
        for _ in range(40):
            speeds.learn(result("a", 0.3))
        pace = speeds.pace(NODE, "thorvg").pace
        assert speeds.frame_s(key()) * pace == pytest.approx(0.3, rel=0.15)

    @pytest.mark.parametrize("seconds", [0.0, -1.0, math.inf, math.nan])
    def test_a_result_without_a_time_teaches_nothing(self, seconds: float) -> None:
        speeds = Speeds()
        good = result("a", 0.1)
        speeds.learn(FrameResult(**{**{n: getattr(good, n) for n in good.__struct_fields__}, "seconds": seconds}))
        assert speeds.scenes == {}
        assert speeds.paces == {}

    def test_starting_is_not_taken_for_drawing_so_short_chunks_and_long_ones_teach_the_same(self) -> None:
        short, long = Speeds(), Speeds()
        for _ in range(20):
            short.learn(result("a", 0.05, frames=30))
            long.learn(result("a", 0.05, frames=480))
        assert short.frame_s(key()) == pytest.approx(long.frame_s(key()), rel=0.01)

    def test_the_typical_pace_is_the_middle_one(self) -> None:
        assert typical_pace([]) == 1.0
        assert typical_pace([4.0, 1.0, 1.2]) == 1.2


class TestForecast:
    def test_a_film_alone_takes_its_rounds_on_the_slots_and_its_finish(self) -> None:
        farm = Farm(films=[film(1, 5)], running=[], servers=[server(slots=2)], speeds=knowing())
        assert forecast(farm) == {UUID(int=101): pytest.approx(3 * CHUNK_S + FINISH_S)}

    def test_running_chunks_count_by_what_is_left_of_them(self) -> None:
        held = Running(
            tenant_id=TENANT,
            render_job_id=UUID(int=101),
            node_id=NODE,
            pool="default",
            engine="thorvg",
            scene="a",
            frames=100,
            frames_done=50,
            elapsed_s=CHUNK_S / 2,
        )
        farm = Farm(films=[film(1, 0)], running=[held], servers=[server()], speeds=knowing())
        assert forecast(farm)[UUID(int=101)] == pytest.approx(CHUNK_S / 2 + FINISH_S)

    def test_two_tenants_of_one_priority_share_by_weight_and_the_one_that_ends_first_leaves_the_rest(self) -> None:
        films = [film(1, 9), film(2, 3, tenant=OTHER)]
        speeds = knowing()
        speeds.scenes[
            SceneKey(**{**{n: getattr(key(), n) for n in SceneKey.__struct_fields__}, "tenant_id": OTHER})
        ] = speeds.scenes[key()]
        farm = Farm(films=films, running=[], servers=[server()], speeds=speeds)
        found = forecast(farm)
        assert found[UUID(int=102)] == pytest.approx(6 * CHUNK_S + FINISH_S)
        assert found[UUID(int=101)] == pytest.approx(12 * CHUNK_S + FINISH_S)
        found = forecast(Farm(films=films, running=[], servers=[server()], speeds=speeds, weights={OTHER: 300}))
        assert found[UUID(int=102)] == pytest.approx(4 * CHUNK_S + FINISH_S)
        assert found[UUID(int=101)] == pytest.approx(12 * CHUNK_S + FINISH_S)

    def test_a_higher_priority_goes_first_and_within_a_tenant_the_older_film(self) -> None:
        films = [film(1, 2), film(2, 2), film(3, 2, priority=5)]
        found = forecast(Farm(films=films, running=[], servers=[server()], speeds=knowing()))
        assert [found[UUID(int=100 + number)] for number in (3, 1, 2)] == [
            pytest.approx(rounds * CHUNK_S + FINISH_S) for rounds in (2, 4, 6)
        ]

    def test_nothing_is_said_without_a_node_or_for_a_paused_tenant_and_a_dedicated_node_serves_only_its_own(
        self,
    ) -> None:
        nowhere = Farm(films=[film(1, 2)], running=[], servers=[], speeds=knowing())
        assert forecast(nowhere) == {UUID(int=101): None}
        paused = Farm(films=[film(1, 2)], running=[], servers=[server()], speeds=knowing(), paused=frozenset({TENANT}))
        assert forecast(paused) == {UUID(int=101): None}
        films = [film(1, 2), film(2, 2, tenant=OTHER)]
        found = forecast(Farm(films=films, running=[], servers=[server(dedicated=TENANT)], speeds=knowing()))
        assert found[UUID(int=101)] == pytest.approx(2 * CHUNK_S + FINISH_S)
        assert found[UUID(int=102)] is None

    def test_a_finish_is_never_said_to_be_over_while_it_goes_on(self) -> None:
        assert finish_left(10.0, 4.0) == 6.0
        assert finish_left(10.0, 50.0) == 5.0
        going = film(1, 0, finishing_for_s=1.0)
        left = forecast(Farm(films=[going], running=[], servers=[], speeds=Speeds()))[going.id]
        assert left == pytest.approx(FINISH_S - 1.0)

    def test_finishing_is_learned_as_a_line_over_the_films_length(self) -> None:
        sums = FinishSums()
        for film_s in (5.0, 60.0, 20.0, 300.0, 30.0) * 4:
            finish = 4.0 + 0.1 * film_s
            sums = FinishSums(
                results=sums.results * 0.95 + 1,
                films_s=sums.films_s * 0.95 + film_s,
                finishes_s=sums.finishes_s * 0.95 + finish,
                films_s2=sums.films_s2 * 0.95 + film_s**2,
                products_s2=sums.products_s2 * 0.95 + film_s * finish,
            )
        assert finish_s(sums, "mp4_h264", 10.0) == pytest.approx(5.0, rel=0.1)
        assert finish_s(sums, "mp4_h264", 600.0) == pytest.approx(64.0, rel=0.1)

    def test_slots_take_the_next_chunk_as_they_get_free(self) -> None:
        assert alone_s([4.0, 1.0, 1.0, 1.0], [1.0, 1.0]) == 4.0
        assert alone_s([1.0] * 4, [1.0, 3.0]) == 3.0
        assert alone_s([1.0], [1.0, 1.0], [5.0]) == 5.0

    def test_a_thousand_films_of_a_hundred_tenants_are_told_in_time(self) -> None:
        films = [film(number, 20, tenant=UUID(int=1000 + number % 100)) for number in range(1000)]
        found = forecast(Farm(films=films, running=[], servers=[server(slots=8)], speeds=Speeds()))
        total = sum(20 * chunk_s("thorvg", 100, 0.03) for _ in films) / 8
        assert max(seconds for seconds in found.values() if seconds) == pytest.approx(total, rel=0.02)


class TestWhatPeopleSee:
    def test_it_counts_down_when_nothing_changes(self) -> None:
        assert smoothed(None, 0.0, 60.0) == 60.0
        assert smoothed(60.0, 5.0, 55.0) == pytest.approx(55.0)
        assert smoothed(60.0, 5.0, None) is None

    def test_it_never_rises_faster_than_time_passes_whatever_is_calculated(self) -> None:
        chance, shown = random.Random(3), 60.0
        for _ in range(500):
            elapsed = chance.uniform(0.1, 5)
            moved = smoothed(shown, elapsed, chance.choice((0.0, 30.0, 600.0, 5000.0)))
            assert moved is not None
            assert 0 <= moved <= shown + elapsed
            shown = moved

    def test_it_finds_the_truth_when_the_first_guess_was_wrong(self) -> None:
        shown = 10.0
        for second in itertools.count(1):
            shown = smoothed(shown, 1.0, 120.0 - second) or 0.0
            if abs(shown - (120.0 - second)) < 12:
                break
        assert second <= 60

    def test_drawing_takes_the_share_of_the_bar_that_it_takes_of_the_time(self) -> None:
        assert drawing_share(90.0, 10.0) == 90.0
        assert drawing_share(0.0, 10.0) == 20.0
        assert drawing_share(1e6, 1.0) == 97.0
