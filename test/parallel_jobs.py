"""Jobs for pools in tests; processes of a pool import them by name."""

import os
import time
from pathlib import Path


def write_pid_and_wait(path):
    """Say which process this is, and never end."""
    Path(path).write_text(str(os.getpid()))
    while True:
        time.sleep(1)
