"""Which tracks of a film are played: what the viewer chose, prefers by language, and chose in the episode before.

`PlayerSupervisor` asks `TrackChoices`. Nothing here knows the room: tracks are each viewer's own.
"""
