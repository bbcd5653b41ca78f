"""Runs where rtamt is: answers each line, a formula with its traces, with its robustness."""

import json
import sys

import rtamt

for line in sys.stdin:
    case = json.loads(line)
    monitor = rtamt.StlDiscreteTimeSpecification()
    for name in case["signals"]:
        monitor.declare_var(name, "float")
    monitor.spec = case["formula"]
    monitor.parse()
    found = [
        float(monitor.update(k, list(zip(case["signals"], row, strict=True))))
        for k, row in enumerate(zip(*case["signals"].values(), strict=True))
    ]
    sys.stdout.write(json.dumps(found) + "\n")
    sys.stdout.flush()
