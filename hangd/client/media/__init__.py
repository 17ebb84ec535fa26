"""Film files on this machine: their hashes, a cache of those, this viewer's copy of the film, and finding copies.

Called by the server commands, the membership and the playlists. What touches a disk runs on a thread; nothing here
opens a file in the player.
"""
