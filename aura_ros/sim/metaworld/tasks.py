"""The tasks of MetaWorld that are used, each with an instruction in plain words."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from aura_ros.types import Array

MISSING = "MetaWorld is not installed: pip install -r requirements/metaworld.txt"


class MetaWorldMissingError(ImportError):
    """The package ``metaworld`` cannot be imported; the text says how to get it."""


@dataclass(frozen=True)
class Task:
    """``environment`` is MetaWorld's name. ``free`` (2, 3) [m]: box in which the hand may stand
    when an episode begins, clear of whatever object is placed."""

    name: str
    environment: str
    instruction: str
    free: tuple[tuple[float, float, float], tuple[float, float, float]]


# Boxes and chests stand at y 0.7 and beyond; a puck is lower than a hand at 0.12.
_BEFORE = ((-0.16, 0.42, 0.10), (0.16, 0.60, 0.36))
_ABOVE = ((-0.16, 0.42, 0.12), (0.16, 0.84, 0.34))
TASKS = {
    task.name: task
    for task in (
        Task("drawer_open", "drawer-open-v3", "open the drawer", _BEFORE),
        Task("button_press", "button-press-topdown-v3", "press the button from above", _BEFORE),
        Task("reach", "reach-v3", "move the gripper to the red ball", _ABOVE),
        Task("push", "push-v3", "push the puck to the green ball", _ABOVE),
    )
}


def find_task(name: str) -> Task:
    """The task of that name; ValueError lists the names there are."""
    try:
        return TASKS[name]
    except KeyError:
        raise ValueError(f"unknown task {name!r}: choose one of {', '.join(TASKS)}") from None


def is_installed() -> bool:
    """Whether ``metaworld`` can be imported."""
    return importlib.util.find_spec("metaworld") is not None


def environment(task: Task) -> Any:
    """MetaWorld's environment, whose goal and objects are drawn anew by its seed at every reset.

    Its observations hold the goal, as for MetaWorld's own experts. Raises MetaWorldMissingError.
    """
    if not is_installed():
        raise MetaWorldMissingError(MISSING)
    from metaworld.env_dict import ALL_V3_ENVIRONMENTS

    made = ALL_V3_ENVIRONMENTS[task.environment]()
    made._partially_observable = False
    made._freeze_rand_vec, made.seeded_rand_vec = False, True
    made._set_task_called = True
    return made


def scripted(task: Task) -> Callable[[Array], Array]:
    """MetaWorld's expert: actions (4,) from observations (39,). Raises MetaWorldMissingError."""
    if not is_installed():
        raise MetaWorldMissingError(MISSING)
    from metaworld.policies import ENV_POLICY_MAP

    policies: Mapping[str, Any] = ENV_POLICY_MAP
    policy = policies[task.environment]()
    return lambda observation: np.asarray(policy.get_action(observation), dtype=np.float64)
