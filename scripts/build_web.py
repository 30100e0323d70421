"""Build the front end into src/flatrender/host/static/ unless it was built from the same lock file and sources."""

import shutil
import sys

from web_command import LOCK_FILES, ROOT, WEB, WebToolError, digest, ensure_modules, run_npm

STATIC = ROOT / "src" / "flatrender" / "host" / "static"
STAMP = STATIC / ".built-from"
SOURCES = ("src", "public")
SINGLE_FILES = (*LOCK_FILES, "index.html", "vite.config.ts", "tsconfig.json", "postcss.config.mjs")
MUST_HAVE = ("index.html", "*.wasm", "*.js", "*.css", "*.woff2")


def sources_digest() -> str:
    """Return the hash of everything that the build reads."""
    files = [path for folder in SOURCES for path in (WEB / folder).rglob("*") if path.is_file()]
    files += [WEB / name for name in SINGLE_FILES if (WEB / name).is_file()]
    return digest(files)


def build() -> None:
    """Build, then swap the result in, so that a failed build leaves the old interface; raise WebToolError."""
    wanted = sources_digest()
    if STAMP.is_file() and STAMP.read_text() == wanted:
        return
    ensure_modules()
    print("building the web interface …", flush=True)
    made = WEB / "dist"
    if run_npm("run", "build", quiet=True):
        raise WebToolError("The web interface could not be built; the messages above say where.")
    absent = [pattern for pattern in MUST_HAVE if next(made.rglob(pattern), None) is None]
    if absent:
        raise WebToolError(f"The built web interface lacks {', '.join(absent)}.")
    (made / STAMP.name).write_text(wanted)
    shutil.rmtree(STATIC, ignore_errors=True)
    STATIC.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(made, STATIC)


def main() -> int:
    """Build when needed; return the exit code."""
    try:
        build()
    except WebToolError as error:
        print(str(error), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
