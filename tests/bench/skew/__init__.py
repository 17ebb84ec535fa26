"""How far apart viewers are, seen and heard: `make bench-skew`."""
