"""Benchmarks: one module each with ``run(options) -> metrics``; all write one JSON shape."""
