"""The process that evaluates: it reads what the expressions belong to on standard input and writes what they give to standard output."""

import sys
from importlib import resources

from flatrender.engine.child import limit_memory
from flatrender.engine.expressions.kinds import AFTER_EFFECTS, LOTTIE

if sys.platform != "win32":
    import resource

SECONDS = 10
"""Processor time for all expressions together."""
_MEMORY_BYTES = 1 << 30
_SCRIPT_BYTES = 512 << 20
_STACK_BYTES = 4 << 20
_ANSWER_CHARACTERS = 32 << 20


def main() -> None:
    """Evaluate what standard input describes; the only argument says which it is."""
    import quickjs  # noqa: PLC0415  # only the child needs it

    kind = LOTTIE if sys.argv[1:] == [LOTTIE] else AFTER_EFFECTS
    limit_memory(_MEMORY_BYTES)
    if sys.platform != "win32":
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS + 2, SECONDS + 2))
    context = quickjs.Context()
    context.set_memory_limit(_SCRIPT_BYTES)
    context.set_max_stack_size(_STACK_BYTES)
    context.set_time_limit(SECONDS)
    here = resources.files("flatrender.engine.expressions")
    sources = [here.joinpath(f"{name}.js").read_text("utf-8") for name in ("language", kind)]
    doors = "return [load, answer];" if kind == AFTER_EFFECTS else "return [loadLottie, bake];"
    # In a function of its own, so that no expression sees the language's inside.
    context.eval("var [flatrender_load, flatrender_answer] = (function () {\n" + "\n".join([*sources, doors]) + "})();")
    context.get("flatrender_load")(sys.stdin.read())
    limits = [] if kind == AFTER_EFFECTS else [_ANSWER_CHARACTERS]
    sys.stdout.write(context.get("flatrender_answer")(*limits))


if __name__ == "__main__":
    main()
