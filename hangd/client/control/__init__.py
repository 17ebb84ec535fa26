"""The control socket: mpv's JSON IPC, through which keybindings, scripts and hangctl drive the daemon.

``hangd.client.daemon`` makes a `server.sockets.ControlServer` with a `port.ViewerPort`; `tools.ipc_manual` makes the
manual page of the tables. Nothing here decides what a player or a room does: commands ask the port, and the port's
events and properties are passed on.

Each part imports only from those below it::

    server/                                sockets, connections, and what is sent to whom
    commands.py  properties.py             the two tables, put together from all subjects; a request finds its row here
    subjects/                              the rows of the tables, one file a subject
    tables/                                what a row of the tables is
    language/        port.py   events.py   bytes and texts; what the daemon lends; the names of events
"""
