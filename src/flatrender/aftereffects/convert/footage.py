"""Footage: solids, pictures, clips, picture sequences and sound."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec
from py_aep.enums import AlphaMode, PulldownPhase

from flatrender.aftereffects.convert.context import Json, Place, rounded
from flatrender.engine.picture_value import MAX_SPEED, MIN_SPEED
from flatrender.engine.resolve.images import OPTIONS_MEMBER

if TYPE_CHECKING:
    from collections.abc import Collection

    from py_aep.models.items.footage import FootageItem

_PICTURES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".gif", ".svg", ".avif", ".heic"})
MAX_SEQUENCE = 20_000
"""Pictures of one sequence."""
REWRITTEN = frozenset({".tif", ".tiff", ".bmp", ".tga", ".psd"})
"""Endings of pictures that become PNG on their way to the scene."""
_MERGED = 0xFFFF_FFFF
"""The index of a Photoshop file's layer when the whole file is meant."""


class Footage(msgspec.Struct, frozen=True, kw_only=True):
    """A file that the composition shows."""

    asset: str
    """The id of its image asset in the Lottie."""
    name: str
    path: str
    """Where the project says it lies; of a sequence the folder of its pictures."""
    width: int
    height: int
    kind: str
    """`picture`, `clip`, `sequence`, `sound` or `placeholder`."""
    missing: bool
    files: tuple[str, ...] = ()
    """Names of a sequence's pictures, in their order."""
    fps: float = 0
    """Pictures a second of a sequence."""

    file_name: str = ""
    """Name of the file that the Lottie shows, another for each file; a sequence becomes one film."""


def hex_color(color: Any) -> str:
    """Return `#rrggbb` of red, green, blue from 0 to 1."""
    return "#" + "".join(f"{round(min(max(float(part), 0), 1) * 255):02x}" for part in color[:3])


def footage_of(item: FootageItem, asset: str, place: Place, taken: Collection[str]) -> Footage:
    """Describe a footage item that is not a solid, and note what of its interpretation is not followed. `taken`: file names of others."""
    source: Any = item.main_source
    path = str(item.file or "")
    files: tuple[str, ...] = ()
    if item.asset_type == "placeholder" or not path:
        kind = "placeholder"
        place.note("not_drawn", "footage.placeholder", f"{item.name!r} is a placeholder without a picture")
    elif not item.width:
        kind = "sound"
    elif getattr(source, "target_is_folder", False):
        kind = "sequence"
        path, files = _sequence(path, source)
        if not files:
            place.note("not_drawn", "footage.sequence", f"the project does not say which pictures {item.name!r} has")
    elif getattr(source, "is_still", True):
        kind = "picture"
        _note_still(item, path, place)
    else:
        kind = "clip"
    if kind in {"picture", "clip", "sequence"}:
        _note_interpretation(item, source, place)
    return Footage(
        asset=asset,
        name=item.name,
        path=path,
        width=int(item.width or 0),
        height=int(item.height or 0),
        kind=kind,
        missing=bool(item.footage_missing),
        files=files,
        fps=float(item.frame_rate or 0) if files else 0,
        file_name=_file_name(path, kind, item, taken),
    )


def _sequence(path: str, source: Any) -> tuple[str, tuple[str, ...]]:
    """Return a sequence's folder and its pictures' names: those that the project lists, or the first one's name counted on."""
    folder, _, last = path.replace("\\", "/").rpartition("/")
    listed = tuple(str(name) for name in source.file_names)
    if listed:
        inside = "." in last and _suffix(last) == _suffix(listed[0])
        return (folder if inside else path), listed
    number = re.search(r"(\d+)(?=\.\w+$)", last)
    first, end = int(source._start_frame), int(source._end_frame)  # noqa: SLF001  # of the source itself, not of a proxy
    if number is None or not 0 <= end - first < MAX_SEQUENCE:
        return folder, ()
    head, digits, tail = last[: number.start()], len(number[0]), last[number.end() :]
    return folder, tuple(f"{head}{frame:0{digits}d}{tail}" for frame in range(first, end + 1))


def _suffix(path: str) -> str:
    return "." + path.rsplit(".", 1)[-1].lower() if "." in path else ""


def _file_name(path: str, kind: str, item: FootageItem, taken: Collection[str]) -> str:
    last = path.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
    made = ".mov" if kind == "sequence" else ".png" if kind == "picture" and _suffix(last) in REWRITTEN else ""
    name = (last or item.name) + made
    return f"{item.id}-{name}" if name.casefold() in taken else name


def _note_still(item: FootageItem, path: str, place: Place) -> None:
    suffix = _suffix(path)
    layer = (getattr(item.main_source, "file_attributes", None) or {}).get("psd_layer_index", _MERGED)
    if suffix not in _PICTURES | REWRITTEN:
        detail = f"{item.name!r} is of a kind ({suffix or 'without an ending'}) that is not read: save it as PNG"
        place.note("not_drawn", "footage.format", detail)
    elif layer != _MERGED:
        detail = f"{item.name!r} is one layer of a Photoshop file, which is read whole: save the layer as PNG"
        place.note("not_drawn", "footage.photoshop_layer", detail)


def _note_interpretation(item: FootageItem, source: Any, place: Place) -> None:
    if getattr(item, "use_proxy", False):
        place.note("exact", "footage.proxy", f"{item.name!r} itself is drawn, not its proxy")
    if source.has_alpha and source.alpha_mode == AlphaMode.IGNORE:
        place.note(
            "not_drawn", "footage.alpha", f"{item.name!r} is drawn with the transparency that it shall be without"
        )
    elif source.has_alpha and source.alpha_mode == AlphaMode.PREMULTIPLIED and any(source.premul_color):
        place.note("approximate", "footage.alpha", f"the matted colour stays at the edges of {item.name!r}")
    if source.has_alpha and source.invert_alpha:
        place.note("not_drawn", "footage.alpha", f"the transparency of {item.name!r} is not turned over")
    if source.remove_pulldown != PulldownPhase.OFF:
        place.note("approximate", "footage.pulldown", f"pulldown is not removed from {item.name!r}")


def asset_of(item: FootageItem, footage: Footage) -> Json:
    """Return the Lottie asset of a picture or clip, with how the clip plays."""
    made: Json = {
        "id": footage.asset,
        "nm": footage.name,
        "w": footage.width,
        "h": footage.height,
        "u": "images/",
        "p": footage.file_name,
        "e": 0,
    }
    if footage.kind in {"clip", "sequence"}:
        source: Any = item.main_source
        clip: Json = {}
        if footage.kind == "clip" and source.conform_frame_rate and source.native_frame_rate:
            clip["speed"] = rounded(
                min(max(source.conform_frame_rate / source.native_frame_rate, MIN_SPEED), MAX_SPEED)
            )
        if int(getattr(source, "loop", 1) or 1) > 1:
            clip["after"] = "loop"
        made[OPTIONS_MEMBER] = {"fit": "fill"} | ({"clip": clip} if clip else {})
    return made
