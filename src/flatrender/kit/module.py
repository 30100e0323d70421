"""What the host needs of a service, whichever it is."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter

from flatrender.kit.db import Database, EventHandler

Background = Callable[[asyncio.Event], Coroutine[Any, Any, None]]
"""Runs until the event is set."""


@dataclass(frozen=True, kw_only=True)
class ServiceModule:
    """One service, put together: the host mounts its routers, serves its contract, delivers events to it and runs its loops."""

    name: str
    """`identity`, `content`, `studio`, `render`, `files` or `notification`."""
    schema: str
    """The service's schema in the database."""
    database: Database
    contract: type
    """The Protocol of `contracts.<name>`."""
    api: Any
    """The implementation of the contract in this process."""
    routers: tuple[APIRouter, ...] = ()
    """Routes for people and their programs, below `/v1` (and the few public ones)."""
    internal_routers: tuple[APIRouter, ...] = ()
    """Routes for nodes, below `/internal`."""
    handlers: Mapping[str, EventHandler] = field(default_factory=dict)
    """Event type → what this service does about it (its own or others' events). Delivered at least once."""
    background: tuple[Background, ...] = ()
    """Loops of the service: schedules, sweeps."""
    open: Callable[[], Awaitable[None]] | None = None
    """Called after the pools are open and before the first request."""
    close: Callable[[], Awaitable[None]] | None = None
    measure: Callable[[], Awaitable[None]] | None = None
    """Brings the service's gauges up to date before they are read; raises `Unavailable` where the database does not answer."""
