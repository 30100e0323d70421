"""The manifest's schema, for editors."""

import json
from pathlib import Path

import pytest

from flatrender.engine.template.schema import manifest_schema, schema_text

ROOT = Path(__file__).resolve().parents[2]
DEMOS = ("opener", "promo", "quote", "sale")


def test_the_committed_schema_is_that_of_the_manifest() -> None:
    assert (ROOT / "docs" / "template.schema.json").read_text(encoding="utf-8") == schema_text()


@pytest.mark.parametrize("key", DEMOS)
def test_the_schema_accepts_the_demo_templates_and_refuses_what_is_misspelt(key: str) -> None:
    jsonschema = pytest.importorskip("jsonschema_rs", reason="the schema checker is not installed")
    validator = jsonschema.validator_for(manifest_schema())
    manifest = json.loads((ROOT / "templates" / key / "template.json").read_text(encoding="utf-8"))
    assert [str(error) for error in validator.iter_errors(manifest)] == []
    manifest["scenes"][0]["fields"][0]["bindings"][0]["proprty"] = "text"
    assert not validator.is_valid(manifest)
