"""Benchmarks: one module each, ``HELP`` and ``run(options)``; all write one JSON shape."""
