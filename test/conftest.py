"""Shared by all tests: local discovery, and a ROS domain for every test process."""

from __future__ import annotations

import os

import pytest

# As the package sets it where it is imported before numpy: a hash compares results to the last
# bit, and threads of a linear algebra library add in another order.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# Set before anything imports rclpy. Domains 1 to 101 are free of port clashes on Linux.
os.environ.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
os.environ["ROS_DOMAIN_ID"] = str(1 + os.getpid() % 100)

# Their nodes live by the wall clock (a lease of 0.25 s, sources that may be silent for as long),
# and other programs may take the cores for so long: what is broken fails three times.
LIVE = ("test_nodes_", "test_cli", "test_launch")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give tests on a live graph two more tries."""
    for item in items:
        # Killed nodes stay killed: another try of those would begin elsewhere.
        if item.path.name.startswith(LIVE) and item.path.name != "test_nodes_kill.py":
            item.add_marker(pytest.mark.flaky(reruns=2))
