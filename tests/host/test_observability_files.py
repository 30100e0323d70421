"""The alert rules and the dashboard name metrics that there are, and Prometheus takes the rules."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import prometheus_client
import pytest

from flatrender.kit import metrics as kit_metrics
from flatrender.node import metrics as node_metrics
from flatrender.services.render import metrics as render_metrics

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "deploy" / "observability"
NAME = re.compile(r"\bflatrender_[a-z0-9_]+")


def exported() -> set[str]:
    """Return the names of all series that our processes show."""
    names: set[str] = set()
    for module in (kit_metrics, render_metrics, node_metrics):
        for metric in vars(module).values():
            if isinstance(metric, prometheus_client.metrics.MetricWrapperBase):
                (family,) = metric.describe()
                kinds = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum"), "gauge": ("",)}
                names |= {family.name + ending for ending in kinds[family.type]}
    return names


def expressions() -> list[str]:
    dashboard: dict[str, Any] = json.loads((FOLDER / "grafana-dashboard.json").read_text("utf-8"))
    shown = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    rules = re.findall(r"expr: (.*)", (FOLDER / "rules.yml").read_text("utf-8"))
    assert (len(shown) > 20, len(rules) > 10) == (True, True)
    return shown + rules


@pytest.mark.parametrize("number", range(len(expressions())))
def test_an_expression_names_metrics_that_there_are(number: int) -> None:
    expression = expressions()[number]
    named = set(NAME.findall(expression))
    assert named, expression
    assert named <= exported(), expression


def test_every_metric_is_told_in_the_docs() -> None:
    text = (ROOT / "docs" / "observability.md").read_text("utf-8")
    told = set(NAME.findall(text))
    prefixes = {name.removesuffix("_") for name in told}
    endings = set(re.findall(r"`…(_[a-z_]+)", text))
    for name in exported():
        plain = re.sub(r"_(bucket|count|sum)$", "", name)
        assert any(plain == known for known in prefixes) or any(plain.endswith(ending) for ending in endings), plain


def test_a_gauge_of_the_whole_database_is_never_summed() -> None:
    shared = ("queue_", "nodes", "node_slots", "workflow", "outbox_")
    for expression in expressions():
        for name in NAME.findall(expression):
            plain = name.removeprefix("flatrender_")
            if plain.startswith(shared) and not plain.startswith("node_slots_max"):
                assert re.search(rf"max( by \([^)]*\))? ?\({name}", expression), expression


def test_prometheus_takes_the_rules() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed (Debian package prometheus)")
    for what, name in (("rules", "rules.yml"), ("config", "prometheus.yml")):
        done = subprocess.run(
            [promtool, "check", what, str(FOLDER / name)], capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
