"""Many stills in one launch."""

import sys

import pytest
from PIL import Image

from flatrender.aftereffects.aerender.runner import run_aerender
from flatrender.aftereffects.aerender.stills import StillOrder, convert_still, queue_stills, still_file
from flatrender.engine.errors import RenderError
from tests.aftereffects.making import add_comp, new_project

PROGRAM = (sys.executable, "-m", "flatrender.aftereffects.stand_in.command")


@pytest.fixture
def project(tmp_path):
    made = new_project()
    for name, color in (("Opening", [1, 0, 0]), ("Ending", [0, 0, 1])):
        comp = add_comp(made, name)
        comp.add_solid(color, "Square", 40, 40, 1.0)
    # what the designer left in the queue is not rendered
    made.render_queue.add(comp).output_modules[0].file = str(tmp_path / "elsewhere_[####].tif")
    path = tmp_path / "two scenes.aep"
    made.save(path)
    return path


def test_stills_of_several_compositions_come_from_one_launch(project, tmp_path):
    folder = tmp_path / "stills"
    folder.mkdir()
    orders = [
        StillOrder(comp="Ending", frame=3),
        StillOrder(comp="Opening", frame=0),
        StillOrder(comp="Ending", frame=9),
    ]
    outcome = run_aerender(PROGRAM, queue_stills(project, orders, folder), folder=folder, frames=len(orders))
    assert outcome.failure is None, outcome.log_tail
    assert sum("Launching" in line for line in outcome.log_tail) == 1
    assert not list(tmp_path.glob("elsewhere*"))
    for index, color in enumerate([(0, 0, 255), (255, 0, 0), (0, 0, 255)]):
        made = still_file(folder, index)
        assert made is not None
        png, jpeg = folder / f"{index}.png", folder / f"{index}.jpg"
        convert_still(made, png, width=48, height=32)
        convert_still(made, jpeg, width=48, height=32)
        with Image.open(png) as picture:
            assert picture.size == (48, 32)
            assert picture.convert("RGBA").getpixel((24, 16)) == (*color, 255)
            assert picture.convert("RGBA").getpixel((1, 1))[3] == 0
        with Image.open(jpeg) as picture:
            assert min(picture.getpixel((1, 1))) > 245
            assert all(abs(a - b) < 20 for a, b in zip(picture.getpixel((24, 16)), color, strict=True))


def test_a_frame_after_the_composition_s_end_is_refused(project, tmp_path):
    with pytest.raises(RenderError) as error:
        queue_stills(project, [StillOrder(comp="Opening", frame=500)], tmp_path)
    assert error.value.code == "settings_invalid"
