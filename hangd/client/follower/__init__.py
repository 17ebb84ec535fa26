"""Running the follower: its inputs and effects on the event loop, its trace, and what it learned from one run to the next.

Called by the viewer, the membership and the playlists. Nothing here decides: `hangd.engine.follower` does.
"""
