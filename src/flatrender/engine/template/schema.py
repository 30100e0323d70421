"""The manifest's JSON Schema: `python -m flatrender.engine.template.schema > docs/template.schema.json`."""

from __future__ import annotations

import sys
from typing import Any

import msgspec

from flatrender.engine.template.model import FORMAT, Manifest


def manifest_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of `template.json`: types and members. What contradicts itself only loading finds."""
    schema = msgspec.json.schema(Manifest)
    schema["$defs"]["Manifest"]["properties"]["format"] = {"const": FORMAT}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "FlatRender template", **schema}


def schema_text() -> str:
    """Return the schema as it is committed."""
    return msgspec.json.format(msgspec.json.encode(manifest_schema()), indent=1).decode() + "\n"


if __name__ == "__main__":
    sys.stdout.write(schema_text())
