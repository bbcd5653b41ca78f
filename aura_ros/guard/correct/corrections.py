"""Correct before refusing: what may be tried instead of a plan that is to be refused.

Another draw of the policy comes first, since it is the policy's own; then rows kept inside; then
the same rows, slower. All checks are made again of what comes of it.
"""

from __future__ import annotations

from aura_ros.guard.context import Context
from aura_ros.guard.correct.barrier import Geometry, filtered
from aura_ros.guard.correct.best import OF_ROWS, best
from aura_ros.guard.correct.scaling import helps, jumps, scaled
from aura_ros.guard.lattice import join
from aura_ros.guard.running import Named
from aura_ros.robot.description import Robot
from aura_ros.types import ActionChunk, Check, Decision

# Corrections of one chunk.
ATTEMPTS = 3
# Where rows are, and not how fast they go, is what these refuse.
PLACES = frozenset({"row_position"})
NEAR = frozenset({"workspace", "self_collision"})
# Other rows may pass what slower ones cannot.
OTHER_ROWS = PLACES | NEAR | OF_ROWS | {"plan_position", "singularity", "rotation"}


class Corrections:
    """Proposes corrections for one robot; ``plan_checks`` are those that every plan must pass.

    A check with a method ``clearances`` (see Geometry) also says how rows keep off.
    """

    def __init__(self, robot: Robot, plan_checks: tuple[Named, ...]) -> None:
        self._robot, self._checks = robot, plan_checks
        self._geometry: dict[str, Geometry] = {}
        for name, check in plan_checks:
            known: object = check
            if isinstance(known, Geometry):
                self._geometry[name] = known

    def propose(
        self, context: Context, checks: tuple[Check, ...], attempt: int
    ) -> tuple[Decision, ActionChunk] | None:
        """A chunk that could be allowed instead, and the decision that it comes with: CLAMP for
        other rows, SLOW for the same ones later. None where only refusing is left.

        ``checks`` are those of the plan, ``attempt`` counts the corrections of this chunk from 1.
        """
        failing = tuple(check for check in checks if not check.passed)
        decision = join(failing)[0]
        if not failing or decision > Decision.REFUSE or attempt > ATTEMPTS:
            return None
        if not all(check.name in OTHER_ROWS or helps(check) for check in failing):
            return None
        return self._another(context, failing) or self._changed(context, failing, attempt)

    def _another(
        self, context: Context, failing: tuple[Check, ...]
    ) -> tuple[Decision, ActionChunk] | None:
        """Another draw of the policy; where only slowness is asked for, that is no help."""
        if all(check.decision == Decision.SLOW for check in failing):
            return None
        chunk = best(context, self._checks, tuple(self._geometry.values()))
        return None if chunk is None else (Decision.CLAMP, chunk)

    def _changed(
        self, context: Context, failing: tuple[Check, ...], attempt: int
    ) -> tuple[Decision, ActionChunk] | None:
        """Rows kept inside, which are no faster than they may be either; or the same ones later.
        Of rows that jump there is neither: what belongs together is not known."""
        if jumps(context):
            return None
        names = {check.name for check in failing}
        misplaced = names & (PLACES | NEAR)
        slow = tuple(check for check in failing if helps(check))
        if names - misplaced - {check.name for check in slow}:
            return None
        if (names & NEAR) - set(self._geometry):
            return None
        if not misplaced:
            chunk = scaled(context, slow, attempt)
            return None if chunk is None else (Decision.SLOW, chunk)
        # What keeps off one thing may come near another: from the second time on all is looked at.
        known = names & NEAR if attempt == 1 else set(self._geometry)
        geometry = tuple(self._geometry[name] for name in sorted(known))
        chunk = filtered(context, attempt, geometry)
        return None if chunk is None else (Decision.CLAMP, chunk)
