"""Episodes of recorded runs, for the calibration of the monitor.

A run is a recording of the chain's own topics (of the demo, or ``decisions`` of a replay). Its
episodes are told apart by the elapsed-time score, which begins again in each. With a success
topic only episodes that succeeded count; without one all do.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rosbags.interfaces import Connection

from aura_ros.conversions import from_message
from aura_ros.monitor.calibration import Calibration, CalibrationError, calibrate
from aura_ros.monitor.monitor import SCORE_NAMES
from aura_ros.replay.recording import Recording
from aura_ros.robot.description import Robot
from aura_ros.types import Array, FailureRisk

ELAPSED = SCORE_NAMES.index("elapsed_time")
RISKS, SUCCESS = "/failure_risk", "/success"


def calibrate_from(recordings: Sequence[Path], robot: Robot, alpha: float) -> Calibration:
    """Calibrate on the successful episodes of ``recordings``."""
    episodes = [episode for path in recordings for episode in successful_episodes(path)]
    return calibrate(episodes, SCORE_NAMES, robot.digest, alpha)


def successful_episodes(path: Path) -> list[Array]:
    """Raw scores (T, s) of each successful episode of one recording, up to its success."""
    with Recording(path) as recording:
        wanted = [c for c in recording.connections if c.topic in (RISKS, SUCCESS)]
        topics = {connection.topic for connection in wanted}
        if RISKS not in topics:
            raise CalibrationError(f"{path} has no topic {RISKS}: record the chain's own topics")
        return _successes(recording, wanted, SUCCESS in topics)


def _successes(recording: Recording, wanted: list[Connection], judged: bool) -> list[Array]:
    episodes: list[list[tuple[float, ...]]] = []
    done: list[bool] = []
    was = False
    for connection, _, data in recording.messages(wanted, recording.start_ns, recording.end_ns + 1):
        message = recording.decode(connection, data)
        if connection.topic == SUCCESS:
            # The success of the episode before may still be said when the next has begun.
            if done and message.data and not was:
                done[-1] = True
            was = bool(message.data)
            continue
        scores = from_message(FailureRisk, message).scores
        if not episodes or scores[ELAPSED] < episodes[-1][-1][ELAPSED]:
            episodes.append([])
            done.append(False)
        # What follows a success is waiting for the next task, not work.
        if not (done[-1] and episodes[-1]):
            episodes[-1].append(scores)
    kept = [np.array(e) for e, good in zip(episodes, done, strict=True) if good or not judged]
    return [episode for episode in kept if np.isfinite(episode).any(axis=0).all()]
