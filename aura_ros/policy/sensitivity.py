"""How sharply a policy's flow turns along its own direction.

After the directional sensitivity of SafeFlow (Cho et al., arXiv 2603.23983): the product of the
flow's Jacobian and its own direction, by finite differences. Time goes on along with the rows, so
that a straight flow, which rectified flows are trained towards, has sensitivity 0; where several
answers compete the flow bends, and it is large.
"""

from __future__ import annotations

import numpy as np

from aura_ros.policy.backend import BackendError, FlowField
from aura_ros.types import Array, Request

TIMES = (0.25, 0.5, 0.75)
STEP = 0.02
STILL = 1e-9


def sensitivity(field: FlowField, request: Request, embedding: Array, rows: Array) -> float:
    """Largest |dv/dt| / |v| along the flow near an answer; per unit of flow time, at least 0.

    It is measured on the way from rows that stay where they begin to ``rows`` (H, width), the
    policy's answer, at TIMES: two evaluations each, always the same. 0 where the flow is at rest.
    Raises BackendError where the flow is not finite or of another shape.
    """
    origin = np.broadcast_to(rows[:1], rows.shape)
    return max(_turn(field, request, embedding, origin + t * (rows - origin), t) for t in TIMES)


def _turn(field: FlowField, request: Request, embedding: Array, rows: Array, time: float) -> float:
    here = _velocity(field, request, embedding, rows, time)
    speed = float(np.linalg.norm(here))
    if speed < STILL:
        return 0.0
    ahead = _velocity(field, request, embedding, rows + STEP * here, time + STEP)
    return float(np.linalg.norm(ahead - here)) / (STEP * speed)


def _velocity(
    field: FlowField, request: Request, embedding: Array, rows: Array, time: float
) -> Array:
    flow = np.asarray(field.velocity(request, embedding, rows, time), dtype=np.float64)
    if flow.shape != rows.shape or not np.isfinite(flow).all():
        raise BackendError(
            f"the flow at time {time:g} has shape {flow.shape} or is not finite; finite values of "
            f"shape {rows.shape} are needed"
        )
    return flow
