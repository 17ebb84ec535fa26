"""The control socket: mpv's JSON IPC, by which hangctl, key bindings and scripts control the daemon.

``hangd.client.daemon`` starts a `server.sockets.ControlServer` with a `port.ViewerPort`. Nothing here decides what a
player or a room does: commands call the port, and its events and properties are passed on.

Each part imports only from those below it::

    server/                      sockets, connections, and what each client is sent
    commands.py  properties.py   the two tables, put together from all subjects
    subjects/                    the rows of the tables, one file a subject
    tables/                      what a row is
    language/                    bytes to requests, values to texts
    port.py  events.py           what the daemon provides; the names of events
"""
