"""What the daemon does on a desktop: the film's window, its keys and mouse, what is drawn above the picture, D-Bus.

`hangd.client.daemon` makes these parts. They are control clients within the process: they carry out lines of commands
and read properties, as a client of the control socket does. They never decide where a film is.
"""
