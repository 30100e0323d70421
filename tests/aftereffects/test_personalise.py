"""The copy as a whole: keys, limits, a process of its own, and any values on any project."""

from __future__ import annotations

import functools
import os
import string
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flatrender.aftereffects.errors import ProjectError
from flatrender.aftereffects.fields import SuggestedField, suggest_fields
from flatrender.aftereffects.personalise import PersonaliseError, personalise, personalise_apart
from flatrender.aftereffects.personalise.places import read_place
from flatrender.aftereffects.project import open_project

from .comparing import State, differences, state
from .features import filled, square
from .making import add_comp, moving_square, new_project
from .mutating import mutated
from .personalising import Written, write


def promo(folder: Path) -> Path:
    """Save a project with two texts, a shape, a shared solid, controls and a nested composition."""
    project = new_project()
    comp = add_comp(project)
    inner = add_comp(project, "Inner")
    inner.add_text("Nested words").name = "Nested"
    filled(inner)
    comp.add(inner)
    comp.add_text("Headline here").name = "Headline"
    comp.add_box_text([60, 30], "Some body").name = "Body"
    square(comp, (1, 1, 0))
    controls = comp.add_null(1.0)
    controls.name = "Controls"
    for effect, name in (
        ("ADBE Slider Control", "Amount"),
        ("ADBE Checkbox Control", "Visible"),
        ("ADBE Color Control", "Accent"),
        ("ADBE Point Control", "Corner"),
    ):
        controls.effects.add_property(effect).name = name
    path = folder / "promo.aep"
    path.parent.mkdir(parents=True, exist_ok=True)
    project.save(path)
    return path


@pytest.fixture(scope="module")
def designed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[SuggestedField, ...]]:
    """A project and its suggested fields."""
    path = promo(tmp_path_factory.mktemp("promo"))
    return path, suggest_fields(open_project(path), "Main")


_WORDS = st.text(
    st.characters(blacklist_categories=("Cs", "Cc", "Co", "Cn"), blacklist_characters="\u2028\u2029"), max_size=40
)
_COLORS = st.tuples(*[st.integers(0, 255)] * 3).map(lambda rgb: "#{:02x}{:02x}{:02x}".format(*rgb))


def _value(one: SuggestedField) -> st.SearchStrategy[Any]:
    if one.type == "text":
        return _WORDS
    if one.type == "textarea":
        return st.lists(_WORDS, max_size=4).map("\n".join)
    if one.type == "color":
        return _COLORS
    if one.type == "checkbox":
        return st.booleans()
    low = one.constraints.min if one.constraints.min is not None else -1000
    high = one.constraints.max if one.constraints.max is not None else 1000
    return st.floats(low, high, width=32)


@settings(
    max_examples=int(os.environ.get("FLATRENDER_PERSONALISED", "15")),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data())
def test_any_values_are_read_back_as_they_were_written(
    data: st.DataObject, designed: tuple[Path, tuple[SuggestedField, ...]], tmp_path: Path
) -> None:
    source, fields = designed
    chosen = data.draw(st.lists(st.sampled_from(fields), unique_by=lambda one: one.key))
    values = {one.key: data.draw(_value(one), label=one.key) for one in chosen}
    report = personalise(source, values, tmp_path / "copy.aep", composition="Main", fields=fields)
    copy = open_project(report.output)
    for one in chosen:
        for where in one.places:
            wanted, found = values[one.key], read_place(copy, one, where)
            assert found == (pytest.approx(wanted, rel=1e-5, abs=1e-3) if isinstance(wanted, float) else wanted)
    assert len(differences(_state_of(source), state(copy))) <= sum(len(one.places) for one in chosen)
    if not chosen:
        assert Path(report.output).read_bytes() == source.read_bytes()


@functools.cache
def _state_of(source: Path) -> State:
    return state(open_project(source))


def test_the_fields_of_the_promo_are_of_every_kind(designed: tuple[Path, tuple[SuggestedField, ...]]) -> None:
    assert {one.type for one in designed[1]} >= {"text", "textarea", "color", "number", "checkbox"}


def test_fields_that_a_template_keeps_are_taken_as_they_were_stored(
    designed: tuple[Path, tuple[SuggestedField, ...]], tmp_path: Path
) -> None:
    source, fields = designed
    stored = msgspec.json.decode(msgspec.json.encode(fields), type=tuple[SuggestedField, ...])
    report = personalise_apart(source, {"headline": "سلام"}, {}, tmp_path / "copy.aep", fields=stored)
    assert [(change.key, change.before, change.after) for change in report.changes] == [
        ("headline", "Headline here", "سلام")
    ]
    made = Written(source, report)
    assert len(made.differs) == 1


def test_a_renamed_key_and_a_place_that_is_gone_are_told(
    designed: tuple[Path, tuple[SuggestedField, ...]], tmp_path: Path
) -> None:
    source, fields = designed
    with pytest.raises(PersonaliseError) as unknown:
        personalise_apart(source, {"headlnie": "x"}, {}, tmp_path / "copy.aep", fields=fields)
    assert (unknown.value.code, unknown.value.key) == ("field_unknown", "headlnie")
    assert "headline" in str(unknown.value)
    (first, *_) = [one for one in fields if one.key == "headline"]
    lost = msgspec.structs.replace(
        first, places=(msgspec.structs.replace(first.places[0], layer_id=99999, layer="Gone"),)
    )
    with pytest.raises(ProjectError) as gone:
        personalise_apart(source, {"headline": "x"}, {}, tmp_path / "copy.aep", fields=[lost])
    assert gone.value.code == "place_unknown"
    assert not list(tmp_path.iterdir())


def test_the_source_is_never_written_over(tmp_path: Path) -> None:
    source = promo(tmp_path)
    before = source.read_bytes()
    (tmp_path / "link.aep").symlink_to(source)
    for output in (source, tmp_path / "." / "promo.aep", tmp_path / "link.aep", tmp_path / "x.txt", tmp_path):
        with pytest.raises(PersonaliseError) as refused:
            personalise(source, {}, output, composition="Main")
        assert refused.value.code == "output_invalid"
    assert source.read_bytes() == before


def test_a_copy_is_replaced_whole_and_a_failed_one_leaves_it(tmp_path: Path) -> None:
    source = promo(tmp_path / "design")
    copy = tmp_path / "copy.aep"
    personalise(source, {"headline": "one"}, copy, composition="Main")
    first = copy.read_bytes()
    with pytest.raises(PersonaliseError):
        personalise(source, {"headline": "two", "body": 7}, copy, composition="Main")
    assert copy.read_bytes() == first
    personalise(source, {"headline": "two"}, copy, composition="Main")
    assert copy.read_bytes() != first
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy.aep", "design"]


def test_an_unwritable_folder_is_told(tmp_path: Path) -> None:
    source = promo(tmp_path)
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(PersonaliseError) as refused:
        personalise(source, {}, tmp_path / "file" / "copy.aep", composition="Main")
    assert refused.value.code == "output_invalid"


def test_too_many_values_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    source = promo(tmp_path)
    with pytest.raises(PersonaliseError, match="at most"):
        personalise(source, {f"k{number}": 1 for number in range(2_001)}, tmp_path / "c.aep", composition="Main")
    assert not (tmp_path / "c.aep").exists()


def test_without_a_composition_the_first_scene_is_meant(tmp_path: Path) -> None:
    report = personalise(promo(tmp_path), {"headline": "x"}, tmp_path / "c.aep")
    assert [change.where.split(" › ")[0] for change in report.changes] == ["Main"]


def test_a_process_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    source = promo(tmp_path)
    with pytest.raises(ProjectError, match="took longer"):
        personalise_apart(source, {}, {}, tmp_path / "out" / "c.aep", composition="Main", seconds=0.01)
    assert not (tmp_path / "out").exists()


def test_damaged_projects_are_refused_or_written(tmp_path: Path) -> None:
    data = moving_square(tmp_path).read_bytes()
    damaged, copy = tmp_path / "damaged.aep", tmp_path / "out" / "copy.aep"
    codes: set[str] = set()
    written = 0
    for seed in range(int(os.environ.get("FLATRENDER_MUTATIONS", "20"))):
        damaged.write_bytes(mutated(data, seed))
        copy.unlink(missing_ok=True)
        try:
            comp = open_project(damaged).compositions[0]
            fields = suggest_fields(open_project(damaged), comp.name)
            personalise(
                damaged, {one.key: "#00ff00" for one in fields if one.type == "color"}, copy, composition=comp.name
            )
            written += 1
        except ProjectError as error:
            codes.add(error.code)
            assert not copy.exists()
        except IndexError:
            codes.add("no composition")
    assert written > 0
    assert codes <= {
        "project_invalid",
        "project_unsupported",
        "composition_too_deep",
        "place_unwritable",
        "copy_differs",
        "value_invalid",
        "no composition",
    }


def test_an_essential_graphics_value_reaches_the_layers_that_had_the_same(tmp_path: Path) -> None:
    project = new_project()
    card = add_comp(project, "Card")
    words = card.add_text("Design")
    words.name = "Words"
    source_text = words.text["ADBE Text Document"]
    opacity = words.transform["ADBE Opacity"]
    assert opacity.add_to_motion_graphics_template_as(card, "Strength")
    film = add_comp(project, "Main")
    film.add(card)
    made = write(project, tmp_path, {"strength": 40}, comp="Card")
    assert [change.after for change in made.report.changes] == [40.0]
    assert source_text.value.text == "Design"


def test_what_differs_is_what_the_report_says(
    designed: tuple[Path, tuple[SuggestedField, ...]], tmp_path: Path
) -> None:
    source, fields = designed
    values = {"headline": "A", "body": "B", "nested": "C", "accent": "#010203", "amount": 5}
    report = personalise(source, values, tmp_path / "copy.aep", composition="Main", fields=fields)
    found = differences(state(open_project(source)), state(open_project(Path(report.output))))
    assert len(found) == len(report.changes) == len(values)
    assert {change.key for change in report.changes} == set(values)
    assert set(string.ascii_uppercase[:3]) <= {str(change.after) for change in report.changes}
