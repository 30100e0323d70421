"""The line of waiting claims, with a queue that is a number."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from flatrender.kit.db import Bell
from flatrender.services.render.service.line import AT_ONCE, Lines

pytestmark = pytest.mark.asyncio


class Belfry:
    """`Bells` without a database."""

    def __init__(self) -> None:
        self.closing = False
        self.bells: dict[str, Bell] = {}

    @contextmanager
    def hear(self, key: str, bell: Bell) -> Iterator[Bell]:
        self.bells[key] = bell
        yield bell
        del self.bells[key]

    def ring(self, key: str = "q") -> None:
        if key in self.bells:
            self.bells[key].ring()


class Waiters:
    """Claims that wait for a piece of a queue."""

    def __init__(self, number: int, *, recheck_s: float = 60.0) -> None:
        self.belfry = Belfry()
        self.lines = Lines(self.belfry, recheck_s)  # type: ignore[arg-type]
        self.queued = 0
        self.looks = 0
        self.at_once = 0
        self.most_at_once = 0
        self.look_s = 0.001
        self.gone: set[int] = set()
        self.refused: set[int] = set()
        """Who gets nothing although there is something."""
        self.served: list[int] = []
        self.tasks = [asyncio.create_task(self._wait(one)) for one in range(number)]

    async def _wait(self, one: int) -> None:
        with self.lines.stand("q") as place:
            is_turn = True
            while one not in self.gone:
                if is_turn:
                    found, others_may = await self._look(one)
                    place.looked(found=found, others_may=others_may)
                    if found:
                        self.served.append(one)
                        return
                if self.belfry.closing:
                    return
                is_turn = await place.wait(0.5)

    async def _look(self, one: int) -> tuple[bool, bool]:
        self.looks += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        there = self.queued
        await asyncio.sleep(self.look_s)
        self.at_once -= 1
        if one in self.refused:
            return False, there > 0
        if self.queued == 0 or there == 0:
            return False, False
        self.queued -= 1
        return True, False

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not true():
                await asyncio.sleep(0.002)

    async def settle(self) -> None:
        """Wait until nobody looks any more."""
        for _ in range(20):
            before = self.looks
            await asyncio.sleep(0.01)
            if self.looks == before and self.at_once == 0:
                return

    async def end(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        assert self.belfry.bells == {}


async def standing(number: int, **more: float) -> Waiters:
    waiters = Waiters(number, **more)
    await waiters.until(lambda: waiters.looks == number)
    await waiters.settle()
    waiters.looks = waiters.most_at_once = 0
    return waiters


async def test_one_new_piece_wakes_few_of_a_hundred_and_the_one_who_has_waited_longest_gets_it() -> None:
    waiters = await standing(100)
    waiters.queued = 1
    waiters.belfry.ring()
    await waiters.until(lambda: waiters.served == [0])
    await waiters.settle()
    assert waiters.looks <= 6
    await waiters.end()


async def test_a_hundred_new_pieces_wake_everybody_a_few_at_a_time() -> None:
    waiters = await standing(100)
    waiters.queued = 100
    waiters.belfry.ring()
    await waiters.until(lambda: len(waiters.served) == 100)
    assert waiters.most_at_once <= AT_ONCE
    assert waiters.looks == 100
    await waiters.end()


async def test_a_piece_that_the_first_may_not_have_finds_its_way_to_one_who_may_and_nobody_looks_twice() -> None:
    waiters = await standing(10)
    waiters.refused = set(range(9))
    waiters.queued = 1
    waiters.belfry.ring()
    await waiters.until(lambda: waiters.served == [9])
    await waiters.settle()
    assert waiters.looks <= 20
    waiters.refused = set(range(10))
    waiters.queued, waiters.looks = 1, 0
    waiters.belfry.ring()
    await waiters.settle()
    assert waiters.looks == 9, "each of those who still wait, once"
    await waiters.end()


async def test_a_ring_during_a_look_is_not_lost() -> None:
    waiters = await standing(1)
    waiters.look_s = 0.2
    waiters.belfry.ring()
    await waiters.until(lambda: waiters.at_once == 1)
    waiters.queued = 1
    waiters.belfry.ring()
    await waiters.until(lambda: waiters.served == [0])
    await waiters.end()


async def test_who_has_gone_passes_the_turn_on() -> None:
    waiters = await standing(6)
    waiters.gone = {0, 1, 2, 3}
    waiters.queued = 2
    waiters.belfry.ring()
    await waiters.until(lambda: sorted(waiters.served) == [4, 5])
    await waiters.end()


async def test_without_a_ring_one_looks_again_for_all() -> None:
    waiters = await standing(20, recheck_s=0.4)
    await asyncio.sleep(1.2)
    assert 1 <= waiters.looks <= 6
    waiters.queued = 20
    await waiters.until(lambda: len(waiters.served) == 20)
    await waiters.end()


async def test_everybody_leaves_when_the_bells_close() -> None:
    waiters = await standing(5)
    waiters.belfry.closing = True
    waiters.belfry.ring()
    async with asyncio.timeout(5):
        await asyncio.gather(*waiters.tasks)
    assert waiters.belfry.bells == {}
