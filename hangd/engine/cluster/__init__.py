"""What the servers of one cluster decide about each other, as state machines.

`hangd.cluster` and `hangd.rooms` give them inputs and carry out their effects; the simulation of the tests does too.
Nothing here knows Redis, what a room is, or which bytes travel: an *item* is one input or one effect of a room, encoded
by whoever hands it in.
"""
