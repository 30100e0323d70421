"""The process that evaluates: it reads a composition on standard input and writes the values to standard output."""

import sys
from importlib import resources

import quickjs

if sys.platform != "win32":
    import resource

_MEMORY_BYTES = 1 << 30
_SCRIPT_BYTES = 512 << 20
_STACK_BYTES = 4 << 20
SECONDS = 8
"""For all expressions of a composition."""


def main() -> None:
    """Evaluate what standard input describes."""
    if sys.platform != "win32":
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES if hard < 0 else min(_MEMORY_BYTES, hard), hard))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS + 4, SECONDS + 4))
    context = quickjs.Context()
    context.set_memory_limit(_SCRIPT_BYTES)
    context.set_max_stack_size(_STACK_BYTES)
    context.set_time_limit(SECONDS + 2)
    context.eval(resources.files("flatrender.aftereffects.expressions").joinpath("language.js").read_text("utf-8"))
    context.get("load")(sys.stdin.read())
    sys.stdout.write(context.get("answer")(SECONDS * 1000))


if __name__ == "__main__":
    main()
