"""The policy node: requests go to the backend in a worker thread, answers come back as values."""

from __future__ import annotations

import queue
import sys
import threading
import time
from typing import Any

from aura_ros.nodes import realtime
from aura_ros.nodes.backends import BACKEND_SETTINGS, make_backend
from aura_ros.nodes.chain_node import ChainNode
from aura_ros.nodes.parameters import declare
from aura_ros.nodes.run import run
from aura_ros.pipeline import Room, answer
from aura_ros.policy.backend import Backend
from aura_ros.policy.policy import Policy, PolicyConfig
from aura_ros.robot.description import Robot
from aura_ros.types import ActionChunk, Now, PolicyFeatures, Request


class PolicyNode(ChainNode):
    """Observations in, chunks and features out."""

    room = "policy"
    config = PolicyConfig
    says = (PolicyFeatures, ActionChunk)

    def declare_more(self) -> None:
        """Which backend, and its settings."""
        for spec in BACKEND_SETTINGS:
            declare(self, spec, read_only=True)

    def build(self, robot: Robot, settings: Any) -> Room:
        """A policy room, and the backend that answers it."""
        chosen = {s.name: self.get_parameter(s.name).value for s in BACKEND_SETTINGS}
        self._worker = Worker(make_backend(robot, chosen), self.post)
        return Policy(robot, settings, session=time.time_ns())

    def act_on(self, value: Any, now: Now) -> None:
        """A request goes to the worker."""
        if isinstance(value, Request):
            self._worker.ask(value)

    def close(self) -> None:
        """End the worker."""
        if self._core is not None:
            self._worker.close()
        super().close()


class Worker:
    """Asks the backend, one request at a time, in a thread."""

    def __init__(self, backend: Backend, post: Any) -> None:
        self._backend, self._post = backend, post
        self._requests: queue.SimpleQueue[Request | None] = queue.SimpleQueue()
        # A daemon: a backend that never answers must not keep the process alive.
        threading.Thread(target=self._work, name="backend", daemon=True).start()

    def ask(self, request: Request) -> None:
        """Queue a request; its response is posted."""
        self._requests.put(request)

    def close(self) -> None:
        """End after the request in work."""
        self._requests.put(None)

    def _work(self) -> None:
        realtime.give_up()
        while (request := self._requests.get()) is not None:
            self._post(answer(self._backend, request))


def main(args: list[str] | None = None) -> None:
    """Run the policy node."""
    sys.exit(run(PolicyNode, args))


if __name__ == "__main__":
    main()
