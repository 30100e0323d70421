"""Public files, damaged: the full number is run by `python -m bench robustness`."""

import pytest
from bench.robustness.cases import corpus_files, run_file
from bench.robustness.mutations import mutated

MUTATIONS = 20
FILES = corpus_files()
SHARDS = 16
"""Parts in which the files are run, so that several processes share them."""


@pytest.mark.skipif(not FILES, reason="the public files are not on this machine")
@pytest.mark.parametrize("shard", range(SHARDS))
def test_every_damaged_public_file_comes_to_a_picture_or_to_a_stable_code(shard: int) -> None:
    outcomes = [outcome for path in FILES[shard::SHARDS] for outcome in run_file(path, range(MUTATIONS + 1))]
    assert len(outcomes) == len(FILES[shard::SHARDS]) * (MUTATIONS + 1)
    assert [outcome for outcome in outcomes if outcome.problem] == []
    assert {outcome.result for outcome in outcomes} >= {"ok"}


@pytest.mark.parametrize(
    "name", [f"{path.parent.name}/{path.name}" for path in FILES if path.name.startswith(("crash_", "hang_"))]
)
def test_a_file_that_kills_or_stops_the_renderer_is_classified(name: str) -> None:
    path = next(path for path in FILES if f"{path.parent.name}/{path.name}" == name)
    (outcome,) = run_file(path, range(1))
    assert (outcome.stage, outcome.problem) in {("draw", ""), ("done", "")}
    assert outcome.result in {"ok", "engine_crashed", "engine_timeout", "engine_refused"}


def test_the_same_seed_damages_in_the_same_way_and_zero_not_at_all() -> None:
    data = b'{"v":"5","w":10,"h":10,"fr":30,"ip":0,"op":9,"assets":[],"layers":[{"ty":4,"ind":1,"shapes":[]}]}'
    assert mutated(data, "a:0") == data
    made = [mutated(data, f"a:{number}") for number in range(1, 60)]
    assert made == [mutated(data, f"a:{number}") for number in range(1, 60)]
    assert len(set(made)) > 40
