import subprocess

import msgspec
import numpy as np
import pytest

from flatrender.engine.errors import RenderError
from flatrender.engine.ffmpeg import ffmpeg
from flatrender.engine.sound.mix import mix_sound
from flatrender.engine.sound.track import TrackSpec

from .conftest import RATE, click_errors_ms, clicks, converted, decibels, noise, played, rms, sine, write_wave

LEVEL = 0.5 / 2**0.5
"""RMS of the usual tone."""
TIMES = (0.5, 1.25, 3.0, 5.5)


def mixed(tracks, seconds, out):
    """The mix as it is: no loudness, no ducking."""
    mix_sound(tracks, seconds, out, loudness=None, ducking=None)
    return played(out)


def test_tracks_start_at_their_time_from_their_offset_and_end_with_the_film(tmp_path):
    tracks = [
        TrackSpec(
            kind="voiceover", path=write_wave(tmp_path / "v.wav", sine(2)), start_s=1.0, offset_s=1.5, volume=0.8
        ),
        TrackSpec(kind="sfx", path=write_wave(tmp_path / "s.wav", sine(5, level=0.25)), start_s=2.0),
    ]
    sound = mixed(tracks, 3.0, tmp_path / "mix.m4a")
    assert rms(sound, 0, 0.95) < 0.001
    assert rms(sound, 1.05, 1.45) == pytest.approx(0.4 / 2**0.5, rel=0.03)
    assert rms(sound, 1.55, 1.95) < 0.001
    assert rms(sound, 2.05, 2.95) == pytest.approx(0.25 / 2**0.5, rel=0.03)
    assert len(sound) == 3 * RATE


def test_a_track_with_an_end_fades_out_there_and_is_silent_after_it(tmp_path):
    cut = TrackSpec(kind="music", path=write_wave(tmp_path / "a.wav", sine(4)), start_s=0.5, offset_s=0.5, end_s=2.0)
    sound = mixed([cut], 3.0, tmp_path / "mix.wav")
    assert rms(sound, 0, 0.45) < 0.001
    assert rms(sound, 0.55, 1.95) == pytest.approx(LEVEL, rel=0.01)
    assert rms(sound, 2.05, 3.0) < 0.001
    sound = mixed([msgspec.structs.replace(cut, fade_out_s=1.0)], 3.0, tmp_path / "mix.wav")
    assert rms(sound, 1.45, 1.55) == pytest.approx(LEVEL / 2, rel=0.05)
    assert rms(sound, 2.05, 3.0) < 0.001


def test_a_looped_track_with_an_end_repeats_only_what_comes_before_it(tmp_path):
    half = np.concatenate([sine(1), np.zeros(RATE)])
    looped = TrackSpec(kind="music", path=write_wave(tmp_path / "half.wav", half), end_s=1.0, loop=True)
    assert rms(mixed([looped], 3.5, tmp_path / "mix.wav"), 0.1, 3.4) == pytest.approx(LEVEL, rel=0.05)
    whole = msgspec.structs.replace(looped, end_s=None)
    assert rms(mixed([whole], 3.5, tmp_path / "mix.wav"), 1.05, 1.9) < 0.001


def test_a_seam_sounds_as_even_as_the_music_around_it(tmp_path):
    path = write_wave(tmp_path / "n.wav", noise(1.5))
    sound = mixed([TrackSpec(kind="music", path=path, loop=True, loop_crossfade_s=0.2)], 6.0, tmp_path / "mix.wav")
    levels = [rms(sound, at, at + 0.05) for at in np.arange(0, 5.9, 0.05)]
    assert max(abs(decibels(level / np.median(levels))) for level in levels) < 1.0
    # 1.5 s with 0.2 s of the next pass over its end: passes begin every 1.3 s
    assert np.allclose(sound[round(0.5 * RATE) : RATE], sound[round(1.8 * RATE) : round(2.3 * RATE)], atol=1e-3)


def test_a_loop_of_known_tempo_comes_round_on_its_beat(tmp_path):
    # 120 beats a minute: a bar lasts 2 s; the file is a bar and a bit, as exports with an echo at their end are.
    path = write_wave(tmp_path / "bar.wav", clicks(2.3, (0.1, 0.6, 1.1, 1.6)))
    sound = mixed([TrackSpec(kind="music", path=path, loop=True, bpm=120)], 8.0, tmp_path / "mix.wav")
    beats = [0.1 + 0.5 * beat for beat in range(15)]
    assert max(abs(error) for error in click_errors_ms(sound, beats)) < 0.05
    spliced = TrackSpec(kind="music", path=path, loop=True, loop_crossfade_s=0)
    assert max(map(abs, click_errors_ms(mixed([spliced], 8.0, tmp_path / "mix.wav"), [2.4, 4.7]))) < 0.05


def test_a_loop_begins_at_its_offset_and_repeats_from_the_files_beginning(tmp_path):
    path = write_wave(tmp_path / "c.wav", clicks(2.0, (0.25, 1.25)))
    track = TrackSpec(kind="music", path=path, loop=True, offset_s=1.0, loop_crossfade_s=0)
    sound = mixed([track], 4.0, tmp_path / "mix.wav")
    assert max(map(abs, click_errors_ms(sound, [0.25, 1.25, 2.25, 3.25]))) < 0.05


@pytest.mark.parametrize("suffix", ["m4a", "opus", "webm", "mp3", "mov", "wav"])
def test_every_kind_of_file_is_in_sync_and_as_long_as_the_film_to_the_sample(suffix, tmp_path):
    track = TrackSpec(kind="sfx", path=write_wave(tmp_path / "c.wav", clicks(6, TIMES)))
    for seconds in (6.0, 5.7 + 1 / 3000):
        sound = mixed([track], seconds, tmp_path / f"mix.{suffix}")
        assert len(sound) == round(seconds * RATE)
        assert max(map(abs, click_errors_ms(sound, TIMES))) < 0.1


@pytest.mark.parametrize(
    ("name", "rate", "arguments"),
    [
        ("a.wav", 22_050, ()),
        ("a.wav", 96_000, ()),
        ("a.mp3", 44_100, ("-c:a", "libmp3lame")),
        ("a.m4a", 44_100, ("-c:a", "aac")),
        ("a.ogg", 44_100, ("-c:a", "libvorbis")),
        ("a.webm", 48_000, ("-c:a", "libopus")),
        ("a.flac", 44_100, ()),
    ],
    ids=["wav22", "wav96", "mp3", "aac", "vorbis", "opus", "flac"],
)  # fmt: skip
def test_a_sound_of_any_rate_and_kind_stays_in_sync(name, rate, arguments, tmp_path):
    path = write_wave(tmp_path / "c.wav", clicks(6, TIMES, rate), rate)
    made = converted(path, tmp_path / f"made-{name}", *arguments)
    sound = mixed([TrackSpec(kind="sfx", path=made)], 6.0, tmp_path / "mix.wav")
    assert max(map(abs, click_errors_ms(sound, TIMES))) < 0.1


@pytest.mark.parametrize("speed", [0.5, 0.8, 1.25, 2.0])
def test_another_speed_keeps_the_pitch_and_the_timing(speed, tmp_path):
    path = write_wave(tmp_path / "c.wav", clicks(6, TIMES))
    sound = mixed([TrackSpec(kind="clip", path=path, speed=speed)], 6 / speed, tmp_path / "mix.wav")
    assert max(map(abs, click_errors_ms(sound, [time / speed for time in TIMES]))) < 3
    tone = TrackSpec(kind="clip", path=write_wave(tmp_path / "t.wav", sine(4, 440)), speed=speed, offset_s=1.0)
    part = mixed([tone], 3 / speed, tmp_path / "mix.wav")[RATE // 2 : RATE, 0]
    spectrum = np.abs(np.fft.rfft(part * np.hanning(len(part))))
    assert np.argmax(spectrum) * RATE / len(part) == pytest.approx(440, abs=3)
    assert rms(part, 0, 0.5) == pytest.approx(LEVEL, rel=0.05)


@pytest.mark.parametrize(
    ("curve", "half"), [("linear", 0.5), ("equal_power", 0.7071), ("s_curve", 0.5), ("exponential", 0.0307)]
)
def test_fades_follow_their_curve_and_start_and_end_in_silence(curve, half, tmp_path):
    path = write_wave(tmp_path / "t.wav", sine(6, 1000))
    track = TrackSpec(kind="music", path=path, fade_in_s=2, fade_out_s=2, fade_curve=curve)
    sound = mixed([track], 6.0, tmp_path / "mix.wav")
    assert rms(sound, 0.99, 1.01) == pytest.approx(LEVEL * half, rel=0.05)
    assert rms(sound, 4.99, 5.01) == pytest.approx(LEVEL * half, rel=0.05)
    assert rms(sound, 2.1, 3.9) == pytest.approx(LEVEL, rel=0.01)
    assert max(rms(sound, 0, 0.005), rms(sound, 5.995, 6)) < LEVEL / 100


def test_a_volume_envelope_is_followed_between_its_points(tmp_path):
    path = write_wave(tmp_path / "t.wav", sine(5, 1000))
    track = TrackSpec(kind="music", path=path, start_s=1.0, envelope=((0, 1), (1, 1), (2, 0.2), (3, 0.6)))
    sound = mixed([track], 6.0, tmp_path / "mix.wav")
    for film_s, factor in ((1.5, 1.0), (2.5, 0.6), (3.0, 0.2), (3.5, 0.4), (5.0, 0.6)):
        assert rms(sound, film_s - 0.01, film_s + 0.01) == pytest.approx(LEVEL * factor, rel=0.05)


def test_panning_takes_the_other_side_away_and_leaves_its_own(tmp_path):
    path = write_wave(tmp_path / "t.wav", sine(1))
    for pan, left, right in ((-1, 1, 0), (0, 1, 1), (0.5, 0.7071, 1), (1, 0, 1)):
        sound = mixed([TrackSpec(kind="sfx", path=path, pan=pan)], 1.0, tmp_path / "mix.wav")
        assert rms(sound[:, 0], 0.1, 0.9) == pytest.approx(LEVEL * left, abs=0.002)
        assert rms(sound[:, 1], 0.1, 0.9) == pytest.approx(LEVEL * right, abs=0.002)


def test_mono_keeps_its_level_and_surround_is_mixed_down_as_itu_bs775_says(tmp_path):
    tones = np.zeros((RATE, 6))
    for channel, hertz in enumerate((300, 500, 700, 60, 1100, 1300)):
        tones[:, channel] = sine(1, hertz, 0.2)
    mono = mixed([TrackSpec(kind="sfx", path=write_wave(tmp_path / "m.wav", sine(1)))], 1.0, tmp_path / "mix.wav")
    assert rms(mono, 0.1, 0.9) == pytest.approx(LEVEL, rel=0.01)
    path = converted(write_wave(tmp_path / "six.wav", tones), tmp_path / "51.wav", "-af", "aformat=channel_layouts=5.1")
    sound = mixed([TrackSpec(kind="sfx", path=path)], 1.0, tmp_path / "mix.wav")
    spectra = np.abs(np.fft.rfft(sound[: RATE // 2] * np.hanning(RATE // 2)[:, None], axis=0)) / (RATE // 8)

    def heard(hertz: int) -> tuple[float, float]:
        return tuple(round(float(spectra[hertz // 2, side]) / 0.2, 2) for side in (0, 1))

    assert heard(300) == (1.0, 0.0)
    assert heard(500) == (0.0, 1.0)
    assert heard(700) == (0.71, 0.71)
    assert heard(60) == (0.0, 0.0)
    assert heard(1100) == (0.71, 0.0)
    assert heard(1300) == (0.0, 0.71)


def test_tracks_that_are_too_loud_together_do_not_clip(tmp_path):
    path = write_wave(tmp_path / "t.wav", sine(1, level=0.9))
    peak = np.abs(mixed([TrackSpec(kind="music", path=path)] * 3, 1.0, tmp_path / "mix.wav")).max()
    assert 0.9 < peak <= 0.98


def test_what_cannot_be_a_track_is_refused(tmp_path):
    good = {"kind": "music", "path": tmp_path / "a.wav"}
    for wrong, said in (
        ({"offset_s": 1.0, "end_s": 1.0}, "end_s 1; give more than offset_s"),
        ({"volume": float("nan")}, "volume nan"),
        ({"volume": 4.5}, "give 0 to 4"),
        ({"speed": 0.1}, "give 0.25 to 4"),
        ({"pan": 2}, "give -1 to 1"),
        ({"bpm": 1e9}, "give 20 to 400"),
        ({"start_s": -1}, "give 0 to 36000 seconds"),
        ({"envelope": ((1, 1), (0, 1))}, "order of time"),
        ({"envelope": ((0, -1),)}, "out of range"),
        ({"envelope": ((0, 1),) * 5000}, "at most 4096"),
    ):
        with pytest.raises(RenderError, match=said) as caught:
            TrackSpec(**good, **wrong)
        assert caught.value.code == "settings_invalid"


def test_an_offset_after_the_sounds_end_and_a_file_name_of_no_sound_are_refused(tmp_path):
    path = write_wave(tmp_path / "t.wav", sine(1))
    for track, name in (
        (TrackSpec(kind="sfx", path=path, offset_s=5), "m.wav"),
        (TrackSpec(kind="sfx", path=path), "m.avi"),
    ):
        with pytest.raises(RenderError) as caught:
            mix_sound([track], 1.0, tmp_path / name)
        assert caught.value.code == "settings_invalid"
        assert [entry.name for entry in tmp_path.iterdir()] == ["t.wav"]


def test_a_sound_that_is_a_playlist_of_other_files_is_refused(tmp_path):
    other = write_wave(tmp_path / "other.wav", sine(1))
    for text in (
        f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://{other}\n#EXT-X-ENDLIST\n",
        f"ffconcat version 1.0\nfile '{other}'\n",
    ):
        (tmp_path / "song.mp3").write_text(text)
        with pytest.raises(RenderError) as caught:
            mix_sound([TrackSpec(kind="music", path=tmp_path / "song.mp3")], 1.0, tmp_path / "mix.m4a")
        assert caught.value.code == "sound_unreadable"


def test_a_clip_whose_sound_begins_late_is_heard_when_the_clip_says(tmp_path):
    sound = write_wave(tmp_path / "c.wav", clicks(2, (0.5,)))
    clip = tmp_path / "clip.mp4"
    subprocess.run(
        [
            ffmpeg(), "-loglevel", "error", "-y", "-f", "lavfi", "-i", "color=d=3:s=64x64:r=25",
            "-itsoffset", "0.6", "-i", str(sound), "-c:v", "libx264", "-c:a", "aac", str(clip),
        ],
        check=True,
    )  # fmt: skip
    heard = mixed([TrackSpec(kind="clip", path=clip)], 3.0, tmp_path / "mix.wav")
    assert abs(click_errors_ms(heard, [1.1])[0]) < 1
