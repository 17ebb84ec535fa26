"""Who comes into a room: ``joining`` decides it, and the others are what it asks.

``identity`` says who a client is, ``bans`` and ``inviting`` who is kept out and who is let in, ``naming`` under which
name, and ``places`` and ``attendance`` who gives up a place in a full room. `hangd.engine.room.room` calls them.
"""
