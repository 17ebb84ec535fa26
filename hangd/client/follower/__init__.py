"""Running the follower: its inputs and effects on the event loop, its trace, and its learned timings kept in a file.

Called by the viewer, the membership and the playlists. Nothing here decides: `hangd.engine.follower` does.
"""
