"""Pictures and films in the place of the project's own: fitted as they were, only where they are meant, found by a relative path."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from py_aep import ImportOptions

from flatrender.aftereffects.personalise import PersonaliseError
from flatrender.aftereffects.personalise.placing import Placed, placed
from flatrender.engine.ffmpeg import base_arguments
from flatrender.engine.picture_value import PictureValue
from flatrender.engine.raster.pool import WorkerPool

from .making import add_comp, new_project
from .personalising import drawn, field, place, write

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def picture(path: Path, size: tuple[int, int], left: Any, right: Any) -> Path:
    """Make a PNG of two halves."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.new("RGBA" if len(left) == 4 else "RGB", size, left)
    image.paste(right, (size[0] // 2, 0, *size))
    image.save(path)
    return path


def film(path: Path, size: tuple[int, int] = (64, 32), seconds: float = 0.4) -> Path:
    """Make an H.264 film, green at the left and blue at the right."""
    half = f"{size[0] // 2}x{size[1]}"
    graph = f"color=0x00ff00:s={half}:r=25[a];color=0x0000ff:s={half}:r=25[b];[a][b]hstack,format=yuv420p"
    made = ["-filter_complex", graph, "-t", str(seconds), "-c:v", "libx264", "-qp", "0", str(path)]
    subprocess.run([*base_arguments(), *made], check=True, capture_output=True)
    return path


def shown(folder: Path, size: tuple[int, int] = (40, 20)) -> tuple[Any, Any, Any]:
    """A project that shows a red picture of `size` px in the middle: the project, its composition, the layer."""
    project = new_project()
    comp = add_comp(project)
    source = picture(folder / "design" / "(Footage)" / "designed.png", size, RED, RED)
    layer = comp.add(project.import_file(ImportOptions(source)))
    return project, comp, layer


@pytest.mark.parametrize(
    ("fit", "size", "points"),
    [
        ("cover", (40, 40), {(29, 32): GREEN, (66, 32): BLUE, (48, 20): WHITE}),
        ("contain", (40, 40), {(40, 32): GREEN, (56, 32): BLUE, (30, 32): WHITE}),
        ("fill", (40, 40), {(29, 32): GREEN, (66, 32): BLUE}),
        ("cover", (400, 200), {(29, 23): GREEN, (66, 40): BLUE, (48, 20): WHITE}),
    ],
    ids=["cover", "contain", "fill", "larger"],
)
def test_a_picture_is_fitted_into_what_it_replaces(
    fit: Any, size: tuple[int, int], points: dict[tuple[int, int], Any], tmp_path: Path, pool: WorkerPool
) -> None:
    project, _, layer = shown(tmp_path)
    mine = picture(tmp_path / "mine.png", size, GREEN, BLUE)
    photo = field("photo", "image", place(layer, "footage"), fit=fit)
    made = write(project, tmp_path, {"photo": "it"}, photo, assets={"it": mine})
    seen = drawn(pool, made, tmp_path)
    found = {point: tuple(seen[point[1], point[0]]) for point in points}
    assert all(
        max(abs(int(a) - b) for a, b in zip(found[point], points[point], strict=True)) <= 12 for point in points
    ), found
    after = made.layer("designed.png")
    assert (after.source.width, after.source.height) == (40, 20)
    assert after.transform["ADBE Scale"].value == [100, 100, 100]


def test_the_focus_says_what_of_a_picture_is_kept(tmp_path: Path, pool: WorkerPool) -> None:
    project, _, layer = shown(tmp_path)
    mine = picture(tmp_path / "mine.png", (200, 20), GREEN, BLUE)
    value = {"asset": "it", "focus": [1, 0.5]}
    made = write(
        project, tmp_path, {"photo": value}, field("photo", "image", place(layer, "footage")), assets={"it": mine}
    )
    assert tuple(drawn(pool, made, tmp_path)[32, 32]) == pytest.approx(BLUE, abs=12)


def test_transparency_is_straight_and_kept(tmp_path: Path, pool: WorkerPool) -> None:
    project, _, layer = shown(tmp_path)
    mine = picture(tmp_path / "mine.png", (40, 20), (0, 0, 0, 0), (0, 0, 255, 255))
    made = write(
        project, tmp_path, {"photo": "it"}, field("photo", "image", place(layer, "footage")), assets={"it": mine}
    )
    seen = drawn(pool, made, tmp_path)
    assert tuple(seen[32, 32]) == WHITE
    assert tuple(seen[32, 60]) == pytest.approx(BLUE, abs=3)
    assert made.layer("designed.png").source.main_source.alpha_mode.name == "STRAIGHT"


def test_a_film_lies_in_a_composition_of_the_designed_size(tmp_path: Path, pool: WorkerPool) -> None:
    project, comp, layer = shown(tmp_path, (40, 40))
    mine = film(tmp_path / "mine.mp4")
    made = write(
        project, tmp_path, {"photo": "it"}, field("photo", "image", place(layer, "footage")), assets={"it": mine}
    )
    source = made.layer("designed.png").source
    assert (source.width, source.height, source.type_name) == (40, 40, "Composition")
    assert source.duration == pytest.approx(comp.duration)
    inner = source.layers[0]
    assert inner.transform["ADBE Scale"].value[:2] == pytest.approx([125, 125])
    assert inner.transform["ADBE Position"].value[:2] == [20, 20]
    assert inner.source.width, inner.source.height == (64, 32)
    # The film of 0.4 s is held for the layer's 0.8 s.
    keys = [(round(key.time, 3), round(key.value, 3)) for key in inner["ADBE Time Remapping"].keyframes]
    assert keys == [(0, 0), (0.36, 0.36)]
    assert "media_wrapped" in made.codes


@pytest.mark.parametrize(
    ("clip", "expected"),
    [
        ({"after": "loop"}, [(0, 0), (0.36, 0.36), (0.4, 0), (0.76, 0.36)]),
        ({"after": "first"}, [(0, 0), (0.36, 0.36), (0.4, 0)]),
        ({"start": 0.2, "end": 0.4, "after": "freeze"}, [(0, 0.2), (0.16, 0.36)]),
        ({"speed": 2, "after": "freeze"}, [(0, 0), (0.18, 0.36)]),
    ],
    ids=["loop", "first", "part", "faster"],
)
def test_a_film_plays_as_its_options_say(
    clip: dict[str, Any], expected: list[tuple[float, float]], tmp_path: Path
) -> None:
    project, _, layer = shown(tmp_path)
    value = {"asset": "it", "clip": clip}
    made = write(
        project,
        tmp_path,
        {"photo": value},
        field("photo", "image", place(layer, "footage")),
        assets={"it": film(tmp_path / "m.mp4")},
    )
    inner = made.layer("designed.png").source.layers[0]
    keys = [(round(key.time, 3), round(key.value, 3)) for key in inner["ADBE Time Remapping"].keyframes]
    assert keys == expected


def test_a_film_that_hides_after_its_end_is_cut_there(tmp_path: Path) -> None:
    project, _, layer = shown(tmp_path)
    value = {"asset": "it", "clip": {"start": 0.2, "after": "hide"}}
    made = write(
        project,
        tmp_path,
        {"photo": value},
        field("photo", "image", place(layer, "footage")),
        assets={"it": film(tmp_path / "m.mp4")},
    )
    inner = made.layer("designed.png").source.layers[0]
    assert (round(inner.start_time, 3), round(inner.in_point, 3), round(inner.out_point, 3)) == (-0.2, 0, 0.2)


def test_other_layers_that_show_the_same_file_keep_it(tmp_path: Path, pool: WorkerPool) -> None:
    project, comp, layer = shown(tmp_path)
    other = comp.add(layer.source)
    layer.transform["ADBE Position"].value = [48, 14, 0]
    other.transform["ADBE Position"].value = [48, 48, 0]
    other.name = "Other"
    mine = picture(tmp_path / "mine.png", (40, 20), GREEN, GREEN)
    one = field("photo", "image", place(layer, "footage"))
    made = write(project, tmp_path, {"photo": "it"}, one, assets={"it": mine})
    seen = drawn(pool, made, tmp_path)
    assert tuple(seen[14, 48]) == pytest.approx(GREEN, abs=3)
    assert tuple(seen[48, 48]) == pytest.approx(RED, abs=3)
    assert "source_shared" in made.codes
    both = field("photo", "image", place(layer, "footage"), place(other, "footage"))
    made = write(project, tmp_path / "both", {"photo": "it"}, both, assets={"it": mine})
    assert tuple(drawn(pool, made, tmp_path / "both")[48, 48]) == pytest.approx(GREEN, abs=3)
    assert "source_shared" not in made.codes
    assert len({made.layer(name).source.id for name in ("designed.png", "Other")}) == 1


def test_a_placeholder_composition_is_replaced(tmp_path: Path, pool: WorkerPool) -> None:
    project = new_project()
    comp = add_comp(project)
    holder = add_comp(project, "Placeholder", size=(60, 30))
    holder.add_solid([1, 0, 0], "Hint", 60, 30, 1.0)
    layer = comp.add(holder)
    mine = picture(tmp_path / "mine.png", (60, 30), GREEN, BLUE)
    made = write(
        project, tmp_path, {"photo": "it"}, field("photo", "image", place(layer, "footage")), assets={"it": mine}
    )
    seen = drawn(pool, made, tmp_path)
    assert tuple(seen[32, 22]) == pytest.approx(GREEN, abs=12)
    assert tuple(seen[20, 70]) == pytest.approx(BLUE, abs=12)
    assert tuple(seen[12, 48]) == WHITE


def test_the_copy_finds_its_files_by_short_relative_paths_wherever_it_is_moved(
    tmp_path: Path, pool: WorkerPool
) -> None:
    project, _, layer = shown(tmp_path)
    mine = picture(tmp_path / "عکس من.png", (40, 20), GREEN, BLUE)
    made = write(
        project, tmp_path, {"photo": "it"}, field("photo", "image", place(layer, "footage")), assets={"it": mine}
    )
    (media,) = made.report.media
    assert media.isascii()
    assert len(media) <= 24
    import json

    from py_aep.binary.utils import recursive_find

    item = made.layer("designed.png").source
    (record,) = [json.loads(chunk.value) for chunk in recursive_find(item.main_source._pin.chunks, chunk_type="alas")]
    assert record["fullpath"] == str(made.path.parent / media)
    assert (record["ascendcount_base"], record["ascendcount_target"]) == (1, 2)
    made.path.parent.rename(tmp_path / "moved")
    made.path = tmp_path / "moved" / "copy.aep"
    assert tuple(drawn(pool, made, tmp_path)[32, 32]) == pytest.approx(GREEN, abs=12)


def test_the_projects_own_files_come_along_with_a_copy_elsewhere(tmp_path: Path, pool: WorkerPool) -> None:
    project, _, layer = shown(tmp_path)
    made = write(project, tmp_path, {"seen": True}, field("seen", "checkbox", place(layer, "visible")))
    (media,) = made.report.media
    assert media.endswith("/designed.png")
    assert tuple(drawn(pool, made, tmp_path)[32, 48]) == pytest.approx(RED, abs=3)


def test_files_that_were_collected_beside_the_project_are_found_again(tmp_path: Path, pool: WorkerPool) -> None:
    project, _, layer = shown(tmp_path / "away")
    seen = field("seen", "checkbox", place(layer, "visible"))
    (tmp_path / "design" / "(Footage)").mkdir(parents=True)
    (tmp_path / "away" / "design" / "(Footage)" / "designed.png").rename(
        tmp_path / "design" / "(Footage)" / "designed.png"
    )
    made = write(project, tmp_path, {"seen": True}, seen)
    assert "footage_found" in made.codes
    assert tuple(drawn(pool, made, tmp_path)[32, 48]) == pytest.approx(RED, abs=3)


def test_a_link_out_of_the_projects_folder_is_not_followed(tmp_path: Path) -> None:
    project, _, layer = shown(tmp_path / "away")
    secret = (tmp_path / "away" / "design" / "(Footage)" / "designed.png").rename(tmp_path / "secret.png")
    (tmp_path / "design").mkdir()
    (tmp_path / "design" / "designed.png").symlink_to(secret)
    made = write(project, tmp_path, {"seen": True}, field("seen", "checkbox", place(layer, "visible")))
    assert "footage_missing" in made.codes
    assert made.report.media == ()


def test_files_that_the_caller_knows_are_taken_from_there(tmp_path: Path, pool: WorkerPool) -> None:
    project, _, layer = shown(tmp_path / "away")
    kept = (tmp_path / "away" / "design" / "(Footage)" / "designed.png").rename(tmp_path / "kept.png")
    seen = field("seen", "checkbox", place(layer, "visible"))
    made = write(project, tmp_path, {"seen": True}, seen, footage={layer.source.id: kept})
    assert made.report.media == (f"media/f{layer.source.id}/kept.png",)
    assert tuple(drawn(pool, made, tmp_path)[32, 48]) == pytest.approx(RED, abs=3)


def test_a_picture_for_a_very_large_place_is_laid_into_a_composition_of_its_size(tmp_path: Path) -> None:
    project, _, layer = shown(tmp_path, (8192, 64))
    mine = picture(tmp_path / "mine.png", (400, 20), GREEN, BLUE)
    made = write(
        project, tmp_path, {"photo": "it"}, field("photo", "image", place(layer, "footage")), assets={"it": mine}
    )
    source = made.layer("designed.png").source
    assert (source.width, source.height, source.type_name) == (8192, 64, "Composition")
    assert source.layers[0].transform["ADBE Scale"].value[:2] == [200, 200]
    assert "media_upscaled" in made.codes


def test_what_is_missing_stays_missing_and_is_told(tmp_path: Path) -> None:
    project, _, layer = shown(tmp_path / "away")
    (tmp_path / "away" / "design" / "(Footage)" / "designed.png").unlink()
    made = write(project, tmp_path, {"seen": True}, field("seen", "checkbox", place(layer, "visible")))
    assert "footage_missing" in made.codes


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("gone.png", None, "asset_missing"),
        ("text.png", b"not a picture", "asset_invalid"),
        ("film.webm", b"\x1a\x45\xdf\xa3" + b"\0" * 60, "asset_invalid"),
    ],
    ids=["not there", "no picture", "a film that After Effects does not read"],
)
def test_files_that_cannot_be_used_are_refused(name: str, content: bytes | None, code: str, tmp_path: Path) -> None:
    project, _, layer = shown(tmp_path)
    file = tmp_path / name
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(PersonaliseError) as refused:
        write(project, tmp_path, {"photo": "it"}, field("photo", "image", place(layer, "footage")), assets={"it": file})
    assert (refused.value.code, refused.value.key) == (code, "photo")
    assert not (tmp_path / "out" / "copy.aep").exists()


def corner(film_size: tuple[int, int], made: Placed, point: tuple[float, float]) -> tuple[float, float]:
    """Where a point of the film lies in the composition."""
    import math

    x, y = (point[0] - film_size[0] / 2) * made.scale[0] / 100, (point[1] - film_size[1] / 2) * made.scale[1] / 100
    angle = math.radians(made.rotation)
    turned = (x * math.cos(angle) - y * math.sin(angle), x * math.sin(angle) + y * math.cos(angle))
    return (made.position[0] + turned[0], made.position[1] + turned[1])


@pytest.mark.parametrize(
    ("options", "fit", "point", "lies"),
    [
        ({}, "cover", (32, 16), (20, 20)),
        ({}, "contain", (0, 0), (0, 10)),
        ({}, "fill", (64, 32), (40, 40)),
        ({"focus": (0.0, 0.5)}, "cover", (0, 0), (0, 0)),
        ({"rotate": 90}, "fill", (0, 32), (0, 0)),
        ({"rotate": 270}, "fill", (64, 0), (0, 0)),
        ({"rotate": 180}, "fill", (64, 32), (0, 0)),
        ({"flip": "horizontal"}, "fill", (64, 0), (0, 0)),
        ({"rotate": 90, "flip": "horizontal"}, "fill", (0, 0), (0, 0)),
        ({"crop": (0.5, 0.0, 0.5, 1.0)}, "fill", (32, 0), (0, 0)),
        ({"crop": (0.5, 0.0, 0.5, 1.0), "flip": "horizontal"}, "fill", (32, 0), (0, 0)),
    ],
    ids=["cover", "contain", "fill", "focus", "turned right", "turned left", "upside down", "mirrored", "turned and mirrored", "cropped", "cropped mirror"],
)  # fmt: skip
def test_the_points_of_a_film_lie_where_its_options_put_them(
    options: dict[str, Any], fit: Any, point: tuple[float, float], lies: tuple[float, float]
) -> None:
    made = placed((64, 32), (40, 40), fit, PictureValue(asset="", **options))
    assert corner((64, 32), made, point) == pytest.approx(lies)


def test_what_a_contained_crop_leaves_out_is_masked() -> None:
    made = placed((64, 32), (40, 40), "contain", PictureValue(asset="", crop=(0.5, 0.0, 0.5, 1.0), rotate=90))
    assert made.mask == pytest.approx((0, 0, 64, 16))
