"""The playlist as control clients see it: this daemon's own while the viewer is alone, the room's queue in a room.

Called by control clients through the viewer, and told of the player's events and of the server's messages. What an edit
means is decided by the state machines in `hangd.engine.playlist`; nothing here does.
"""
