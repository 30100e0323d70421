"""nexrender's own server and worker render through `flatrender-aerender`: a client that we did not write."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image
from py_aep import ImportOptions

from tests.aftereffects.making import add_comp, moving_square, new_project

HERE = Path(__file__).parent
FRAMES = 12
JOB_S = 120.0
SECRET = "between the server and its worker"

pytestmark = [pytest.mark.xdist_group("nexrender"), pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed")
    folder = tmp_path_factory.mktemp("packages")
    for name in ("package.json", "package-lock.json", ".npmrc", "system.cjs"):
        shutil.copyfile(HERE / name, folder / name)
    done = subprocess.run([npm, "ci", "--ignore-scripts"], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"nexrender could not be installed: {done.stderr.strip().splitlines()[-1:]}")
    return folder


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that looks like After Effects to nexrender: the program and the script beside it that nexrender replaces with its own."""
    folder = tmp_path_factory.mktemp("programs") / "Adobe After Effects 2024"
    startup = folder / "Scripts" / "Startup"
    startup.mkdir(parents=True)
    (startup / "commandLineRenderer.jsx").write_text("// After Effects' own\n")
    program = folder / "aerender"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m flatrender.aftereffects.stand_in.command "$@"\n')
    program.chmod(0o755)
    return program


class Farm:
    """A server with one worker."""

    def __init__(self, port: int, log: Path) -> None:
        self.port, self.log = port, log

    def call(self, method: str, path: str, body: object = None) -> Any:
        request = urllib.request.Request(  # our own server
            f"http://127.0.0.1:{self.port}/api/v1/{path}",
            method=method,
            data=json.dumps(body).encode() if body is not None else None,
            headers={"Content-Type": "application/json", "nexrender-secret": SECRET},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310  # our own server
            return json.load(answer)

    def run(self, job: dict[str, object]) -> dict[str, Any]:
        uid = self.call("POST", "jobs", job)["uid"]
        until = time.monotonic() + JOB_S
        while time.monotonic() < until:
            found: dict[str, Any] = self.call("GET", f"jobs/{uid}")
            if found["state"] in {"finished", "error"}:
                return found
            time.sleep(0.2)
        pytest.fail(f"the job is {found['state']} after {JOB_S:.0f} s: {self.log.read_text()[-2000:]}")


@pytest.fixture(scope="module")
def farm(packages: Path, installation: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    home = tmp_path_factory.mktemp("home")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    modules = packages / "node_modules" / "@nexrender"
    log = home / "log.txt"
    environment = {
        **os.environ,
        "HOME": str(home),
        "NEXRENDER_DATABASE": str(home / "database.json"),
        "NEXRENDER_ENABLE_AELOG_PROJECT_FOLDER": "true",
        "FLATRENDER_AERENDER_MISBEHAVE": "",
    }
    node = shutil.which("node") or "node"
    server = [node, str(modules / "server" / "src" / "bin.js"), "--port", str(port), "--secret", SECRET]
    worker = [node, "--require", str(packages / "system.cjs"), str(modules / "worker" / "src" / "bin.js")]
    worker += ["--host", f"http://127.0.0.1:{port}", "--binary", str(installation), "--workpath", str(home / "work")]
    worker += ["--no-license", "--skip-cleanup", "--polling", "200", "--stop-on-error", "false", "--secret", SECRET]
    with log.open("wb") as out:
        started = [subprocess.Popen(server, cwd=home, env=environment, stdout=out, stderr=out)]
        try:
            _wait_for(port)
            started.append(subprocess.Popen(worker, cwd=home, env=environment, stdout=out, stderr=out))
            yield Farm(port, log)
        finally:
            for process in started:
                process.kill()
                process.wait()


def _wait_for(port: int) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("nexrender's server did not start")


def pictures(film: Path) -> list[Image.Image]:
    with av.open(str(film)) as container:
        return [frame.to_image() for frame in container.decode(video=0)]


def test_its_worker_renders_a_job_and_reports_it_finished_with_a_playable_film(farm, tmp_path):
    project = moving_square(tmp_path, frames=FRAMES).rename(tmp_path / "template.aep")
    job = farm.run(
        {
            "template": {
                "src": project.as_uri(),
                "name": "template.aep",
                "composition": "Main",
                "outputExt": "mp4",
                "outputModule": "H.264",
            }
        }
    )
    assert job["state"] == "finished", farm.log.read_text()[-3000:]
    shown = pictures(Path(job["output"]))
    assert len(shown) == FRAMES
    red, green, blue = shown[0].convert("RGB").getpixel((10, 32))
    assert red > 200
    assert max(green, blue) < 60
    assert "rendering progress" in farm.log.read_text()


def test_a_file_that_a_job_brings_takes_the_place_of_the_template_s_picture(farm, tmp_path):
    for folder, color in (("template", "blue"), ("wanted", "lime")):
        (tmp_path / folder).mkdir()
        photo = Image.new("RGB", (96, 64), "black")
        photo.paste(color, (24, 16, 72, 48))
        photo.save(tmp_path / folder / "photo.png")
    project = new_project()
    comp = add_comp(project, seconds=FRAMES / 25)
    comp.add(project.import_file(ImportOptions(tmp_path / "template" / "photo.png")))
    path = tmp_path / "template" / "photo.aep"
    project.save(path)
    job = farm.run(
        {
            "template": {"src": path.as_uri(), "name": "template.aep", "composition": "Main", "outputExt": "mp4"},
            "assets": [{"type": "static", "src": (tmp_path / "wanted" / "photo.png").as_uri(), "name": "photo.png"}],
        }
    )
    assert job["state"] == "finished", farm.log.read_text()[-3000:]
    red, green, blue = pictures(Path(job["output"]))[0].convert("RGB").getpixel((48, 32))
    assert green > 200
    assert max(red, blue) < 60


def test_a_composition_that_is_not_there_is_reported_as_an_error(farm, tmp_path):
    project = moving_square(tmp_path, frames=FRAMES).rename(tmp_path / "template.aep")
    job = farm.run(
        {"template": {"src": project.as_uri(), "name": "template.aep", "composition": "Absent", "outputExt": "mp4"}}
    )
    assert job["state"] == "error"
    assert "No comp was found with the given name." in farm.log.read_text()
