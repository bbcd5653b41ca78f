"""Processes for jobs: one thread each, nothing left behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from aura_ros.parallel import THREADS, pool

# A program that hands a job to a pool that never ends by itself, and tells its process.
ENDLESS = """
import sys
from parallel_jobs import write_pid_and_wait
from aura_ros.parallel import pool

with pool(1) as executor:
    executor.submit(write_pid_and_wait, sys.argv[1]).result()
"""
PATIENCE_S = 20.0


def lives(pid):
    """Whether a process runs; one that only waits to be reaped does not."""
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False


def waited(what):
    """The first true value of ``what``."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        found = what()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError("not in time")


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are looked up in /proc")
def test_processes_end_with_a_program_that_is_killed(tmp_path):
    path = tmp_path / "pid"
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent)}
    program = subprocess.Popen([sys.executable, "-c", ENDLESS, str(path)], env=environment)
    worker = int(waited(lambda: path.exists() and path.read_text()))
    assert lives(worker)
    program.send_signal(signal.SIGKILL)
    program.wait()
    waited(lambda: not lives(worker))


def test_each_process_has_one_thread_and_the_setting_is_gone_after():
    before = {name: os.environ.get(name) for name in THREADS}
    with pool(1) as executor:
        assert executor.submit(os.getenv, THREADS[0]).result() == "1"
        assert executor.submit(os.getpid).result() != os.getpid()
    assert {name: os.environ.get(name) for name in THREADS} == before


def interrupted_in_the_midst():
    with pool(1) as executor:
        executor.submit(os.getpid).result()
        for _ in range(10):
            executor.submit(time.sleep, PATIENCE_S)
        raise KeyboardInterrupt


def test_an_interrupt_waits_for_no_job():
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        interrupted_in_the_midst()
    assert time.monotonic() - began < PATIENCE_S
