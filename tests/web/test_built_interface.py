"""The built interface: in the wheel, under the page's policy, and built again only when its sources changed."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "src" / "flatrender" / "host" / "static"
BUILD = [sys.executable, str(ROOT / "scripts" / "build_web.py")]

pytestmark = pytest.mark.skipif(
    not (STATIC / "index.html").is_file(), reason="the interface is not built: run `make web`"
)


def test_the_wheel_holds_the_page_the_player_and_the_font(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=120,
    )
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if name.startswith("flatrender/host/static/")]
    assert "flatrender/host/static/index.html" in names
    for ending in (".wasm", ".woff2", ".js", ".css"):
        assert any(name.endswith(ending) for name in names), f"no {ending} in the wheel"


def test_the_page_needs_nothing_inline_and_nothing_from_elsewhere() -> None:
    page = (STATIC / "index.html").read_text(encoding="utf-8")
    for script in re.findall(r"<script\b[^>]*>(.*?)</script>", page, flags=re.DOTALL):
        assert script.strip() == ""
    addresses = re.findall(r"""(?:src|href)="([^"]+)\"""", page)
    assert addresses
    assert all(address.startswith("/") and not address.startswith("//") for address in addresses)
    styles = "".join(path.read_text(encoding="utf-8") for path in (STATIC / "assets").glob("*.css"))
    assert not re.search(r"url\(\s*['\"]?(?:https?:)?//", styles)
    assert "url(data:font" not in styles


def test_an_unchanged_build_leaves_the_files_alone_and_says_nothing() -> None:
    first = subprocess.run(BUILD, cwd=ROOT, check=True, capture_output=True, text=True, timeout=280)
    before = (STATIC / "index.html").stat().st_mtime_ns
    again = subprocess.run(BUILD, cwd=ROOT, check=True, capture_output=True, text=True, timeout=60)
    assert (again.stdout, again.stderr) == ("", ""), first.stdout
    assert (STATIC / "index.html").stat().st_mtime_ns == before


def test_the_lock_file_names_no_place_to_download_from() -> None:
    lock = (ROOT / "web" / "package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in lock
    manifest = (ROOT / "web" / "package.json").read_text(encoding="utf-8")
    versions = re.findall(
        r'^    "(?:@?[\w./-]+)": "([^"]+)"', manifest.split('"dependencies"', 1)[1], flags=re.MULTILINE
    )
    assert versions
    assert all(re.fullmatch(r"\d+\.\d+\.\d+(?:-\d+)?", version) for version in versions)
