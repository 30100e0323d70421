"""A composition written as a Lottie file, with its pictures beside it or in it."""

from __future__ import annotations

import base64
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from flatrender.aftereffects.apart import template_apart
from flatrender.aftereffects.findings import Finding
from flatrender.engine.errors import RenderError

if TYPE_CHECKING:
    from flatrender.aftereffects.convert.context import Json

_KINDS = {
    ".png": "png",
    ".jpg": "jpeg",
    ".jpeg": "jpeg",
    ".webp": "webp",
    ".gif": "gif",
    ".svg": "svg+xml",
    ".avif": "avif",
}
_MAX_EMBEDDED = 64 << 20


class LottieFile(msgspec.Struct, frozen=True, kw_only=True):
    """What was written."""

    path: str
    composition: str
    width: int
    height: int
    fps: float
    frames: int
    size_bytes: int
    engine: str
    """`aerender` when something of the composition is not drawn."""
    findings: tuple[Finding, ...]
    missing: tuple[str, ...]
    """Footage that was not found, or cannot be read."""


def write_lottie(project: Path, composition: str | None, output: Path, *, embed: bool = False) -> LottieFile:
    """Convert a composition (None: the first scene) in a process with limits and write it to `output`.

    Pictures and films go to `images` beside it; with `embed` pictures into the file. Raises ProjectError, and RenderError `output_unwritable`.
    """
    with tempfile.TemporaryDirectory(prefix="flatrender-convert-") as work:
        folder = Path(work) / "template"
        result = template_apart(
            project, folder, compositions=(composition,) if composition is not None else (), only_first=True
        )
        scene = result.scenes[0]
        size = result.sizes[0]
        lottie: Json = msgspec.json.decode((folder / f"scenes/{scene.key}.{size.key}.json").read_bytes())
        for asset in lottie["assets"]:
            file = folder / "images" / str(asset.get("p", "")) if asset.get("u") == "images/" else None
            if file is not None:
                _bring(asset, file, output.parent, embed=embed)
        data = msgspec.json.encode(lottie)
        try:
            output.write_bytes(data)
        except OSError as error:
            raise RenderError(error.strerror or str(error), code="output_unwritable", where=str(output)) from error
    return LottieFile(
        path=str(output.absolute()),
        composition=scene.compositions[size.key],
        width=size.width,
        height=size.height,
        fps=result.fps,
        frames=scene.duration_frames,
        size_bytes=len(data),
        engine=scene.engine,
        findings=scene.findings,
        missing=tuple(one.name for one in result.missing_footage),
    )


def _bring(asset: Json, file: Path, beside: Path, *, embed: bool) -> None:
    kind = _KINDS.get(file.suffix.lower())
    if embed and kind is not None and file.stat().st_size <= _MAX_EMBEDDED:
        asset |= {"u": "", "p": f"data:image/{kind};base64,{base64.b64encode(file.read_bytes()).decode()}", "e": 1}
        return
    try:
        (beside / "images").mkdir(exist_ok=True)
        shutil.copyfile(file, beside / "images" / file.name)
    except OSError as error:
        raise RenderError(
            error.strerror or str(error), code="output_unwritable", where=str(beside / "images")
        ) from error
