"""Projects as they are handed over: files, collected folders, zips of them, and zips that mean harm."""

import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from flatrender.aftereffects import collected as module
from flatrender.aftereffects.apart import inspect_apart, template_apart
from flatrender.aftereffects.collected import open_collected
from flatrender.aftereffects.errors import ProjectError

from .designed import collected_folder, picture
from .making import moving_square


def zipped(folder: Path, archive: Path, *, top: str = "") -> Path:
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                packed.write(path, f"{top}{path.relative_to(folder).as_posix()}")
    return archive


def entries(archive: Path, **files: bytes) -> Path:
    with zipfile.ZipFile(archive, "w") as packed:
        for name, data in files.items():
            packed.writestr(name, data)
    return archive


def refused(source: Path, work: Path) -> str:
    with pytest.raises(ProjectError) as error:
        open_collected(source, work)
    return error.value.code


@pytest.fixture
def project(tmp_path: Path) -> bytes:
    return moving_square(tmp_path).read_bytes()


@pytest.mark.parametrize("top", ["", "Promo folder/"])
def test_a_zip_of_a_collected_folder_is_opened_with_its_footage_and_without_what_systems_add(
    tmp_path: Path, top: str
) -> None:
    folder = collected_folder(tmp_path / "promo")
    copies = folder / "Adobe After Effects Auto-Save"
    copies.mkdir()
    (copies / "promo auto-save 1.aep").write_bytes((folder / "promo.aep").read_bytes())
    archive = zipped(folder, tmp_path / "promo.zip", top=top)
    with zipfile.ZipFile(archive, "a") as packed:
        packed.writestr("__MACOSX/._promo.aep", b"resource fork")
        packed.writestr(f"{top}.DS_Store", b"")
    report = inspect_apart(archive)
    assert report.file == "promo.aep"
    assert [(file.name, file.found) for file in report.footage] == [("photo.png", True), ("lost.png", False)]


def test_names_that_are_utf8_without_saying_so_are_read_as_such(tmp_path: Path, project: bytes) -> None:
    archive = tmp_path / "names.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("abc.aep", project)
        packed.writestr("xxxx.png", b"picture")
    data = archive.read_bytes().replace(b"xxxx.png", "عکس.png".encode()[:4] + b".png")
    archive.write_bytes(data)
    found = open_collected(archive, tmp_path / "work")
    assert found.project.name == "abc.aep"
    assert {path.name for path in (tmp_path / "work").iterdir()} == {"abc.aep", "عک.png"}


@pytest.mark.parametrize("name", ["../out.aep", "/abs.aep", "a/../../out.aep", "C:/x.aep"])
def test_an_entry_that_leaves_the_folder_is_refused_and_nothing_is_written(
    tmp_path: Path, project: bytes, name: str
) -> None:
    work = tmp_path / "inside" / "work"
    assert refused(entries(tmp_path / "evil.zip", **{name: project}), work) == "archive_unsafe"
    assert not [path for path in tmp_path.rglob("*.aep") if path.name != "moving square.aep"]


def test_links_in_an_archive_are_refused(tmp_path: Path, project: bytes) -> None:
    archive = tmp_path / "link.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("a.aep", project)
        link = zipfile.ZipInfo("photo.png")
        link.create_system = 3
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        packed.writestr(link, "/etc/passwd")
    assert refused(archive, tmp_path / "work") == "archive_unsafe"


def test_links_in_a_folder_are_not_followed(tmp_path: Path) -> None:
    folder = collected_folder(tmp_path / "promo")
    outside = picture(tmp_path / "secret", "lost.png", (9, 9, 9))
    (folder / "(Footage)" / "lost.png").symlink_to(outside)
    result = template_apart(folder, tmp_path / "template")
    assert [file.name for file in result.missing_footage] == ["lost.png"]


def _bomb(archive: Path, project: bytes) -> None:
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        packed.writestr("a.aep", project)
        packed.writestr("zeros.png", bytes(8 << 20))


def _many(archive: Path, project: bytes) -> None:
    entries(archive, **{"a.aep": project}, **{f"{number}.png": b"" for number in range(module.MAX_FILES)})


def _lying(archive: Path, project: bytes) -> None:
    """Say of an entry that it unpacks to less than it does (ZIP specification 4.3.12: the size lies 24 bytes into the central header)."""
    entries(archive, **{"a.aep": project})
    data = bytearray(archive.read_bytes())
    at = data.index(b"PK\x01\x02")
    struct.pack_into("<I", data, at + 24, len(project) - 100)
    archive.write_bytes(data)


@pytest.mark.parametrize("make", [_bomb, _many, _lying], ids=["ratio", "entries", "size"])
def test_an_archive_that_would_unpack_to_too_much_is_refused(
    tmp_path: Path, project: bytes, make: Callable[[Path, bytes], None]
) -> None:
    archive = tmp_path / "bomb.zip"
    make(archive, project)
    assert refused(archive, tmp_path / "work") in {"archive_bomb", "archive_unsafe"}


def test_more_bytes_than_allowed_are_refused_before_they_are_unpacked(
    tmp_path: Path, project: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_TOTAL_BYTES", 1000)
    assert refused(entries(tmp_path / "a.zip", **{"a.aep": project}), tmp_path / "work") == "project_too_large"
    assert not (tmp_path / "work").exists()


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({"readme.txt": b"no project"}, "project_invalid"),
        ({"a.aepx": b"<?xml"}, "project_unsupported"),
        ({"a.aep": b"RIFX", "b.aep": b"RIFX"}, "project_ambiguous"),
        ({"a.aep": b"RIFX but no project"}, "project_invalid"),
    ],
    ids=["none", "xml", "several", "damaged"],
)
def test_an_archive_without_one_readable_project_ends_in_a_typed_error(
    tmp_path: Path, files: dict[str, bytes], code: str
) -> None:
    with pytest.raises(ProjectError) as error:
        template_apart(entries(tmp_path / "a.zip", **files), tmp_path / "template")
    assert error.value.code == code
    assert "\n" not in str(error.value)


def test_a_damaged_archive_ends_in_a_typed_error(tmp_path: Path, project: bytes) -> None:
    archive = entries(tmp_path / "a.zip", **{"a.aep": project})
    archive.write_bytes(archive.read_bytes()[:-30])
    assert refused(archive, tmp_path / "work") == "archive_unsafe"
