"""What decides: machines without a clock, a socket or a thread.

Each has ``handle(input, now) -> list[Effect]``, ``deadline()``, ``expire(now)``, ``snapshot()`` and ``check()``. Inputs
are facts in the past tense, effects are orders in the imperative, and ``now`` is an argument: seconds of whatever
monotonic clock the caller reads. Nothing here waits, and nothing here raises but RemoteProtocolError.
"""
