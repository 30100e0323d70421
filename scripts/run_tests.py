"""Run every test: the front end's own, then Python's in two processes. Arguments go to pytest (`make test` passes none)."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

from system_tools import install_missing  # noqa: E402 - a neighbour, found by the line above


def main() -> int:
    """Return 0 when everything passed."""
    has_chromium = install_missing()
    if not has_chromium:
        print(
            "no Chromium found: the browser tests will be skipped (install one, or set FLATRENDER_CHROMIUM)",
            file=sys.stderr,
        )
        if os.environ.get("CI"):
            return 1
    arguments = sys.argv[1:]
    if not arguments:
        web = subprocess.run([sys.executable, str(ROOT / "scripts" / "web_command.py"), "test"], cwd=ROOT, check=False)
        if web.returncode:
            return web.returncode
    command = [sys.executable, "-m", "pytest", "-n", "2", "--durations", "12", *arguments]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main())
