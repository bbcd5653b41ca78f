"""Shared by all tests: local discovery, and a ROS domain for every test process."""

from __future__ import annotations

import os

# As the package sets it where it is imported before numpy: a hash compares results to the last
# bit, and threads of a linear algebra library add in another order.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# Set before anything imports rclpy. Domains 1 to 101 are free of port clashes on Linux.
os.environ.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
os.environ["ROS_DOMAIN_ID"] = str(1 + os.getpid() % 100)
