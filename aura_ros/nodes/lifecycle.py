"""A lifecycle node that answers an impossible transition instead of dying of it."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.lifecycle import LifecycleNode


class SteadyLifecycleNode(LifecycleNode):
    """Refuses a transition that its state does not have."""

    def end(self) -> None:
        """Shut down and destroy, in whatever state."""
        with suppress(rclpy_implementation.RCLError):  # raised where it was shut down before
            self.trigger_shutdown()
        self.destroy_node()

    # Jazzy lets the error out of the executor, and the caller waits for ever. rclpy has no
    # public place to catch it.
    def _LifecycleNodeMixin__on_change_state(self, request: Any, response: Any) -> Any:  # noqa: N802
        try:
            change: Any = super()
            return change._LifecycleNodeMixin__on_change_state(request, response)
        except rclpy_implementation.RCLError:
            wanted = request.transition.label or request.transition.id
            _, state = self._state_machine.current_state
            self.get_logger().error(f"transition {wanted} is impossible in state {state}")
            response.success = False
            return response
