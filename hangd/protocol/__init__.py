"""The words of the hang protocol, version 1: pure data, no clock, no socket.

``model``     what the words are about: ids, timeline, members, rooms, policy, and the limits
``messages``  the two closed unions: what a client says, what a server says
``errors``    codes, close codes, and the tree of exceptions
``codec``     bytes to a message (or one RemoteProtocolError), a message to bytes
``wording``   why a value was not taken, in words fit for a user
``schema``    the same as JSON Schema, for other implementations

Everything is a frozen msgspec struct whose limits stand in its types, so that what has been decoded is valid.
"""
