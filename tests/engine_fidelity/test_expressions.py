"""Expressions of Lottie files: evaluated once for what they look at, in limits, and drawn as keyframes."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from flatrender.engine.compatibility import compatibility
from flatrender.engine.expressions import ExpressionsNotEvaluated, evaluator
from flatrender.engine.lottie import baking
from flatrender.engine.lottie.baking import evaluate_expressions
from flatrender.engine.lottie.rewrite import rewrite_for_engine
from flatrender.engine.resolve import resolve_scene
from flatrender.engine.template import load_template

from .building import fill, group, layer, null, place, rectangle, scene, shapes, still

COLOR = "ADBE Color Control-0001"


def never(*_: object) -> bytes:
    raise AssertionError("a process was started")


def said(code: str, value: Any) -> dict[str, Any]:
    return {**still(value), "x": f"var $bm_rt;\n{code}"}


def colored(*, unread: float = 0) -> dict[str, Any]:
    """A box whose colour is that of a control on a null; `unread` is a turn that no expression looks at."""
    item = {"ty": 2, "nm": "Color", "mn": COLOR, "ix": 1, "v": still([1, 0, 0, 1])}
    control = {"ty": 5, "nm": "Brand", "mn": "ADBE Color Control", "ix": 1, "en": 1, "ef": [item]}
    paint = fill(said(f"$bm_rt = thisComp.layer('Controls').effect('Brand')('{COLOR}');", [0, 0, 0, 1]))
    box = shapes(group(rectangle(), paint), transform=place(position=[100, 100], rotation=unread))
    return scene(null(nm="Controls", ef=[control]), box)


def shown_color(lottie: dict[str, Any]) -> Any:
    rewritten = copy.deepcopy(lottie)
    rewrite_for_engine(rewritten)
    assert '"x": "var' not in json.dumps(rewritten)
    return rewritten["layers"][1]["shapes"][0]["it"][1]["c"]["k"]


def test_what_an_expression_derives_follows_a_changed_control() -> None:
    lottie = colored()
    assert shown_color(lottie) == [1, 0, 0, 1]
    lottie["layers"][0]["ef"][0]["ef"][0]["v"]["k"] = [0, 0.5, 1, 1]
    assert shown_color(lottie) == [0, 0.5, 1, 1]


def test_a_change_that_no_expression_looks_at_starts_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    before = evaluate_expressions(colored())
    monkeypatch.setattr(baking, "ask", never)
    assert evaluate_expressions(colored(unread=45)) == before


@pytest.mark.timeout(300)
def test_an_expression_that_never_ends_is_ended_named_and_not_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluator, "_DEADLINE_S", 250)  # ten seconds of a busy machine's processor
    lottie = scene(shapes(group(rectangle(), fill()), transform=place(rotation=said("while (true) {}", 7))))
    rewritten = copy.deepcopy(lottie)
    rewrite_for_engine(rewritten)
    assert rewritten["layers"][0]["ks"]["r"] == still(7)
    monkeypatch.setattr(baking, "ask", never)
    report = compatibility(lottie)
    assert report.verdict == "after_effects"
    assert report.findings[0].layer == "layer 1"


def test_an_expression_sees_neither_the_language_nor_what_another_left_behind() -> None:
    spies = [
        "$bm_rt = typeof reads === 'undefined' && typeof model === 'undefined' && typeof require === 'undefined' ? 1 : 0;",
        "left = 5; $bm_rt = 1;",
        "$bm_rt = typeof left === 'undefined' ? 1 : 0;",
    ]
    boxes = [shapes(group(rectangle(), fill()), transform=place(rotation=said(code, 9))) for code in spies]
    answers = evaluate_expressions(scene(*boxes))
    assert [answers[f"layers/{number}/ks/r"].keys for number in range(3)] == [((0, 1),)] * 3
    assert answers["layers/1/ks/r"].undeclared


def test_still_stretches_and_straight_lines_keep_only_their_ends() -> None:
    code = "$bm_rt = time < 1 ? 10 : $bm_sum(10, $bm_mul($bm_sub(time, 1), 30));"
    lottie = scene(shapes(group(rectangle(), fill()), transform=place(rotation=said(code, 0))))
    keys = evaluate_expressions(lottie)["layers/0/ks/r"].keys
    assert [(at, round(value, 3)) for at, value in keys] == [(0, 10), (30, 10), (60, 40)]


def test_a_text_that_counts_is_drawn_number_by_number() -> None:
    text = {"s": {"s": 40, "f": "Some", "t": "0", "j": 2, "tr": 0, "lh": 48, "ls": 0, "fc": [0, 0, 0]}, "t": 0}
    data = {"k": [text], "x": "var $bm_rt;\n$bm_rt = Math.floor($bm_mul(time, 2)) + '%';"}
    counter = layer(5, place(position=[100, 100]), t={"d": data, "p": {}, "m": {"g": 1, "a": still([0, 0])}, "a": []})
    fonts = {"list": [{"fName": "Some", "fFamily": "Some", "fStyle": "Regular", "ascent": 75}]}
    template = load_template(json.dumps(scene(counter, fonts=fonts)).encode())
    lottie = json.loads(resolve_scene(template, template.scenes[0].key, locale="en").lottie)
    shown = lottie["layers"][0]["t"]["d"]["k"]
    assert [frame["t"] for frame in shown] == [0, 15, 30, 45, 60]
    assert len({frame["s"]["t"] for frame in shown}) == 5


def test_what_a_busy_machine_could_not_evaluate_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: object) -> bytes:
        raise ExpressionsNotEvaluated("the machine is busy", lasting=False)

    lottie = scene(shapes(group(rectangle(), fill()), transform=place(rotation=said("$bm_rt = 3 * 4;", 7))))
    with monkeypatch.context() as patched:
        patched.setattr(baking, "ask", busy)
        assert evaluate_expressions(lottie)[""].error == "the machine is busy"
    assert evaluate_expressions(lottie)["layers/0/ks/r"].keys == ((0, 12),)


def test_chance_is_the_same_each_time_and_the_report_says_that_players_differ() -> None:
    lottie = scene(
        shapes(group(rectangle(), fill()), transform=place(position=said("$bm_rt = wiggle(3, 20);", [90, 90])))
    )
    first = evaluate_expressions(lottie)
    baking._kept.clear()
    assert evaluate_expressions(lottie) == first
    (finding,) = compatibility(lottie).findings
    assert finding.unlike_lottie_web
    assert finding.verdict == "exact"
