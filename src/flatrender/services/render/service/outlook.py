"""What is expected of a film that is being planned: how long its chunks should be, how long drawing them will take."""

import itertools
from collections.abc import Sequence

import msgspec

from flatrender.protocol.work import Engine
from flatrender.services.render.queries.chunks import NewChunk
from flatrender.services.render.queries.forecasts import Server, Undrawn
from flatrender.services.render.queries.jobs import JobRow
from flatrender.services.render.queries.speeds import SceneKey
from flatrender.services.render.service.forecast import alone_s
from flatrender.services.render.service.planning import Cuts, chunk_length
from flatrender.services.render.service.speeds import Speeds, chunk_s, typical_pace
from flatrender.services.render.settings import RenderSettings


class Outlook(msgspec.Struct, frozen=True, kw_only=True):
    """A film, what is known of speeds, and the nodes that are there."""

    job: JobRow
    kind: str
    speeds: Speeds
    servers: Sequence[Server]

    def length(self, settings: RenderSettings, scene: Cuts) -> int:
        """Return how many frames a chunk of a scene should have, so that it takes an ordinary one of the living nodes about as long as it should."""
        first = next(iter(scene.values()))[0]
        key = self._key(first)
        if not self.speeds.is_known(key):
            return chunk_length(settings, None, first.engine)
        pace = typical_pace(self._paces(first.pool, first.engine))
        return chunk_length(settings, self.speeds.frame_s(key) * pace, first.engine)

    def drawing_s(self, chunks: Sequence[NewChunk]) -> float:
        """Return how long the chunks that are not there yet take the living nodes when they do nothing else; one ordinary node where none lives."""
        longest = 0.0
        waiting = sorted((chunk for chunk in chunks if not chunk.segment_key), key=lambda chunk: chunk.pool)
        for pool, group in itertools.groupby(waiting, key=lambda chunk: chunk.pool):
            found = list(group)
            works = [chunk_s(chunk.engine, _frames(chunk), self.speeds.frame_s(self._key(chunk))) for chunk in found]
            longest = max(longest, alone_s(works, self._paces(pool, found[0].engine) or [1.0]))
        return longest

    def _paces(self, pool: str, engine: Engine) -> list[float]:
        """Return the pace of each slot that would take the film's work."""
        return [
            self.speeds.pace(server.node_id, engine).pace
            for server in self.servers
            if server.pool == pool and server.dedicated_tenant_id in (None, self.job.tenant_id)
            for _ in range(server.slots)
        ]

    def _key(self, chunk: NewChunk) -> SceneKey:
        return SceneKey(
            tenant_id=self.job.tenant_id,
            project_version_id=self.job.project_version_id,
            scene_key=chunk.scene_key,
            engine=chunk.engine,
            kind=self.kind,
            height=self.job.height or 0,
        )


def undrawn(chunks: Sequence[NewChunk]) -> list[Undrawn]:
    """Return what of a film is to be drawn, by scene."""
    found: dict[tuple[str, Engine, str], list[int]] = {}
    for chunk in chunks:
        if not chunk.segment_key:
            found.setdefault((chunk.pool, chunk.engine, chunk.scene_key), []).append(_frames(chunk))
    return [
        Undrawn(pool=pool, engine=engine, scene=scene, frames=round(sum(frames) / len(frames)), chunks=len(frames))
        for (pool, engine, scene), frames in found.items()
    ]


def _frames(chunk: NewChunk) -> int:
    return chunk.frame_end - chunk.frame_start + 1
