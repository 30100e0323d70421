"""Pools of work. What a piece of work needs is fixed as its pool when it is planned; a claim names one engine and so one pool."""

from flatrender.protocol.work import Engine, SegmentTask, StillTask

DEFAULT_POOL = "default"
ENGINES: tuple[Engine, ...] = ("thorvg", "aerender")


def work_pool(engine: Engine, pool: str = DEFAULT_POOL) -> str:
    """Return the pool in which nodes of `pool` look for work of an engine; ThorVG's has the nodes' own name."""
    return pool if engine == "thorvg" else f"{pool}/{engine}"


def engine_of(task: SegmentTask | StillTask) -> Engine:
    """Return which engine draws a task."""
    return "thorvg" if task.source is None else "aerender"


def pool_of(task: SegmentTask | StillTask) -> str:
    """Return the pool of a task."""
    return work_pool(engine_of(task))
