"""A whole composition with everything in it."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import msgspec
from py_aep.binary.utils import ChunkNotFoundError

from flatrender.aftereffects.convert.context import Json, Place, rounded
from flatrender.aftereffects.convert.footage import Footage, asset_of, footage_of
from flatrender.aftereffects.convert.layers import convert_layers
from flatrender.aftereffects.convert.switches import note_composition
from flatrender.aftereffects.errors import ProjectError
from flatrender.aftereffects.expressions import Expressions
from flatrender.aftereffects.findings import Finding, Findings
from flatrender.engine.compatibility import compatibility
from flatrender.engine.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from py_aep.models.items.composition import CompItem
    from py_aep.models.items.footage import FootageItem

MAX_DEPTH = 64
"""Compositions in compositions."""
_BODYMOVIN_VERSION = "5.12.2"
"""Of the form that is written: players read some fields by it."""


class Conversion(msgspec.Struct, frozen=True, kw_only=True):
    """A composition as Lottie, and what its conversion found."""

    lottie: Json
    findings: tuple[Finding, ...]
    footage: tuple[Footage, ...]
    fonts: tuple[str, ...]
    """PostScript names of the fonts of its texts."""


def convert_composition(comp: CompItem) -> Conversion:
    """Convert a composition and those inside it.

    The Lottie's images are named by file and lie in `images/`. Raises ProjectError `composition_too_deep`, or `project_unsupported` for a
    composition that is damaged or in a form that the reader does not know.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _converted(comp)
    except EngineError:
        raise
    except (MemoryError, RecursionError) as error:
        raise ProjectError(f"the composition {comp.name!r} is damaged: its parts do not end") from error
    except Exception as error:
        raise ProjectError(
            f"the composition cannot be understood ({type(error).__name__}: {str(error)[:120]}); "
            "open the project in a current After Effects, save it again and try once more",
            code="project_unsupported",
            where=str(comp.name),
        ) from error


def _converted(comp: CompItem) -> Conversion:
    findings = Findings()
    place = Place(findings, float(comp.frame_rate), (comp.name,), Expressions(comp))
    library = _Library(comp)
    note_composition(comp, place)
    layers = convert_layers(comp, library, place)
    lottie: Json = {
        "v": _BODYMOVIN_VERSION,
        "nm": comp.name,
        "fr": rounded(comp.frame_rate),
        "ip": place.frame(comp.work_area_start),
        "op": place.frame(comp.work_area_start + comp.work_area_duration),
        "w": int(comp.width),
        "h": int(comp.height),
        "ddd": 0,
        "assets": _used(layers, library.assets.values()),
        "layers": layers or [_empty(place.frame(comp.duration))],
        "markers": _markers(comp, place),
    }
    if library.fonts:
        lottie["fonts"] = {"list": list(library.fonts.values())}
    _note_engine(lottie, comp.name, findings)
    return Conversion(
        lottie=lottie, findings=findings.all(), footage=tuple(library.files), fonts=tuple(sorted(library.fonts))
    )


def _used(layers: list[Json], assets: Iterable[Json]) -> list[Json]:
    """Return the assets that the layers show, however deep, in their order: copies may have taken the place of others."""
    by_id = {asset["id"]: asset for asset in assets}
    waiting, found = [layers], set()
    while waiting:
        for layer in waiting.pop():
            reference = layer.get("refId")
            if reference in by_id and reference not in found:
                found.add(reference)
                waiting.append(by_id[reference].get("layers", []))
    return [asset for key, asset in by_id.items() if key in found]


def _empty(frames: float) -> Json:
    """Return a layer that shows nothing, for a composition without one that does."""
    return {"ty": 3, "ddd": 0, "ind": 1, "nm": "Empty", "ks": {}, "ip": 0, "op": frames, "st": 0, "sr": 1}


def _note_engine(lottie: Json, name: str, findings: Findings) -> None:
    """Note what the engine does not draw of what was converted."""
    for found in compatibility(lottie, alone=False).findings:
        if found.verdict != "exact":
            where = " › ".join((name, *filter(None, found.layer.split(" / "))))
            findings.add(found.verdict, f"engine.{found.feature.replace(' ', '_')}", where, found.cause)


def _markers(comp: CompItem, place: Place) -> list[Json]:
    try:
        prop: Any = comp.marker_property
    except ChunkNotFoundError:  # an Essential Graphics panel in an older form, which is read with the markers
        place.note("exact", "comp.markers", "the composition's markers could not be read")
        return []
    return [
        {"tm": place.frame(key.time), "cm": str(key.value.comment or ""), "dr": place.frame(key.value.duration or 0)}
        for key in (prop.keyframes if prop is not None else ())
    ]


class _Library:
    """The assets of one conversion; each composition and file is converted once."""

    def __init__(self, root: CompItem) -> None:
        self.assets: dict[int | str, Json] = {}
        self.fonts: dict[str, Json] = {}
        self.files: list[Footage] = []
        self._fps = rounded(root.frame_rate)
        self._open = [root.id]

    def composition(self, item: CompItem, place: Place) -> str:
        """Return the asset id of a composition, converting it the first time."""
        if item.id in self._open or len(self._open) > MAX_DEPTH:
            raise ProjectError(
                f"the composition {item.name!r} contains itself or lies more than {MAX_DEPTH} deep",
                code="composition_too_deep",
                where=" › ".join(place.path),
            )
        asset = f"comp_{item.id}"
        if item.id not in self.assets:
            self._open.append(item.id)
            inside = Place(place.findings, place.fps, (item.name,), Expressions(item))
            layers = convert_layers(item, self, inside)
            self._open.pop()
            self.assets[item.id] = {"id": asset, "nm": item.name, "fr": rounded(item.frame_rate), "layers": layers}
        return asset

    def footage(self, item: FootageItem, place: Place) -> str | None:
        """Return the asset id of a picture or clip; None for what cannot be seen."""
        asset = f"file_{item.id}"
        if item.id not in self.assets:
            described = footage_of(item, asset, place, {file.file_name.casefold() for file in self.files})
            self.files.append(described)
            if described.kind in {"sound", "placeholder"}:
                return None
            self.assets[item.id] = asset_of(item, described)
        return asset

    def layers(self, name: str, layers: list[Json]) -> str:
        """Add a composition of these layers and return its asset id."""
        asset = f"drawn_{len(self.assets)}"
        self.assets[asset] = {"id": asset, "nm": name, "fr": self._fps, "layers": layers}
        return asset
