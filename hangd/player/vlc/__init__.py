"""libVLC as a player: `player` on the event loop, everything else on the one thread that owns libVLC (`thread`).

`hangd.client.daemon` makes a `VlcPlayer`; commands and events cross between the two threads as messages. Nothing here
calls libVLC from the event loop or from one of libVLC's own threads.
"""
