"""The embedded robot as a ROS node: topics and services of a real one, and faults on demand."""

from __future__ import annotations

import sys
from collections.abc import Callable
from threading import Event, Thread

import numpy as np
import rclpy
from rclpy.clock import Clock, ClockType
from rclpy.exceptions import (
    InvalidParameterTypeException,
    InvalidParameterValueException,
    ParameterException,
)
from rclpy.executors import SingleThreadedExecutor
from rclpy.logging import get_logger
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.signals import SignalHandlerOptions
from std_msgs.msg import Float64MultiArray
from std_srvs.srv import Trigger
from trajectory_msgs.msg import JointTrajectory

from aura_ros.nodes.signals import Stop
from aura_ros.sim import messages, parameters
from aura_ros.sim.cameras import CameraThread
from aura_ros.sim.gl import RenderingUnavailableError
from aura_ros.sim.health import Health, diagnose
from aura_ros.sim.model import STEP_NS
from aura_ros.sim.outputs import Outputs
from aura_ros.sim.pacing import Pacer, Rate
from aura_ros.sim.simulation import Simulation
from aura_ros.sim.trajectory import CommandRefused
from aura_ros.types import NS

_CANNOT_START = (
    ValueError,
    FileNotFoundError,
    RenderingUnavailableError,
    ParameterException,
    InvalidParameterTypeException,
    InvalidParameterValueException,
)
_SUCCESS_RATE, _CLOCK_RATE = 10.0, 250.0


class SimNode(Node):
    """One Panda with two cameras, paced by wall time or publishing ``/clock``.

    Raises ValueError for a wrong parameter, RenderingUnavailableError without OpenGL.
    """

    def __init__(self) -> None:
        super().__init__("sim")
        self._settings = parameters.declare(self)
        self._wall = Clock(clock_type=ClockType.SYSTEM_TIME)
        # Simulated time begins at 1 s: a stamp of zero means "now" to trajectory controllers.
        self._now_ns = NS if self._settings.simulated_time else self._wall.now().nanoseconds
        chosen = self._settings
        self._sim = Simulation(chosen.task, chosen.seed, self._now_ns, chosen.target)
        self._outputs = Outputs(self, self._settings.seed)
        self._outputs.faults = parameters.read_faults(self)
        self._pacer = Pacer(self._settings.real_time_factor)
        self._refused, self._last_refusal = 0, ""
        self._health = Health()
        size = (self._settings.image_width, self._settings.image_height)
        self._cameras = CameraThread(
            self._sim.model, size, lambda: self._outputs.faults, self._outputs.image
        )
        self._cameras.start()
        self._listen()
        self._outputs.instruction(self._sim.instruction)
        self._stop = Event()
        self._physics = Thread(target=self._run, name="physics", daemon=True)
        self._physics.start()

    def close(self) -> None:
        """End the threads."""
        self._stop.set()
        self._physics.join()
        self._cameras.stop()

    def _listen(self) -> None:
        self.add_post_set_parameters_callback(self._parameters_changed)
        self.create_subscription(
            JointTrajectory, "joint_trajectory_controller/joint_trajectory", self._follow, 1
        )
        self.create_subscription(Float64MultiArray, "position_controller/commands", self._go_to, 1)
        self.create_service(Trigger, "~/reset", self._reset)
        self.create_service(Trigger, "~/new_episode", self._new_episode)
        self.create_timer(1.0, self._diagnose, clock=Clock(clock_type=ClockType.STEADY_TIME))

    # --- physics thread -------------------------------------------------------------------

    def _run(self) -> None:
        settings, out = self._settings, self._outputs
        rates = {
            "joints": Rate(settings.joint_state_rate),
            "objects": Rate(settings.objects_rate),
            "cameras": Rate(settings.camera_rate),
            "success": Rate(_SUCCESS_RATE),
            "clock": Rate(_CLOCK_RATE),
        }
        while not self._stop.is_set():
            for time_ns in self._step_times(self._pacer.wait()):
                self._now_ns = time_ns
                self._sim.step(time_ns, out.faults.slip)
                due = {name for name, rate in rates.items() if rate.due(time_ns)}
                if due:
                    self._publish(time_ns, due)
            out.flush(self._now_ns)

    def _step_times(self, steps: int) -> range:
        """ROS times at the ends of the steps that are due."""
        if self._settings.simulated_time:
            last = self._now_ns + steps * STEP_NS
        else:
            last = self._wall.now().nanoseconds - self._pacer.late_ns
        return range(last - (steps - 1) * STEP_NS, last + 1, STEP_NS)

    def _publish(self, now_ns: int, due: set[str]) -> None:
        state, out = self._sim.snapshot(), self._outputs
        if "clock" in due and self._settings.simulated_time:
            out.clock(now_ns)
        if "joints" in due:
            out.joint_states(now_ns, state)
        if "objects" in due:
            out.objects(now_ns, state)
        if "cameras" in due:
            self._cameras.show(now_ns, state.pose)
        if "success" in due:
            out.success(state.success)

    # --- executor thread ------------------------------------------------------------------

    def _follow(self, message: JointTrajectory) -> None:
        command = messages.trajectory(message)
        self._command("joint_trajectory_controller", lambda now: self._sim.follow(command, now))

    def _go_to(self, message: Float64MultiArray) -> None:
        positions = np.array(message.data)
        self._command("position_controller", lambda now: self._sim.go_to(positions, now))

    def _command(self, controller: str, give: Callable[[int], None]) -> None:
        try:
            give(self._time_ns())
        except CommandRefused as reason:
            self._refused += 1
            self._last_refusal = f"{controller}: {reason}"
            self.get_logger().warning(self._last_refusal, throttle_duration_sec=1.0)

    def _time_ns(self) -> int:
        simulated = self._settings.simulated_time
        return self._now_ns if simulated else self._wall.now().nanoseconds

    def _reset(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        return self._begun(self._sim.reset(self._time_ns()), response)

    def _new_episode(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        return self._begun(self._sim.new_episode(), response)

    def _begun(self, seed: int, response: Trigger.Response) -> Trigger.Response:
        self._outputs.instruction(self._sim.instruction)
        response.success, response.message = True, str(seed)
        return response

    def _parameters_changed(self, _: list[Parameter]) -> None:
        self._outputs.faults = parameters.read_faults(self)

    def _diagnose(self) -> None:
        health = Health(
            skipped_s=self._pacer.skipped_s,
            render_ms=self._cameras.render_ms,
            dropped_frames=self._cameras.dropped,
            refused=self._refused,
            last_refusal=self._last_refusal,
            faults=self._outputs.faults.active(),
        )
        lines = diagnose(self.get_name(), health, self._health)
        self._health = health
        self._outputs.diagnostics(self._time_ns(), lines)


def main(args: list[str] | None = None) -> int:
    """Run the node until SIGINT or SIGTERM. Exit status 0; 1 if it could not start."""
    stop = Stop()
    # With rclpy's own handlers the context would end before the threads that publish in it.
    rclpy.init(args=args, signal_handler_options=SignalHandlerOptions.NO)
    try:
        return _run_until(stop)
    finally:
        rclpy.shutdown()


def _run_until(stop: Stop) -> int:
    try:
        node = SimNode()
    except _CANNOT_START as error:
        get_logger("sim").fatal(str(error))
        return 1
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    while not stop.asked:
        executor.spin_once(timeout_sec=0.1)
    stop.ignore()
    node.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
