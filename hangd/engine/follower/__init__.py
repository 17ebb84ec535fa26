"""Keeps one player at the position that a timeline names, and passes the viewer's requests on to the room.

`follower.Follower` is the machine; the client's driver (`hangd.client.follower.driver`) calls it through a recorder,
and `hangd.engine.trace.replay` calls it with what was recorded. It never talks to a player or a server itself, never
waits, and knows nothing of `hangd.engine.room`: the two share only the protocol's messages and timelines.
"""
