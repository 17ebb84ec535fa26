"""`make bench-cluster`: several servers beside one. See `tests.bench.cluster.__main__`."""
