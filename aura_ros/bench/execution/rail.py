"""VLA-RAIL, as released and as in the paper.

Zhao et al., "VLA-RAIL: A Real-Time Asynchronous Inference Linker for VLA Models and Robots"
(arXiv:2512.24673); CMCC-TAO/open-rail, ``client/core``: ``intra_chunk_smoother.py``,
``inter_chunk_fuser.py``, ``realtime_data_manager.py``, ``vla_client.py``; ``conf``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from aura_ros.bench.execution.curves import Blend, Curve, Motion, Polynomial, Spliced, quintic
from aura_ros.bench.execution.executor import Setup
from aura_ros.bench.execution.grippers import GripperTrack
from aura_ros.bench.execution.rows import Requests
from aura_ros.fuser.alignment import aligned_row
from aura_ros.types import NS, ActionChunk, Array, KinematicState

# Released settings: ``fitting_deg`` (3 in one place, 4 in another: better here), ``wait_time``.
DEGREE = 4
WAIT_NS = 200_000_000
# ``blend_threshold`` of the released seam, and how its length adapts to the difference.
BLEND_AFTER = 0.7
LEAST, BY_POSITION, BY_VELOCITY, BY_ACCELERATION = 0.25, 1.0, 0.75, 0.15
# Search for the shift: ``search_length`` and ``search_step`` in control periods of 3.75 ms.
SEARCH_S, SEARCH_STEP_S = 100 * 3.75e-3, 5 * 3.75e-3
# Share of the chunk that the paper's seam takes: the best on development data, since the
# released code has another seam.
SEAM = 0.5


class _Rail(ABC):
    """A polynomial through each chunk, entered at the measured time since its observation.

    It answers at every tick and needs no upsampler: RAIL itself commands every 3.75 ms. Grippers
    are apart: a mean over nine rows, set to an end of the range when near it. One request at a
    time; an answer that comes after its last row is dropped (the released client drops what
    takes longer than 0.5 s, a setting that would drop everything at the slower policies here).
    The first chunk starts with its first row when it comes.
    """

    wait_ns = 0

    def __init__(self, setup: Setup) -> None:
        self._joints = setup.robot.averaged
        self._tick_s = setup.tick_ns / NS
        self._requests: Requests[int] = Requests()
        self._grippers = GripperTrack(setup)
        self._curve: Curve | None = None
        self._origin_ns = self._resume_ns = self._now_ns = 0
        self._length_s = 0.0
        zero = np.zeros_like(setup.rest)
        self._motion: Motion = (setup.rest, zero, zero)
        self._last_order = (-1, -1, -1)

    def wants(self, now_ns: int, in_flight: int) -> bool:
        """One request at a time, a while after the last answer."""
        return in_flight == 0 and now_ns >= self._resume_ns

    def asked(self, now_ns: int) -> KinematicState:
        """The last command."""
        self._requests.add(now_ns)
        return KinematicState(now_ns, *self._motion)

    def receive(self, chunk: ActionChunk, now_ns: int) -> None:
        """Fits the chunk and joins it to the present motion."""
        if chunk.order <= self._last_order:
            return
        self._now_ns, self._last_order = now_ns, chunk.order
        self._resume_ns = now_ns + self.wait_ns
        length_s = (len(chunk.rows) - 1) * chunk.row_period_ns / NS
        since_s = (now_ns - self._requests.of(chunk)) / NS
        fit = Polynomial.fitted(chunk.rows, chunk.row_period_ns / NS, DEGREE)
        if self._curve is None:
            self._begin(fit, 0.0, length_s, now_ns)
        elif since_s < length_s:
            begin_s, joined = self._joined(fit, since_s, length_s)
            self._begin(joined, begin_s, length_s, now_ns)
        else:
            return
        self._grippers.follow(chunk.rows)

    def command(self, now_ns: int) -> Array:
        """Where the joined curve and the grippers are now; after the chunk its end is held."""
        self._now_ns = now_ns
        if self._curve is None:
            return self._motion[0]
        position, velocity, acceleration = self._at(self._time_s)
        gripper = self._grippers.at(self._time_s)
        self._motion = (np.where(self._joints, position, gripper), velocity, acceleration)
        return self._motion[0]

    @property
    def rate(self) -> float:
        """As ``Executor.rate``."""
        return 0.0 if self._curve is None or self._time_s > self._length_s else 1.0

    @abstractmethod
    def _joined(self, fit: Polynomial, since_s: float, length_s: float) -> tuple[float, Curve]:
        """Time of the chunk at which it is entered now, and the curve from then on."""

    def _begin(self, curve: Curve, begin_s: float, length_s: float, now_ns: int) -> None:
        self._curve, self._length_s = curve, length_s
        self._origin_ns = now_ns - round(begin_s * NS)

    @property
    def _time_s(self) -> float:
        return (self._now_ns - self._origin_ns) / NS

    def _at(self, time_s: float) -> Motion:
        """The present curve; its end is held, with the velocity there, as in the release."""
        assert self._curve is not None
        return self._curve.at(min(time_s, self._length_s))


class RailReleased(_Rail):
    """As released: one quintic (``min_jerk``), longer the more the two motions differ.

    Over its last 30 % it is blended linearly into the chunk, which breaks the velocity where
    the blend begins. After an answer 0.2 s pass before the next request.
    """

    wait_ns = WAIT_NS

    def _joined(self, fit: Polynomial, since_s: float, length_s: float) -> tuple[float, Curve]:
        present, planned = self._at(self._time_s), fit.at(since_s)
        pairs = zip(present, planned, strict=True)
        away = [np.linalg.norm((a - b)[self._joints]) for a, b in pairs]
        share = LEAST + BY_POSITION * away[0] + BY_VELOCITY * away[1] + BY_ACCELERATION * away[2]
        seam_s = min(length_s * min(1.0, float(share)), length_s - since_s)
        end_s = since_s + seam_s
        if seam_s <= self._tick_s:
            return since_s, fit
        smooth = quintic(present, fit.at(end_s), since_s, seam_s)
        blend = Blend(smooth, fit, since_s + BLEND_AFTER * seam_s, end_s)
        return since_s, Spliced(blend, fit, end_s)


class RailPaper(_Rail):
    """As in the paper: the chunk is entered by two quintics.

    They meet half way, where position and velocity are the mean of the old and the new motion
    and acceleration is zero. With ``shifted`` the chunk is entered later than at the measured
    time, where it lies ahead: at the first row within 0.375 s that most joints reach by moving
    on (``search_action`` of the release). The motion then runs ahead of the policy's time.
    """

    def __init__(self, setup: Setup, *, shifted: bool = False) -> None:
        super().__init__(setup)
        self._search_s = SEARCH_S if shifted else SEARCH_STEP_S

    def _joined(self, fit: Polynomial, since_s: float, length_s: float) -> tuple[float, Curve]:
        present = self._at(self._time_s)
        offsets = np.arange(0.0, min(self._search_s, length_s - since_s), SEARCH_STEP_S)
        candidates = np.array([fit.at(since_s + offset)[0] for offset in offsets])
        begin_s = since_s + offsets[aligned_row(candidates, *present[:2], self._joints)]
        seam_s = min(SEAM * length_s, length_s - begin_s)
        middle_s, end_s = begin_s + seam_s / 2, begin_s + seam_s
        if seam_s <= self._tick_s:
            return begin_s, fit
        old, new = self._at(self._time_s + seam_s / 2), fit.at(middle_s)
        middle = ((old[0] + new[0]) / 2, (old[1] + new[1]) / 2, np.zeros_like(old[2]))
        first = quintic(present, middle, begin_s, seam_s / 2)
        second = quintic(middle, fit.at(end_s), middle_s, seam_s / 2)
        return begin_s, Spliced(Spliced(first, second, middle_s), fit, end_s)

    def _at(self, time_s: float) -> Motion:
        motion = super()._at(time_s)
        zero = np.zeros_like(motion[0])
        return (motion[0], zero, zero) if time_s > self._length_s else motion
