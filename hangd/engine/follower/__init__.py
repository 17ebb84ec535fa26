"""Keeps one player at the position that a timeline names, and passes the viewer's requests on to the room.

`follower.Follower` is the machine; the viewer of a client (`hangd.client.viewer`) calls it through a recorder
(`hangd.client.trace_recorder`), and ``trace.replay`` calls it with what was recorded. It never talks to a player or a
server itself, never waits, and knows nothing of `hangd.engine.room`: the two share only the protocol's messages.
"""
