"""Resolve the dependencies of pyproject.toml into requirements/*.lock: exact versions with hashes, for every platform, naming no index."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ROOT / "requirements"
COMPILE = [
    sys.executable,
    "-m",
    "uv",
    "pip",
    "compile",
    "--quiet",
    "--universal",
    "--python-version",
    "3.11",
    "--generate-hashes",
    "--no-emit-index-url",
    "--no-emit-find-links",
    "--no-header",
    "--no-annotate",
]


def main() -> int:
    """Write dev.lock and installer.lock; pass further arguments (such as --upgrade) through to the resolver."""
    extras = [f"--extra={name}" for name in ("server", "node", "traces", "dev")]
    subprocess.run(
        [*COMPILE, *extras, "pyproject.toml", "requirements/build.in", "-o", "requirements/dev.lock", *sys.argv[1:]],
        cwd=ROOT,
        check=True,
    )
    subprocess.run(
        [*COMPILE, "requirements/installer.in", "-o", "requirements/installer.lock", *sys.argv[1:]],
        cwd=ROOT,
        check=True,
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
