"""The control socket: mpv's JSON IPC, through which keybindings, scripts and hangctl drive the daemon.

``dialect``     bytes to requests, replies to bytes: mpv's format, no socket
``socket``      connections, bounded queues, observers
``commands``    the table of commands        ``properties``  the table of properties
``conductor``   what the daemon lends to them
"""
