"""Players behind one port (`base`): libVLC (`vlc`, with its sound in `audio`), and a simulated one for tests.

`hangd.client` makes a player, gives it commands and receives its events. A player decides nothing about rooms: it
carries out commands, reports what happened, and never blocks the event loop.
"""
