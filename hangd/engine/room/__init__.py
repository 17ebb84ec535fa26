"""The server's machines: `Room` (the authority over one film watched together) and `Session` (one connection).

The hub (`hangd.rooms.hub`) gives them inputs and carries out their effects. Nothing here waits, reads a clock, knows
what a connection is, or imports anything of the viewer's side (`hangd.engine.follower`).

``room`` is the room's machine, over one struct with all of its data (``state``); ``requests`` and ``media`` carry out
what members ask for, on ``roster`` (the members), ``schedule`` (the timeline) and ``queue`` (the films).
``admission`` decides who comes in, ``connection`` what one connection may send.
"""
