"""Every check that the package brings."""

from aura_ros.guard import checks, watches
from aura_ros.guard.entry import Entry

TABLE: tuple[Entry, ...] = (*checks.BUILT_IN, *watches.BUILT_IN)
