"""A workflow whose steps leave rows, and a process that runs it: `python workflow_process.py WORKFLOW_DSN ROWS_DSN EXECUTOR`.

Each try of a step adds a row to `public.tries` before it works; what a finished step left is in `public.effects`, once whatever the tries.
"""

import asyncio
import secrets
import signal
import sys
from dataclasses import dataclass, field
from typing import Any

from flatrender.kit.db import Database
from flatrender.kit.workflows import Json, Run, Workflows

BEAT_S, DEAD_S = 0.3, 3.0
TABLES = """
CREATE TABLE public.tries (workflow text NOT NULL, step text NOT NULL, executor text NOT NULL);
CREATE TABLE public.effects (workflow text NOT NULL, step text NOT NULL, note text NOT NULL, PRIMARY KEY (workflow, step));
CREATE TABLE public.gates (workflow text PRIMARY KEY);
"""


@dataclass
class Steps:
    """The bodies of the workflows and their steps, on `rows`. A gate is closed until its workflow has a row in `public.gates`."""

    rows: Database
    executor: str
    finished: list[tuple[str, str]] = field(default_factory=list)
    """(workflow, step) for each time that a step came to its end here."""

    async def relay(self, run: Run, arguments: dict[str, Json]) -> None:
        """Three steps: the first draws a random word, the second waits at the gate, the third keeps the word."""
        word = await run.step("draw", self.draw, run.workflow_id)
        await run.step("wait", self.wait, run.workflow_id)
        await run.step("keep", self.keep, run.workflow_id, "keep", word)

    async def many(self, run: Run, arguments: dict[str, Json]) -> None:
        """Steps `0`, `1`, … `arguments["steps"]` of them, some 50 ms each."""
        for number in range(arguments["steps"]):
            await run.step(str(number), self.keep, run.workflow_id, str(number), "done")
            await run.sleep(0.05)

    async def draw(self, workflow: str) -> str:
        word = secrets.token_hex(8)
        await self.keep(workflow, "draw", word)
        return word

    async def wait(self, workflow: str) -> None:
        await self._try(workflow, "wait")
        opened = False
        while not opened:
            await asyncio.sleep(0.05)
            async with self.rows.worker() as conn:
                found = await conn.execute("SELECT FROM public.gates WHERE workflow = %s", (workflow,))
                opened = await found.fetchone() is not None
        self.finished.append((workflow, "wait"))

    async def keep(self, workflow: str, step: str, note: str) -> None:
        await self._try(workflow, step)
        async with self.rows.worker() as conn:
            await conn.execute(
                "INSERT INTO public.effects VALUES (%s, %s, %s) ON CONFLICT DO NOTHING", (workflow, step, note)
            )
        self.finished.append((workflow, step))

    async def _try(self, workflow: str, step: str) -> None:
        async with self.rows.worker() as conn:
            await conn.execute("INSERT INTO public.tries VALUES (%s, %s, %s)", (workflow, step, self.executor))


def executor(workflow_dsn: str, executor_id: str, steps: Steps, **options: Any) -> Workflows:
    """Return an executor that notices a dead one within some three seconds."""
    times = {"poll_s": 0.1, "heartbeat_s": BEAT_S, "dead_after_s": DEAD_S}
    workflows = Workflows(workflow_dsn, executor_id=executor_id, **{**times, **options})
    workflows.register("relay", steps.relay)
    workflows.register("many", steps.many)
    return workflows


async def _main(workflow_dsn: str, rows_dsn: str, executor_id: str) -> None:
    rows = Database("rows", rows_dsn, rows_dsn, max_size=1, worker_max_size=2)
    await rows.open()
    workflows = executor(workflow_dsn, executor_id, Steps(rows, executor_id))
    await workflows.open()
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    await asyncio.wait_for(stopped.wait(), 600)
    await workflows.close()


if __name__ == "__main__":
    asyncio.run(_main(*sys.argv[1:]))
