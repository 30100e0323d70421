"""What a conversion found: which feature of which layer is drawn how."""

from typing import Literal

import msgspec

Verdict = Literal["exact", "approximate", "not_drawn"]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One feature at one place and what becomes of it in the open engine."""

    feature: str
    """Stable name, for example `effect.ADBE Turbulent Displace` or `layer.adjustment`."""
    where: str
    """Composition, layer and property, separated by ` › `."""
    verdict: Verdict
    detail: str
    """One sentence for a person: what differs and what to do."""


class Findings:
    """Collects findings while a project is converted; the same one twice counts once."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], Finding] = {}

    def add(self, verdict: Verdict, feature: str, where: str, detail: str) -> None:
        """Note a finding. A worse verdict for the same feature and place replaces a better one."""
        order = ("exact", "approximate", "not_drawn")
        known = self._seen.get((feature, where))
        if known is None or order.index(verdict) > order.index(known.verdict):
            self._seen[feature, where] = Finding(feature=feature, where=where, verdict=verdict, detail=detail)

    def all(self) -> tuple[Finding, ...]:
        """Every finding in the order in which it was made."""
        return tuple(self._seen.values())
