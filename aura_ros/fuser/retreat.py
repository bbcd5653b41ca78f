"""The retreat: back along the executed path to where the robot was at some time.

It begins where the motion rests, or will rest in its stop tail. Grippers stay as they are, and
the way back ends where one of them last opened or closed: beyond that a load would be taken
where none was, or let go where there was one. What is gone back is no executed path itself: a
retreat that is broken off goes on from where it stopped, and motion after it begins a new path.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from aura_ros.fuser.admission import Refusal
from aura_ros.fuser.contact import MOVED
from aura_ros.fuser.gripper import grippers_of
from aura_ros.fuser.moving import Moving
from aura_ros.fuser.reference import MAX_KNOTS_BACK
from aura_ros.fuser.retrace import EVEN, chunk_of, way_back
from aura_ros.fuser.trail import Trail, followed
from aura_ros.motion.jerk import knot_at_or_after, sample
from aura_ros.types import NS, ActionChunk, Array, Now, Retreat

# Share of the limits that a retreat uses: who is in doubt is slow.
USED = 0.4
# A word to retreat that was longer on its way is void: the guard has given up waiting [ns].
PATIENCE_NS = NS
# A way that is shorter than this leads nowhere [rad or m].
LEAST = 1e-3


@dataclass(frozen=True)
class _Way:
    """From where the motion rests at ``start_ns``, back along ``trail``."""

    trail: Trail
    start_ns: int
    place: Array


class WayHome:
    """Remembers where one robot came from, and makes the way back there."""

    def __init__(self, moving: Moving) -> None:
        self._moving, self._robot = moving, moving.robot
        self._grippers = grippers_of(moving.robot)
        self.forget()

    def forget(self) -> None:
        """Nothing was executed."""
        self._trail: Trail | None = None
        self._planned: Trail | None = None
        self._is_back = False
        self._mine: deque[str] = deque(maxlen=8)
        self._others: deque[str] = deque(maxlen=8)

    def note(self, chunk: ActionChunk) -> None:
        """``chunk`` retraces executed motion too; it was made elsewhere."""
        self._others.append(chunk.digest)

    def corrected(self, digest: str, chunk: ActionChunk) -> None:
        """The guard put ``chunk`` in the place of that of ``digest``."""
        for known in (self._mine, self._others):
            if digest in known:
                known.append(chunk.digest)

    def is_taken(self, now: Now) -> bool:
        """Whether the robot is on the way back of a retreat."""
        motion = self._moving.plan(now)
        if motion is None or motion.chunk_digest not in self._mine:
            return False
        return now.ros_ns < motion.end_ns

    @property
    def remembered_s(self) -> float:
        """Executed motion that can be retraced [s]."""
        if self._trail is None:
            return 0.0
        return (len(self._trail.times) - 1) * self._robot.knot_period_ns / NS

    def watch(self, now: Now) -> None:
        """Time has passed."""
        motion = self._moving.plan(now)
        if motion is None:
            return
        if motion.chunk_digest in self._mine or motion.chunk_digest in self._others:
            if self._planned is not None:
                self._trail, self._planned = self._planned, None
            self._is_back = True
            return
        first_ns = motion.start_ns
        if self._is_back:
            # The path behind has a corner here, and was gone back on: a new one begins.
            self._trail, self._is_back, first_ns = None, False, now.ros_ns
        self._trail = followed(self._trail, motion, first_ns, now.ros_ns, self._keep)

    @property
    def _keep(self) -> int:
        return int(self._moving.config.retreat * NS) // self._robot.knot_period_ns + 1

    def back(self, retreat: Retreat, newest: ActionChunk | None, now: Now) -> ActionChunk | Refusal:
        """The way back that ``retreat`` asks for, or why there is none.

        ``newest`` is the last chunk that was taken.
        """
        late_s = (now.ros_ns - retreat.stamp_ns) / NS
        if late_s * NS > PATIENCE_NS:
            return Refusal("retreat_stale", f"the word to retreat was {late_s:.3f} s on its way")
        self.watch(now)
        way = self._way(now)
        if way is None or newest is None:
            return Refusal("no_way_back", "no executed motion is remembered: move it by hand")
        last = len(way.trail.times) - 1
        reached = max(way.trail.passed(retreat.until_ns), self._since_hands_changed(way.trail))
        rows = self._rows(way, reached) if reached < last else way.place[None]
        if np.ptp(rows, axis=0).max() < LEAST:
            words = "since then the robot has not moved, or a hand opened or closed last"
            return Refusal("no_way_back", words)
        back = chunk_of(rows, newest, way.start_ns, now, self._robot)
        self._planned = way.trail
        self._mine.append(back.digest)
        return back

    def _way(self, now: Now) -> _Way | None:
        """What can be retraced from where the motion rests."""
        motion, trail = self._moving.plan(now), self._trail
        if motion is None or trail is None or not self._moving.config.retreat:
            return None
        soonest_ns = now.ros_ns + int(self._moving.config.commit_delay * NS)
        start_ns = knot_at_or_after(max(soonest_ns, motion.end_ns), motion.knot_period_ns)
        place = sample(motion, motion.end_ns).position
        if not self._is_back:
            rest = followed(trail, motion, motion.start_ns, motion.end_ns, self._keep)
            return None if rest is None else _Way(rest, start_ns, place)
        behind = trail.nearest(place, self._robot.limits.velocity)
        return _Way(trail.until(behind), start_ns, place)

    def _since_hands_changed(self, trail: Trail) -> int:
        """The knot from which on every gripper stayed as it is at the end."""
        since = 0
        for gripper in self._grippers:
            share = gripper.share(trail.path.position)
            changed = np.flatnonzero(np.abs(share - share[-1]) > MOVED)
            since = max(since, int(changed[-1]) + 1 if len(changed) else 0)
        return since

    def _rows(self, way: _Way, reached: int) -> Array:
        """Rows (H, n) back to knot ``reached``, no more than one plan can take."""
        path, limits = way.trail.path, self._robot.limits
        last_ns = (len(way.trail.times) - 1) * path.knot_period_ns
        first_ns = reached * path.knot_period_ns
        rows = way_back(path, first_ns, last_ns, limits, EVEN, USED)
        while len(rows) > MAX_KNOTS_BACK:
            first_ns = last_ns - (last_ns - first_ns) * MAX_KNOTS_BACK // (len(rows) + 1)
            rows = way_back(path, first_ns, last_ns, limits, EVEN, USED)
        # Where a way back was broken off, motion rests beside the path.
        u = np.linspace(0.0, 1.0, len(rows))[:, None]
        rows = rows + (way.place - rows[0]) * (1 - u * u * (3 - 2 * u))
        return np.where(self._robot.averaged, rows, way.place)
