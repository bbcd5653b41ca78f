"""Time that checks may take: one that hangs holds the robot, and never the guard.

A budget looks at real time, so a journal says the same again through a fresh core only where no
budget was overrun.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from queue import SimpleQueue

from aura_ros.guard.context import Context
from aura_ros.guard.entry import CheckFunction
from aura_ros.guard.lattice import unknown
from aura_ros.guard.rules.foreign import Busy, Foreign
from aura_ros.guard.running import run_check
from aura_ros.settings import Setting
from aura_ros.types import NS, Check, Decision

CHECK_BUDGET = Setting(
    "check_budget", 0.02, "longest time one check of a chunk or plan may take [s]", 0.001, 1.0
)


class Budget:
    """Runs checks: a ``Runner`` of the guard (:mod:`aura_ros.guard.running`).

    A check of another package runs in a thread of its own and is waited for ``seconds``; one that
    is not back by then is HOLD for this call, whatever it says later, and for every call until it
    is back. A check of this package runs where it is called and is HOLD if it used more processor
    time than that: not elapsed time, since other processes may have had the processor meanwhile.

    A thread that computes without end takes processor time of the guard's, and one that never
    gives the interpreter back stops the guard: then the lease runs out and motion stops.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._workers: dict[Foreign, _Worker] = {}

    def __call__(self, name: str, check: CheckFunction, context: Context) -> Check:
        """What the check says, or HOLD and its name."""
        if not isinstance(check, Foreign):
            return self._inline(name, check, context)
        if check not in self._workers:
            self._workers[check] = _Worker(name, check)
        return self._workers[check].run(context, self._seconds)

    def _inline(self, name: str, check: CheckFunction, context: Context) -> Check:
        began = time.thread_time_ns()
        said = run_check(name, check, context)
        took = (time.thread_time_ns() - began) / NS
        if took <= self._seconds:
            return said
        worst = Decision.ALLOW if said.passed else said.decision
        return unknown(name, _over(self._seconds), worst)

    def close(self) -> None:
        """End the threads of checks that do not hang."""
        for worker in self._workers.values():
            worker.end()
        self._workers.clear()


def _over(seconds: float) -> str:
    return f"over its budget of {1000 * seconds:g} ms"


class _Task:
    """One call of a check."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.said: Check | None = None
        self.done = threading.Event()


class _Worker:
    """The thread of one check.

    No executor of the standard library: its threads are waited for when the process ends, and one
    that hangs would keep it from ending.
    """

    def __init__(self, name: str, check: CheckFunction) -> None:
        self._name, self._check = name, check
        self._tasks: SimpleQueue[_Task | None] = SimpleQueue()
        self._last: _Task | None = None
        threading.Thread(target=self._work, name=f"check {name}", daemon=True).start()

    def run(self, context: Context, seconds: float) -> Check:
        """What the check says within ``seconds``."""
        if self._last is not None and not self._last.done.is_set():
            return unknown(self._name, "has not come back from an earlier call")
        self._last = task = _Task(context)
        self._tasks.put(task)
        if not task.done.wait(seconds) or task.said is None:
            return unknown(self._name, _over(seconds))
        return task.said

    def end(self) -> None:
        """Let the thread end after what it does."""
        self._tasks.put(None)

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            try:
                task.said = run_check(self._name, self._check, task.context)
            except BaseException as error:  # a check that asks its process to exit, too
                task.said = unknown(self._name, f"raised {error!r}")
            task.done.set()


class Watchdog:
    """Names the foreign code that keeps the guard's own thread: watches, and checks that hear.

    It cannot stop them: no lease is renewed meanwhile, so motion has stopped by the time ``say`` is
    called, once for each such call, between one and two times ``patience`` [s] after it began.
    """

    def __init__(self, busy: Busy, say: Callable[[str], object], patience: float) -> None:
        self._busy, self._say, self._patience = busy, say, patience
        self._seen = self._said = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work, name="watchdog of checks", daemon=True)
        self._thread.start()

    def look(self) -> None:
        """See whether the code of the last look is still running."""
        name, turn = self._busy.name, self._busy.turn
        if name and turn == self._seen != self._said:
            self._said = turn
            self._say(f"check {name} keeps the guard waiting: no lease is renewed until it returns")
        self._seen = turn

    def end(self) -> None:
        """Look no more."""
        self._ended.set()

    def _work(self) -> None:
        while not self._ended.wait(self._patience):
            self.look()
