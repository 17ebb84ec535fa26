"""The daemon (`hangd run`): one viewer's player, connection to a room server, and control socket.

`daemon` starts and ends the process, `viewer` makes the parts and joins them. The parts do not know the viewer: each is
given what it uses. Nothing here decides when a player moves; that is `hangd.engine.follower`.
"""
