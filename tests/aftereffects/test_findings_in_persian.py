"""Every finding that the conversion can make has a sentence in Persian on the Persian page."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VERDICTS = ("exact", "approximate", "not_drawn")


def text_of(node: ast.expr) -> str | None:
    """Return a text of the source; `*` stands for what is put in when it runs."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in node.values)
    return None


def findings() -> set[tuple[str, str]]:
    """Return (verdict, feature) of each place that notes one."""
    found = set()
    for path in (ROOT / "src" / "flatrender" / "aftereffects").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or len(node.args) < 2:
                continue
            verdict, feature = text_of(node.args[0]), text_of(node.args[1])
            if verdict in VERDICTS and feature is not None:
                found.add((verdict, feature))
    return found


def test_every_finding_has_a_persian_sentence() -> None:
    source = (ROOT / "web" / "src" / "i18n" / "findings.ts").read_text()
    said = set(re.findall(r"^  '(\w+ [^']+)':", source, re.MULTILINE))
    assert len(said) > 80
    noted = findings()
    assert len(noted) > 70
    unsaid = []
    for verdict, feature in sorted(noted):
        # The feature itself, or any family of it: `text.animator.*`, then `text.*`.
        parts = feature.split(".")
        families = [".".join([*parts[:count], "*"]) for count in range(1, len(parts))]
        if not {f"{verdict} {one}" for one in (feature, *families)} & said:
            unsaid.append(f"{verdict} {feature}")
    assert unsaid == []
