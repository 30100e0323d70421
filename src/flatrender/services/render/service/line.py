"""The line of waiting claims: a ring wakes the first, not everybody, and whoever gets something wakes the next.

With a hundred idle nodes one new chunk costs two looks at the queue instead of a hundred, and a film of a hundred chunks still wakes them all.
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from flatrender.kit.db import Bell, Bells

AT_ONCE = 4
"""Most waiting claims of one line that look at the queue at the same time: as many as there are connections for it."""
STEP = 2
"""How many a ring, or a claim that got something, wakes."""


class _LineBell(Bell):
    def __init__(self, line: "Line") -> None:
        super().__init__()
        self._line = line

    def ring(self) -> None:
        self._line.rung()


class Place:
    """One waiting claim's place."""

    def __init__(self, line: "Line") -> None:
        self._line = line
        self.called = False
        self.looked_for = line.news
        """The news that it has looked for, or does now."""
        self.turn = asyncio.Event()

    async def wait(self, timeout_s: float) -> bool:
        """Wait for the turn; return whether it is time to look: it came, or nobody in the line has looked for `recheck_s`."""
        try:
            await asyncio.wait_for(self.turn.wait(), timeout_s)
        except TimeoutError:
            return self._line.takes_recheck()
        return True

    def looked(self, *, found: bool, others_may: bool) -> None:
        """Say what the look gave: something, nothing for this node, or nothing for anybody."""
        self._line.looked(self, found=found, others_may=others_may)


class Line:
    """The claims of this process that wait for one kind of work, in the order in which they came."""

    def __init__(self, bells: Bells, recheck_s: float) -> None:
        self._bells = bells
        self._recheck_s = recheck_s
        self._places: dict[Place, None] = {}
        self._looking = 0
        self._looked_at = 0.0
        self.news = 0
        """Rises with every ring and with every claim that got something: nobody is woken twice for the same."""

    def __len__(self) -> int:
        return len(self._places)

    @contextmanager
    def stand(self) -> Iterator[Place]:
        """Take the last place; who leaves without having looked passes the turn on."""
        place = Place(self)
        self._places[place] = None
        try:
            yield place
        finally:
            del self._places[place]
            if place.called:
                # It leaves without having looked.
                self._end_turn(place)
                self._wake(1)

    def rung(self) -> None:
        """Something new may be there."""
        if self._bells.closing:
            for place in self._places:
                place.turn.set()
            return
        self.news += 1
        self._wake(STEP)

    def looked(self, place: Place | None, *, found: bool, others_may: bool) -> None:
        """Somebody looked, standing in the line (`place`) or before: wake the next when there may be more."""
        was_for = self.news if place is None else place.looked_for
        if place is not None:
            self._end_turn(place)
        if found:
            self.news += 1
            self._wake(STEP)
        elif others_may or was_for < self.news:
            # The queue may have been read before what was rung for meanwhile.
            self._wake(1)
        else:
            self._looked_at = time.monotonic()

    def takes_recheck(self) -> bool:
        """Return whether nobody found the queue empty within `recheck_s`, as a ring may have been lost; whoever asks first then looks for all."""
        now = time.monotonic()
        if now - self._looked_at < self._recheck_s:
            return False
        self._looked_at = now
        return True

    def _end_turn(self, place: Place) -> None:
        if place.called:
            place.called = False
            place.turn.clear()
            self._looking -= 1

    def _wake(self, most: int) -> None:
        for place in self._places:
            if most == 0 or self._looking >= AT_ONCE:
                return
            if not place.called and place.looked_for < self.news:
                place.called = True
                place.looked_for = self.news
                place.turn.set()
                self._looking += 1
                most -= 1


class Lines:
    """The lines of this process by the bell that they hear; there are as many as pools."""

    def __init__(self, bells: Bells, recheck_s: float) -> None:
        self._bells = bells
        self._recheck_s = recheck_s
        self._lines: dict[str, tuple[Line, ExitStack]] = {}

    @contextmanager
    def stand(self, key: str) -> Iterator[Place]:
        """Take the last place of the line that hears `key`. Look at the queue only after this."""
        if key not in self._lines:
            line = Line(self._bells, self._recheck_s)
            hearing = ExitStack()
            hearing.enter_context(self._bells.hear(key, bell=_LineBell(line)))
            self._lines[key] = line, hearing
        line, hearing = self._lines[key]
        try:
            with line.stand() as place:
                yield place
        finally:
            if not len(line) and self._lines.get(key, (None,))[0] is line:
                del self._lines[key]
                hearing.close()

    def found(self, key: str) -> None:
        """Somebody who did not stand in the line got something: there may be more."""
        if key in self._lines:
            self._lines[key][0].looked(None, found=True, others_may=False)
