"""A client's connection as state machines: when to dial, when to ping, when to give up.

`hangd.client.server.connection` gives them inputs and carries out their effects; the simulation of the tests does too.
Nothing here opens a socket, reads a clock or draws a random number.
"""
