"""Make a virtual environment that holds exactly the locked dependencies and this project, editable.

Runs on the machine's own Python (3.11 or newer) with the standard library only. An unchanged lock costs nothing; a failed
installation leaves no stamp, so the next call tries again.
"""

import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """Create or bring up to date the environment named by the first argument; return the exit code."""
    if sys.version_info < (3, 11):
        print(
            f"Python 3.11 or newer is needed; this is {sys.version.split()[0]}. Set PYTHON=… to a newer one.",
            file=sys.stderr,
        )
        return 2
    target = (ROOT / (sys.argv[1] if len(sys.argv) > 1 else ".venv")).resolve()
    python = target / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not python.exists():
        print(f"making {target.name} …", flush=True)
        venv.EnvBuilder(with_pip=True).create(target)
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    steps = (
        [*pip, "--require-hashes", "-r", str(ROOT / "requirements" / "installer.lock")],
        [
            str(python),
            "-m",
            "uv",
            "pip",
            "sync",
            "--quiet",
            "--compile-bytecode",
            "--python",
            str(python),
            "--require-hashes",
            str(ROOT / "requirements" / "dev.lock"),
        ],
        [
            str(python),
            "-m",
            "uv",
            "pip",
            "install",
            "--quiet",
            "--python",
            str(python),
            "--no-deps",
            "--no-build-isolation",
            "--editable",
            str(ROOT),
        ],
        # Python is often told not to write bytecode, and would then compile thousands of lines at each start of a command.
        [str(python), "-m", "compileall", "-q", str(ROOT / "src")],
    )
    print("installing the locked dependencies …", flush=True)
    for step in steps:
        done = subprocess.run(step, cwd=ROOT, check=False)
        if done.returncode:
            print(f"installation failed: {' '.join(step[1:4])} ended with {done.returncode}", file=sys.stderr)
            return 1
    (target / ".installed").touch()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
