"""The fuser node: planning in the executor, commands in a thread of their own."""

from __future__ import annotations

import sys
import threading
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aura_ros.conversions import to_message
from aura_ros.fuser.config import FuserConfig
from aura_ros.fuser.fuser import Fuser
from aura_ros.fuser.loop import CommandLoop
from aura_ros.nodes.chain_node import ChainNode
from aura_ros.nodes.commands import TRAJECTORY, columns, trajectory
from aura_ros.nodes.messages import make, message_class
from aura_ros.nodes.parameters import declare
from aura_ros.nodes.realtime import go_first
from aura_ros.nodes.run import run
from aura_ros.nodes.set_points import SetPoints
from aura_ros.nodes.topics import NEWEST, TOPICS
from aura_ros.pipeline import Room
from aura_ros.robot.description import Robot
from aura_ros.settings import Setting
from aura_ros.types import (
    NS,
    ClockJump,
    Command,
    Commitment,
    FuserStatus,
    Now,
    Proposal,
    Reset,
    Track,
    Tripped,
    WayBack,
)

RATE = Setting("command_rate", 200.0, "rate of the command loop [Hz]", 10.0, 1000.0)


class FuserNode(ChainNode):
    """Chunks in, commands out. The only publisher of commands."""

    room = "fuser"
    config = FuserConfig
    says = (WayBack, Proposal, Commitment, FuserStatus)

    def declare_more(self) -> None:
        """The rate of the command loop."""
        declare(self, RATE, read_only=True)

    def build(self, robot: Robot, settings: Any) -> Room:
        """A fuser, and the loop that commands what it lets move."""
        self._lock = threading.Lock()
        self._loop = CommandLoop(robot.limits, robot.rotations)
        self._diverged = False
        self._thread: threading.Thread | None = None
        self._running = False
        self._failure: Exception | None = None
        return Fuser(robot, settings)

    def outputs(self, robot: Robot) -> None:
        """One publisher per controller, and every command for whoever watches."""
        self._trajectories: list[tuple[Any, tuple[str, ...], NDArray[np.intp]]] = []
        self._set_points: list[SetPoints] = []
        for output in robot.commands:
            publisher = self.create_publisher(message_class(output.type), output.topic, NEWEST)
            self._interfaces.append(publisher)
            if output.type == TRAJECTORY:
                chosen = columns(output, robot)
                self._trajectories.append((publisher, output.joints, chosen))
            else:
                self._set_points.append(SetPoints(publisher, output, robot))
        topic = TOPICS[Command]
        self._commands = self.create_publisher(
            message_class("aura_ros/msg/Command"), topic.name, topic.qos
        )
        self._interfaces.append(self._commands)

    # --- the core's side --------------------------------------------------------------------

    def record(self, now: Now, value: Any, said: list[Any]) -> None:
        """The loop changes its track where the journal says so: both under one lock."""
        diverged = None
        with self._lock:
            for out in said:
                if isinstance(out, Track):
                    diverged = self._loop.follow(out)
            if isinstance(value, Reset):
                self._loop.reset()
            if isinstance(value, ClockJump):
                self._loop.follow(None)
            super().record(now, value, said)
        self._diverged = diverged is not None
        if diverged is not None:
            self.post(diverged)

    def act_on(self, value: Any, now: Now) -> None:
        """A new track goes to trajectory controllers as far as the lease lets it move."""
        if isinstance(value, Track) and not (self._loop.tripped or self._diverged):
            for publisher, joints, chosen in self._trajectories:
                message = trajectory(value.plan, now, joints, chosen)
                if message is not None:
                    publisher.publish(message)

    def tick(self) -> None:
        """Time has passed. A command loop that failed ends the process: another one begins anew."""
        if self._failure is not None:
            raise RuntimeError("the command loop failed") from self._failure
        super().tick()

    # --- the loop's side --------------------------------------------------------------------

    def on_activate(self, state: Any) -> Any:
        """Start the command loop."""
        result = super().on_activate(state)
        self._running = True
        self._thread = threading.Thread(target=self._command, name="commands", daemon=True)
        self._thread.start()
        return result

    def on_deactivate(self, state: Any) -> Any:
        """Take the lease back, let the tail run out in the loop, then end it.

        Where the core fails, the lease ends by itself.
        """
        try:
            return super().on_deactivate(state)
        finally:
            self._let_tail_run_out()
            self._running = False
            if self._thread is not None:
                self._thread.join(timeout=1.0)

    def _let_tail_run_out(self) -> None:
        deadline = time.monotonic() + 1.0
        while time.monotonic() < deadline:
            end_ns = self._loop.end_ns
            if end_ns is None or self.get_clock().now().nanoseconds > end_ns:
                return
            time.sleep(0.01)

    def _command(self) -> None:
        """Absolute sleeps on the steady clock: a late command does not delay the next ones."""
        go_first()
        period_ns = int(NS / self.get_parameter(RATE.name).value)
        due_ns = time.monotonic_ns()
        try:
            while self._running:
                due_ns = max(due_ns + period_ns, time.monotonic_ns() - period_ns)
                time.sleep(max(due_ns - time.monotonic_ns(), 0) / NS)
                self._command_once()
        except Exception as error:
            self._failure = error
        finally:
            self._halt()

    def _halt(self) -> None:
        for output in self._set_points:
            output.halt()

    def _command_once(self) -> None:
        with self._lock:
            now = self.now()
            was_tripped = bool(self._loop.tripped)
            command = self._loop.command(now)
            if self._journal is not None and command is not None:
                self._journal.append(True, now, command)
        if self._loop.tripped and not was_tripped:
            self.post(Tripped(self._loop.tripped))
        if command is None:
            self._halt()
            return
        for output in self._set_points:
            output.publish(command)
        self._commands.publish(to_message(command, make))


def main(args: list[str] | None = None) -> None:
    """Run the fuser node."""
    sys.exit(run(FuserNode, args))


if __name__ == "__main__":
    main()
