"""The audit finds what it is there to find: in a sound farm, damaged on purpose one way at a time, it names the invariant that is broken."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests.database_server import DatabaseCopy
from tests.farm_histories.history import History, Step
from tests.farm_histories.world import TENANTS, FarmWorld

DAMAGES = {
    "a result that nobody accepted": ("1", "UPDATE render.frame_jobs SET epoch = epoch + 1 WHERE chunk_no = 0"),
    "a result of another lease": ("1", "UPDATE render.frame_jobs SET lease_id = gen_random_uuid() WHERE chunk_no = 0"),
    "an epoch given twice": (
        "2",
        (
            "INSERT INTO farm_audit.seen (chunk_id, render_job_id, what, epoch) SELECT id, render_job_id, 'granted', epoch FROM render.frame_jobs"
            " WHERE chunk_no = 0"
        ),
    ),
    "a chunk that is gone": ("3", "DELETE FROM render.frame_jobs WHERE chunk_no = 1"),
    "frames that were not counted": ("3", "UPDATE render.frame_jobs SET frames_done = 0 WHERE chunk_no = 0"),
    "an attempt too many": (
        "3",
        "INSERT INTO render.render_job_attempts (tenant_id, render_job_id, attempt_no) SELECT tenant_id, id, 7 FROM render.render_jobs",
    ),
    "a film whose finish was forgotten": ("4", "DELETE FROM dbos.workflow_status WHERE name = 'finish_film'"),
    "a lease without an end": ("5", "UPDATE render.frame_jobs SET lease_expires_at = now() WHERE chunk_no = 0"),
    "an attempt without a trace": ("6", "DELETE FROM render.frame_attempts"),
    "an event told twice": (
        "8",
        (
            "INSERT INTO render.outbox_events (tenant_id, aggregate_type, aggregate_id, event_type, payload)"
            " SELECT j.tenant_id, 'render_job', j.id, 'render_job.completed', '{}' FROM render.render_jobs AS j, generate_series(1, 2)"
        ),
    ),
}


@pytest.fixture(scope="module")
def world(module_database: DatabaseCopy) -> Iterator[FarmWorld]:
    made = FarmWorld(module_database)
    yield made
    made.close()


def drawn(world: FarmWorld) -> None:
    """Draw one film of three chunks, so that it waits for being joined."""
    world.begin()

    async def draw() -> None:
        telling = History(world)
        await telling.begin()
        await world.add_film(TENANTS[0], (2, 1, 3))
        for _ in range(3):
            await telling.play(Step("claim"))
            await telling.play(Step("deliver"))

    world.run(draw())
    assert world.rows("SELECT status FROM render.render_jobs") == [("stitching",)]


@pytest.mark.parametrize("damage", DAMAGES)
def test_the_audit_names_the_invariant_that_was_broken(world: FarmWorld, damage: str) -> None:
    drawn(world)
    assert world.audit() == []
    number, statement = DAMAGES[damage]
    world.damage(statement)
    found = world.audit()
    assert any(sentence.startswith(f"{number}: ") for sentence in found), found


def test_the_audit_misses_an_output_that_is_gone_or_has_changed(world: FarmWorld) -> None:
    drawn(world)
    first, second, *_ = sorted(world.objects.objects)
    del world.objects.objects[first]
    world.objects.objects[second] = uuid4().bytes
    assert sorted(sentence.split(":")[0] for sentence in world.audit()) == ["7", "7"]
