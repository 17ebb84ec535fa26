"""Where rooms are kept while no server runs: the port in ``base``, in memory, and in a file.

docs/store.md says what is kept, what a crash can lose, and how times outlive a restart.
"""
