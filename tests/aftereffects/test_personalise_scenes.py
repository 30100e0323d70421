"""The order and length of scenes, a composition's duration and work area, and what is queued to be rendered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flatrender.aftereffects.errors import ProjectError
from flatrender.aftereffects.fields import suggest_fields
from flatrender.aftereffects.personalise import PersonaliseError, RenderOrder, ScenePart, Timing
from flatrender.engine.raster.pool import WorkerPool

from .drawing import PROJECTS
from .making import add_comp, new_project
from .personalising import drawn, field, place, write

COLORS = {"Opening": (1, 0, 0), "Middle": (0, 1, 0), "Ending": (0, 0, 1)}
SEEN = {"Opening": (255, 0, 0), "Middle": (0, 255, 0), "Ending": (0, 0, 255), "nothing": (0, 0, 0)}
FPS = 25


def master() -> Any:
    """A master of three scenes of 0.8 s each on a black ground, one after the other."""
    project = new_project()
    comp = add_comp(project, "Film", seconds=2.4)
    comp.add_solid([0, 0, 0], "Ground", 96, 64, 1.0)
    for number, (name, color) in enumerate(COLORS.items()):
        scene = add_comp(project, name)
        scene.add_solid([1, 1, 1], "White", 96, 64, 1.0)
        square = scene.add_solid(list(color), "Square", 96, 64, 1.0)
        position = square.transform["ADBE Position"]
        position.set_value_at_time(0, [0, 32, 0])  # the left half is covered, at the end all of it
        position.set_value_at_time(0.8, [48, 32, 0])
        layer = comp.add(scene)
        layer.start_time = number * 0.8
    return project


def arranged(folder: Path, *parts: ScenePart) -> Any:
    """Write a copy with these scenes."""
    project = master()
    dummy = field("ground", "checkbox", place(project.compositions[0].layers[-1], "visible"))
    return write(project, folder, {}, dummy, comp="Film", scenes=parts)


def scene_at(pool: WorkerPool, made: Any, folder: Path, seconds: float) -> str:
    """Return which scene stands at the picture's left."""
    pixel = tuple(int(part) for part in drawn(pool, made, folder, frame=round(seconds * FPS), comp="Film")[32, 2])
    return next(
        (name for name, color in SEEN.items() if max(abs(a - b) for a, b in zip(pixel, color, strict=True)) < 8),
        str(pixel),
    )


@pytest.mark.parametrize(
    "order",
    [
        ("Ending", "Opening", "Middle"),
        ("Middle",),
        ("Opening", "Middle", "Opening"),
        ("Middle", "Middle", "Middle", "Middle"),
    ],
    ids=["another order", "one of three", "one twice", "one four times"],
)
def test_scenes_come_in_the_order_that_was_asked(order: tuple[str, ...], tmp_path: Path, pool: WorkerPool) -> None:
    made = arranged(tmp_path, *(ScenePart(scene=name) for name in order))
    film = made.comp("Film")
    assert film.duration == pytest.approx(0.8 * len(order))
    assert film.work_area_duration == pytest.approx(film.duration)
    assert [scene_at(pool, made, tmp_path, 0.8 * number + 0.4) for number in range(len(order))] == list(order)


def test_a_trimmed_scene_is_cut_and_the_next_follows_at_once(tmp_path: Path, pool: WorkerPool) -> None:
    made = arranged(tmp_path, ScenePart(scene="Opening", seconds=0.4), ScenePart(scene="Ending"))
    assert made.comp("Film").duration == pytest.approx(1.2)
    assert [scene_at(pool, made, tmp_path, at) for at in (0.2, 0.36, 0.4, 1.0)] == [
        "Opening",
        "Opening",
        "Ending",
        "Ending",
    ]


@pytest.mark.parametrize(("how", "half"), [("stretch", 24), ("hold", 48)], ids=["stretch", "hold"])
def test_a_longer_scene_is_stretched_or_holds_its_last_picture(
    how: Any, half: int, tmp_path: Path, pool: WorkerPool
) -> None:
    made = arranged(tmp_path, ScenePart(scene="Opening", seconds=1.6, how=how), ScenePart(scene="Middle"))
    film = made.comp("Film")
    assert film.duration == pytest.approx(2.4)
    opening = next(layer for layer in film.layers if layer.name == "Opening")
    assert opening.out_point == pytest.approx(1.6)
    # The square's right edge after 0.8 s: in the middle of its way when stretched, at its end when held.
    picture = drawn(pool, made, tmp_path, frame=20, comp="Film")
    edge = max(x for x in range(96) if tuple(picture[32, x]) == SEEN["Opening"])
    assert abs(edge - (47 + half)) <= 4
    assert scene_at(pool, made, tmp_path, 1.56) == "Opening"
    assert scene_at(pool, made, tmp_path, 1.64) == "Middle"


def test_a_shorter_scene_is_played_faster(tmp_path: Path, pool: WorkerPool) -> None:
    made = arranged(tmp_path, ScenePart(scene="Opening", seconds=0.4, how="stretch"))
    picture = drawn(pool, made, tmp_path, frame=9, comp="Film")
    assert tuple(picture[32, 86]) == SEEN["Opening"]


def test_scenes_overlap_as_asked_and_the_later_lies_above(tmp_path: Path, pool: WorkerPool) -> None:
    made = arranged(tmp_path, ScenePart(scene="Ending"), ScenePart(scene="Opening", seconds=0.8, overlap_s=0.2))
    assert made.comp("Film").duration == pytest.approx(1.4)
    assert [scene_at(pool, made, tmp_path, at) for at in (0.4, 0.56, 0.64)] == ["Ending", "Ending", "Opening"]


def test_layers_that_lasted_to_the_end_last_to_the_new_end(tmp_path: Path) -> None:
    made = arranged(tmp_path, *(ScenePart(scene="Middle") for _ in range(5)))
    ground = next(layer for layer in made.comp("Film").layers if layer.name == "Ground")
    assert ground.out_point == pytest.approx(4.0)


def test_a_scene_that_comes_twice_has_values_of_its_own_each_time(tmp_path: Path, pool: WorkerPool) -> None:
    project = master()
    dummy = field("ground", "checkbox", place(project.compositions[0].layers[-1], "visible"))
    keys = {one.default: one.key for one in suggest_fields(project, "Middle")}
    parts = [
        ScenePart(scene="Middle", values={keys["#00ff00"]: "#ff0000"}),
        ScenePart(scene="Middle"),
        ScenePart(scene="Middle", said={keys["#00ff00"]: "#0000ff"}),
    ]
    made = write(project, tmp_path, {}, dummy, comp="Film", scenes=parts)
    assert [scene_at(pool, made, tmp_path, at) for at in (0.4, 1.2, 2.0)] == ["Opening", "Middle", "Ending"]
    assert [change.key for change in made.report.changes if change.key] == [
        f"Middle#{turn}.{keys['#00ff00']}" for turn in (1, 3)
    ]
    assert [
        layer.source.name for layer in made.comp("Film").layers if layer.name.startswith("Middle") and layer.enabled
    ] != []


def test_what_lies_inside_a_scene_is_its_own_as_well(tmp_path: Path) -> None:
    project = new_project()
    film, scene, inner = (add_comp(project, name) for name in ("Film", "Scene", "Inner"))
    inner.add_text("Design").name = "Words"
    scene.add(inner)
    film.add(scene)
    dummy = field("ground", "checkbox", place(film.layers[0], "visible"))
    parts = [ScenePart(scene="Scene", values={"words": word}) for word in ("one", "two")]
    made = write(project, tmp_path, {}, dummy, comp="Film", scenes=parts)
    found = []
    for layer in sorted(made.comp("Film").layers, key=lambda one: one.in_point):
        (nested,) = layer.source.layers
        found.append(nested.source.layers[0].text["ADBE Text Document"].value.text)
    assert found == ["one", "two"]


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ([ScenePart(scene="Absent")], "scene_unknown"),
        ([ScenePart(scene="Middle", values={"absent": 1})], "field_unknown"),
        ([ScenePart(scene="Middle", seconds=0)], "order_invalid"),
        ([ScenePart(scene="Middle", seconds=float("nan"))], "order_invalid"),
        ([ScenePart(scene="Middle", seconds=1, overlap_s=1)], "order_invalid"),
        ([ScenePart(scene="Middle", seconds=9000), ScenePart(scene="Middle", seconds=9000)], "order_invalid"),
        ([ScenePart(scene="Middle")] * 501, "order_invalid"),
    ],
    ids=["unknown", "unknown value", "no time", "not a number", "overlaps all", "too long", "too many"],
)
def test_scenes_that_cannot_be_shown_are_refused(parts: list[ScenePart], code: str, tmp_path: Path) -> None:
    with pytest.raises(PersonaliseError) as refused:
        arranged(tmp_path, *parts)
    assert refused.value.code == code


def test_a_duration_and_a_work_area_are_set_in_frames(tmp_path: Path) -> None:
    project = master()
    seen = field("ground", "checkbox", place(project.compositions[0].layers[-1], "visible"))
    made = write(
        project,
        tmp_path,
        {},
        seen,
        comp="Film",
        timing=Timing(duration_s=4.01, work_area_start_s=1, work_area_duration_s=2),
    )
    film = made.comp("Film")
    assert (film.duration, film.work_area_start, film.work_area_duration) == pytest.approx((4.0, 1, 2))
    assert next(layer for layer in film.layers if layer.name == "Ground").out_point == pytest.approx(4.0)
    with pytest.raises(PersonaliseError, match="work area"):
        write(project, tmp_path / "b", {}, seen, comp="Film", timing=Timing(work_area_start_s=9))


def test_the_render_queue_holds_what_is_to_be_rendered(tmp_path: Path) -> None:
    project = master()
    project.render_queue.add(project.compositions[2])
    seen = field("ground", "checkbox", place(project.compositions[0].layers[-1], "visible"))
    orders = [
        RenderOrder(composition="Film", file="film.mov"),
        RenderOrder(
            composition="Middle", file=str(tmp_path / "stills" / "m_[#####].png"), start_s=0.2, duration_s=0.04
        ),
    ]
    made = write(project, tmp_path, {}, seen, comp="Film", queue=orders)
    assert made.report.queued == ("Film", "Middle")
    items = made.project.render_queue.items
    assert [item.comp.name for item in items] == ["Film", "Middle"]
    assert [item.status.name for item in items] == ["QUEUED", "QUEUED"]
    assert items[0].output_modules[0].file_template == str(tmp_path / "out" / "film.mov")
    assert items[1].output_modules[0].file_template == str(tmp_path / "stills" / "m_[#####].png")
    assert items[1].time_span_start == pytest.approx(0.2)
    assert items[1].time_span_duration == pytest.approx(0.04)


def test_an_item_of_the_queue_keeps_its_settings(tmp_path: Path) -> None:
    project = master()
    kept = project.render_queue.add(project.compositions[0])
    kept.settings["Quality"] = type(kept.settings["Quality"])(kept.settings["Quality"])
    kept.comment = "the designer's"
    seen = field("ground", "checkbox", place(project.compositions[0].layers[-1], "visible"))
    made = write(project, tmp_path, {}, seen, comp="Film", queue=[RenderOrder(composition="Film", file="film.mov")])
    (item,) = made.project.render_queue.items
    assert item.comment == "the designer's"


@pytest.mark.parametrize("name", ["فیلم.mov", "a\nb.mov", "x" * 130], ids=["persian", "line break", "long"])
def test_a_film_gets_a_name_that_every_system_writes(name: str, tmp_path: Path) -> None:
    project = master()
    seen = field("ground", "checkbox", place(project.compositions[0].layers[-1], "visible"))
    with pytest.raises(PersonaliseError) as refused:
        write(project, tmp_path, {}, seen, comp="Film", queue=[RenderOrder(composition="Film", file=name)])
    assert refused.value.code == "output_invalid"


@pytest.mark.skipif(not PROJECTS.is_dir(), reason="the public projects are not on this machine")
def test_a_queue_in_an_older_form_is_told_and_not_damaged(tmp_path: Path) -> None:
    from flatrender.aftereffects.personalise import personalise

    source = PROJECTS / "HamburgerArrow.aep"
    with pytest.raises(ProjectError) as refused:
        personalise(
            source,
            {},
            tmp_path / "copy.aep",
            composition="HamburgerArrow",
            queue=[RenderOrder(composition="HamburgerArrow", file="f.mov")],
        )
    assert refused.value.code == "project_unsupported"
