"""The settings of a command: the environment's, with what the command line says on top."""

from typing import Any

from flatrender.cli.errors import fail
from flatrender.host.settings import Settings


def read_settings(**given: Any) -> Settings:
    """Return the settings; a wrong value ends the command with one line and exit code 2."""
    from pydantic import ValidationError

    try:
        settings = Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        fail(f"setting {'.'.join(str(part) for part in first['loc'])}: {first['msg']}", 2)
    return settings
