"""State machines and arithmetic that decide what clients and rooms do. Nothing here waits or reads a clock.

The client's code (`hangd.client`) and the running rooms (`hangd.rooms`) call it: they pass in what happened and carry
out what is returned. Every function takes the time as an argument: ``now``, in seconds of the caller's monotonic clock.
Ids and random numbers are arguments too. No module here imports asyncio, sockets, threads, logging, ``time`` or
``random``, so an hour of playback is tested in milliseconds and a recorded one can be replayed.

The machines ``Follower``, ``Link``, ``PingSchedule``, ``Room`` and ``Session`` have one shape::

    handle(input, now) -> list[Effect]    take one input; raises nothing
    deadline() -> float | None            when to call expire(); None: no need to
    expire(now) -> list[Effect]           do what is due; ``now`` is not earlier than the deadline
    check()                               assert the invariants; tests call it after every step

What a machine knows is one struct. ``Link`` and ``PingSchedule`` are such structs themselves. ``Follower.snapshot()``
returns a copy of its `FollowerState`, from which another follower continues; traces contain them. A ``Room`` has a
`RoomData`: ``view()`` returns what its members see of it, and ``saved()`` what is stored of it. A ``Session`` ends with
its connection; its attributes are read and never restored.

An input is a fact and is named in the past tense; an effect is an order and is named in the imperative. A list is
returned, not a generator, so the transition is complete before the first effect is carried out. ``Session`` does
nothing at a particular time and has no ``deadline()`` and no ``expire()``.

Playlists, and the parts of a machine (a clock filter, a rate limit, a room's schedule), have methods with names of
their own, which return what the caller has to do next and say what they raise.
"""
