"""Mechanics that rooms share: motion with constant jerk on a knot grid, stop tails, bounds."""
