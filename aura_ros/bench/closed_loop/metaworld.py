"""How often MetaWorld's own experts succeed, for comparison."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence

from aura_ros.sim.metaworld.tasks import find_task, scripted
from aura_ros.sim.metaworld.world import World
from aura_ros.types import Array

# MetaWorld ends its episodes after so many steps of 12.5 ms.
_MOST_STEPS = 500


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
