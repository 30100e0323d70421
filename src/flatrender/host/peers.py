"""A contract's place: filled with the implementation of this process or with a remote one, once every service is built.

Services may need each other in a circle (studio asks render for films, render asks studio for titles); each is given a place at construction.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from flatrender.kit.db import assert_no_transaction

Contract = TypeVar("Contract")


class _Place:
    """Forwards every method to what was put here; refuses to be called inside a database transaction, as a remote peer would."""

    def __init__(self, service: str) -> None:
        self._service = service
        self._implementation: object | None = None

    def fill(self, implementation: object) -> None:
        self._implementation = implementation

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_") or self._implementation is None:
            raise AttributeError(f"{self._service}.{name}")
        assert_no_transaction(f"{self._service}.{name}")
        return cast("Callable[..., Any]", getattr(self._implementation, name))


def place(service: str, contract: type[Contract]) -> Contract:  # noqa: ARG001 - the contract types the result
    """Return an empty place for the contract of `service`."""
    return cast("Contract", _Place(service))


def fill(where: object, implementation: object) -> None:
    """Put the implementation into a place made by `place`."""
    if not isinstance(where, _Place):
        raise TypeError("not a place made by peers.place")
    where.fill(implementation)
