"""What each property and command does: one module for each subject, with its rows and the functions behind them.
``properties.py`` and ``commands.py`` put the rows together; requests reach the functions through those two tables only.
Nothing here knows of sockets or of mpv's wire format, and nothing blocks the event loop.
"""
