"""A project as a designer hands it over: scenes by name, controllers, controls, marked layers, placeholders, footage."""

from pathlib import Path
from typing import Any

import py_aep
from PIL import Image

from .making import add_comp, new_project

SIZE = (192, 108)


def control(layer: Any, kind: str, name: str, value: Any = None) -> Any:
    """Add a control effect to a layer and return its property."""
    effect = layer.effects.add_property(f"ADBE {kind} Control")
    effect.name = name
    prop = effect[0]
    if value is not None:
        prop.value = value
    return prop


def rectangle(comp: Any, name: str, color: list[float], *, size: tuple[int, int] = (40, 20)) -> Any:
    """Add a shape layer with one filled rectangle and return its fill's colour."""
    layer = comp.add_shape()
    layer.name = name
    group = layer["ADBE Root Vectors Group"].add_property("ADBE Vector Group")
    contents = group["ADBE Vectors Group"]
    shape = contents.add_property("ADBE Vector Shape - Rect")
    shape["ADBE Vector Rect Size"].value = list(size)
    fill = contents.add_property("ADBE Vector Graphic - Fill")
    fill["ADBE Vector Fill Color"].value = [*color, 1.0]
    return fill["ADBE Vector Fill Color"]


def speak(prop: Any, code: str) -> None:
    """Give a property an expression."""
    prop.expression = code
    prop.expression_enabled = True


def text(comp: Any, words: str, name: str) -> Any:
    """Add a text layer that is set in a font of the engine's."""
    layer = comp.add_text(words)
    layer.name = name
    document = layer.text["ADBE Text Document"].value
    document.font = "Vazirmatn-Regular"
    document.font_size = 20
    return layer


def picture(folder: Path, name: str, color: tuple[int, int, int], size: tuple[int, int] = (64, 36)) -> Path:
    """Write a PNG of one colour."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    Image.new("RGB", size, color).save(path)
    return path


def controlled_project() -> tuple[Any, Any]:
    """Return a project, and its composition `Main`: a null `Controls` moves, colours, shows and names what is drawn."""
    project = new_project()
    comp = add_comp(project, size=SIZE)
    comp.add_solid([1, 1, 1], "Ground", *SIZE, 1.0)
    controls = comp.add_null()
    controls.name = "Controls"
    control(controls, "Color", "Brand", [1.0, 0.0, 0.0, 1.0])
    control(controls, "Slider", "Width", 40)
    control(controls, "Checkbox", "Badge", 1)
    control(controls, "Slider", "Wobble", 5)
    control(controls, "Dropdown", "Layout")
    reads = 'thisComp.layer("Controls").effect("{0}")("{1}")'
    box = rectangle(comp, "Box", [0, 0, 1])
    speak(box, reads.format("Brand", "Color"))
    shape = comp.layers[0]["ADBE Root Vectors Group"][0]["ADBE Vectors Group"][0]
    speak(shape["ADBE Vector Rect Size"], f"[{reads.format('Width', 'Slider')}, 20]")
    rectangle(comp, "Badge", [0, 1, 0])
    badge = comp.layers[0]
    badge.transform["ADBE Position"].value = [30, 20, 0]
    speak(badge.transform["ADBE Opacity"], f"{reads.format('Badge', 'Checkbox')} * 100")
    rectangle(comp, "Mover", [0, 0, 0])
    comp.layers[0].transform["ADBE Position"].value = [30, 90, 0]
    speak(comp.layers[0].transform["ADBE Rotate Z"], f"Math.sin(time * {reads.format('Wobble', 'Slider')}) * 10")
    rectangle(comp, "Chosen", [1, 0, 1], size=(10, 10))
    chosen = comp.layers[0]
    chosen.transform["ADBE Position"].value = [170, 90, 0]
    speak(chosen.transform["ADBE Opacity"], f"{reads.format('Layout', 'Menu')} == 2 ? 100 : 0")
    return project, comp


def saved(project: Any, folder: Path, name: str = "project.aep") -> Path:
    """Save a project and return where it lies."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    project.save(path)
    return path


def collected_folder(folder: Path) -> Path:
    """Write a project as After Effects collects it: `(Footage)` beside it; one picture is there, one is missing."""
    project = new_project()
    comp = add_comp(project, "scene: Opening", size=SIZE)
    comp.add_solid([0.2, 0.4, 0.8], "Ground", *SIZE, 1.0)
    options = py_aep.ImportOptions
    elsewhere = folder.parent / "designer"
    photo = picture(elsewhere, "photo.png", (200, 40, 40))
    lost = picture(elsewhere, "lost.png", (0, 0, 0))
    for path in (photo, lost):
        item = project.import_file(options(path))
        comp.add(item)
    saved(project, folder, "promo.aep")
    picture(folder / "(Footage)" / "pictures", "photo.png", (200, 40, 40))
    photo.unlink()
    lost.unlink()
    return folder
