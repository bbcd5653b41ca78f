"""A closed loop of world and expert: asynchronous chunks, tracked exactly."""

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicSpline

from aura_ros.sim.model import STEP_NS

HORIZON, ROW_S = 32, 0.05
_STEP_S = STEP_NS * 1e-9


@dataclass
class Plan:
    """Rows as a curve with continuous velocity, held at its end."""

    start_s: float
    rows: np.ndarray
    velocity: np.ndarray

    def __post_init__(self):
        ends = ((1, self.velocity), (1, np.zeros(8)))
        self._curve = CubicSpline(np.arange(HORIZON) * ROW_S, self.rows, bc_type=ends)

    def at(self, time_s):
        u = time_s - self.start_s
        if u >= (HORIZON - 1) * ROW_S:
            return self.rows[-1], np.zeros(8), np.zeros(8)
        return self._curve(u), self._curve(u, 1), self._curve(u, 2)


@dataclass
class Episode:
    """What happened: when the task was done first, all chunks, commands at the end."""

    done_s: float | None
    success: bool
    chunks: list
    start_velocities: list
    longest_stall_s: float
    final_speed: float


def run_episode(world, expert, latency_s=0.2, period_s=0.25, limit_s=15.0, after_s=3.0, act=None):
    """Run from the world's present state until ``after_s`` after success, or ``limit_s``.

    ``act(time_s)`` may interfere at every step.
    """
    plan = Plan(0.0, np.tile(world.joint_position, (HORIZON, 1)), np.zeros(8))
    coming, ask_s = None, 0.0
    episode = Episode(None, False, [], [], 0.0, 0.0)
    stall_s, step = 0.0, 0
    while step * _STEP_S < (limit_s if episode.done_s is None else episode.done_s + after_s):
        now = step * _STEP_S
        if coming is not None and now >= coming.start_s - 1e-9:
            plan, coming = coming, None
        if coming is None and now >= ask_s - 1e-9:
            start = plan.at(now + latency_s)
            rows = expert.plan(world.joint_position, world.object_poses(), start, HORIZON, ROW_S)
            episode.chunks.append(rows)
            episode.start_velocities.append(start[1])
            coming = Plan(now + latency_s, rows, start[1])
            ask_s = now + max(period_s, latency_s)
        position, velocity, _ = plan.at(now)
        if act is not None:
            act(now)
        world.step(position)
        episode.final_speed = np.abs(velocity).max()
        stall_s = stall_s + _STEP_S if np.abs(velocity).max() < 1e-3 else 0.0
        if episode.done_s is None and now > latency_s + stall_s:
            episode.longest_stall_s = max(episode.longest_stall_s, stall_s)
        if world.success and episode.done_s is None:
            episode.done_s = now
        step += 1
    episode.success = world.success
    return episode
