"""The messages between clients and the room server, version 1, as data.

Every other package uses this one; it imports nothing of hang, and never waits, reads a clock or opens a socket.
All types are frozen msgspec structs whose limits are part of the types, so a decoded message needs no further checks.

``model``       what messages consist of: ids, timeline, members, rooms, policy, and the limits
``messages``    the messages of clients and of the server, as two closed unions
``message``     what all messages are made of
``accounts``    the messages about accounts and tokens
``invites``     the messages about signed invites and bans
``push``        the messages about invitations by push
``errors``      error codes, close codes, exceptions
``codec``       decode bytes to a message and encode a message to bytes
``validation``  explain to a user why a value is not valid
``schema``      the messages as JSON Schema, for other implementations
"""
