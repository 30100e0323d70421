"""`python -m bench [NAME] [options]`: one of the benchmarks, or (as `make bench`) the speed against Remotion and the encoder."""

import compileall
import importlib
import sys
from pathlib import Path

_MODULES = {
    "speed": "bench.speed",
    "stages": "bench.stages",
    "fidelity": "bench.fidelity.__main__",
    "incremental": "bench.incremental",
    "robustness": "bench.robustness.table",
    "memory": "bench.memory",
    "farm": "bench.farm.__main__",
    "planning": "bench.planning",
}


def main() -> None:
    """Run the benchmark that the first argument names."""
    named = len(sys.argv) > 1 and sys.argv[1] in _MODULES
    name = sys.argv.pop(1) if named else "speed"
    # As every installer does: where Python is told not to write bytecode, each command would compile changed sources again.
    compileall.compile_dir(str(Path(__file__).resolve().parent.parent / "src" / "flatrender"), quiet=1)
    importlib.import_module(_MODULES[name]).main()


if __name__ == "__main__":
    main()
