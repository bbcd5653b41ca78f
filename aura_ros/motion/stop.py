"""The stop tail: the least-jerk way from any state of motion to rest in a fixed number of knots."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np

from aura_ros.motion.bounds import Ratios, control_points, extreme_ratio, largest
from aura_ros.motion.jerk import integrate, sample
from aura_ros.robot.description import Limits
from aura_ros.types import NS, Array, KinematicState, Plan

FOREVER = 2**63 - 1


@lru_cache(maxsize=8)
def stop_gain(knots: int, h: float) -> Array:
    """Jerk (knots, 2) that brings velocity and acceleration (1, 0) and (0, 1) to zero.

    Least-norm solution of the two linear end conditions.
    """
    left = knots - 1 - np.arange(knots)
    to_velocity = h * h * (left + 0.5)
    to_acceleration = np.full(knots, h)
    effect = np.stack([to_velocity, to_acceleration])
    drift = np.array([[1.0, knots * h], [0.0, 1.0]])
    return np.asarray(-effect.T @ np.linalg.solve(effect @ effect.T, drift))


def stop_jerk(velocity: Array, acceleration: Array, knots: int, h: float) -> Array:
    """Jerk of the tail from ``velocity`` and ``acceleration`` (..., n): (..., knots, n)."""
    state = np.stack([velocity, acceleration], axis=-2)
    return np.asarray(stop_gain(knots, h) @ state)


@lru_cache(maxsize=8)
def tail_maps(knots: int, h: float) -> tuple[Array, Array, Array, Array]:
    """A tail is linear in the velocity and acceleration (1, 0), (0, 1) that it begins with.

    Maps (m, 2) to the control points of position (from where it begins) and velocity, to the
    acceleration at knots, and to jerk.
    """
    unit = np.eye(2)
    jerk = stop_gain(knots, h)
    p, v, a = integrate(KinematicState(0, np.zeros(2), unit[0], unit[1]), jerk, h)
    return (*control_points(p, v, a, h), a, jerk)


@lru_cache(maxsize=8)
def tail_extremes(knots: int, h: float) -> tuple[Array, ...]:
    """Of ``tail_maps`` those that can be extreme for some beginning, and of the last three, whose
    size alone counts, one of each sign: the corners of the hull of all."""
    place, *others = tail_maps(knots, h)
    return corners(place), *(half(corners(np.concatenate([x, -x]))) for x in others)


def corners(points: Array) -> Array:
    """Corners (k, 2) of the convex hull of points (m, 2), counter-clockwise (Andrew 1979)."""
    ordered = np.unique(points, axis=0)
    sides: list[Array] = []
    for side in (ordered, ordered[::-1]):
        chain: list[Array] = []
        for point in side:
            while len(chain) > 1 and _turn(chain[-2], chain[-1], point) <= 0.0:
                chain.pop()
            chain.append(point)
        sides += chain[:-1]
    return np.array(sides or ordered)


def _turn(a: Array, b: Array, c: Array) -> float:
    return float((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]))


def half(points: Array) -> Array:
    """Of points (m, 2) that come with their opposites, one of each pair."""
    return points[(points[:, 0] > 0) | ((points[:, 0] == 0) & (points[:, 1] >= 0))]


def tail_ratios(
    position: Array, velocity: Array, acceleration: Array, knots: int, h: float, limits: Limits
) -> Ratios:
    """Worst ratios of the stop tails from all states (K, n), also between knots: shapes (n,)."""
    count, n = position.shape
    state = np.stack([velocity, acceleration]).reshape(2, count * n)
    moved, v, a, j = (map_ @ state for map_ in tail_extremes(knots, h))
    far = moved.max(axis=0).reshape(count, n), moved.min(axis=0).reshape(count, n)
    worst = [largest(x).reshape(count, n).max(axis=0) for x in (v, a, j)]
    outer = np.concatenate([position + extreme for extreme in far])
    return Ratios(
        extreme_ratio(outer, limits),
        worst[0] / limits.velocity,
        worst[1] / limits.acceleration,
        worst[2] / limits.jerk,
    )


def tail_bounds(
    position: Array, velocity: Array, acceleration: Array, knots: int, h: float, limits: Limits
) -> Ratios:
    """As ``tail_ratios``, and no less: each size of velocity and acceleration by itself may lead
    to both sides. A fraction of the work."""
    speed, bent = np.abs(velocity), np.abs(acceleration)
    sides = [np.abs(map_).max(axis=0) for map_ in tail_extremes(knots, h)]
    far = sides[0][0] * speed + sides[0][1] * bent
    outer = np.concatenate([position - far, position + far])
    most, steepest = speed.max(axis=0), bent.max(axis=0)
    worst = [side[0] * most + side[1] * steepest for side in sides[1:]]
    return Ratios(
        extreme_ratio(outer, limits),
        worst[0] / limits.velocity,
        worst[1] / limits.acceleration,
        worst[2] / limits.jerk,
    )


def at_rest(
    position: Array, time_ns: int, knot_period_ns: int, joint_names: tuple[str, ...]
) -> Plan:
    """A plan that stays at ``position`` (n,)."""
    zero = np.zeros((1, len(position)))
    return Plan(time_ns, knot_period_ns, np.asarray(position)[None, :], zero, zero, joint_names)


def rests_until(plan: Plan, time_ns: int) -> int:
    """The last moment [ns] up to which the plan stays at rest where it is at ``time_ns``; that
    moment itself where it moves, and the end of time where it moves no more."""
    first = min(max((time_ns - plan.start_ns) // plan.knot_period_ns, 0), len(plan.position) - 1)
    moves = (plan.velocity[first:] != 0) | (plan.acceleration[first:] != 0)
    moves = (moves | (plan.position[first:] != plan.position[first])).any(axis=1)
    if not moves.any():
        return FOREVER
    last = first + int(np.argmax(moves)) - 1
    return max(time_ns, plan.start_ns + last * plan.knot_period_ns)


def cut(plan: Plan, time_ns: int, knots: int) -> Plan:
    """The plan up to its last knot at or before ``time_ns``, then a stop tail of ``knots``.

    A plan that rests no later without a tail is returned as it is: a tail out of its own tail
    would go farther than what was vetted.
    """
    period = plan.knot_period_ns
    last = len(plan.position) - 1
    k = max((time_ns - plan.start_ns) // period, 0)
    if k + knots >= last:
        return plan
    h = period / NS
    state = sample(plan, plan.start_ns + k * period)
    p, v, a = integrate(state, stop_jerk(state.velocity, state.acceleration, knots, h), h)
    # The end conditions hold to rounding; rest is exact.
    v[-1] = 0.0
    a[-1] = 0.0
    return replace(
        plan,
        position=np.concatenate([plan.position[:k], p]),
        velocity=np.concatenate([plan.velocity[:k], v]),
        acceleration=np.concatenate([plan.acceleration[:k], a]),
    )
