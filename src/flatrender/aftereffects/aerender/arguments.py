"""The arguments of `aerender`, written for the real one and read by the stand-in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import msgspec

_Reader = Callable[[str, Iterator[str]], dict[str, object]]
VERBOSITIES = ("ERRORS", "ERRORS_AND_PROGRESS")
CLOSINGS = ("DO_NOT_CLOSE", "DO_NOT_SAVE_CHANGES", "SAVE_CHANGES")


class UsageError(Exception):
    """The arguments cannot be understood. `exit_code` is what `aerender` ends with: 2 for a wrong flag, 3 for a wrong value."""

    def __init__(self, detail: str, exit_code: int) -> None:
        super().__init__(detail)
        self.exit_code = exit_code


class Arguments(msgspec.Struct, frozen=True, kw_only=True):
    """One call of `aerender`. What is None is left to the project."""

    project: str | None = None
    comp: str | None = None
    render_queue_index: int | None = None
    """From 1; renders this item of the project's render queue."""
    output: str | None = None
    output_template: str | None = None
    render_template: str | None = None
    render_settings: str | None = None
    output_settings: str | None = None
    first: int | None = None
    """First frame, counted as the composition counts them."""
    last: int | None = None
    """Last frame, included."""
    step: int = 1
    multi_frame: bool | None = None
    cpu_percent: int | None = None
    sound: bool | None = None
    close: str | None = None
    verbosity: str = "ERRORS_AND_PROGRESS"
    image_cache_percent: int | None = None
    memory_percent: int | None = None
    continue_on_missing: bool = False
    reuse: bool = False
    log: str | None = None
    script: str | None = None
    """`-r`: not After Effects' own flag; nexrender's changed installations take it."""
    asks_help: bool = False
    asks_version: bool = False


def command_line(arguments: Arguments) -> list[str]:
    """Return the arguments as the real `aerender` takes them, without the program."""
    line: list[str] = []
    texts = (
        ("-project", arguments.project),
        ("-comp", arguments.comp),
        ("-rqindex", arguments.render_queue_index),
        ("-output", arguments.output),
        ("-OMtemplate", arguments.output_template),
        ("-RStemplate", arguments.render_template),
        ("-renderSettings", arguments.render_settings),
        ("-outputSettings", arguments.output_settings),
        ("-s", arguments.first),
        ("-e", arguments.last),
        ("-i", arguments.step if arguments.step != 1 else None),
        ("-r", arguments.script),
    )
    for flag, value in texts:
        if value is not None:
            line += [flag, str(value)]
    if arguments.multi_frame is not None:
        line += ["-mfr", "ON" if arguments.multi_frame else "OFF", str(arguments.cpu_percent or 100)]
    if arguments.sound is not None:
        line += ["-sound", "ON" if arguments.sound else "OFF"]
    if arguments.image_cache_percent is not None:
        line += ["-mem_usage", str(arguments.image_cache_percent), str(arguments.memory_percent or 100)]
    if arguments.close is not None:
        line += ["-close", arguments.close]
    if arguments.log is not None:
        line += ["-log", arguments.log]
    line += ["-v", arguments.verbosity]
    line += ["-continueOnMissingFootage"] if arguments.continue_on_missing else []
    line += ["-reuse"] if arguments.reuse else []
    return line


def parse(words: Sequence[str]) -> Arguments:
    """Read a command line as the real `aerender` does. Raises UsageError."""
    given: dict[str, object] = {}
    rest = iter(words)
    for word in rest:
        flag = word.lower().removeprefix("-")
        if not word.startswith("-") or flag not in _READERS:
            raise UsageError(f"unrecognized flag: {word}", 2)
        given |= _READERS[flag](word, rest)
    if not words:
        given["asks_help"] = True
    return msgspec.convert(given, Arguments)


def _text(name: str) -> _Reader:
    return lambda flag, rest: {name: _next(flag, rest)}


def _number(name: str, least: int) -> _Reader:
    def read(flag: str, rest: Iterator[str]) -> dict[str, object]:
        return {name: _whole(flag, _next(flag, rest), least)}

    return read


def _switch(name: str) -> _Reader:
    return lambda _, __: {name: True}


def _on_off(name: str) -> _Reader:
    return lambda flag, rest: {name: _is_on(flag, _next(flag, rest))}


def _choice(name: str, choices: Sequence[str]) -> _Reader:
    def read(flag: str, rest: Iterator[str]) -> dict[str, object]:
        word = _next(flag, rest)
        if word not in choices:
            raise UsageError(f"{flag} takes one of {', '.join(choices)}, not {word}", 3)
        return {name: word}

    return read


def _multi_frame(flag: str, rest: Iterator[str]) -> dict[str, object]:
    return {"multi_frame": _is_on(flag, _next(flag, rest)), "cpu_percent": _whole(flag, _next(flag, rest), 1)}


def _memory(flag: str, rest: Iterator[str]) -> dict[str, object]:
    return {
        "image_cache_percent": _whole(flag, _next(flag, rest), 0),
        "memory_percent": _whole(flag, _next(flag, rest), 0),
    }


def _next(flag: str, rest: Iterator[str]) -> str:
    word = next(rest, None)
    if word is None:
        raise UsageError(f"{flag} needs a value", 3)
    return word


def _whole(flag: str, word: str, least: int) -> int:
    try:
        number = int(word)
    except ValueError:
        raise UsageError(f"{flag} takes a whole number, not {word}", 3) from None
    if number < least:
        raise UsageError(f"{flag} takes a number from {least}, not {number}", 3)
    return number


def _is_on(flag: str, word: str) -> bool:
    if word.upper() not in {"ON", "OFF"}:
        raise UsageError(f"{flag} takes ON or OFF, not {word}", 3)
    return word.upper() == "ON"


_READERS: dict[str, _Reader] = {
    "project": _text("project"),
    "comp": _text("comp"),
    "rqindex": _number("render_queue_index", 1),
    "output": _text("output"),
    "omtemplate": _text("output_template"),
    "rstemplate": _text("render_template"),
    "rendersettings": _text("render_settings"),
    "outputsettings": _text("output_settings"),
    "s": _number("first", 0),
    "e": _number("last", 0),
    "i": _number("step", 1),
    "mfr": _multi_frame,
    "sound": _on_off("sound"),
    "close": _choice("close", CLOSINGS),
    "v": _choice("verbosity", VERBOSITIES),
    "mem_usage": _memory,
    "continueonmissingfootage": _switch("continue_on_missing"),
    "reuse": _switch("reuse"),
    "log": _text("log"),
    "r": _text("script"),
    "help": _switch("asks_help"),
    "version": _switch("asks_version"),
}
