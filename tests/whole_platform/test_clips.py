"""A film of somebody's own in an image field, over HTTP: uploaded, put in, rendered by a node, seen and heard in the finished film."""

import io
import subprocess
import wave
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest

from .films import Pixels, film_frames, pixels, sound_level, video_facts
from .running import Running, wait_for_film
from .story import READ_ONLY, download, lengths_of, new_document, press_render, save, template, upload

pytestmark = pytest.mark.xdist_group("platform")

RED, BLUE = (220, 20, 30), (20, 30, 220)


def two_colours(folder: Path) -> bytes:
    """One second of red, then blue to the fourth second; silent while red, a tone while blue."""
    seconds = np.arange(4 * 48_000) / 48_000
    tone = np.where(seconds >= 1, 0.5 * np.sin(2 * np.pi * 440 * seconds), 0)
    sound = folder / "sound.wav"
    with wave.open(str(sound), "wb") as file:
        file.setparams((1, 2, 48_000, 0, "NONE", ""))
        file.writeframes((tone * 32767).astype("<i2").tobytes())
    frames = io.BytesIO()
    for number in range(100):
        color = RED if number < 25 else BLUE
        frames.write(np.full((180, 320, 3), color, np.uint8).tobytes())
    film = folder / "clip.mp4"
    command = [
        imageio_ffmpeg.get_ffmpeg_exe(),
        "-loglevel",
        "error",
        "-y",
        "-f",
        "rawvideo",
        "-pix_fmt",
        "rgb24",
        "-s",
        "320x180",
    ]
    command += [
        "-r",
        "25",
        "-i",
        "pipe:0",
        "-i",
        str(sound),
        "-pix_fmt",
        "yuv420p",
        "-c:v",
        "libx264",
        "-c:a",
        "aac",
        str(film),
    ]
    subprocess.run(command, input=frames.getvalue(), check=True, timeout=60)
    return film.read_bytes()


def share(picture: Pixels, color: tuple[int, int, int]) -> float:
    return float((np.abs(picture - np.array(color)).max(axis=2) < 40).mean())


def test_a_film_in_an_image_field_plays_and_sounds_in_the_finished_film(platform: Running, tmp_path: Path) -> None:
    client = platform.client("user")
    file = upload(client, two_colours(tmp_path), name="ساحل.mp4", content_type="video/mp4")
    assert (file["kind"], file["width"], file["height"]) == ("video", 320, 180)
    assert abs(file["duration_ms"] - 4000) < 50
    small = client.get(file["content_url"], params={"width": 128})
    assert (small.status_code, small.headers["Content-Type"]) == (200, "image/webp")
    assert share(pixels(small.content), BLUE) > 0.9, "the still is the film a second in"
    project = template(client, "promo")
    document = new_document(client, project)
    described = {scene["key"]: scene for scene in project["scenes"]}
    number, field = next(
        (at, field["key"])
        for at, scene in enumerate(document["scenes"])
        for field in described[scene["scene_key"]]["fields"]
        if field["type"] == "image"
    )
    document["scenes"][number]["values"][field] = {"asset": file["id"], "clip": {"start": 0.5, "volume": 1}}
    document["audio"] = {**document["audio"], "music_track_id": None}
    document = save(client, document)
    finished = wait_for_film(client, press_render(client, document)["id"])
    assert finished["status"] == "completed", finished
    film = download(client, finished, tmp_path / "film.mp4")
    lengths = lengths_of(client, document)
    assert video_facts(film)["sound"] == ["aac"]
    begins = sum(lengths[:number])
    early, late = (film_frames(film, {begins + at})[begins + at] for at in (8, lengths[number] - 12))
    assert share(early, RED) > 0.02
    assert share(early, BLUE) < 0.01
    assert share(late, BLUE) > 0.02
    assert share(late, RED) < 0.01
    rate = video_facts(film)["fps"]
    assert sound_level(film, begins / rate + 0.6, begins / rate + 1.5) > 0.01


def test_half_a_film_and_an_impossible_speed_are_refused(platform: Running, tmp_path: Path) -> None:
    client = platform.client("user")
    whole = two_colours(tmp_path)
    file = upload(client, whole, name="clip.mp4", content_type="video/mp4")
    headers = {"Content-Type": "video/mp4", "X-File-Name": "half.mp4", "X-File-Purpose": "user_media"}
    half = client.post("/v1/files", content=whole[:3000], headers=headers)
    assert (half.status_code, half.json()["code"]) == (422, "files.video_broken"), half.text
    project = template(client, "promo")
    document = new_document(client, project)
    described = {scene["key"]: scene for scene in project["scenes"]}
    for scene in document["scenes"]:
        for field in described[scene["scene_key"]]["fields"]:
            if field["type"] == "image":
                scene["values"][field["key"]] = {"asset": file["id"], "clip": {"speed": 99}}
    body = {name: value for name, value in document.items() if name not in READ_ONLY}
    refused = client.put(
        f"/v1/saved-projects/{document['id']}", json=body, headers={"If-Match": f'"{document["row_version"]}"'}
    )
    assert (refused.status_code, refused.json()["code"]) == (422, "studio.value_out_of_range"), refused.text
    assert "speed" in refused.text
