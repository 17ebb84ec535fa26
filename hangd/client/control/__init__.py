"""The control socket: mpv's JSON IPC, through which keybindings, scripts and hangctl drive the daemon.

``notation``    mpv's JSON                    ``dialect``     lines to requests, outcomes to lines; no socket
``commands``    the table of commands        ``properties``  the table of properties; their rows by subject, elsewhere
``values``      kinds of value               ``expand``      ``${name}`` in texts
``socket``      where it listens, fan-out    ``connection``  one client      ``client_verbs``  what it asks of itself
``outbox``      what it gets unasked         ``log_lines``   the log, for who asks for it
``viewer``   what the daemon lends to all of them
"""
