"""How long a frame takes: learned from results as a scene's seconds a frame on an ordinary node, times the pace of the node that draws it.

Pure. A result is one noisy look at the product of the two; it moves each by as much as it is unsure of it (a Kalman filter on logarithms), so a strange
node does not spoil what is known of scenes, nor a strange scene what is known of nodes. What was learned long ago fades.
"""

import math
from collections.abc import Iterable, Mapping
from uuid import UUID

import msgspec

from flatrender.protocol.work import Engine
from flatrender.services.render.queries.speeds import FIRST_SPREAD, EngineKey, Pace, SceneKey, Speed

UNKNOWN_FRAME_S: Mapping[Engine, float] = {"thorvg": 0.03, "aerender": 1.0}
"""Seconds of a frame 1080 high of which nothing at all is known."""
UNKNOWN_HEIGHT = 1080
START_S: Mapping[Engine, float] = {"thorvg": 0.15, "aerender": 12.0}
"""What a chunk takes on an ordinary node besides its frames: fetching, putting, starting."""
HEIGHT_POWER = 1.5
"""Between drawing outlines (which costs the same at each size) and filling and encoding pixels (which goes with the height squared)."""
SCENE_VARIANCE = 0.6
"""Of the logarithm: how far a scene may be from its template before it has been drawn."""
TEMPLATE_VARIANCE = 1.0
ENGINE_VARIANCE = 4.0
SCENE_DRIFT = 0.001
"""Variance that each result adds, so that later ones keep counting."""
PACE_DRIFT = 0.0005
PACE_PULL = 0.001
"""How much of its distance from an ordinary node's a pace loses with each result: only the product is seen, so both together could wander."""
LEAST_NOISE, MOST_NOISE = 0.01, 0.6
SPREAD_GAIN = 0.1
MOST_SURPRISE = 2.0
"""A result that is further off (seven times) counts as if it were so far off."""
MOST_FRAME_S = 7200.0
LEAST_FRAME_S = 1e-5


class FrameResult(msgspec.Struct, frozen=True, kw_only=True):
    """A chunk that a node has drawn."""

    tenant_id: UUID
    project_version_id: UUID
    scene_key: str
    engine: Engine
    kind: str
    height: int
    node_id: UUID
    frames: int
    seconds: float
    """By the node's own clock, everything from the claim to the stored segment."""


class Speeds:
    """What is known, and what `learn` adds to it."""

    def __init__(
        self,
        scenes: Mapping[SceneKey, Speed] | None = None,
        engines: Mapping[EngineKey, Speed] | None = None,
        paces: Mapping[tuple[UUID, Engine], Pace] | None = None,
    ) -> None:
        self.scenes: dict[SceneKey, Speed] = {}
        self.engines = dict(engines or {})
        self.paces = dict(paces or {})
        self._sizes: dict[tuple[UUID, UUID, str, Engine], list[SceneKey]] = {}
        for key, speed in (scenes or {}).items():
            self._keep(key, speed)

    def speed(self, key: SceneKey) -> Speed:
        """Return the best that is known: of the scene, of its template, of the engine, else a constant; results 0 where it was never drawn."""
        exact = self.scenes.get(key)
        if exact is not None:
            return exact
        other = self._elsewhere(key)
        if other is not None:
            return other
        if key.scene_key:
            template = self.speed(msgspec.structs.replace(key, scene_key=""))
            return msgspec.structs.replace(template, variance=template.variance + SCENE_VARIANCE, results=0)
        engine = self._engine_speed(EngineKey(engine=key.engine, kind=key.kind, height=key.height))
        return msgspec.structs.replace(engine, variance=engine.variance + TEMPLATE_VARIANCE, results=0)

    def is_known(self, key: SceneKey) -> bool:
        """Return whether anything of its engine was ever drawn, by anybody."""
        return any(found.engine == key.engine for found in self.engines)

    def frame_s(self, key: SceneKey) -> float:
        """Return seconds a frame on an ordinary node."""
        return self.speed(key).frame_s

    def pace(self, node_id: UUID, engine: Engine) -> Pace:
        """Return a node's pace; an ordinary one's when it has done nothing yet."""
        return self.paces.get((node_id, engine), Pace())

    def learn(self, result: FrameResult) -> None:
        """Take in a result; one that says nothing (no time, no frames) is left out."""
        if result.frames < 1 or not 0 < result.seconds < math.inf:
            return
        key = SceneKey(
            tenant_id=result.tenant_id,
            project_version_id=result.project_version_id,
            scene_key=result.scene_key,
            engine=result.engine,
            kind=result.kind,
            height=result.height,
        )
        pace = self.pace(result.node_id, result.engine)
        # A short chunk may have taken less than starting usually does: at least half of it was drawing.
        drawing_s = max(result.seconds / 2, result.seconds - START_S[result.engine] * pace.pace)
        seen = min(max(drawing_s / result.frames, LEAST_FRAME_S), MOST_FRAME_S)
        template_key = msgspec.structs.replace(key, scene_key="")
        engine_key = EngineKey(engine=key.engine, kind=key.kind, height=key.height)
        levels = (self.speed(key), self.speed(template_key), self._engine_speed(engine_key))
        scene, template, engine = (_moved(level, seen / pace.pace, pace.variance) for level in levels)
        if key.scene_key:
            self._keep(key, scene)
        self._keep(template_key, template)
        self.engines[engine_key] = engine
        self.paces[result.node_id, result.engine] = _paced(pace, levels[0], seen)

    def _elsewhere(self, key: SceneKey) -> Speed | None:
        """Return what is known of it in another size or encoding, brought to this size."""
        like = self._sizes.get(_apart_from_size(key))
        if not like:
            return None
        found = min(like, key=lambda one: _distance(one.kind, one.height, key.kind, key.height))
        return _scaled(self.scenes[found], found.height, key.height)

    def _keep(self, key: SceneKey, speed: Speed) -> None:
        if key not in self.scenes:
            self._sizes.setdefault(_apart_from_size(key), []).append(key)
        self.scenes[key] = speed

    def _engine_speed(self, key: EngineKey) -> Speed:
        exact = self.engines.get(key)
        if exact is not None:
            return exact
        like = [(found, speed) for found, speed in self.engines.items() if found.engine == key.engine]
        if not like:
            return _unknown(key.engine, key.height)
        found, speed = min(like, key=lambda one: _distance(one[0].kind, one[0].height, key.kind, key.height))
        return _scaled(speed, found.height, key.height)


def chunk_s(engine: Engine, frames: int, frame_s: float) -> float:
    """Return how long a chunk takes an ordinary node, in seconds."""
    return START_S[engine] + frames * frame_s


def typical_pace(paces: Iterable[float]) -> float:
    """Return the pace in the middle of those given; an ordinary node's when there are none."""
    ordered = sorted(paces)
    return ordered[len(ordered) // 2] if ordered else 1.0


def _moved(speed: Speed, seen_frame_s: float, unsure_of_pace: float) -> Speed:
    noise = min(max(speed.spread**2, LEAST_NOISE), MOST_NOISE) + unsure_of_pace
    surprise = math.log(seen_frame_s / speed.frame_s)
    if speed.results:
        surprise = min(max(surprise, -MOST_SURPRISE), MOST_SURPRISE)
    variance = speed.variance + SCENE_DRIFT
    gain = variance / (variance + noise)
    # How far off the first result of something unknown is says how little was known, not how much results differ.
    spread = speed.spread
    if speed.results:
        spread = math.sqrt((1 - SPREAD_GAIN) * spread**2 + SPREAD_GAIN * surprise**2)
    return Speed(
        frame_s=min(max(speed.frame_s * math.exp(gain * surprise), LEAST_FRAME_S), MOST_FRAME_S),
        variance=variance * (1 - gain),
        spread=spread,
        results=speed.results + 1,
    )


def _paced(pace: Pace, scene: Speed, seen_frame_s: float) -> Pace:
    noise = min(max(scene.spread**2, LEAST_NOISE), MOST_NOISE) + scene.variance
    surprise = math.log(seen_frame_s / (scene.frame_s * pace.pace))
    surprise = min(max(surprise, -MOST_SURPRISE), MOST_SURPRISE)
    variance = pace.variance + PACE_DRIFT
    gain = variance / (variance + noise)
    moved = (math.log(pace.pace) + gain * surprise) * (1 - PACE_PULL)
    return Pace(pace=math.exp(min(max(moved, -5.0), 5.0)), variance=variance * (1 - gain), results=pace.results + 1)


def _apart_from_size(key: SceneKey) -> tuple[UUID, UUID, str, Engine]:
    return key.tenant_id, key.project_version_id, key.scene_key, key.engine


def _unknown(engine: Engine, height: int) -> Speed:
    return _scaled(
        Speed(frame_s=UNKNOWN_FRAME_S[engine], variance=ENGINE_VARIANCE, spread=FIRST_SPREAD), UNKNOWN_HEIGHT, height
    )


def _distance(kind: str, height: int, wanted_kind: str, wanted_height: int) -> tuple[bool, float, str, int]:
    return kind != wanted_kind, abs(math.log(max(height, 1) / max(wanted_height, 1))), kind, height


def _scaled(speed: Speed, height: int, wanted: int) -> Speed:
    """Return a speed for another height; less sure, and nothing that was seen."""
    factor = (max(wanted, 1) / max(height, 1)) ** HEIGHT_POWER
    return msgspec.structs.replace(
        speed, frame_s=speed.frame_s * factor, variance=speed.variance + 0.2 * abs(math.log(factor)) + 0.05, results=0
    )
