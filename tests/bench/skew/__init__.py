"""`make bench-skew`: measures how far apart two viewers' pictures and sounds are.

It is called as ``python -m tests.bench.skew``: `rig` has a server, two real viewers, screens and a recording, `cases`
has the cases to measure, and `peers` runs Syncplay in the same cases. It never uses hangd's own estimate of an error,
except where a case says so; pictures and sound are read from outside.
"""
