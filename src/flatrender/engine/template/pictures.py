"""Which of a template's files an image asset means."""

from __future__ import annotations

import posixpath

from flatrender.engine.lottie.document import Json
from flatrender.engine.lottie.walk import dicts
from flatrender.engine.template.package import Template
from flatrender.engine.template.store import name_problem


def image_assets(lottie: Json) -> list[Json]:
    """Return the assets that are pictures."""
    return [a for a in dicts(lottie.get("assets")) if isinstance(a.get("p"), str) and "layers" not in a]


def asset_file(template: Template, asset: Json, lottie_name: str) -> str | None:
    """Return the package's file that an image asset names, or None: sought beside the Lottie, at the root, then in the picture folders."""
    folder = asset["u"] if isinstance(asset.get("u"), str) else ""
    reference = asset["p"]
    beside = posixpath.dirname(lottie_name)
    for candidate in (
        posixpath.join(beside, folder.lstrip("/"), reference),
        posixpath.join(folder.lstrip("/"), reference),
        posixpath.join("images", reference),
        posixpath.join("i", reference),
    ):
        name = posixpath.normpath(candidate)
        if name_problem(name) is None and template.has_file(name):
            return name
    return None
