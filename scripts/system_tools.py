"""What the tests use of the system beside Python.

A Chromium, a PostgreSQL 15 to compare the embedded one with, an S3-compatible object store (OpenStack Swift), and for text HarfBuzz's own
programs, Noto fonts and Unicode's data.

All are found where they are; as root on a Debian-like system they are installed with apt. Without them the tests that need them are
skipped with the reason (in CI a missing Chromium is an error).
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
POSTGRESQL_15 = Path("/usr/lib/postgresql/15/bin/postgres")
TEXT_PACKAGES = {
    "libharfbuzz-bin": Path("/usr/bin/hb-view"),
    "fonts-noto-core": Path("/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf"),
    "unicode-data": Path("/usr/share/unicode/BidiCharacterTest.txt"),
}
SWIFT = Path("/usr/lib/python3/dist-packages/swift")
APT_TIMEOUT_S = 600


def find_chromium() -> str | None:
    """Return the path of a Chromium, `FLATRENDER_CHROMIUM` first."""
    return os.environ.get("FLATRENDER_CHROMIUM") or next(
        (found for name in CHROMIUM_NAMES if (found := shutil.which(name))), None
    )


def install_missing() -> bool:
    """Install with apt what is missing, where that is possible; return whether a Chromium is there."""
    missing = []
    if find_chromium() is None:
        missing.append("chromium")
    if not POSTGRESQL_15.exists():
        missing.append("postgresql-15")
    if not SWIFT.exists():
        missing.append("python3-swift")
    missing += [package for package, file in TEXT_PACKAGES.items() if not file.exists()]
    if missing and hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        print(f"installing {', '.join(missing)} …", flush=True)
        for step in (["apt-get", "update", "-qq"], *(["apt-get", "install", "-y", "-qq", name] for name in missing)):
            try:
                done = subprocess.run(
                    step, env=environment, capture_output=True, text=True, timeout=APT_TIMEOUT_S, check=False
                )
            except subprocess.TimeoutExpired:
                print(f"{' '.join(step)} took longer than {APT_TIMEOUT_S} s", file=sys.stderr)
                break
            if done.returncode:
                print(f"{' '.join(step)} failed: {done.stderr.strip()[-300:]}", file=sys.stderr)
    return find_chromium() is not None
