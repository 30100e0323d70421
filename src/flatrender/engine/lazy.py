"""Modules that are loaded when they are first used: what a command never needs must not delay its start."""

import importlib
from typing import Any


class LazyModule:
    """Stands for a module until one of its names is asked for; the names are then kept here."""

    def __init__(self, name: str) -> None:
        self._module_name = name

    def __getattr__(self, name: str) -> Any:
        """Return what the module calls `name`. Raises AttributeError and ImportError."""
        value = getattr(importlib.import_module(self._module_name), name)
        setattr(self, name, value)
        return value
