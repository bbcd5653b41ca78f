"""The embedded robot: a Panda in MuJoCo with three tasks, its controllers, experts and node."""
