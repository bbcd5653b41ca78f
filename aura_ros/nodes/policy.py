"""The policy node: requests go to the backend in worker threads, answers come back as values."""

from __future__ import annotations

import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

from rclpy.parameter import Parameter

from aura_ros.nodes import realtime
from aura_ros.nodes.backends import BACKEND_SETTINGS, check_timeouts, make_backend
from aura_ros.nodes.chain_node import ChainNode
from aura_ros.nodes.parameters import declare
from aura_ros.nodes.run import run
from aura_ros.pipeline import Room, answer
from aura_ros.policy.backend import Backend, declared_of
from aura_ros.policy.interpretation import make_actions
from aura_ros.policy.policy import Policy, PolicyConfig
from aura_ros.robot.description import Robot
from aura_ros.types import ActionChunk, Now, PolicyFeatures, Request, Response


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
        chosen = self._chosen()
        check_timeouts(chosen, settings.request_timeout)
        backend = make_backend(robot, chosen)
        actions = make_actions(robot, chosen["actions"], backend, self.robot_source.urdf)
        self._worker = Worker(backend, self.post, chosen["samples"], chosen["sensitivity"])
        declared = declared_of(backend)
        return Policy(robot, settings, time.time_ns(), actions, declared)

    def _chosen(self) -> dict[str, Any]:
        return {s.name: self.get_parameter(s.name).value for s in BACKEND_SETTINGS}

    def _judge_changes(self, changes: list[Parameter]) -> Any:
        result = super()._judge_changes(changes)
        for change in changes:
            if result.successful and change.name == "request_timeout":
                try:
                    check_timeouts(self._chosen(), change.value)
                except ValueError as error:
                    result.successful, result.reason = False, str(error)
        return result

    def act_on(self, value: Any, now: Now) -> None:
        """A request goes to the worker."""
        if isinstance(value, Request):
            self._worker.ask(value, self.get_parameter("in_flight").value)

    def close(self) -> None:
        """End the worker."""
        if self._core is not None:
            self._worker.close()
        super().close()


class Worker:
    """Asks the backend, in as many threads as there may be requests in flight.

    ``samples`` and ``sensitivity`` are asked for as by :func:`aura_ros.pipeline.answer`.
    """

    def __init__(
        self,
        backend: Backend,
        post: Callable[[Response], None],
        samples: int = 1,
        sensitivity: bool = False,
    ) -> None:
        self._answer = partial(answer, backend, samples=samples, sensitivity=sensitivity)
        self._post = post
        self._threads = 0
        self._closed = False
        self._news = threading.Condition()
        self._requests: deque[Request] = deque()

    def ask(self, request: Request, in_flight: int = 1) -> None:
        """Queue a request; its response is posted."""
        with self._news:
            self._requests.append(request)
            # More can only wait where a thread is held up: by then the oldest are given up.
            while len(self._requests) > in_flight:
                self._requests.popleft()
            while self._threads < in_flight:
                self._threads += 1
                # A daemon: a backend that never answers must not keep the process alive.
                name = f"backend_{self._threads}"
                threading.Thread(target=self._work, name=name, daemon=True).start()
            self._news.notify()

    def close(self) -> None:
        """End after the requests in work."""
        with self._news:
            self._closed = True
            self._news.notify_all()

    def _next(self) -> Request | None:
        with self._news:
            self._news.wait_for(lambda: self._requests or self._closed)
            return None if self._closed else self._requests.popleft()

    def _work(self) -> None:
        realtime.give_up()
        while (request := self._next()) is not None:
            self._post(self._answer(request))


def main(args: list[str] | None = None) -> None:
    """Run the policy node."""
    sys.exit(run(PolicyNode, args))


if __name__ == "__main__":
    main()
