"""The guard against faults: what it catches, what it blocks for nothing, what it costs.

The full chain moves the embedded robot by the policy that ships, in simulated time. Faults enter
between policy and guard, in the sensors, or in the world; whether something unsafe happened is
judged by an oracle that sees what the simulator sees, never by guard code.
"""

from aura_ros.bench.guard.measure import run

__all__ = ["run"]
