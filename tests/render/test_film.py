"""A whole film: service, workflows, a real node, the engine."""

import io
import math
import wave

import numpy as np

from flatrender.contracts.render import SoundTrack
from tests.engine_film.conftest import film_numbers, film_sound
from tests.render.farm import Farm


def tone(seconds: float) -> bytes:
    samples = 0.5 * np.sin(2 * math.pi * 440 * np.arange(round(seconds * 48_000)) / 48_000)
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setparams((1, 2, 48_000, 0, "NONE", ""))
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    return out.getvalue()


async def test_a_film_goes_from_frozen_input_to_the_right_frames_and_sound(farm: Farm) -> None:
    music = await farm.files.add(tone(1.0))
    track = SoundTrack(kind="music", file_id=music, volume=1.0, loop=True, fade_out_ms=500)
    async with farm.real_node():
        made = await farm.create("a", "b", "c", tracks=[track])
        job = await farm.until(made.id, "completed")
    path = farm.film_path(job)
    assert film_numbers(path) == [*range(30), *range(100, 140), *range(200, 220)]
    sound = film_sound(path)
    assert abs(len(sound) - 3 * 48_000) <= 2048
    assert np.abs(sound[48_000:52_800]).max() > 0.2
    assert np.abs(sound[-480:]).max() < 0.05
    assert job["progress_pct"] == 100
    assert job["export"]["duration_ms"] in range(2960, 3040)
    assert (job["width"], job["height"], job["total_frames"]) == (192, 108, 90)
    (events,) = farm.row("SELECT count(*) FROM render.outbox_events WHERE event_type = 'render_job.completed'")
    assert events == 1
