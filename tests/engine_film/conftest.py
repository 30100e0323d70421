"""Scenes made here, so that what a frame must show is known; one small pool for the whole folder."""

import hashlib
import json
import math
import wave
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flatrender.engine.raster.pool import RasterLimits, WorkerPool
from flatrender.engine.scene import ResolvedScene

BITS = 12
LIMITS = RasterLimits(load_s=3, frame_s=3)


def as_scene(lottie: dict[str, Any] | bytes, key: str, *, frames: int | None = None) -> ResolvedScene:
    data = lottie if isinstance(lottie, bytes) else json.dumps(lottie).encode()
    parsed = json.loads(data)
    return ResolvedScene(
        scene_key=key,
        lottie=data,
        sha256=hashlib.sha256(data).hexdigest(),
        width=parsed["w"],
        height=parsed["h"],
        fps=parsed["fr"],
        first_frame=parsed["ip"],
        frames=frames or round(parsed["op"] - parsed["ip"]),
    )


def rectangle(
    x: float, y: float, width: float, height: float, opacity: Any, last: float, color: tuple[float, float, float]
) -> dict[str, Any]:
    still = {"a": 0, "k": 0}
    return {
        "ty": 4, "nm": "r", "ip": 0, "op": last, "st": 0, "sr": 1,
        "ks": {"o": opacity, "r": still, "p": {"a": 0, "k": [0, 0]}, "a": {"a": 0, "k": [0, 0]}, "s": {"a": 0, "k": [100, 100]}},
        "shapes": [{"ty": "gr", "it": [
            {"ty": "rc", "p": {"a": 0, "k": [x + width / 2, y + height / 2]}, "s": {"a": 0, "k": [width, height]}, "r": still},
            {"ty": "fl", "c": {"a": 0, "k": [*color, 1]}, "o": {"a": 0, "k": 100}},
            {"ty": "tr", "p": {"a": 0, "k": [0, 0]}, "a": {"a": 0, "k": [0, 0]}, "s": {"a": 0, "k": [100, 100]}, "r": still, "o": {"a": 0, "k": 100}},
        ]}],
    }  # fmt: skip


def numbered(frames: int, *, fps: float = 30, base: int = 0, first: int = 0) -> dict[str, Any]:
    """A scene whose frame n shows n + base in twelve black and white bars, lowest bit left."""
    layers = []
    width, height = 192, 108
    for bit in range(BITS):
        values = [((n + base) >> bit) & 1 for n in range(frames)]
        keys: list[dict[str, Any]] = []
        for n, value in enumerate(values):
            if n == 0 or value != values[n - 1]:
                keys.append({"t": n + first, "s": [100 * value], "h": 1})
        opacity = {"a": 0, "k": keys[0]["s"][0]} if len(keys) == 1 else {"a": 1, "k": keys}
        layers.append(rectangle(bit * 16, 0, 16, height, opacity, frames + first, (0, 0, 0)))
    background = rectangle(0, 0, width, height, {"a": 0, "k": 100}, frames + first, (1, 1, 1))
    return {
        "v": "5.7.0", "fr": fps, "ip": first, "op": frames + first, "w": width, "h": height, "assets": [],
        "layers": [dict(layer, ind=index + 1) for index, layer in enumerate([*layers, background])],
    }  # fmt: skip


def read_number(luma: np.ndarray) -> int:
    """The number that a picture of a numbered scene shows."""
    height, width = luma.shape
    bar = width / BITS
    row = luma[height // 2]
    return sum(1 << bit for bit in range(BITS) if row[round((bit + 0.5) * bar)] < 128)


def film_numbers(path: Path) -> list[int]:
    """Decode a film of numbered scenes."""
    import av

    with av.open(str(path)) as container:
        return [read_number(frame.to_ndarray(format="gray")) for frame in container.decode(video=0)]


def film_sound(path: Path) -> np.ndarray:
    """The film's sound as it plays (edit list applied): samples of the left channel, 48 kHz."""
    import av

    with av.open(str(path)) as container:
        parts = [frame.to_ndarray() for frame in container.decode(audio=0)]
    return np.concatenate([part[0] for part in parts])


@pytest.fixture(scope="session")
def pool() -> Iterator[WorkerPool]:
    with WorkerPool(2, limits=LIMITS) as made:
        yield made


@pytest.fixture
def tone(tmp_path: Path) -> Callable[..., Path]:
    def make(seconds: float, *, hertz: float = 440, level: float = 0.5, name: str = "tone.wav") -> Path:
        path = tmp_path / name
        write_wave(path, level * sine(seconds, hertz))
        return path

    return make


def sine(seconds: float, hertz: float) -> np.ndarray:
    return np.sin(2 * math.pi * hertz * np.arange(round(seconds * 48_000)) / 48_000)


def write_wave(path: Path, samples: np.ndarray) -> None:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 48_000, 0, "NONE", ""))
        file.writeframes((samples * 32767).astype("<i2").tobytes())
