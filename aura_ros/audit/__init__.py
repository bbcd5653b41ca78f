"""The audit log: what the guard decided, hash-chained, written before it is acted upon.

A line is ``hash record``: the record is canonical JSON, the hash SHA-256 over the hash before and
the record. Heads of the chain that were published elsewhere show later what was changed, dropped
or cut.
"""
