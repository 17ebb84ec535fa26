"""Running rooms: machines of ``hangd.engine`` joined to connections of ``hangd.transport``.

``hub``        every room, session and client of one process; the one interpreter of what the machines order
``clients``    who is behind a client id, and who comes back
``directory``  which rooms there are
``peer``       one connection: its transport, its session, its outbox
``outbox``     what waits for a peer that does not keep up

The server runs one hub; a member's own machine that hosts a room for others would run one as well.
"""
