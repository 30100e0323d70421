"""Projects as administrators bring them in: several scenes, texts, a picture beside them, something that only After Effects draws."""

import io
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import py_aep
from PIL import Image

from tests.aftereffects import effect_templates
from tests.aftereffects.making import add_comp, new_project

SIZE = (640, 360)
HEADLINE = "سلام دنیا"
PICTURE = "photo.png"


def campaign(*, storm: bool = True, picture: bool = True, font: str = "Vazirmatn-Bold") -> dict[str, bytes]:
    """Return the files of a collected folder: `campaign.aep` and the picture that it shows.

    Scene `Title`: a headline in `font` (white on blue) and, with `picture`, `photo.png` in a corner. With `storm` also a scene that Turbulent
    Displace moves, which is not drawn without After Effects.
    """
    with tempfile.TemporaryDirectory() as folder:
        beside = Path(folder) / "(Footage)"
        beside.mkdir()
        shot = beside / PICTURE
        Image.new("RGB", (160, 90), (240, 160, 20)).save(shot)
        project = new_project()
        title = add_comp(project, "Title", size=SIZE, fps=25, seconds=2)
        title.add_solid([0.05, 0.15, 0.5], "Ground", *SIZE, 1.0)
        if picture:
            layer = title.add(project.import_file(py_aep.ImportOptions(str(shot))))
            layer.name = "Photo"
            layer.transform["ADBE Position"].value = [540, 60, 0]
        _headline(title, font)
        if storm:
            stormy = add_comp(project, "Storm", size=SIZE, fps=25, seconds=2)
            stormy.add_solid([0.9, 0.3, 0.1], "Sea", *SIZE, 1.0)
            effect_templates.install()
            wave = stormy.add_solid([0.1, 0.6, 0.6], "Wave", 320, 180, 1.0)
            wave.effects.add_property("ADBE Turbulent Displace")
            _headline(stormy, font)
        path = Path(folder) / "campaign.aep"
        project.save(path)
        files = {"campaign.aep": path.read_bytes()}
        return files | ({f"(Footage)/{PICTURE}": shot.read_bytes()} if picture else {})


def zipped(files: dict[str, bytes]) -> bytes:
    """Return an archive with these entries."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def _headline(comp: Any, font: str) -> None:
    layer = comp.add_text(HEADLINE)
    layer.name = "$Headline"
    layer.transform["ADBE Position"].value = [320, 200, 0]
    source = layer.text["ADBE Text Document"]
    document = source.value
    document.font = font
    document.font_size = 60
    document.fill_color = [1, 1, 1]
    source.value = document
