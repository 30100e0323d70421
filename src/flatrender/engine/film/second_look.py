"""Are suspicious frames wrong? They are drawn again, small, and compared: `python -m flatrender.engine.film.second_look <order>` (msgpack in a file).

A process of its own, so that who asks never draws. The answer goes to standard output (msgpack): of each question the frames that are wrong.
"""

import sys
from pathlib import Path

import msgspec
import numpy as np
from PIL import Image

from flatrender.engine.clips.model import ClipFile
from flatrender.engine.errors import EngineError
from flatrender.engine.film.compare import Finding, Order, Question
from flatrender.engine.film.plan import lottie_frames
from flatrender.engine.film.settings import FilmSettings
from flatrender.engine.film.strip import BLANK_RANGE, Strip, Suspect, apart, blank, strip_size
from flatrender.engine.raster.pool import WorkerPool
from flatrender.engine.scene import ResolvedScene

_OVERSAMPLING = 4
_MOVES = 6.0
"""Mean levels of 255 between two pictures of a scene from which on it moves between them …"""
_SPOT = 64
"""… or levels by which a place must differ to count as another …"""
_SPOTS = 0.01
"""… and the share of such places."""
_OTHER_COLOR = 12.0
"""Mean levels by which an empty picture must differ from an empty one that is drawn."""
_LIT_RANGE = 24
"""A drawn picture must show at least this range before a blank frame counts as wrong."""


class _Look:
    """One segment's frames beside the scene's."""

    def __init__(self, question: Question, settings: FilmSettings, pool: WorkerPool) -> None:
        width, height = strip_size(settings)
        self._question, self._settings, self._pool = question, settings, pool
        shape = (question.frames, height, width, 3)
        self._shown: Strip = np.frombuffer(question.strip, np.uint8).reshape(shape)
        self._scene = ResolvedScene(
            scene_key=question.scene_key,
            lottie=Path(question.lottie).read_bytes(),
            sha256=question.sha256,
            width=question.width,
            height=question.height,
            fps=question.fps,
            first_frame=question.first_frame,
            frames=question.scene_frames,
            clips=tuple(ClipFile(sha256=sha256, path=Path(path)) for sha256, path in question.clips.items()),
        )

    def wrong(self, suspect: Suspect) -> list[int]:
        """Return which frames of a suspect are wrong: none, when its first, middle and last are right."""
        ends = sorted({suspect.first, (suspect.first + suspect.last) // 2, suspect.last})
        if not any(self._is_wrong(number, suspect) for number in ends):
            return []
        return [number for number in range(suspect.first, suspect.last + 1) if self._is_wrong(number, suspect)]

    def _is_wrong(self, number: int, suspect: Suspect) -> bool:
        """Tell by what the scene does there, not by how alike the pictures are: what is drawn small has other edges than what was drawn large."""
        match suspect.reason:
            case "black":
                return self._is_empty(number)
            case "frozen":
                return self._question.is_exact and self._stands(suspect.first, number)
            case "glitch":
                return self._question.is_exact and self._flashes(number)

    def _is_empty(self, number: int) -> bool:
        drawn, shown = self._drawn(number), self._shown[number]
        if not bool(blank(shown[None])[0]):
            return False
        # Drawn small, a picture that fills the frame may leave a strip of background at its edges.
        inside = drawn[1:-1, 1:-1].reshape(-1, 3)
        span = int((inside.max(axis=0).astype(int) - inside.min(axis=0)).max())
        if span >= _LIT_RANGE:
            return True
        return self._question.is_exact and span <= BLANK_RANGE and apart(drawn, shown) > _OTHER_COLOR

    def _stands(self, first: int, number: int) -> bool:
        """Tell whether the scene has moved on since the run's first frame and what is shown has not; slow movements are runs of nearly equal frames."""
        before, now = self._drawn(first), self._drawn(number)
        return _moved(before, now) and apart(self._shown[first], self._shown[number]) < apart(before, now) / 4

    def _flashes(self, number: int) -> bool:
        """Tell whether the frame is further from what is drawn than its neighbours are, which have the same edges."""
        near = [other for other in (number - 1, number + 1) if 0 <= other < len(self._shown)]
        usual = min(apart(self._shown[other], self._drawn(other)) for other in near)
        return apart(self._shown[number], self._drawn(number)) > 2 * usual + _MOVES

    def _drawn(self, number: int) -> Strip:
        scene, settings = self._scene, self._settings
        at = self._question.first + number
        (frame,) = lottie_frames(scene.frames, scene.fps, settings.rate, at, at)
        width, height = strip_size(settings)
        large = (width * _OVERSAMPLING, height * _OVERSAMPLING)
        pixels = self._pool.draw(scene, frame, width=large[0], height=large[1], background=settings.background)
        small = Image.frombuffer("RGB", large, pixels, "raw", "BGRX", 0, 1).reduce(_OVERSAMPLING)
        return np.asarray(small, np.uint8)


def _moved(one: Strip, other: Strip) -> bool:
    spots = (np.abs(one.astype(np.int16) - other).max(axis=-1) > _SPOT).mean()
    return apart(one, other) > _MOVES or float(spots) > _SPOTS


def answer(order: Order) -> list[Finding]:
    """Draw what the order asks about. A scene that cannot be drawn proves nothing: its frames count as right."""
    found = []
    with WorkerPool(1) as pool:
        for question in order.questions:
            wrong: dict[int, str] = {}
            try:
                look = _Look(question, order.settings, pool)
                for suspect in question.suspects:
                    wrong |= {number: suspect.reason for number in look.wrong(suspect) if number not in wrong}
            except EngineError as error:
                sys.stderr.write(f"{question.scene_key}: {error}\n")
            found.append(Finding(wrong=wrong))
    return found


def main() -> int:
    """Answer the order in the file that is named; return the exit code."""
    order = msgspec.msgpack.decode(Path(sys.argv[1]).read_bytes(), type=Order)
    sys.stdout.buffer.write(msgspec.msgpack.encode(answer(order)))
    sys.stdout.buffer.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
