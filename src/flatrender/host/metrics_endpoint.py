"""`GET /metrics` of this process, on a port of its own: never on the one that people reach."""

import asyncio
import hmac
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import structlog
from aiohttp import web
from prometheus_client.exposition import choose_encoder

from flatrender.kit import metrics

log = structlog.get_logger(__name__)

FRESH_S = 5.0
"""How long figures that were read from the database are shown again, so that many scrapes ask it no more than one."""
MEASURE_S = 5.0
"""How long a scrape waits for them."""
Measure = Callable[[], Awaitable[None]]
Health = Callable[[], Awaitable[dict[str, Any]]]


class MetricsEndpoint:
    """Answers Prometheus. `measure` brings figures up to date that nobody counts while they change (queues, pools)."""

    def __init__(self, *, host: str, port: int, token: str | None, measure: Measure, health: Health) -> None:
        self._host = host
        self._port = port
        self._token = token
        self._measure = measure
        self._health = health
        self._measured = float("-inf")
        self._lock = asyncio.Lock()
        self.port = port
        """Where it listens, once it does."""

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Listen while the block runs. Raises OSError when the port is taken."""
        app = web.Application()
        app.router.add_get("/metrics", self._answer)
        app.router.add_get("/healthz", self._alive)
        app.router.add_get("/readyz", self._ready)
        runner = web.AppRunner(app, handle_signals=False, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        try:
            site = web.TCPSite(runner, self._host, self._port)
            await site.start()
            self.port = runner.addresses[0][1]
            log.info("metrics_listening", host=self._host, port=self.port)
            yield
        finally:
            await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        if self._token is not None:
            given = request.headers.get("Authorization", "")
            if not hmac.compare_digest(given.encode(), f"Bearer {self._token}".encode()):
                return web.Response(status=401, text="send the token of FLATRENDER_METRICS_TOKEN as a bearer token\n")
        await self._bring_up_to_date()
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        body = encode(metrics.registry())
        return web.Response(body=body, headers={"Content-Type": content_type})

    async def _bring_up_to_date(self) -> None:
        async with self._lock:
            if time.monotonic() - self._measured < FRESH_S:
                return
            try:
                async with asyncio.timeout(MEASURE_S):
                    await self._measure()
                    metrics.READY.set(1 if (await self._health())["ready"] else 0)
            except TimeoutError:
                metrics.MEASURE_FAILURES.labels("process").inc()
                metrics.READY.set(0)
            self._measured = time.monotonic()

    async def _alive(self, _: web.Request) -> web.Response:
        return web.json_response({"status": "alive"})

    async def _ready(self, _: web.Request) -> web.Response:
        found = await self._health()
        return web.json_response(found, status=200 if found["ready"] else 503)
