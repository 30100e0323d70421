"""Transitions: exact at their edges, right in their middle, and the film as long as it should be."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest

from flatrender.engine.errors import RenderError, TemplateError, ValueRefused
from flatrender.engine.film.plan import lottie_frames, output_frames, plan_film
from flatrender.engine.film.render import render_film
from flatrender.engine.film.settings import FilmSettings
from flatrender.engine.film.transition_kinds import TransitionKind, progress
from flatrender.engine.film.transitions import CUT, Transition, arrange, compose_transition, template_transition
from flatrender.engine.lottie.retime import Stretch, set_duration
from flatrender.engine.raster.pool import WorkerPool
from flatrender.engine.scene import ResolvedScene
from flatrender.engine.template.load import load_template
from tests.engine_clips.making import numbered_film
from tests.engine_clips.test_clips import scene_of

from .conftest import as_scene, film_numbers, numbered, read_number, rectangle

W, H = 192, 108
SMALL = FilmSettings(width=W, height=H, fps=30)
HELD = {"a": 0, "k": 100}
FRAMES = 9
KINDS: list[TransitionKind] = [kind for kind in get_args(TransitionKind) if kind not in ("cut", "template")]


def plain(color: tuple[float, float, float], *, frames: int = 40, size: tuple[int, int] = (W, H)) -> ResolvedScene:
    lottie = numbered(frames) | {"w": size[0], "h": size[1]}
    lottie["layers"] = [rectangle(0, 0, *size, HELD, frames, color) | {"ind": 1}]
    return as_scene(lottie, "plain")


def drawn(pool: WorkerPool, scene: ResolvedScene, frame: float, settings: FilmSettings = SMALL) -> np.ndarray:
    """RGB, in whole numbers that can be subtracted."""
    background = settings.background
    pixels = pool.draw(scene, frame, width=settings.width, height=settings.height, background=background)
    shape = (settings.height, settings.width, 4)
    return np.frombuffer(pixels, np.uint8).reshape(shape)[..., 2::-1].astype(int)


def output_frame(pool: WorkerPool, scene: ResolvedScene, number: int, settings: FilmSettings) -> np.ndarray:
    """Output frame `number` of the scene on its own."""
    (frame,) = lottie_frames(scene.frames, scene.fps, settings.rate, number, number)
    return drawn(pool, scene, frame, settings)


def mixed(kind: TransitionKind, before: np.ndarray, after: np.ndarray) -> np.ndarray | None:
    """What the exact middle must show; None where the middle is a matter of taste."""
    half = W // 2
    match kind:
        case "dissolve":
            return (before + after) / 2
        case "push":
            return np.concatenate([before[:, half:], after[:, :half]], axis=1)
        case "slide":
            return np.concatenate([before[:, :half], after[:, :half]], axis=1)
        case "wipe":
            return np.concatenate([before[:, :half], after[:, half:]], axis=1)
        case "fade":
            return np.zeros_like(before)
    return None


@pytest.mark.parametrize("rates", [(30, 30, 30), (24, 30, 30), (25, 25, 29.97), (30, 24, 60)], ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_the_middle_of_a_transition_shows_both_scenes_own_frames(kind, rates, pool):
    fps_before, fps_after, fps = rates
    before = as_scene(numbered(48, fps=fps_before, first=3), "before")
    after = as_scene(numbered(50, fps=fps_after, base=1000), "after")
    settings = FilmSettings(width=W, height=H, fps=fps)
    transition = compose_transition(before, after, Transition(kind=kind), frames=FRAMES, settings=settings)
    assert output_frames(transition.frames, transition.fps, settings.rate) == FRAMES
    middle = FRAMES // 2
    start = output_frames(before.frames, before.fps, settings.rate) - FRAMES
    old = output_frame(pool, before, start + middle, settings)
    new = output_frame(pool, after, middle, settings)
    shown = output_frame(pool, transition, middle, settings)
    wanted = mixed(kind, old, new)
    if wanted is not None:
        assert np.abs(shown - wanted).max() <= 1
    else:
        assert np.abs(shown - old).max() > 100
        assert np.abs(shown - new).max() > 100


@pytest.mark.parametrize("kind", KINDS)
def test_a_film_is_shorter_by_its_overlaps_and_exact_beside_them(kind, pool, tmp_path):
    scenes = [as_scene(numbered(40, base=1000 * n), str(n)) for n in range(3)]
    transitions = [Transition(kind=kind, seconds=0.3), Transition(kind=kind, seconds=0.2)]
    report = render_film(scenes, SMALL, tmp_path / "film.mp4", transitions=transitions, pool=pool)
    assert report.frames == 120 - 9 - 6
    numbers = film_numbers(tmp_path / "film.mp4")
    assert numbers[:31] == list(range(31))
    assert numbers[40:65] == list(range(1009, 1034))
    assert numbers[71:] == list(range(2006, 2040))
    assert report.warnings == ()


@pytest.mark.parametrize(
    ("direction", "part"),
    [
        ("left", lambda picture: picture[:, W // 2 :]),
        ("right", lambda picture: picture[:, : W // 2]),
        ("up", lambda picture: picture[H // 2 :]),
        ("down", lambda picture: picture[: H // 2]),
    ],
)
@pytest.mark.parametrize("kind", ["wipe", "push", "slide"])
def test_the_next_scene_comes_from_where_the_direction_leads_away(
    kind, direction, part: Callable[[np.ndarray], np.ndarray], pool
):
    red, blue = plain((1, 0, 0)), plain((0, 0, 1))
    transition = Transition(kind=kind, direction=direction)
    shown = drawn(pool, compose_transition(red, blue, transition, frames=FRAMES, settings=SMALL), FRAMES // 2)
    assert (part(shown) == (0, 0, 255)).all()
    assert (shown == (0, 0, 255)).all(axis=-1).mean() == pytest.approx(0.5, abs=0.01)


def test_a_circle_opens_from_the_middle_to_the_corners(pool):
    red, blue = plain((1, 0, 0)), plain((0, 0, 1))
    scene = compose_transition(red, blue, Transition(kind="circle", easing="linear"), frames=FRAMES, settings=SMALL)
    for frame, step in enumerate(progress(FRAMES, "linear")):
        shown = drawn(pool, scene, frame)
        y, x = np.mgrid[:H, :W] + 0.5
        radius = np.hypot(x - W / 2, y - H / 2)
        edge = step * np.hypot(W, H) / 2
        assert (shown[radius < edge - 1.5] == (0, 0, 255)).all()
        assert (shown[radius > edge + 1.5] == (255, 0, 0)).all()


def test_a_fade_goes_through_its_colour_and_a_zoom_leaves_no_edge_bare(pool):
    red, blue = plain((1, 0, 0)), plain((0, 0, 1))
    fade = compose_transition(red, blue, Transition(kind="fade", color=(10, 200, 30)), frames=9, settings=SMALL)
    assert np.abs(drawn(pool, fade, 4) - (10, 200, 30)).max() <= 1
    first, last = drawn(pool, fade, 0)[5, 5], drawn(pool, fade, 8)[5, 5]
    assert first[0] > 200
    assert last[2] > 200
    zoom = compose_transition(red, blue, Transition(kind="zoom"), frames=9, settings=SMALL)
    for frame in range(9):
        assert drawn(pool, zoom, frame)[..., 1].max() <= 1  # the white background would show in green


def test_the_steps_of_a_transition_are_between_the_scenes_and_symmetric():
    for easing in ("linear", "ease"):
        steps = progress(9, easing)
        assert 0 < steps[0] < steps[-1] < 1
        assert steps == sorted(steps)
        assert steps[4] == pytest.approx(0.5)
        assert steps[1] + steps[7] == pytest.approx(1)


@pytest.mark.parametrize("size", [(108, 192), (160, 160)], ids=str)
def test_scenes_of_another_shape_stand_in_a_transition_as_they_stand_alone(size, pool):
    before, after = plain((1, 0, 0), size=size), as_scene(numbered(40), "after")
    scene = compose_transition(before, after, Transition(kind="push"), frames=FRAMES, settings=SMALL)
    old, new = drawn(pool, before, 35), drawn(pool, after, 4)
    wanted = mixed("push", old, new)
    difference = np.abs(drawn(pool, scene, 4) - wanted).max(axis=-1)
    assert (difference > 2).mean() < 0.02  # the edges of the placed picture, anti-aliased from another place
    assert (scene.width, scene.height) == (W, H)


def test_scenes_of_the_films_shape_give_one_transition_for_every_quality():
    scenes = [as_scene(numbered(40), "a"), as_scene(numbered(40, base=7), "b")]
    made = {
        compose_transition(
            *scenes, Transition(kind="push"), frames=9, settings=FilmSettings(width=16 * n, height=9 * n)
        ).sha256
        for n in (2, 40, 120)
    }
    assert len(made) == 1


def test_a_scene_whose_time_is_remapped_keeps_its_frames_in_a_transition(pool):
    lottie = numbered(40, base=100)
    set_duration(lottie, 70, Stretch(20, 20, "hold"))
    slow = as_scene(lottie, "slow", frames=70)
    scene = compose_transition(slow, as_scene(numbered(40), "b"), Transition(kind="slide"), frames=9, settings=SMALL)
    for number in (0, 4, 8):
        alone, composed = drawn(pool, slow, 61 + number), drawn(pool, scene, number)
        edge = round((1 - progress(9, "ease")[number]) * W) - 2
        assert np.abs(composed[:, :edge] - alone[:, :edge]).max() <= 1


@pytest.mark.parametrize("fps", [30, 24], ids=str)
def test_clips_go_on_in_a_transition_where_they_were(fps, pool, tmp_path):
    scenes = [
        scene_of(
            numbered_film(tmp_path / f"{name}.mp4", 60 + number, 30),
            fps=fps,
            frames=fps + number,
            clip={"after": after},
        )
        for number, (name, after) in enumerate((("a", "loop"), ("b", "hide")))
    ]
    transition = Transition(kind="wipe", easing="linear")
    settings = FilmSettings(width=scenes[0].width, height=scenes[0].height, fps=30)
    made = compose_transition(*scenes, transition, frames=9, settings=settings)
    assert len(made.clips) == 2
    old, new = (output_frame(pool, scene, number, settings) for scene, number in zip(scenes, (25, 4), strict=True))
    shown = output_frame(pool, made, 4, settings)
    half = settings.width // 2
    assert np.abs(shown - np.concatenate([old[:, :half], new[:, half:]], axis=1))[:, 2:-2].max() <= 2


def test_layers_that_blend_meet_the_background_in_a_transition_as_they_do_alone(pool):
    lottie = numbered(40)
    darker = rectangle(20, 20, 100, 60, HELD, 40, (0.4, 0.8, 0.3)) | {"ind": 1, "bm": 1}
    lottie["layers"] = [darker]
    settings = FilmSettings(width=W, height=H, background=(200, 120, 240))
    scene = as_scene(lottie, "multiply")
    still = compose_transition(scene, scene, Transition(kind="dissolve"), frames=FRAMES, settings=settings)
    assert np.abs(drawn(pool, still, 4, settings) - drawn(pool, scene, 4, settings)).max() <= 1


def test_names_in_both_scenes_do_not_meet():
    def named(letter: str) -> ResolvedScene:
        lottie = numbered(40)
        lottie["assets"] = [{"id": "picture", "w": 1, "h": 1, "p": f"data:,{letter}", "u": "", "e": 1}]
        lottie["fonts"] = {"list": [{"fName": "F", "fFamily": "Family", "fStyle": "Regular", "ascent": 0}]}
        lottie["chars"] = [{"ch": "\ue000", "fFamily": "Family", "style": "Regular", "size": 1, "w": 1, "data": {}}]
        text = {"s": 10, "f": "F", "t": "\ue000", "j": 0, "tr": 0, "lh": 10, "fc": [0, 0, 0]}
        lottie["layers"] = [
            {"ty": 2, "ind": 1, "refId": "picture", "ip": 0, "op": 40, "st": 0, "ks": {}},
            {"ty": 5, "ind": 2, "ip": 0, "op": 40, "st": 0, "ks": {}, "t": {"d": {"k": [{"t": 0, "s": text}]}}},
        ]
        return as_scene(lottie, letter)

    made = json.loads(
        compose_transition(named("a"), named("b"), Transition(kind="wipe"), frames=9, settings=SMALL).lottie
    )
    ids = [asset["id"] for asset in made["assets"]]
    assert len(ids) == len(set(ids))
    assert {font["fName"] for font in made["fonts"]["list"]} == {"before/F", "after/F"}
    assert {char["fFamily"] for char in made["chars"]} == {"before/Family", "after/Family"}
    for asset in made["assets"]:
        for layer in asset.get("layers", []):
            assert layer.get("refId", ids[0]) in ids
            if layer["ty"] == 5:
                side = asset["id"].split("/")[0]
                assert layer["t"]["d"]["k"][0]["s"]["f"] == f"{side}/F"


def test_the_same_transition_has_the_same_bytes():
    scenes = [as_scene(numbered(40), "a"), as_scene(numbered(40, base=7), "b")]
    first, second = (compose_transition(*scenes, Transition(kind="zoom"), frames=9, settings=SMALL) for _ in range(2))
    assert first == second


def test_a_transparent_film_stays_transparent_in_its_transitions(pool):
    lottie = numbered(40)
    lottie["layers"] = [rectangle(40, 20, 60, 60, HELD, 40, (1, 0, 0)) | {"ind": 1}]
    scene, settings = as_scene(lottie, "box"), FilmSettings(width=W, height=H, kind="webm_vp9", alpha=True)
    for kind in KINDS:
        made = compose_transition(scene, scene, Transition(kind=kind), frames=9, settings=settings)
        pixels = np.frombuffer(pool.draw(made, 4, width=W, height=H), np.uint8).reshape(H, W, 4)
        assert pixels[2, 2, 3] == 0, kind
        if kind != "fade":
            assert pixels[..., 3].max() > 100, kind


def test_scenes_too_short_for_their_transitions_get_shorter_ones_and_say_so(pool, tmp_path):
    scenes = [as_scene(numbered(n, base=100 * i), f"s{i}") for i, n in enumerate((40, 5, 1, 40))]
    wanted = [Transition(kind="dissolve", seconds=0.5)] * 3
    arranged = arrange(scenes, wanted, SMALL)
    assert [count for _, count in arranged.trims] == [38, 2, 3, 1, 40]
    assert [warning.code for warning in arranged.warnings] == ["transition_shortened"] * 3
    assert "'s1'" in arranged.warnings[0].detail
    report = render_film(scenes, SMALL, tmp_path / "film.mp4", transitions=wanted, pool=pool)
    assert (report.frames, len(report.warnings)) == (84, 3)


def test_cuts_change_nothing():
    scenes = [as_scene(numbered(40), "a"), as_scene(numbered(30), "b")]
    arranged = arrange(scenes, [CUT], SMALL)
    assert arranged.scenes == tuple(scenes)
    assert plan_film(arranged.scenes, SMALL, trims=arranged.trims) == plan_film(scenes, SMALL)


def test_the_plan_says_where_each_scenes_own_time_begins():
    scenes = [as_scene(numbered(40), str(n)) for n in range(3)]
    arranged = arrange(scenes, [Transition(kind="push", seconds=0.3), CUT], SMALL)
    plan = plan_film(arranged.scenes, SMALL, trims=arranged.trims)
    assert [plan.scenes[place].begins for place in arranged.places] == [0, 31, 71]
    assert plan.frames == 111
    covered = [plan.scenes[c.scene].begins + n for c in plan.chunks for n in range(c.first, c.last + 1)]
    assert covered == list(range(111))


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "push", "seconds": 0},
        {"kind": "push", "seconds": 11},
        {"kind": "template"},
        {"kind": "push", "lottie": b"{}"},
        {"kind": "fade", "color": (0, 0, 300)},
    ],
    ids=str,
)
def test_transitions_that_cannot_be_are_refused(wrong: dict[str, Any]):
    with pytest.raises(RenderError) as caught:
        Transition(**wrong)
    assert caught.value.code == "settings_invalid"


def test_there_is_one_transition_fewer_than_scenes():
    with pytest.raises(RenderError, match="one fewer") as caught:
        arrange([as_scene(numbered(40), "a")], [CUT], SMALL)
    assert caught.value.code == "settings_invalid"


def own_transition(*, names: tuple[str, str] = ("from", "to"), size: tuple[int, int] = (W, H)) -> bytes:
    """Half of 24 frames the scene before, then the next, each whole, with a green bar above both."""
    frames, (width, height) = 24, size
    place = {"o": HELD, "r": {"a": 0, "k": 0}, "p": {"a": 0, "k": [0, 0]}, "a": {"a": 0, "k": [0, 0]}, "s": {"a": 0, "k": [100, 100]}}  # fmt: skip
    bar = rectangle(0, 0, width, 10, HELD, frames, (0, 1, 0)) | {"ind": 1, "nm": "bar"}
    sides = [
        {"ty": 1, "nm": name, "ind": n + 2, "sw": width, "sh": height, "sc": "#000000", "st": 0, "ks": place,
         "ip": 12 * n, "op": 12 * n + 12}
        for n, name in enumerate(names)
    ]  # fmt: skip
    lottie = {
        "v": "5.7.0",
        "fr": 24,
        "ip": 0,
        "op": frames,
        "w": width,
        "h": height,
        "assets": [],
        "layers": [bar, *sides],
    }
    return json.dumps(lottie).encode()


def test_a_templates_own_transition_shows_both_scenes_in_its_places(pool):
    before, after = as_scene(numbered(48), "before"), as_scene(numbered(50, base=1000), "after")
    transition = Transition(kind="template", lottie=own_transition())
    scene = compose_transition(before, after, transition, frames=FRAMES, settings=SMALL)
    for number in range(FRAMES):
        shown = drawn(pool, scene, number)
        assert (shown[2:8] == (0, 255, 0)).all()
        assert read_number(shown[..., 0]) == (39 + number if number < 4 else 1000 + number)


def test_a_templates_transition_without_its_places_is_refused():
    scenes = [as_scene(numbered(40), "a"), as_scene(numbered(40), "b")]
    with pytest.raises(TemplateError, match="named to") as caught:
        compose_transition(
            *scenes,
            Transition(kind="template", lottie=own_transition(names=("from", "x"))),
            frames=9,
            settings=SMALL,
        )
    assert caught.value.code == "manifest_invalid"


def package(folder: Path, transition: bytes, **more: Any) -> Path:
    """A template of one scene with a transition of its own."""
    folder.mkdir()
    (folder / "scene.json").write_text(json.dumps(numbered(40)))
    (folder / "turn.json").write_bytes(transition)
    manifest = {
        "format": "flatrender-template/1", "key": "test", "title": {"en": "Test"}, "fps": 30,
        "sizes": [{"key": "16x9", "width": W, "height": H}],
        "scenes": [{"key": "one", "files": {"16x9": "scene.json"}, "duration_frames": 40}],
        "transitions": [{"key": "turn", "files": {"16x9": "turn.json"}, "seconds": 0.3, **more}],
    }  # fmt: skip
    (folder / "template.json").write_text(json.dumps(manifest))
    return folder


def test_a_template_brings_its_transition_along(pool, tmp_path):
    template = load_template(package(tmp_path / "template", own_transition()))
    transition = template_transition(template, "turn")
    assert (transition.kind, transition.seconds) == ("template", 0.3)
    scenes = [as_scene(numbered(40, base=1000 * n), str(n)) for n in range(2)]
    report = render_film(scenes, SMALL, tmp_path / "film.mp4", transitions=[transition], pool=pool)
    assert report.frames == 71
    assert film_numbers(tmp_path / "film.mp4")[31:40] == [31, 32, 33, 34, 1004, 1005, 1006, 1007, 1008]
    with pytest.raises(ValueRefused, match="it has turn"):
        template_transition(template, "other")


@pytest.mark.parametrize(
    ("made", "says"),
    [
        ({"transition": own_transition(names=("from", "x"))}, "there is no to"),
        ({"transition": own_transition(size=(W * 2, H))}, "its size is 384×108"),
        ({"transition": own_transition(), "seconds": 20}, "lasts 20 s"),
        ({"transition": own_transition(), "files": {}}, "no file for size '16x9'"),
        ({"transition": own_transition(), "files": {"16x9": "../turn.json"}}, "the file name"),
    ],
    ids=["places", "size", "length", "missing", "name"],
)
def test_a_template_whose_transition_cannot_be_is_refused(made, says, tmp_path):
    with pytest.raises(TemplateError, match=says) as caught:
        load_template(package(tmp_path / "template", **made))
    assert caught.value.code == "manifest_invalid"


def test_a_templates_transition_of_another_size_fills_the_film(pool, tmp_path: Path):
    red, blue = plain((1, 0, 0)), plain((0, 0, 1))
    transition = Transition(kind="template", lottie=own_transition(size=(W * 2, H * 2)))
    scene = compose_transition(red, blue, transition, frames=FRAMES, settings=SMALL)
    assert (drawn(pool, scene, 1)[20:] == (255, 0, 0)).all()
    assert (drawn(pool, scene, 7)[20:] == (0, 0, 255)).all()
