"""The fuser against published ways of executing chunks, over a star of conditions."""

from aura_ros.bench.fuser.benchmark import run

__all__ = ["run"]
