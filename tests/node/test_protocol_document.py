"""The document of the node protocol says what the code says."""

import re
import runpy
from pathlib import Path

import flatrender.services.render.service.leases as leases_rules
from flatrender import protocol
from flatrender.node.client import CODES
from flatrender.node.work import CONTENT_CODES

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = (ROOT / "docs" / "node-protocol.md").read_text(encoding="utf-8")


def test_the_tables_of_messages_are_those_of_the_code() -> None:
    page = runpy.run_path(str(ROOT / "scripts" / "write_protocol_tables.py"))["page"]
    assert page(DOCUMENT) == DOCUMENT, "run scripts/write_protocol_tables.py"


def test_every_member_of_every_message_is_described() -> None:
    tables = DOCUMENT.partition("## Messages")[2].partition("## Failures")[0]
    rows = re.findall(r"^\| `(\w+)` \| .* \|$", tables, re.MULTILINE)
    undescribed = re.findall(r"^\| `(\w+)` \|.*\|  \|$", tables, re.MULTILINE)
    assert len(rows) > 90
    assert undescribed == []


def test_every_route_and_every_code_that_decides_is_in_it() -> None:
    internal = (ROOT / "src/flatrender/services/render/internal.py").read_text(encoding="utf-8")
    routes = re.findall(r'"/internal/([^"]+)"', internal)
    assert len(routes) >= 10
    for route in routes:
        lane, _, rest = route.partition("/{id}/")
        assert lane.removesuffix("/claim") in DOCUMENT or lane in DOCUMENT, route
        assert rest == "" or f"/{rest}`" in DOCUMENT, route
    codes = {*CODES, *CONTENT_CODES, *leases_rules.FINAL_CODES, *leases_rules.UNCLEAR_CODES, leases_rules.KILLED}
    assert {code for code in codes if f"`{code}`" not in DOCUMENT} == set()


def test_it_names_the_versions_that_are_taken() -> None:
    assert f"takes nodes of versions {protocol.OLDEST} and {protocol.VERSION} " in DOCUMENT


def test_no_row_is_there_twice() -> None:
    rows = [
        line
        for line in DOCUMENT.partition("## Messages")[0].splitlines()
        if line.startswith("| ") and "---" not in line
    ]
    failures = [line for line in DOCUMENT.partition("## Failures")[2].splitlines() if line.startswith("| ")]
    for listed in (rows, failures):
        assert len(listed) == len(set(listed))
