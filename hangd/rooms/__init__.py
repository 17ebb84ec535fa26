"""Running rooms: the machines of `hangd.engine.room` joined to the connections of `hangd.transport`.

The server (`hangd.server`) runs one `Hub` for all of its rooms; a daemon that hosts a room itself would run one as
well. Nothing here opens a socket, reads a setting, or knows which store or which kind of connection it is given.

``hub``          joins the two folders; all that one process does happens in its turns
``edge``         who is connected here, and what sessions order
``hosting``      the rooms that are owned here, and what they order
``clock``        server time, and its translation over a restart
``settings``     what a hub is given
``trust``        the port to what decides who is who
``administration`` ``census`` ``counters``  what an administrator can do, see and count
"""
