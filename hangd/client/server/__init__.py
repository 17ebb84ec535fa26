"""The client's side of a room server: the connection, the membership in a room, and the commands that wait for answers.

Called by the viewer and, through it, by control clients. Nothing here touches the player: what the server says becomes
inputs to the follower.
"""
