"""A film in an image layer shows, at every output frame, the frame whose time it is."""

import json
import tempfile
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flatrender.engine.film.plan import lottie_frames, output_frames
from flatrender.engine.raster.pool import WorkerPool
from flatrender.engine.resolve import resolve_scene
from flatrender.engine.scene import ResolvedScene
from flatrender.engine.template import load_template
from tests.engine_film.conftest import read_number

from .making import HEIGHT, WIDTH, numbered_film

WHITE = (255, 255, 255)
RATES = {"24": Fraction(24), "25": Fraction(25), "29.97": Fraction(30000, 1001), "30": Fraction(30), "60": Fraction(60)}


def still(value: Any) -> dict[str, Any]:
    return {"a": 0, "k": value}


def image_layer(name: str = "clip", *, ip: float = 0, op: float = 60, **more: Any) -> dict[str, Any]:
    transform = {"o": still(100), "r": still(0), "p": still([0, 0]), "a": still([0, 0]), "s": still([100, 100])}
    return {"ty": 2, "nm": name, "refId": "picture", "ip": ip, "op": op, "st": 0, "sr": 1, "ks": transform, **more}


def scene_of(
    path: Path, *, fps: float = 30, frames: int = 60, layers: list[dict[str, Any]] | None = None,
    assets: list[dict[str, Any]] | None = None, size: tuple[int, int] = (WIDTH, HEIGHT), **value: Any,
) -> ResolvedScene:  # fmt: skip
    """A scene of one field `media`, which is bound to the layer `clip`."""
    lottie: dict[str, Any] = {
        "v": "5.7.0", "fr": fps, "ip": 0, "op": frames, "w": WIDTH, "h": HEIGHT,
        "assets": [{"id": "picture", "w": size[0], "h": size[1], "u": "", "p": "", "e": 0}, *(assets or [])],
        "layers": layers or [image_layer(op=frames)],
    }  # fmt: skip
    for number, layer in enumerate(lottie["layers"]):
        layer.setdefault("ind", number + 1)
    field = {
        "key": "media", "type": "image", "label": {"en": "Media"}, "bindings": [{"layer": "clip", "property": "image"}],
    }  # fmt: skip
    manifest = {
        "format": "flatrender-template/1", "key": "test", "title": {"en": "Test"}, "fps": fps,
        "sizes": [{"key": "16x9", "width": WIDTH, "height": HEIGHT}],
        "scenes": [{"key": "one", "files": {"16x9": "one.json"}, "duration_frames": frames, "fields": [field]}],
    }  # fmt: skip
    folder = Path(tempfile.mkdtemp(prefix="template-", dir=path.parent))
    (folder / "template.json").write_text(json.dumps(manifest))
    (folder / "one.json").write_text(json.dumps(lottie))
    return resolve_scene(
        load_template(folder), "one", values={"media": {"asset": "a", "fit": "fill", **value}}, assets={"a": path}
    )


def numbers(pool: WorkerPool, scene: ResolvedScene, at: list[float]) -> list[int]:
    return [read_number(drawn(pool, scene, frame)[:, :, 1]) for frame in at]


def drawn(pool: WorkerPool, scene: ResolvedScene, frame: float) -> np.ndarray:
    pixels = pool.draw(scene, frame, width=WIDTH, height=HEIGHT, background=WHITE)
    return np.frombuffer(pixels, np.uint8).reshape(HEIGHT, WIDTH, 4)[:, :, 2::-1]


def expected(seconds: Fraction, rate: Fraction, ending: str) -> int:
    """The last frame that began: Matroska writes times in milliseconds, so there half of one is the same moment."""
    if ending == "mp4":
        return int(seconds * rate)
    written = [int(n / rate * 1000 + Fraction(1, 2)) for n in range(200)]
    return max(n for n, time in enumerate(written) if time <= seconds * 1000 + Fraction(1, 2))


@pytest.mark.parametrize("out", [25, 30, 60])
@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("ending", ["mp4", "mkv"])
def test_each_output_frame_shows_the_clip_frame_of_its_time(
    pool: WorkerPool, tmp_path: Path, rate: str, out: int, ending: str
) -> None:
    exact = RATES[rate]
    scene = scene_of(numbered_film(tmp_path / f"c.{ending}", 125, exact), fps=30, frames=60)
    count = output_frames(60, 30, Fraction(out))
    shown = numbers(pool, scene, lottie_frames(60, 30, Fraction(out), 0, count - 1))
    assert shown == [expected(Fraction(n, out), exact, ending) for n in range(count)]


@pytest.mark.parametrize(
    "order", [[59, 0, 30, 31, 2, 58, 1], [7], [40, 39, 38, 37, 36, 35]], ids=["about", "one", "back"]
)
def test_any_frame_may_be_drawn_first(pool: WorkerPool, tmp_path: Path, order: list[float]) -> None:
    scene = scene_of(numbered_film(tmp_path / "c.mp4", 60, 30))
    assert numbers(pool, scene, order) == order


@pytest.mark.parametrize(
    ("clip", "at", "wanted"),
    [
        ({"start": 1.0}, [0, 1, 20], [30, 31, 50]),
        ({"start": 0.5, "end": 1.0}, [0, 14, 15, 16, 50], [15, 29, 29, 29, 29]),
        ({"start": 0.5, "end": 1.0, "after": "loop"}, [0, 14, 15, 29, 30, 45, 59], [15, 29, 15, 29, 15, 15, 29]),
        ({"end": 0.5, "after": "first"}, [14, 15, 40], [14, 0, 0]),
        ({"speed": 2.0}, [0, 1, 20, 29, 30, 40], [0, 2, 40, 58, 59, 59]),
        ({"speed": 0.5}, [0, 1, 2, 3, 59], [0, 0, 1, 1, 29]),
        ({"speed": 2.0, "after": "loop"}, [29, 30, 31, 59], [58, 0, 2, 58]),
        ({"speed": 2.0, "start": 1.0, "after": "loop"}, [14, 15, 16], [58, 30, 32]),
    ],
)
def test_trim_speed_and_what_comes_after(
    pool: WorkerPool, tmp_path: Path, clip: dict[str, Any], at: list[float], wanted: list[int]
) -> None:
    scene = scene_of(numbered_film(tmp_path / "c.mp4", 60, 30), clip=clip)
    assert numbers(pool, scene, at) == wanted


def test_nothing_is_shown_after_a_clip_that_hides(pool: WorkerPool, tmp_path: Path) -> None:
    scene = scene_of(numbered_film(tmp_path / "c.mp4", 60, 30), clip={"end": 1.0, "after": "hide"})
    assert numbers(pool, scene, [29]) == [29]
    assert drawn(pool, scene, 30).min() == 255


@pytest.mark.parametrize("rate", RATES)
def test_a_clip_loops_without_a_seam(pool: WorkerPool, tmp_path: Path, rate: str) -> None:
    """Sixty output frames of a clip of as many frames as are a quarter of a second."""
    exact = RATES[rate]
    length = round(exact / 4)
    scene = scene_of(numbered_film(tmp_path / "c.mp4", length, exact), clip={"after": "loop"})
    assert numbers(pool, scene, list(range(60))) == [int(n * exact / 30) % length for n in range(60)]


def test_a_variable_frame_rate_is_kept(pool: WorkerPool, tmp_path: Path) -> None:
    """Frames 0, 1, 2, 3 … are shown for 1, 2, 3, 1, 2, 3 … thirtieths."""
    filters = "scale=out_color_matrix=bt709:out_range=limited,settb=1/30,setpts='2*N+if(eq(mod(N,3),2),1,0)-mod(N,3)+gte(mod(N,3),1)'"
    path = numbered_film(tmp_path / "c.mp4", 30, 30, filters=filters, more=("-fps_mode", "vfr"))
    starts = [2 * n + (n % 3 == 2) - n % 3 + (n % 3 >= 1) for n in range(30)]
    scene = scene_of(path, clip={})
    wanted = [max(k for k, start in enumerate(starts) if start <= n) for n in range(55)]
    assert numbers(pool, scene, list(range(55))) == wanted


def test_a_clip_begins_when_its_layer_does_and_a_stretched_layer_plays_slower(pool: WorkerPool, tmp_path: Path) -> None:
    path = numbered_film(tmp_path / "c.mp4", 60, 30)
    scene = scene_of(path, layers=[image_layer(ip=20, op=60)])
    assert drawn(pool, scene, 19).min() == 255
    assert numbers(pool, scene, [20, 21, 50]) == [0, 1, 30]


def precomp(asset: str = "inside", *, ip: float = 0, op: float = 60, **more: Any) -> dict[str, Any]:
    return {**image_layer(asset, ip=ip, op=op), "ty": 0, "refId": "inside", "w": WIDTH, "h": HEIGHT, **more}


def inside(*layers: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"id": "inside", "nm": "inside", "layers": [{**layer, "ind": n + 1} for n, layer in enumerate(layers)]}]


LINEAR = {"o": {"x": [0.5], "y": [0.5]}, "i": {"x": [0.5], "y": [0.5]}}
BACKWARDS = {"a": 1, "k": [{"t": 0, "s": [1.0], **LINEAR}, {"t": 30, "s": [0.0]}]}


@pytest.mark.parametrize(
    ("outer", "at", "wanted"),
    [
        ({"st": 10, "ip": 10}, [10, 11, 40], [0, 1, 30]),
        ({"sr": 2}, [0, 1, 2, 3, 40], [0, 0, 1, 1, 20]),
        ({"st": 10, "ip": 10, "sr": 0.5}, [10, 11, 30], [0, 2, 40]),
        ({"tm": BACKWARDS}, [0.5, 10.5, 20.5], [29, 19, 9]),
        ({"tm": {"a": 0, "k": 0.51}}, [0, 30, 59], [15, 15, 15]),
    ],
    ids=["later", "slower", "later and faster", "backwards", "held"],
)  # fmt: skip
def test_time_passes_through_precompositions(
    pool: WorkerPool, tmp_path: Path, outer: dict[str, Any], at: list[float], wanted: list[int]
) -> None:
    scene = scene_of(
        numbered_film(tmp_path / "c.mp4", 60, 30), layers=[precomp(**outer)], assets=inside(image_layer(op=120))
    )
    assert numbers(pool, scene, at) == wanted


def test_one_precomposition_shown_at_two_times_shows_two_frames(pool: WorkerPool, tmp_path: Path) -> None:
    low = {"p": still([0, HEIGHT / 2]), "o": still(100), "r": still(0), "a": still([0, 0]), "s": still([100, 100])}
    layers = [precomp("late", st=25, ip=25, ks=low), precomp("early")]
    scene = scene_of(numbered_film(tmp_path / "c.mp4", 60, 30), layers=layers, assets=inside(image_layer(op=120)))
    picture = drawn(pool, scene, 40)[:, :, 1]
    assert read_number(picture[: HEIGHT // 2 - 2]) == 40
    assert read_number(picture[HEIGHT // 2 + 2 :]) == 15
