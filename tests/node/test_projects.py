"""The template cache, and archives that come unpacked safely or not at all."""

import hashlib
import io
import stat
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flatrender.node.errors import WorkFailed
from flatrender.node.projects import MAX_PATH, ProjectCache, ProjectRefused, safe_path, unpack_project


def archive(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as opened:
        for name, data in files.items():
            opened.writestr(name, data)
    return buffer.getvalue()


def hash_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_a_project_is_fetched_once_and_the_server_hears_what_is_there(tmp_path: Path) -> None:
    cache, fetched = ProjectCache(tmp_path), []

    def fetch() -> list[bytes]:
        fetched.append(1)
        return [b"pro", b"ject"]

    for _ in range(3):
        with cache.held(hash_of(b"project"), fetch) as path:
            assert path.read_bytes() == b"project"
    assert len(fetched) == 1
    (told,) = cache.listing()
    assert (told.sha256, told.bytes, told.hits) == (hash_of(b"project"), 7, 2)


def test_a_project_that_was_damaged_on_the_disk_is_dropped_and_fetched_again(tmp_path: Path) -> None:
    cache = ProjectCache(tmp_path)
    with cache.held(hash_of(b"project"), lambda: [b"project"]) as path:
        pass
    path.write_bytes(b"proJect")
    with cache.held(hash_of(b"project"), lambda: [b"project"]) as again:
        assert again.read_bytes() == b"project"
    with (
        pytest.raises(WorkFailed) as refused,
        cache.held(hash_of(b"another"), lambda: [b"something else"]),
    ):
        pass
    assert refused.value.code == "project_damaged"
    assert [entry.name for entry in tmp_path.iterdir()] == [hash_of(b"project")]


def test_the_least_recently_used_project_goes_first_but_none_that_is_being_rendered(tmp_path: Path) -> None:
    cache = ProjectCache(tmp_path, limit_bytes=250)
    projects = [bytes([number]) * 100 for number in range(3)]
    with cache.held(hash_of(projects[0]), lambda: [projects[0]]):
        for project in projects[1:]:
            with cache.held(hash_of(project), lambda project=project: [project]):
                pass
        assert {one.sha256 for one in cache.listing()} == {hash_of(projects[0]), hash_of(projects[2])}


def test_a_collected_folder_is_unpacked_with_its_footage_and_fonts(tmp_path: Path) -> None:
    file = tmp_path / "a.zip"
    file.write_bytes(
        archive(**{"source/promo.aep": b"aep", "source/(Footage)/a b.png": b"png", "source/(Fonts)/x.ttf": b"ttf"})
    )
    top = tmp_path / "p"
    top.mkdir()
    project = unpack_project(file, "source/promo.aep", top)
    assert project.read_bytes() == b"aep"
    assert (project.parent / "(Footage)" / "a b.png").read_bytes() == b"png"


def test_a_project_alone_needs_no_archive(tmp_path: Path) -> None:
    (tmp_path / "object").write_bytes(b"aep")
    top = tmp_path / "p"
    top.mkdir()
    assert unpack_project(tmp_path / "object", "", top).read_bytes() == b"aep"


@pytest.mark.parametrize(
    "name",
    [
        "../escaped.aep",
        "/absolute.aep",
        "source/../../escaped.aep",
        "C:/windows.aep",
        "source\\..\\..\\escaped.aep",
        "source/nul.aep",
        "source/trailing. /x.aep",
        "a/" * 120 + "long.aep",
    ],
    ids=["parent", "absolute", "inside-parent", "drive", "backslash", "reserved", "trailing", "long"],
)
def test_a_name_that_leads_elsewhere_refuses_the_archive(tmp_path: Path, name: str) -> None:
    file = tmp_path / "a.zip"
    file.write_bytes(archive(**{"source/promo.aep": b"aep", name: b"x"}))
    top = tmp_path / "p"
    top.mkdir()
    with pytest.raises(ProjectRefused):
        unpack_project(file, "source/promo.aep", top)
    assert not list(tmp_path.rglob("escaped*"))
    assert not list(top.rglob("*"))


def test_a_link_in_the_archive_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.zip"
    link = zipfile.ZipInfo("source/link.png")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(file, "w") as opened:
        opened.writestr("source/promo.aep", b"aep")
        opened.writestr(link, "/etc/passwd")
    top = tmp_path / "p"
    top.mkdir()
    with pytest.raises(ProjectRefused, match="is a link"):
        unpack_project(file, "source/promo.aep", top)


@pytest.mark.parametrize("data", [b"", b"no archive", archive(x=b"1")[:-9]], ids=["empty", "text", "cut"])
def test_a_damaged_archive_is_refused_with_words(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "a.zip"
    file.write_bytes(data)
    top = tmp_path / "p"
    top.mkdir()
    with pytest.raises(ProjectRefused, match="damaged"):
        unpack_project(file, "source/promo.aep", top)


@given(st.text(max_size=MAX_PATH + 20))
def test_no_name_leads_out_of_the_folder(name: str) -> None:
    try:
        path = safe_path(name)
    except ProjectRefused:
        return
    assert (Path("/top") / path).resolve().is_relative_to("/top")
