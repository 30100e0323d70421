"""The bundled music: length, level, seam."""

from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from flatrender.engine.template import Template, load_template

from .conftest import FOLDER, KEYS

TRACKS = sorted({(FOLDER / key / m.file) for key in KEYS for m in load_template(FOLDER / key).manifest.music})


def decoded(file: Path) -> tuple[NDArray[np.float32], int]:
    with av.open(str(file)) as container:
        parts = [frame.to_ndarray() for frame in container.decode(audio=0)]
        return np.concatenate(parts, axis=1), container.streams.audio[0].rate


@pytest.mark.parametrize("file", TRACKS, ids=lambda file: f"{file.parts[-3]}-{file.stem}")
def test_a_track_is_20_to_40_seconds_of_stereo_neither_silent_nor_clipped(file: Path) -> None:
    sound, rate = decoded(file)
    assert sound.shape[0] == 2
    assert rate == 48_000
    assert 20 <= sound.shape[1] / rate <= 40
    assert 0.5 < np.abs(sound).max() < 0.98
    level = 20 * np.log10(np.sqrt((sound**2).mean()))
    assert -24 < level < -9
    seconds = sound[:, : sound.shape[1] // rate * rate].reshape(2, -1, rate)
    assert np.abs(seconds).max(axis=(0, 2)).min() > 0.05, "a second of it is silent"


@pytest.mark.parametrize("file", TRACKS, ids=lambda file: f"{file.parts[-3]}-{file.stem}")
def test_a_track_loops_without_a_click(file: Path) -> None:
    sound, _ = decoded(file)
    seam = np.abs(sound[:, 0] - sound[:, -1]).max()
    steps = np.abs(np.diff(sound, axis=1)).max(axis=1)
    assert seam < steps.max()
    assert np.abs(sound.mean(axis=1)).max() < 0.01


def test_the_manifest_says_how_long_its_music_is(template: Template) -> None:
    for music in template.manifest.music:
        sound, rate = decoded(FOLDER / template.manifest.key / music.file)
        assert music.duration_seconds == pytest.approx(sound.shape[1] / rate, abs=0.002)
        assert music.license == "CC0-1.0"
