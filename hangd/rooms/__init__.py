"""Running rooms: the machines of `hangd.engine.room` joined to the connections of `hangd.transport`.

The server (`hangd.server`) runs one `Hub` for all of its rooms; a daemon that hosts a room itself would run one as
well. Nothing here opens a socket, reads a setting, or knows which store or which kind of connection it is given.

``hub``          all rooms, sessions and clients of one process; interprets what the machines order
``peer``         one connection: its transport, its session, its outbox
``outbox``       messages that wait for a peer that reads too slowly
``clients``      clients by id; a client outlives its connection
``directory``    rooms by id and by alias
``persistence``  writes rooms to the store as they change
``clock``        server time, and its translation over a restart
``settings``     what a hub is given
"""
