"""`hangd.cluster.base` over Redis 7.0 or later, or Valkey.

``cluster`` is the port's implementation: what it asks of Redis are scripts (``scripts/``) on the keys that ``keys``
names; ``layout`` says how a room is kept. ``connection`` keeps two connections to the same server and sends again what
was unanswered when they broke; ``dialing`` opens them; ``wire`` is one of them. hiredis (the extra "cluster") is needed
by ``wire`` and whatever imports it.
"""
