import errno
import hashlib
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from flatrender.engine.store.disk import Store
from flatrender.engine.store.keys import content_key


def key(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def entries(store: Store) -> list[Path]:
    return [path for path in (store.folder / "1" / "kept").rglob("*") if path.is_file()]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def put(store: Store, name: str, data: bytes, folder: Path) -> None:
    source = folder / f"source-{name}.mp4"
    source.write_bytes(data)
    store.keep(key(name), source)
    source.unlink()


def test_what_was_kept_is_fetched_with_the_same_bytes(store, tmp_path):
    put(store, "a", b"segment", tmp_path)
    assert store.fetch(key("a"), tmp_path / "out.mp4")
    assert (tmp_path / "out.mp4").read_bytes() == b"segment"
    assert store.read(key("a")) == b"segment"
    assert not store.fetch(key("b"), tmp_path / "other.mp4")
    assert store.read(key("b")) is None
    assert not (tmp_path / "other.mp4").exists()


DAMAGE = {
    "a flipped byte": lambda path: path.write_bytes(bytes([path.read_bytes()[0] ^ 1]) + path.read_bytes()[1:]),
    "a missing end": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "nothing left": lambda path: path.write_bytes(b""),
    "something appended": lambda path: path.write_bytes(path.read_bytes() + b"x"),
}


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("how", ["fetch", "read"])
def test_a_damaged_entry_is_found_out_removed_and_can_be_kept_again(store, tmp_path, damage, how):
    put(store, "a", b"segment of a film", tmp_path)
    (entry,) = entries(store)
    DAMAGE[damage](entry)
    out = tmp_path / "out.mp4"
    assert not (store.fetch(key("a"), out) if how == "fetch" else store.read(key("a")))
    assert not out.exists()
    assert entries(store) == []
    assert store.use.damaged == 1
    put(store, "a", b"segment of a film", tmp_path)
    assert store.read(key("a")) == b"segment of a film"


def test_a_damaged_entry_does_not_hide_a_sound_one_of_the_same_key(store, tmp_path):
    put(store, "a", b"sound", tmp_path)
    (entry,) = entries(store)
    shutil.copy(entry, entry.with_name(entry.name.replace(".5.", ".6.")))
    for _ in range(2):
        out = tmp_path / "out.mp4"
        out.unlink(missing_ok=True)
        assert store.fetch(key("a"), out)
    assert store.use.hits == 2


def test_a_file_with_another_name_is_never_taken_for_an_entry(store, tmp_path):
    put(store, "a", b"segment", tmp_path)
    (entry,) = entries(store)
    entry.rename(entry.with_name(key("a") + ".mp4"))
    assert store.read(key("a")) is None
    assert store.info().entries == 0


def test_what_was_used_longest_ago_goes_first(tmp_path):
    store = Store(tmp_path / "store", limit_bytes=10 * 4096)
    for number in range(10):
        put(store, str(number), bytes([number]) * 4096, tmp_path)
        time.sleep(0.005)
    assert store.read(key("0"))
    assert store.prune(5 * 4096) > 0
    left = {number for number in range(10) if store.has(key(str(number)))}
    assert left == {0, 7, 8, 9}
    assert store.info().bytes <= 5 * 4096


def test_a_store_stays_within_its_limit_while_things_are_kept(tmp_path):
    store = Store(tmp_path / "store", limit_bytes=100 * 4096)
    for number in range(300):
        store.write(key(str(number)), bytes(4000))
    store.settle()
    assert 50 * 4096 <= store.info().bytes <= 100 * 4096
    assert store.has(key("299"))


def test_what_is_larger_than_the_limit_is_not_kept_and_removes_nothing(tmp_path):
    store = Store(tmp_path / "store", limit_bytes=8192)
    store.write(key("small"), b"x")
    store.write(key("large"), bytes(9000))
    store.settle()
    assert (store.has(key("small")), store.has(key("large"))) == (True, False)
    assert list((store.folder / "1" / "making").iterdir()) == []


def test_what_was_fetched_outlives_its_entry(store, tmp_path):
    put(store, "a", b"segment", tmp_path)
    assert store.fetch(key("a"), tmp_path / "out.mp4")
    store.clear()
    assert (tmp_path / "out.mp4").read_bytes() == b"segment"
    assert store.info().entries == 0


def test_a_namespace_sees_its_own_entries_only(tmp_path):
    one, two = (Store(tmp_path / "store", namespace=name) for name in ("tenant-1", "tenant-2"))
    one.write(key("a"), b"mine")
    assert two.read(key("a")) is None
    assert not two.has(key("a"))
    assert not two.fetch(key("a"), tmp_path / "out")
    two.write(key("a"), b"theirs")
    assert (one.read(key("a")), two.read(key("a"))) == (b"mine", b"theirs")
    assert set(one.info().namespaces) == {"tenant-1", "tenant-2"}


@pytest.mark.parametrize(
    "name", ["", "..", "a/b", "A", "x" * 65, ".a"], ids=["empty", "parent", "slash", "capital", "long", "dot"]
)
def test_a_namespace_that_could_leave_its_folder_is_refused(tmp_path, name):
    with pytest.raises(ValueError, match="namespace"):
        Store(tmp_path, namespace=name)


@pytest.mark.parametrize(
    "wrong", ["", "../../etc/passwd", "A" * 64, "a" * 63], ids=["empty", "path", "capitals", "short"]
)
def test_a_key_that_is_no_hash_is_refused(store, tmp_path, wrong):
    for ask in (lambda: store.has(wrong), lambda: store.read(wrong), lambda: store.write(wrong, b"")):
        with pytest.raises(ValueError, match="key"):
            ask()


def test_a_store_that_cannot_be_written_says_so_once_and_goes_on(tmp_path):
    (tmp_path / "store").write_text("a file where the folder should be")
    said: list[str] = []
    store = Store(tmp_path / "store", warn=said.append)
    for name in "abc":
        store.write(key(name), b"x")
        assert store.read(key(name)) is None
    store.settle()
    assert store.prune() == 0
    assert len(said) == 1
    assert str(tmp_path / "store") in said[0]


def test_a_full_disk_is_told_once_and_what_is_there_is_still_used(store, tmp_path, monkeypatch):
    store.write(key("before"), b"x")
    said: list[str] = []
    monkeypatch.setattr(store, "_warn", said.append)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("flatrender.engine.store.disk._place", full)
    for name in "ab":
        (tmp_path / name).write_bytes(b"x")
        store.keep(key(name), tmp_path / name)
    assert said == [f"nothing more is kept for the next time: {store.folder}: No space left on device"]
    assert store.read(key("before")) == b"x"


def test_a_disk_without_links_gets_copies(store, tmp_path, monkeypatch):
    def no_links(*_: object) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(Path, "hardlink_to", no_links)
    put(store, "a", b"segment", tmp_path)
    assert store.fetch(key("a"), tmp_path / "out.mp4")
    (entry,) = entries(store)
    assert entry.stat().st_ino != (tmp_path / "out.mp4").stat().st_ino


def test_what_a_dead_process_left_half_made_is_swept_away(store):
    store.write(key("a"), b"x")
    making = store.folder / "1" / "making"
    (making / "old.mp4").write_bytes(b"half")
    (making / "new.mp4").write_bytes(b"half")
    later = time.time() + 7200
    os.utime(making / "new.mp4", (later, later))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("flatrender.engine.store.disk.time.time", lambda: later)
        store.prune()
    assert [path.name for path in making.iterdir()] == ["new.mp4"]
    assert store.has(key("a"))


def _hammer(folder: str, seed: int, found: "multiprocessing.Queue[str]") -> None:
    store = Store(Path(folder), limit_bytes=60 * 4096)
    for turn in range(150):
        name = str((turn * 7 + seed) % 40)
        data = store.read(key(name))
        if data is not None and data != name.encode() * 1000:
            found.put(f"{name} was wrong")
        store.write(key(name), name.encode() * 1000)
    store.settle()
    if store.use.damaged:
        found.put(f"{store.use.damaged} damaged")


def test_many_processes_and_threads_use_one_store_and_never_read_anything_wrong(tmp_path):
    context = multiprocessing.get_context("spawn")
    found: multiprocessing.Queue[str] = context.Queue()
    processes = [context.Process(target=_hammer, args=(str(tmp_path / "store"), seed, found)) for seed in range(3)]
    for process in processes:
        process.start()
    threads = [threading.Thread(target=_hammer, args=(str(tmp_path / "store"), seed, found)) for seed in (11, 12)]
    for thread in threads:
        thread.start()
    for worker in (*processes, *threads):
        worker.join(60)
    assert found.empty()
    assert [process.exitcode for process in processes] == [0, 0, 0]
    store = Store(tmp_path / "store", limit_bytes=60 * 4096)
    store.prune()
    assert store.info().bytes <= 60 * 4096


def test_a_process_killed_at_any_point_leaves_whole_entries_only(tmp_path):
    code = textwrap.dedent(
        """
        import hashlib, sys
        from pathlib import Path
        from flatrender.engine.store.disk import Store
        store = Store(Path(sys.argv[1]))
        print("ready", flush=True)
        for number in range(10**6):
            store.write(hashlib.sha256(str(number).encode()).hexdigest(), bytes(200_000))
        """
    )
    for pause in (0.01, 0.03, 0.08):
        with subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "store")], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(pause)
            process.send_signal(signal.SIGKILL)
    store = Store(tmp_path / "store")
    kept = entries(store)
    assert kept
    for path in kept:
        assert store.read(path.name.split(".")[0]) == bytes(200_000)
    assert store.use.damaged == 0


def test_equal_figures_have_equal_keys_and_any_difference_makes_another(tmp_path):
    (tmp_path / "a.wav").write_bytes(b"one")
    (tmp_path / "b.wav").write_bytes(b"one")
    (tmp_path / "c.wav").write_bytes(b"two")
    base = content_key("sound", {"file": tmp_path / "a.wav", "volume": 1.0})
    assert content_key("sound", {"volume": 1.0, "file": tmp_path / "b.wav"}) == base
    others = {
        content_key("sound", {"file": tmp_path / "c.wav", "volume": 1.0}),
        content_key("sound", {"file": tmp_path / "a.wav", "volume": 1.1}),
        content_key("film", {"file": tmp_path / "a.wav", "volume": 1.0}),
        content_key("sound", {"file": tmp_path / "a.wav"}),
    }
    assert len(others | {base}) == 5


def test_another_version_of_what_draws_makes_other_keys(monkeypatch):
    before = content_key("segment", {})
    monkeypatch.setattr("flatrender.engine.store.keys.engine_version", lambda: "another")
    assert content_key("segment", {}) != before
