"""Where events go: to the handlers of this process and, when services are apart, to every peer."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

import aiohttp
import msgspec

from flatrender.kit.db import Event, EventHandler
from flatrender.kit.errors import Unavailable
from flatrender.kit.module import ServiceModule
from flatrender.kit.rpc import CONTENT_TYPE, ServiceKeys

PEER_TIMEOUT_S = 10.0


class EventBus:
    """Delivers one event to everyone who acts on it; raises when one of them fails, so that it is delivered again (handlers dedupe)."""

    def __init__(self, peers: Mapping[str, str], keys: ServiceKeys) -> None:
        self._handlers: dict[str, list[EventHandler]] = defaultdict(list)
        self._peers = peers
        self._keys = keys
        self._http: aiohttp.ClientSession | None = None

    def open(self, http: aiohttp.ClientSession) -> None:
        """Give the connection over which peers are reached."""
        self._http = http

    def subscribe(self, modules: Iterable[ServiceModule]) -> None:
        """Take the handlers of the services that run here."""
        for module in modules:
            for event_type, handler in module.handlers.items():
                self._handlers[event_type].append(handler)

    async def deliver_here(self, event: Event) -> None:
        """Call the handlers of this process."""
        for handler in self._handlers.get(event.type, ()):
            await handler(event)

    async def deliver(self, event: Event) -> None:
        """Deliver to this process and to every peer."""
        await self.deliver_here(event)
        for service, base_url in self._peers.items():
            await self._post(service, base_url, msgspec.msgpack.encode(event))

    async def _post(self, service: str, base_url: str, body: bytes) -> None:
        if self._http is None:
            raise Unavailable("events cannot reach peers before the host is open")
        headers = {
            "Authorization": f"Bearer {self._keys.body_token(service, 'events', body)}",
            "Content-Type": CONTENT_TYPE,
        }
        timeout = aiohttp.ClientTimeout(total=PEER_TIMEOUT_S, connect=2)
        try:
            async with self._http.post(
                f"{base_url}/rpc/{service}/events", data=body, headers=headers, timeout=timeout
            ) as response:
                if response.status != 200:
                    raise Unavailable(
                        f"the {service} service did not take the event ({response.status})", code="peer_unavailable"
                    )
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Unavailable(f"the {service} service does not answer", code="peer_unavailable") from error
