"""Footage: solids, pictures, clips and sound."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from flatrender.aftereffects.convert.context import Json, Place

if TYPE_CHECKING:
    from py_aep.models.items.footage import FootageItem

_PICTURES = {".png", ".jpg", ".jpeg", ".webp", ".gif", ".svg", ".avif", ".heic", ".tif", ".tiff", ".bmp", ".tga"}


class Footage(msgspec.Struct, frozen=True, kw_only=True):
    """A file that the composition shows."""

    asset: str
    """The id of its image asset in the Lottie."""
    name: str
    path: str
    """Where the project says it lies."""
    width: int
    height: int
    kind: str
    """`picture`, `clip`, `sound` or `placeholder`."""
    missing: bool


def hex_color(color: Any) -> str:
    """Return `#rrggbb` of red, green, blue from 0 to 1."""
    return "#" + "".join(f"{round(min(max(float(part), 0), 1) * 255):02x}" for part in color[:3])


def footage_of(item: FootageItem, asset: str, place: Place) -> Footage:
    """Describe a footage item that is not a solid."""
    path = str(item.file or "")
    suffix = "." + path.rsplit(".", 1)[-1].lower() if "." in path else ""
    if item.asset_type == "placeholder" or not path:
        kind = "placeholder"
        place.note("not_drawn", "footage.placeholder", f"{item.name!r} is a placeholder without a picture")
    elif suffix in _PICTURES and getattr(item.main_source, "is_still", True):
        kind = "picture"
    else:
        kind = "clip" if item.width else "sound"
    return Footage(
        asset=asset,
        name=item.name,
        path=path,
        width=int(item.width or 0),
        height=int(item.height or 0),
        kind=kind,
        missing=bool(item.footage_missing),
    )


def asset_of(footage: Footage) -> Json:
    """Return the Lottie asset of a picture or clip."""
    name = footage.path.replace("\\", "/").rsplit("/", 1)[-1]
    return {
        "id": footage.asset,
        "nm": footage.name,
        "w": footage.width,
        "h": footage.height,
        "u": "images/",
        "p": name,
        "e": 0,
    }
