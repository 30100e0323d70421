"""The command: from arguments to a film, a log and an exit code."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from flatrender.aftereffects.aerender.arguments import Arguments, UsageError, parse
from flatrender.aftereffects.stand_in.log_lines import LANGUAGES, VERSION, Printer
from flatrender.aftereffects.stand_in.misbehaviour import (
    MISBEHAVIOURS,
    VARIABLE,
    Misbehaviour,
    hang,
    leave_process,
    read_misbehaviour,
)

_HELP = """flatrender-aerender: renders After Effects compositions without After Effects. Takes the arguments of aerender.

  -project PATH -comp NAME -output PATH     what to render and where to: .mov .mp4 .avi .gif, or pictures as name_[#####].png (.jpg, .tif)
  -rqindex N                                an item of the project's render queue; neither -comp nor this: the whole queue
  -s FRAME -e FRAME -i STEP                 first and last frame (included), every STEP-th; otherwise the work area
  -OMtemplate NAME                          with "alpha" in its name the film keeps its transparency; gives the ending that -output lacks
  -r SCRIPT                                 only a script that changes nothing, as nexrender gives with each job
  -log FILE -v ERRORS|ERRORS_AND_PROGRESS   where the log goes too, and how much of it there is
  -sound ON|OFF -mfr ON|OFF CPU% -mem_usage CACHE% MAX% -RStemplate NAME -renderSettings S -outputSettings S
  -close MODE -reuse -continueOnMissingFootage -help -version

What the open engine draws otherwise than After Effects is printed as a warning.
Exit codes: 0 done, 2 to 4 wrong arguments, 5 a script would have to run, 7 project, composition or output not found, 9 the render failed.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        arguments = parse(words)
        behaviour = read_misbehaviour(os.environ.get(VARIABLE, ""))
    except UsageError as error:
        sys.stdout.write(f"aerender ERROR: {error}\n")
        return error.exit_code
    except ValueError as error:
        sys.stdout.write(f"aerender ERROR: {error}\n")
        return 2
    if arguments.asks_help:
        lines = "\n".join(f"    {name:20} {what}" for name, what in MISBEHAVIOURS.items())
        sys.stdout.write(
            f"{_HELP}\nTo test a farm, set {VARIABLE} to names from this list, separated by commas:\n{lines}\n"
        )
        return 0
    if arguments.asks_version:
        sys.stdout.write(f"aerender version {VERSION}\n")
        return 0
    language = LANGUAGES.get(behaviour.wanted.get("language") or "de", LANGUAGES["de"])
    with contextlib.ExitStack() as stack:
        try:
            log = stack.enter_context(Path(arguments.log).open("wb")) if arguments.log else None
        except OSError as error:
            sys.stdout.write(f"aerender ERROR: the log cannot be written: {error.strerror}\n")
            return 3
        printer = Printer(
            language if behaviour.has("language") else LANGUAGES["en"], quiet=arguments.verbosity == "ERRORS", log=log
        )
        printer.split = behaviour.has("split_lines")
        return _render(arguments, behaviour, printer)


def _render(arguments: Arguments, behaviour: Misbehaviour, printer: Printer) -> int:
    if behaviour.has("hang_before_launch"):
        hang()
    if behaviour.has("orphan"):
        leave_process()
    printer.progress("Launching After Effects...")
    printer.progress("After Effects successfully launched")
    if behaviour.has("dialog"):
        leave_process()
        hang()
    if behaviour.has("hang_in_project"):
        hang()
    from flatrender.aftereffects.stand_in.render import Call, EndError  # noqa: PLC0415  # -help and -version answer at once

    try:
        Call(arguments, behaviour, printer).run()
    except EndError as end:
        return end.code
    return 0


if __name__ == "__main__":
    sys.exit(main())
