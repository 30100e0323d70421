"""The commands. Thin: parse, call, print. Everything heavy is imported inside the command that needs it."""

from flatrender.cli.app import main

__all__ = ["main"]
