"""The recordings of a Unitree G1 beside the checkout, for tests."""

from pathlib import Path

import pytest

from aura_ros.robot.load import load_robot
from aura_ros.robot.problems import RobotConfigError

DATA = Path(__file__).resolve().parent.parent.parent / "shared/data/g1_bottle"
LIMIT_SETS = (None, "collaborative")

needs_recordings = pytest.mark.skipif(
    not DATA.is_dir(), reason="the recordings of the Unitree G1 are not beside the checkout"
)


def robots_by_limits():
    """The robot with each set of limits; skips where its URDF is not installed."""
    try:
        return {limits: load_robot("unitree_g1", limit_set=limits) for limits in LIMIT_SETS}
    except RobotConfigError as error:
        if "example-robot-data" not in str(error):
            raise
        pytest.skip("example-robot-data with the URDF of the G1 is not installed")
