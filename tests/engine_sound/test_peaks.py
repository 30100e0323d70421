import base64
import json
import resource

import numpy as np
import pytest

from flatrender.engine.errors import RenderError
from flatrender.engine.sound.peaks import Peaks, peaks

from .conftest import RATE, converted, noise, sine, write_wave


def outline(found: Peaks) -> np.ndarray:
    return np.frombuffer(found.buckets, np.int8).reshape(-1, 2)


def test_each_bucket_holds_the_lowest_and_highest_sample_of_all_channels(tmp_path):
    both = np.stack([sine(2, 440, 0.5), np.zeros(2 * RATE)], axis=1)
    both[RATE : RATE + 480, 1] = 0.9
    both[RATE + 10_000, 1] = -1.0
    found = peaks(write_wave(tmp_path / "a.wav", both), 100)
    assert (found.per_second, found.count, found.duration_s) == (100, 200, 2.0)
    shape = outline(found)
    assert set(map(tuple, shape[:100].tolist())) == {(-64, 64)}
    assert shape[100, 1] == 115  # 114.3, away from zero
    assert shape[120, 0] == -127


@pytest.mark.parametrize("per_second", [1, 7, 50, 60, 1000])
def test_buckets_cover_the_sound_evenly_and_the_last_may_be_short(per_second, tmp_path):
    signal = np.zeros(round(9.5 * RATE))
    signal[round(7.25 * RATE)] = 0.5
    found = peaks(write_wave(tmp_path / "a.wav", signal), per_second)
    assert found.count == int(np.ceil(9.5 * per_second))
    assert np.flatnonzero(outline(found)[:, 1]).tolist() == [int(7.25 * per_second)]


def test_both_written_forms_hold_the_same(tmp_path):
    found = peaks(write_wave(tmp_path / "a.wav", noise(1.3)), 50)
    assert Peaks.from_bytes(found.to_bytes()) == found
    said = json.loads(found.to_json())
    assert (said["version"], said["per_second"], said["duration_s"]) == (1, 50, 1.3)
    assert base64.b64decode(said["buckets"]) == found.buckets
    for broken in (b"", b"FRPK", found.to_bytes()[:-1], b"X" + found.to_bytes()[1:]):
        with pytest.raises(ValueError, match="these are no peaks"):
            Peaks.from_bytes(broken)


def test_the_sound_of_a_film_has_an_outline_too(tmp_path):
    path = converted(
        write_wave(tmp_path / "a.wav", sine(2)), tmp_path / "a.mp4",
        "-f", "lavfi", "-i", "color=d=2:s=64x64", "-c:v", "libx264", "-c:a", "aac",
    )  # fmt: skip
    assert outline(peaks(path, 10))[5, 1] == pytest.approx(64, abs=3)


def test_what_is_no_sound_is_named(tmp_path):
    (tmp_path / "noise.mp3").write_bytes(b"this is no sound at all" * 100)
    write_wave(tmp_path / "empty.wav", np.zeros(0))
    for name, per_second, code in (
        ("absent.wav", 50, "sound_missing"),
        ("noise.mp3", 50, "sound_unreadable"),
        ("empty.wav", 50, "sound_unreadable"),
        ("empty.wav", 0, "settings_invalid"),
        ("empty.wav", 100_000, "settings_invalid"),
    ):
        with pytest.raises(RenderError) as caught:
            peaks(tmp_path / name, per_second)
        assert caught.value.code == code


def test_a_deadline_ends_the_reading(tmp_path):
    path = converted(
        write_wave(tmp_path / "a.wav", noise(5)), tmp_path / "a.mp3", "-af", "aloop=-1:480000,atrim=end=1800"
    )
    with pytest.raises(RenderError, match="took longer than") as caught:
        peaks(path, deadline_s=0.2)
    assert caught.value.code == "sound_unreadable"


def test_half_an_hour_takes_no_more_memory_than_a_minute(tmp_path):
    short = converted(
        write_wave(tmp_path / "a.wav", noise(5)), tmp_path / "a.mp3", "-af", "aloop=-1:480000,atrim=end=60"
    )
    long = converted(tmp_path / "a.wav", tmp_path / "b.mp3", "-af", "aloop=-1:480000,atrim=end=1800")
    peaks(short)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert peaks(long).count == 90_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 10_000  # kB
