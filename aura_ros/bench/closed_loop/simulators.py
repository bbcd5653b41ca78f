"""The simulators by name: their tasks, and a plant for one of them."""

from __future__ import annotations

from aura_ros.bench.closed_loop.plant import Plant

SIMULATORS = ("embedded", "metaworld")


def tasks(sim: str) -> tuple[str, ...]:
    """Names of the tasks. Raises ValueError that lists the simulators."""
    if sim == "embedded":
        from aura_ros.sim.tasks import TASKS

        return tuple(TASKS)
    if sim == "metaworld":
        from aura_ros.sim.metaworld.tasks import TASKS as METAWORLD

        return tuple(METAWORLD)
    raise ValueError(f"no simulator {sim!r}; there are: {', '.join(SIMULATORS)}")


def make_plant(sim: str, task: str) -> Plant:
    """A plant for ``task``, at rest."""
    if sim == "metaworld":
        from aura_ros.sim.metaworld.plant import MetaWorldPlant

        return MetaWorldPlant(task)
    from aura_ros.bench.closed_loop.embedded import EmbeddedPlant

    return EmbeddedPlant(task)
