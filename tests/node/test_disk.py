"""What the node keeps on its disk: scenes, reports, its id."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest

from flatrender.node.cache import SceneCache
from flatrender.node.errors import DataDirInUse, WorkFailed
from flatrender.node.identity import DataDir
from flatrender.node.spool import Report, Spool
from flatrender.protocol.outcome import Fail, Result
from flatrender.protocol.work import Lease


def hash_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def lease() -> Lease:
    return Lease(kind="frame", id=uuid4(), lease_id=uuid4(), epoch=3)


def test_a_scene_is_fetched_once(tmp_path: Path) -> None:
    cache, fetched = SceneCache(tmp_path), []

    def fetch() -> list[bytes]:
        fetched.append(1)
        return [b"sce", b"ne"]

    assert [cache.get(hash_of(b"scene"), fetch) for _ in range(3)] == [b"scene"] * 3
    assert len(fetched) == 1


def test_a_damaged_scene_on_the_disk_is_fetched_again(tmp_path: Path) -> None:
    cache = SceneCache(tmp_path)
    cache.get(hash_of(b"scene"), lambda: [b"scene"])
    (entry,) = tmp_path.glob("*.json")
    entry.write_bytes(b"scenf")
    assert cache.get(hash_of(b"scene"), lambda: [b"scene"]) == b"scene"
    assert entry.read_bytes() == b"scene"


def test_a_scene_that_arrives_damaged_is_refused_and_not_kept(tmp_path: Path) -> None:
    cache = SceneCache(tmp_path)
    with pytest.raises(WorkFailed) as refused:
        cache.get(hash_of(b"scene"), lambda: [b"other"])
    assert refused.value.code == "scene_damaged"
    assert list(tmp_path.iterdir()) == []


def test_the_least_recently_used_scenes_go_first(tmp_path: Path) -> None:
    cache = SceneCache(tmp_path, limit_bytes=250)
    scenes = [bytes([number]) * 100 for number in range(3)]
    for number, scene in enumerate(scenes[:2]):
        cache.get(hash_of(scene), lambda scene=scene: [scene])
        os.utime(tmp_path / f"{hash_of(scene)}.json", (1000 + number, 1000 + number))
    cache.get(hash_of(scenes[0]), lambda: [b"not asked for"])
    cache.get(hash_of(scenes[2]), lambda: [scenes[2]])
    assert {path.stem for path in tmp_path.glob("*.json")} == {hash_of(scenes[0]), hash_of(scenes[2])}


def test_reports_survive_the_process_in_their_order(tmp_path: Path) -> None:
    boot = uuid4()
    first, second = lease(), lease()
    result = Result(boot_id=boot, lease_id=first.lease_id, epoch=3, sha256="0" * 64, bytes=9, seconds=1.5)
    fail = Fail(boot_id=boot, lease_id=second.lease_id, epoch=3, failure="node", code="disk_full", detail="d")
    spool = Spool(tmp_path / "spool.sqlite")
    spool.put(Report(lease=first, boot_id=boot, message=result))
    spool.put(Report(lease=second, boot_id=boot, message=fail))
    spool.close()
    again = Spool(tmp_path / "spool.sqlite")
    assert [report.message for report in again.waiting()] == [result, fail]
    again.drop(first.lease_id)
    assert [report.lease for report in again.waiting()] == [second]
    assert again.drop_other_boots(uuid4()) == 1
    assert again.waiting() == []
    again.close()


def test_the_nodes_id_is_kept_and_the_folder_serves_one_agent(tmp_path: Path) -> None:
    data = DataDir(tmp_path)
    node_id = uuid4()
    assert data.node_id() is None
    data.keep_node_id(node_id)
    assert data.node_id() == node_id
    with pytest.raises(DataDirInUse):
        DataDir(tmp_path)
    data.close()
    DataDir(tmp_path).close()


def test_the_command_ends_with_one_line_for_a_used_folder_and_an_empty_token(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("")
    command = [sys.executable, "-m", "flatrender", "node", "--server", "http://127.0.0.1:9", "--token-file", str(token)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, len(ended.stderr.strip().splitlines())) == (2, 1)
    token.write_text("frn_x")
    data = DataDir(tmp_path / "data")
    try:
        ended = subprocess.run(
            [*command, "--data-dir", str(tmp_path / "data")], capture_output=True, text=True, timeout=60, check=False
        )
    finally:
        data.close()
    assert ended.returncode == 1
    assert "--data-dir" in ended.stderr.strip().splitlines()[-1]
    assert "Traceback" not in ended.stderr
