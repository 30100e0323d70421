"""`flatrender-aerender` takes what the real one takes."""

import math
import struct
import subprocess
import sys
import wave
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image
from py_aep import ImportOptions

from tests.aftereffects.making import add_comp, moving_square, new_project


def aerender(*words: object) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-m", "flatrender.aftereffects.stand_in.command"]
    return subprocess.run(
        [*program, *(str(word) for word in words)], capture_output=True, encoding="utf-8", check=False, timeout=120
    )


def tone(path: Path, seconds: float) -> Path:
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(48000)
        count = int(seconds * 48000)
        out.writeframes(b"".join(struct.pack("<h", int(12000 * math.sin(n * 0.0576))) for n in range(count)))
    return path


def loudness(film: Path, begins_s: float, ends_s: float) -> float:
    with av.open(str(film)) as container:
        if not container.streams.audio:
            return 0.0
        rate = container.streams.audio[0].rate
        sound = np.concatenate(
            [np.atleast_2d(frame.to_ndarray()).astype(float)[0] for frame in container.decode(audio=0)]
        )
    return float(np.abs(sound[int(begins_s * rate) : int(ends_s * rate)]).max())


@pytest.fixture(scope="module")
def with_sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`Main`, 2 s: inside it a composition that begins at 0.5 s and sounds from there on."""
    folder = tmp_path_factory.mktemp("sound")
    project = new_project()
    inner, main = add_comp(project, "Inner", seconds=2), add_comp(project, seconds=2)
    inner.add(project.import_file(ImportOptions(tone(folder / "tone.wav", 1.0))))
    main.add_solid([1, 1, 1], "Ground", 96, 64, 1.0)
    main.add(inner).start_time = 0.5
    path = folder / "sound.aep"
    project.save(path)
    return path


def test_audio_layers_sound_when_the_composition_plays_them(with_sound, tmp_path):
    film = tmp_path / "film.mp4"
    done = aerender("-project", with_sound, "-comp", "Main", "-output", film)
    assert done.returncode == 0, done.stdout
    assert loudness(film, 0.1, 0.4) < 0.02
    assert loudness(film, 0.7, 1.3) > 0.1
    assert loudness(film, 1.7, 1.9) < 0.02


def test_sound_off_leaves_it_out(with_sound, tmp_path):
    done = aerender("-project", with_sound, "-comp", "Main", "-output", tmp_path / "film.mp4", "-sound", "OFF")
    assert done.returncode == 0, done.stdout
    with av.open(str(tmp_path / "film.mp4")) as film:
        assert not film.streams.audio


def test_every_second_frame_keeps_the_film_s_time(tmp_path):
    project = moving_square(tmp_path, frames=12)
    done = aerender("-project", project, "-comp", "Main", "-output", tmp_path / "film.mp4", "-i", 2)
    assert done.returncode == 0, done.stdout
    with av.open(str(tmp_path / "film.mp4")) as film:
        assert sum(1 for _ in film.decode(video=0)) == 6
        assert float(film.streams.video[0].average_rate) == 12.5


def test_the_last_step_of_a_range_that_it_does_not_fill_is_written(tmp_path):
    project = moving_square(tmp_path, frames=12)
    words = ("-output", tmp_path / "a_[##].png", "-s", 1, "-e", 11, "-i", 5)
    done = aerender("-project", project, "-comp", "Main", *words)
    assert done.returncode == 0, done.stdout
    assert sorted(file.name for file in tmp_path.glob("*.png")) == ["a_01.png", "a_02.png", "a_03.png"]
    lefts = []
    for file in sorted(tmp_path.glob("*.png")):
        with Image.open(file) as picture:
            green = np.asarray(picture.convert("RGB"))[32, :, 1]
        lefts.append(int(np.flatnonzero(green < 100)[0]))
    # frames 1, 6 and 11 of a square that crosses 76 pixels in 12 frames
    assert [b - a for a, b in pairwise(lefts)] == [pytest.approx(5 * 76 / 12, abs=1)] * 2


def test_an_output_without_an_ending_gets_that_of_its_module(tmp_path):
    project = moving_square(tmp_path, frames=4)
    name = "H.264 - Match Render Settings - 15 Mbps"
    done = aerender("-project", project, "-comp", "Main", "-output", tmp_path / "film", "-OMtemplate", name)
    assert done.returncode == 0, done.stdout
    assert (tmp_path / "film.mp4").is_file()


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("-nonsense",), 2),
        (("-s", "x"), 3),
        (("-comp", "Absent", "-output", "film.mp4"), 7),
        (("-rqindex", "4"), 7),
        ((), 7),
        (("-comp", "Main", "-output", "film.xyz"), 7),
        (("-comp", "Main", "-output", "film.mp4", "-s", "90"), 3),
    ],
    ids=["flag", "value", "composition", "queue-item", "empty-queue", "format", "range"],
)
def test_what_cannot_be_rendered_ends_with_the_real_one_s_code(tmp_path, words, code):
    done = aerender("-project", moving_square(tmp_path, frames=4), *words)
    assert (done.returncode, "ERROR" in done.stdout) == (code, True)


def test_a_script_that_changes_something_is_refused(tmp_path):
    project = moving_square(tmp_path, frames=4)
    script = tmp_path / "script.jsx"
    for text, code in (("/* nothing */\n// at all\n", 0), ("app.project.item(1).name = 'x';", 5)):
        script.write_text(text)
        done = aerender("-project", project, "-comp", "Main", "-output", tmp_path / "film.mp4", "-r", script)
        assert done.returncode == code, done.stdout
