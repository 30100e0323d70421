import base64
import io
import json
import os
import signal
import threading
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

from flatrender.engine.errors import RenderError
from flatrender.engine.raster.pool import RasterLimits, WorkerPool
from flatrender.engine.still import render_still

from .conftest import LIMITS, as_scene, numbered, read_number, rectangle

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus" / "lottie"
needs_corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason="the public test templates are not on this machine")
WHITE = (255, 255, 255)


def shown(pool: WorkerPool, scene, frame: float) -> int:
    pixels = pool.draw(scene, frame, width=192, height=108, background=WHITE)
    return read_number(np.frombuffer(pixels, np.uint8).reshape(108, 192, 4)[:, :, 1])


def test_frame_n_of_a_scene_shows_what_frame_n_should(pool):
    scene = as_scene(numbered(70), "numbers")
    assert [shown(pool, scene, n) for n in (0, 1, 33, 69)] == [0, 1, 33, 69]


def test_frames_count_from_the_in_point(pool):
    scene = as_scene(numbered(20, first=50), "late")
    assert [shown(pool, scene, n) for n in (0, 7, 19)] == [0, 7, 19]


def test_a_still_is_transparent_where_the_scene_is_and_jpeg_is_white_there(pool):
    lottie = numbered(1)
    lottie["layers"] = [rectangle(0, 0, 96, 108, {"a": 0, "k": 100}, 1, (1, 0, 0)) | {"ind": 1}]
    scene = as_scene(lottie, "half")
    png = Image.open(io.BytesIO(render_still(scene, 0, width=192, height=108, pool=pool)))
    assert png.format == "PNG"
    assert png.size == (192, 108)
    assert png.getpixel((48, 50)) == (255, 0, 0, 255)
    assert png.getpixel((150, 50))[3] == 0
    jpeg = Image.open(io.BytesIO(render_still(scene, 0, width=192, height=108, pool=pool, format="jpeg")))
    assert jpeg.format == "JPEG"
    assert min(jpeg.getpixel((150, 50))) > 250
    assert jpeg.getpixel((48, 50))[0] > 240
    assert jpeg.getpixel((48, 50))[2] < 20


def test_a_scene_of_another_shape_is_centred_on_the_background(pool):
    scene = as_scene(numbered(1, base=0xFFF), "wide")
    pixels = np.frombuffer(pool.draw(scene, 0, width=192, height=192, background=(0, 200, 0)), np.uint8).reshape(
        192, 192, 4
    )
    assert tuple(pixels[10, 96, :3]) == (0, 200, 0)
    assert tuple(pixels[96, 96, :3]) == (0, 0, 0)
    assert tuple(pixels[181, 96, :3]) == (0, 200, 0)


def test_a_scene_cannot_read_pictures_from_the_machine(pool, tmp_path):
    Image.new("RGB", (192, 108), "black").save(tmp_path / "secret.png")
    lottie = numbered(1)
    transform = lottie["layers"][0]["ks"] | {"o": {"a": 0, "k": 100}}
    lottie["layers"] = [{"ty": 2, "refId": "i", "ip": 0, "op": 1, "st": 0, "sr": 1, "ind": 1, "ks": transform}]
    for folder, name in (
        (f"{tmp_path}/", "secret.png"),
        ("", f"{tmp_path}/secret.png"),
        (f"file://{tmp_path}/", "secret.png"),
    ):
        lottie["assets"] = [{"id": "i", "w": 192, "h": 108, "u": folder, "p": name, "e": 0}]
        pixels = pool.draw(as_scene(lottie, "thief"), 0, width=192, height=108, background=WHITE)
        assert np.frombuffer(pixels, np.uint8).min() == 255
    # The same picture inside the scene is shown, so it is the path that was refused.
    data = base64.b64encode((tmp_path / "secret.png").read_bytes()).decode()
    lottie["assets"] = [{"id": "i", "w": 192, "h": 108, "u": "", "p": f"data:image/png;base64,{data}", "e": 1}]
    pixels = pool.draw(as_scene(lottie, "honest"), 0, width=192, height=108, background=WHITE)
    assert np.frombuffer(pixels, np.uint8).reshape(-1, 4)[:, :3].max() == 0


def test_what_is_no_lottie_is_refused_and_the_worker_stays(pool):
    pids = [handle.pid for handle, _ in pool._free]
    scene = as_scene(numbered(2), "good")
    broken = as_scene(json.dumps({"w": 1, "h": 1, "fr": 1, "ip": 0, "op": 1}).encode(), "empty")
    with pytest.raises(RenderError, match="empty: ") as caught:
        pool.draw(broken, 0, width=64, height=64, background=WHITE)
    assert caught.value.code == "engine_refused"
    assert shown(pool, scene, 1) == 1
    assert {handle.pid for handle, _ in pool._free} >= set(pids)


def test_an_impossible_size_is_refused(pool):
    with pytest.raises(RenderError) as caught:
        pool.draw(as_scene(numbered(2), "good"), 0, width=100_000, height=100_000)
    assert caught.value.code == "engine_refused"


def first_and_middle(pool: WorkerPool, scene) -> bytes:
    pool.draw(scene, 0, width=320, height=180, background=WHITE)
    return pool.draw(scene, scene.frames // 2, width=320, height=180, background=WHITE)


@needs_corpus
@pytest.mark.parametrize("path", sorted(CORPUS.glob("*.json")), ids=lambda path: path.stem)
def test_every_public_file_renders_or_fails_clearly_and_the_next_job_succeeds(path, pool):
    scene = as_scene(path.read_bytes(), path.stem)
    began = time.monotonic()
    if path.stem.startswith(("crash", "hang")):
        with pytest.raises(RenderError) as caught:
            first_and_middle(pool, scene)
        code = "engine_crashed" if path.stem.startswith("crash") else "engine_timeout"
        assert caught.value.code == code
        assert caught.value.where == path.stem
        assert "SIGSEGV" in caught.value.detail or "longer than 3 s" in caught.value.detail
        assert time.monotonic() - began < 10
    else:
        pixels = np.frombuffer(first_and_middle(pool, scene), np.uint8)
        assert pixels.reshape(-1, 4)[:, :3].std() > 1
    assert shown(pool, as_scene(numbered(8), "next"), 5) == 5


def test_a_killed_worker_is_an_error_of_its_scene_and_is_replaced():
    with WorkerPool(1, limits=LIMITS) as pool:
        scene = as_scene(numbered(8), "victim")
        assert shown(pool, scene, 3) == 3
        ((handle, _),) = pool._free
        os.kill(handle.pid, signal.SIGKILL)
        with pytest.raises(RenderError, match=r"victim: .*SIGKILL") as caught:
            shown(pool, scene, 4)
        assert caught.value.code == "engine_crashed"
        assert shown(pool, scene, 4) == 4
        assert pool._free[0][0].pid != handle.pid


def test_a_stopped_worker_is_noticed_within_its_time_and_replaced():
    with WorkerPool(1, limits=LIMITS) as pool:
        scene = as_scene(numbered(8), "silent")
        assert shown(pool, scene, 3) == 3
        pool.limits = RasterLimits(start_s=0.2, load_s=0.3, frame_s=0.5)
        stopped = pool._free[0][0].pid
        os.kill(stopped, signal.SIGSTOP)
        began = time.monotonic()
        with pytest.raises(RenderError) as caught:
            shown(pool, scene, 4)
        assert caught.value.code == "engine_timeout"
        assert time.monotonic() - began < 3
        assert not psutil.pid_exists(stopped)
        pool.limits = LIMITS
        assert shown(pool, scene, 4) == 4


def test_a_worker_that_wants_too_much_memory_fails_and_the_next_job_succeeds():
    with WorkerPool(1, limits=RasterLimits(memory_bytes=400 << 20)) as pool:
        with pytest.raises(RenderError) as caught:
            pool.draw(as_scene(numbered(2), "huge"), 0, width=7680, height=4320, background=WHITE)
        assert caught.value.code in {"engine_refused", "engine_crashed"}
        assert shown(pool, as_scene(numbered(8), "next"), 5) == 5


def test_many_threads_share_the_pool(pool):
    scenes = [as_scene(numbered(40, base=base), f"s{base}") for base in (0, 64, 128)]
    got: dict[tuple[int, int], int] = {}

    def ask(index: int) -> None:
        for frame in (3, 11, 20):
            got[index, frame] = shown(pool, scenes[index % 3], frame + index % 2)

    threads = [threading.Thread(target=ask, args=(index,)) for index in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == {(i, f): f + i % 2 + 64 * (i % 3) for i in range(8) for f in (3, 11, 20)}


def test_closing_the_pool_ends_every_process():
    pool = WorkerPool(2, limits=LIMITS)
    pool.warm()
    shown(pool, as_scene(numbered(2), "good"), 1)
    pids = [handle.pid for handle, _ in pool._free]
    pool.close()
    assert len(pids) == 2
    assert not any(psutil.pid_exists(pid) for pid in pids)
    with pytest.raises(RenderError) as caught:
        shown(pool, as_scene(numbered(2), "good"), 1)
    assert caught.value.code == "cancelled"
