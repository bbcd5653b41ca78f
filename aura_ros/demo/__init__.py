"""The closed loop with the embedded robot, measured from outside of the chain."""
