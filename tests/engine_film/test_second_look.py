"""Suspicious frames are wrong by what the scene does there, not by how alike two drawings of it are."""

import hashlib
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from flatrender.engine.film.compare import Finding, Order, Question, look_again
from flatrender.engine.film.settings import FilmSettings
from flatrender.engine.film.strip import Strip, Suspect, strip_size

FRAMES = 12
SETTINGS = FilmSettings(width=640, height=360, fps=30, background=(255, 255, 255))
WIDTH, HEIGHT = strip_size(SETTINGS)


def still(value: Any) -> dict[str, Any]:
    return {"a": 0, "k": value}


def scene(*, moves: bool) -> bytes:
    """A violet half on a gold ground; it crosses the picture, or stands."""
    line = {"o": {"x": [0.2], "y": [0.2]}, "i": {"x": [0.8], "y": [0.8]}}
    crossing = {"a": 1, "k": [{"t": 0, "s": [0, 180], **line}, {"t": FRAMES, "s": [640, 180]}]}
    place = {"a": still([0, 0]), "s": still([100, 100]), "r": still(0), "o": still(100)}

    def filled(color: list[float], size: list[int], at: dict[str, Any]) -> dict[str, Any]:
        shapes = [
            {"ty": "rc", "p": still([0, 0]), "s": still(size), "r": still(0)},
            {"ty": "fl", "c": still(color), "o": still(100)},
        ]
        return {"ty": 4, "ks": {**place, "p": at}, "shapes": shapes, "ip": 0, "op": FRAMES, "st": 0}

    half = filled([0.47, 0.16, 0.78, 1], [320, 360], crossing if moves else still([160, 180]))
    ground = filled([0.94, 0.75, 0.08, 1], [640, 360], still([320, 180]))
    animation = {"v": "5.7.0", "fr": 30, "ip": 0, "op": FRAMES, "w": 640, "h": 360, "layers": [half, ground]}
    return msgspec.json.encode(animation)


def standing(edge: int) -> Strip:
    """What is seen of the half when it stands with its edge at a column of the small pictures."""
    strip = np.empty((FRAMES, HEIGHT, WIDTH, 3), np.uint8)
    strip[:, :, :edge] = (120, 40, 200)
    strip[:, :, edge:] = (240, 190, 20)
    return strip


def looked(folder: Path, lottie: bytes, strip: Strip, suspect: Suspect) -> Finding:
    path = folder / "scene.json"
    path.write_bytes(lottie)
    question = Question(
        strip=strip.tobytes(), frames=FRAMES, first=0, suspects=[suspect], is_exact=True, lottie=str(path), scene_key="main",
        sha256=hashlib.sha256(lottie).hexdigest(), width=640, height=360, fps=30, first_frame=0, scene_frames=FRAMES,
    )  # fmt: skip
    (finding,) = look_again(Order(settings=SETTINGS, questions=[question]))
    return finding


def test_a_scene_that_stands_is_right_although_a_hard_edge_lies_elsewhere_when_it_is_drawn_small(
    tmp_path: Path,
) -> None:
    suspect = Suspect(reason="frozen", first=0, last=FRAMES - 1)
    assert looked(tmp_path, scene(moves=False), standing(WIDTH // 2 + 1), suspect).wrong == {}


def test_frames_that_stand_while_the_scene_moves_are_wrong_but_for_the_first(tmp_path: Path) -> None:
    suspect = Suspect(reason="frozen", first=0, last=FRAMES - 1)
    found = looked(tmp_path, scene(moves=True), standing(WIDTH // 4), suspect)
    assert found.wrong == dict.fromkeys(range(1, FRAMES), "frozen")


def test_a_slow_movement_that_is_shown_is_no_frozen_picture(tmp_path: Path) -> None:
    strip = np.concatenate([standing(round(n * WIDTH / FRAMES + WIDTH / 4))[:1] for n in range(FRAMES)])
    found = looked(tmp_path, scene(moves=True), strip, Suspect(reason="frozen", first=0, last=FRAMES - 1))
    assert found.wrong == {}


def test_a_frame_that_flashes_where_the_scene_does_not_is_wrong(tmp_path: Path) -> None:
    strip = standing(WIDTH // 2)
    strip[5] = 255 - strip[5]
    found = looked(tmp_path, scene(moves=False), strip, Suspect(reason="glitch", first=5, last=5))
    assert found.wrong == {5: "glitch"}


def test_empty_frames_of_a_scene_that_shows_something_are_wrong(tmp_path: Path) -> None:
    strip = standing(WIDTH // 2)
    strip[3:6] = 0
    found = looked(tmp_path, scene(moves=False), strip, Suspect(reason="black", first=3, last=5))
    assert found.wrong == dict.fromkeys((3, 4, 5), "black")
