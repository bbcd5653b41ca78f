"""What people, the command loop and the guard's leases permit the fuser."""

from __future__ import annotations

from aura_ros.fuser.admission import Refusal
from aura_ros.fuser.config import FuserConfig
from aura_ros.fuser.track import MAX_LEASE_NS
from aura_ros.types import NS, Lease, Now


class Permission:
    """``enabled``: a person has not switched the fuser off; ``tripped``: the last-mile check that
    a command failed, until a person resets it."""

    def __init__(self) -> None:
        self.enabled = True
        self.tripped = ""
        self.forget()

    def forget(self) -> None:
        """No lease was heard."""
        self._last_lease = (-1, -1)

    def closed(self) -> Refusal | None:
        """Why no chunk at all is taken."""
        if not self.enabled:
            return Refusal("disabled", "the fuser is disabled: call ~/set_enabled")
        if self.tripped:
            words = f"a command failed the last-mile check ({self.tripped}): call ~/reset"
            return Refusal("tripped", words)
        return None

    def revoke(self, lease: Lease) -> None:
        """The word to stop is never too old to obey, and leases that were granted before it are
        over."""
        self._last_lease = max((lease.session, lease.sequence), self._last_lease)

    def grant(self, lease: Lease, now: Now, config: FuserConfig) -> Refusal | None:
        """Why a granted ``lease`` does not hold; None: it does."""
        order = (lease.session, lease.sequence)
        if order <= self._last_lease:
            return Refusal("lease_out_of_order", "an old lease came again")
        age_ns = now.ros_ns - lease.stamp_ns
        if age_ns > MAX_LEASE_NS:
            words = f"a lease was {age_ns / NS:.3f} s on its way: it is over"
            return Refusal("lease_stale", words)
        if -age_ns > config.clock_tolerance * NS:
            words = f"a lease is stamped {-age_ns / NS:.3f} s ahead of the clock"
            return Refusal("lease_future", words)
        self._last_lease = order
        return None
