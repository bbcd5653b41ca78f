"""MetaWorld in the closed loop, and how often its own experts succeed there."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence

from aura_ros.bench.closed_loop.plant import Plant
from aura_ros.sim.metaworld.plant import MetaWorldPlant
from aura_ros.sim.metaworld.tasks import TASKS as _TASKS
from aura_ros.sim.metaworld.tasks import find_task, scripted
from aura_ros.sim.metaworld.world import World
from aura_ros.types import Array

TASKS = tuple(_TASKS)
artifact_name = "metaworld.safetensors"
# MetaWorld ends its episodes after so many steps of 12.5 ms.
_MOST_STEPS = 500


def plant(task: str) -> Plant:
    """A plant for ``task``, at rest. Raises ValueError for an unknown one."""
    return MetaWorldPlant(task)


def expert_success(task: str, seeds: Sequence[int]) -> list[bool]:
    """Whether MetaWorld's scripted policy, acting on its own at every step, does ``task`` with
    each of ``seeds``: no chain, no limits of the robot."""
    found = find_task(task)
    world, act = World(found), scripted(found)
    with warnings.catch_warnings():
        # MetaWorld warns of every action that it clips.
        warnings.simplefilter("ignore")
        return [_succeeds(world, act, seed) for seed in seeds]


def _succeeds(world: World, act: Callable[[Array], Array], seed: int) -> bool:
    world.reset(seed)
    for _ in range(_MOST_STEPS):
        world.act(act(world.observation))
        if world.success:
            return True
    return False
