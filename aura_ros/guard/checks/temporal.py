"""Rules about the course of a run hold on in the plan that would continue it, tail included.

The committed motion goes on until the plan begins; what is not of the motion holds its last value.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from aura_ros.guard.context import Context
from aura_ros.guard.entry import Entry, Setup, Stage
from aura_ros.guard.lattice import failed, passed
from aura_ros.guard.temporal.rules import OPTIONS
from aura_ros.guard.temporal.run import Run
from aura_ros.types import NS, Check, Decision, Now, Plan

NAME = "plan_temporal"


class PlanTemporal:
    """Value: minus the least robustness of any rule at any knot; limit 0.

    The decision is the most severe of the rules that fail or cannot tell.
    """

    def __init__(self, setup: Setup) -> None:
        self._run = Run(setup)

    def hear(self, value: Any, now: Now) -> None:
        """The run that plans continue."""
        self._run.hear(value, now)

    def __call__(self, context: Context) -> Check:
        """One check for all rules."""
        plan = context.plan
        assert plan is not None
        if not _finite(plan):
            return failed(NAME, np.nan, 0.0, Decision.REFUSE, "the plan is not finite")
        checks = [
            standing.check(NAME, f" {(standing.at_ns - plan.start_ns) / NS:.2f} s into the plan")
            for standing in self._run.continued(context.committed, plan)
        ]
        bad = [check for check in checks if not check.passed]
        if not bad:
            return passed(NAME, max((check.value for check in checks), default=0.0), 0.0)
        worst = max(bad, key=lambda check: check.decision)
        value = float(np.max([check.value for check in bad]))  # NaN is worst
        return failed(NAME, value, 0.0, worst.decision, worst.detail)


def _finite(plan: Plan) -> bool:
    knots = (plan.position, plan.velocity, plan.acceleration)
    return all(bool(np.isfinite(x).all()) for x in knots)


ENTRY = Entry(NAME, Stage.PLAN, PlanTemporal, Decision.HOLD, OPTIONS, automatic=False)
