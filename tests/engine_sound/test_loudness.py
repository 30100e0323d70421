import threading
import time

import numpy as np
import psutil
import pytest

from flatrender.engine.errors import RenderError
from flatrender.engine.sound.mix import mix_sound
from flatrender.engine.sound.track import Ducking, Loudness, TrackSpec

from .conftest import RATE, clicks, decibels, meter, noise, played, rms, sine, write_wave


def music(signal, path, **more):
    return TrackSpec(kind="music", path=write_wave(path, signal), **more)


def dynamic(seconds: float):
    """Quiet talk with a clap at nearly full scale each two seconds."""
    signal = noise(seconds, 0.01)
    for at in range(0, int(seconds), 2):
        signal[at * RATE : at * RATE + 480] = noise(0.01, 0.5, seed=at)
    return signal


PROGRAMMES = {
    "a tone": lambda: sine(8),
    "loud noise": lambda: noise(10, 0.5),
    "quiet noise": lambda: noise(10, 0.004),
    "square waves at full scale": lambda: np.sign(sine(8, 220)) * 0.99,
    "tones between the samples": lambda: sine(8, RATE / 4 + 7, 0.9) + 0.09 * noise(8, 1),
    "very dynamic": lambda: dynamic(20),
    "a second": lambda: sine(1),
    "half a second": lambda: noise(0.5),
    "loud then quiet": lambda: np.concatenate([noise(6, 0.2), noise(6, 0.01)]),
    "with long pauses": lambda: np.concatenate([noise(3), np.zeros(6 * RATE), noise(3)]),
}


@pytest.mark.parametrize("suffix", ["m4a", "opus", "mp3", "wav"])
@pytest.mark.parametrize("name", list(PROGRAMMES), ids=[name.replace(" ", "-") for name in PROGRAMMES])
def test_every_film_is_as_loud_as_asked_and_its_true_peak_stays_below_the_limit(name, suffix, tmp_path):
    signal = PROGRAMMES[name]()
    out = tmp_path / f"mix.{suffix}"
    report = mix_sound([music(signal, tmp_path / "a.wav")], len(signal) / RATE, out)
    loudness, peak = meter(out)
    assert loudness == pytest.approx(-14, abs=0.5)
    assert peak <= -1 + 0.05  # the two meters differ by hundredths of a decibel
    assert report.integrated_lufs == pytest.approx(loudness, abs=0.3)
    assert report.true_peak_dbtp == pytest.approx(peak, abs=0.2)
    assert len(played(out)) == len(signal) == report.samples


def test_another_target_is_met_too(tmp_path):
    track = music(noise(6), tmp_path / "a.wav")
    for target, top in ((-23.0, -2.0), (-16.0, -1.5), (-9.0, -1.0)):
        mix_sound([track], 6.0, tmp_path / "mix.m4a", loudness=Loudness(target_lufs=target, peak_dbtp=top))
        loudness, peak = meter(tmp_path / "mix.m4a")
        assert loudness == pytest.approx(target, abs=0.5)
        assert peak <= top + 0.05


def test_silence_stays_silence(tmp_path):
    report = mix_sound([music(np.zeros(RATE), tmp_path / "a.wav")], 1.0, tmp_path / "mix.m4a")
    assert (report.integrated_lufs, report.gain_db) == (None, 0.0)
    assert np.abs(played(tmp_path / "mix.m4a")).max() == 0


def test_a_sound_too_short_to_have_a_loudness_is_as_loud_as_if_it_went_on(tmp_path):
    report = mix_sound([music(sine(0.2, 1000), tmp_path / "a.wav")], 0.2, tmp_path / "mix.wav")
    assert report.integrated_lufs is None
    long = mix_sound([music(sine(5, 1000), tmp_path / "a.wav")], 5.0, tmp_path / "mix.wav")
    assert report.gain_db == pytest.approx(long.gain_db, abs=0.3)
    one = mix_sound([music(sine(1, 1000), tmp_path / "a.wav")], 1 / RATE, tmp_path / "mix.m4a")
    assert one.samples == 1


def test_the_tracks_keep_their_balance(tmp_path):
    tracks = [
        music(np.concatenate([sine(3, level=0.4), np.zeros(3 * RATE)]), tmp_path / "a.wav", volume=0.5),
        TrackSpec(kind="sfx", path=write_wave(tmp_path / "b.wav", sine(3, level=0.4)), start_s=3.0),
    ]
    mix_sound(tracks, 6.0, tmp_path / "mix.wav")
    sound = played(tmp_path / "mix.wav")
    assert decibels(rms(sound, 3.5, 5.5) / rms(sound, 0.5, 2.5)) == pytest.approx(6.02, abs=0.1)


def test_clicks_alone_are_raised_as_far_as_the_limiter_goes_and_never_over_the_peak(tmp_path):
    report = mix_sound([music(clicks(6, (1, 3)), tmp_path / "a.wav")], 6.0, tmp_path / "mix.m4a")
    assert report.limited
    assert meter(tmp_path / "mix.m4a")[1] <= -0.95


def test_music_is_down_when_the_voice_begins_stays_down_in_its_pauses_and_comes_back_smoothly(tmp_path, speech):
    tracks = [
        music(sine(12, 60, 0.2), tmp_path / "a.wav"),
        TrackSpec(kind="voiceover", path=speech, start_s=3.0),
    ]
    ducking = Ducking(amount_db=12, attack_s=0.2, hold_s=0.4, release_s=0.8)
    mix_sound(tracks, 12.0, tmp_path / "ducked.wav", ducking=ducking, loudness=None)
    mix_sound(tracks, 12.0, tmp_path / "plain.wav", ducking=None, loudness=None)
    mix_sound(tracks[1:], 12.0, tmp_path / "voice.wav", loudness=None)
    voice = played(tmp_path / "voice.wav")
    ducked, plain = (played(tmp_path / name) - voice for name in ("ducked.wav", "plain.wav"))

    def gain_db(at: float) -> float:
        return decibels(rms(ducked, at - 0.025, at + 0.025) / rms(plain, at - 0.025, at + 0.025))

    assert gain_db(2.7) == pytest.approx(0, abs=0.1)
    assert gain_db(2.9) == pytest.approx(-6, abs=1.5)  # on its way down before the voice
    assert gain_db(3.05) == pytest.approx(-12, abs=0.2)
    assert gain_db(5.3) == pytest.approx(-12, abs=0.2)  # held
    assert gain_db(5.8) == pytest.approx(-6, abs=1)
    assert gain_db(6.4) == pytest.approx(0, abs=0.1)  # the voice pauses from 5 to 7
    assert gain_db(8.0) == pytest.approx(-12, abs=0.2)
    assert gain_db(11) == pytest.approx(0, abs=0.1)
    steps = np.diff([gain_db(at) for at in np.arange(5.1, 6.6, 0.02)])
    assert 0 <= steps.max() < 1.0
    assert steps.min() > -0.1


def test_only_music_ducks_and_only_under_a_voice_that_is_heard(tmp_path, speech):
    tracks = [
        TrackSpec(kind="sfx", path=write_wave(tmp_path / "a.wav", sine(6, 60, 0.2))),
        TrackSpec(kind="voiceover", path=speech),
    ]
    mix_sound(tracks, 6.0, tmp_path / "a.wav.wav", loudness=None)
    mix_sound(tracks, 6.0, tmp_path / "b.wav", loudness=None, ducking=None)
    assert np.abs(played(tmp_path / "a.wav.wav") - played(tmp_path / "b.wav")).max() < 1e-3
    silent = [
        music(sine(6, 60, 0.2), tmp_path / "c.wav"),
        TrackSpec(kind="voiceover", path=speech, volume=0.001),
    ]
    mix_sound(silent, 6.0, tmp_path / "d.wav", loudness=None)
    assert rms(played(tmp_path / "d.wav"), 1, 5) == pytest.approx(0.2 / 2**0.5, rel=0.01)


def test_the_same_tracks_make_the_same_file(tmp_path, speech):
    tracks = [
        music(noise(5), tmp_path / "a.wav", loop=True, speed=1.1),
        TrackSpec(kind="voiceover", path=speech, start_s=1),
    ]
    for name in ("one.m4a", "two.m4a"):
        mix_sound(tracks, 8.0, tmp_path / name)
    assert (tmp_path / "one.m4a").read_bytes() == (tmp_path / "two.m4a").read_bytes()


@pytest.mark.parametrize("wrong", [{"target_lufs": 0}, {"peak_dbtp": 1}, {"target_lufs": float("nan")}])
def test_a_loudness_out_of_range_is_refused(wrong):
    with pytest.raises(RenderError) as caught:
        Loudness(**wrong)
    assert caught.value.code == "settings_invalid"


@pytest.mark.parametrize("wrong", [{"amount_db": -3}, {"attack_s": 0}, {"release_s": float("inf")}])
def test_a_ducking_out_of_range_is_refused(wrong):
    with pytest.raises(RenderError) as caught:
        Ducking(**wrong)
    assert caught.value.code == "settings_invalid"


@pytest.mark.parametrize(("deadline_s", "code"), [(None, "cancelled"), (1.5, "encoder_failed")])
def test_a_mix_that_is_cancelled_or_takes_too_long_leaves_no_file_and_no_program(deadline_s, code, tmp_path):
    track = music(noise(20), tmp_path / "a.wav", loop=True)
    cancel = threading.Event()
    timer = threading.Timer(1.5, cancel.set)
    if deadline_s is None:
        timer.start()
    began = time.monotonic()
    with pytest.raises(RenderError) as caught:
        mix_sound([track], 3 * 3600, tmp_path / "mix.m4a", deadline_s=deadline_s, cancel=cancel)
    timer.cancel()
    assert caught.value.code == code
    assert time.monotonic() - began < 10
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.wav"]
    assert [child for child in psutil.Process().children(recursive=True) if "ffmpeg" in child.name()] == []
