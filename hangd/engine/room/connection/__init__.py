"""What one connection may send: ``session`` is its machine, and ``limits`` are the limits that it keeps.

``ratelimit`` is one token bucket, ``buckets`` one for each key. A connection does not know which room it is in.
"""
