"""SVG as a picture: cleaned of everything that could reach out or run, then drawn by ThorVG. In the decoding process only."""

import ctypes
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator

from PIL import Image

from flatrender.engine.raster.thorvg import RGBA_STRAIGHT, ThorVG

MAX_BYTES = 4 << 20
MAX_ELEMENTS = 20_000
MAX_DEPTH = 64
_SVG = "{http://www.w3.org/2000/svg}"
_DRAWN = frozenset(
    {
        "svg", "g", "defs", "symbol", "use", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "linearGradient",
        "radialGradient", "stop", "clipPath", "mask", "style", "image", "title", "desc", "filter", "feGaussianBlur", "a", "switch",
    }
)  # fmt: skip
_DOCTYPE = re.compile(rb"<!DOCTYPE[^\[>]*>", re.IGNORECASE)
_EMBEDDED = re.compile(r"data:image/(png|jpe?g);base64,", re.IGNORECASE)
_REACHING_CSS = re.compile(r"@import|url\s*\(\s*['\"]?\s*(?!#)|expression\s*\(|\\", re.IGNORECASE)


class SvgRefusedError(ValueError):
    """The SVG cannot be used; the message says why."""


def looks_like_svg(data: bytes) -> bool:
    """Whether the bytes begin like an SVG file."""
    head = data[:4096].removeprefix(b"\xef\xbb\xbf").lstrip()
    return head.startswith(b"<") and b"<svg" in head.lower()


def cleaned(data: bytes) -> bytes:
    """Return the SVG with drawing elements only and no reference but to itself. Raises SvgRefusedError."""
    if len(data) > MAX_BYTES:
        raise SvgRefusedError(f"the SVG has {len(data)} bytes; at most {MAX_BYTES >> 20} MB are read")
    data = _DOCTYPE.sub(b"", data, count=1)
    if b"<!doctype" in data[:65536].lower() or b"<!entity" in data.lower():
        raise SvgRefusedError("the SVG declares entities: export it as plain SVG")
    try:
        root = ET.fromstring(data)  # noqa: S314  # no document type is left, so no entity can grow or reach out
    except (ET.ParseError, ValueError, LookupError) as error:
        raise SvgRefusedError(f"the SVG is not well-formed ({error})") from None
    if root.tag not in (f"{_SVG}svg", "svg"):
        raise SvgRefusedError("the file is XML but no SVG")
    _clean(root)
    ET.register_namespace("", "http://www.w3.org/2000/svg")
    ET.register_namespace("xlink", "http://www.w3.org/1999/xlink")
    clean: bytes = ET.tostring(root, encoding="utf-8")
    return clean


def _clean(root: ET.Element) -> None:
    count = 0
    waiting = [(root, 0)]
    while waiting:
        element, depth = waiting.pop()
        count += 1
        if count > MAX_ELEMENTS or depth > MAX_DEPTH:
            raise SvgRefusedError(f"the SVG has more than {MAX_ELEMENTS} elements or {MAX_DEPTH} levels: simplify it")
        for name, value in list(element.attrib.items()):
            if not _harmless(element, name, value):
                del element.attrib[name]
        if element.tag == f"{_SVG}style" and element.text and _REACHING_CSS.search(element.text):
            element.text = ""
        for child in list(element):
            if not isinstance(child.tag, str) or not _is_drawn(child):
                element.remove(child)
            else:
                waiting.append((child, depth + 1))
    _check_uses(root)


def _is_drawn(element: ET.Element) -> bool:
    name = element.tag.removeprefix(_SVG)
    if name in ("text", "tspan", "textPath"):
        raise SvgRefusedError("the SVG has text: convert text to outlines and export it again")
    return name in _DRAWN


def _harmless(element: ET.Element, name: str, value: str) -> bool:
    local = name.rpartition("}")[2].lower()
    if local.startswith("on"):
        return False
    if local == "href":
        embedded = element.tag == f"{_SVG}image" and _EMBEDDED.match(value) is not None
        return embedded or value.startswith("#")
    return not _REACHING_CSS.search(value) if "url" in value.lower() or local == "style" else True


def _check_uses(root: ET.Element) -> None:
    """Refuse `use` that multiplies: each element counts as often as it is drawn."""
    by_id = {element.get("id"): element for element in root.iter() if element.get("id")}
    drawn: dict[int, int] = {}

    def count(element: ET.Element, path: tuple[int, ...]) -> int:
        if id(element) in path or len(path) > 2 * MAX_DEPTH:
            raise SvgRefusedError("the SVG uses itself: export it as plain SVG")
        if id(element) in drawn:
            return drawn[id(element)]
        inside = (*path, id(element))
        total = 1 + sum(count(child, inside) for child in element)
        for target in _used(element, by_id):
            total += count(target, inside)
        if total > MAX_ELEMENTS:
            raise SvgRefusedError(f"the SVG draws more than {MAX_ELEMENTS} elements: simplify it")
        drawn[id(element)] = total
        return total

    count(root, ())


def _used(element: ET.Element, by_id: dict[str | None, ET.Element]) -> Iterator[ET.Element]:
    if element.tag.removeprefix(_SVG) != "use":
        return
    for name, value in element.attrib.items():
        if name.rpartition("}")[2] == "href" and value[1:] in by_id:
            yield by_id[value[1:]]


def rasterised(data: bytes, *, least: tuple[float, float], longest: int) -> Image.Image:
    """Draw an SVG so large that it has at least `least` (width, height) px, as RGBA; at most `longest` px a side. Raises SvgRefusedError."""
    thorvg = ThorVG()
    library = thorvg.library
    drawing = library.tvg_picture_new()
    clean = cleaned(data)
    if library.tvg_picture_load_data(drawing, clean, len(clean), b"svg", None, True) != 0:
        raise SvgRefusedError("the SVG could not be read: export it as plain SVG 1.1")
    natural_width, natural_height = ctypes.c_float(), ctypes.c_float()
    library.tvg_picture_get_size(drawing, ctypes.byref(natural_width), ctypes.byref(natural_height))
    width, height = natural_width.value, natural_height.value
    if not (0 < width < 1e6 and 0 < height < 1e6):
        raise SvgRefusedError("the SVG has no size: give it width and height, or a viewBox")
    scale = max(least[0] / width, least[1] / height)
    scale = min(scale, longest / max(width, height))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    buffer = bytearray(size[0] * size[1] * 4)
    canvas = library.tvg_swcanvas_create(0)
    address = ctypes.addressof((ctypes.c_char * len(buffer)).from_buffer(buffer))
    check = thorvg.check
    check(library.tvg_swcanvas_set_target(canvas, address, size[0], *size, RGBA_STRAIGHT), "make a canvas")
    check(library.tvg_picture_set_size(drawing, float(size[0]), float(size[1])), "size the SVG")
    check(library.tvg_canvas_add(canvas, drawing), "place the SVG")
    check(library.tvg_canvas_update(canvas), "prepare the SVG")
    check(library.tvg_canvas_draw(canvas, True), "draw the SVG")
    check(library.tvg_canvas_sync(canvas), "finish the SVG")
    picture = Image.frombytes("RGBA", size, bytes(buffer))
    library.tvg_canvas_destroy(canvas)
    return picture
