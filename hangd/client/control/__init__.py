"""The control socket: mpv's JSON IPC, by which hangctl, key bindings and scripts drive the daemon.

``server/`` accepts clients and calls the two tables, ``commands.py`` and ``properties.py``. Their rows, in
``subjects/``, call the viewer through ``port.py``. ``language/`` reads and writes mpv's JSON and text lines, and
``events.py`` lists the events. Nothing here decides what playback or a room does: that is the viewer's.
"""
