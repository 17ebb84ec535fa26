"""Connections between clients and the room server: the port (``base``), and its implementation over WebSocket.

The hub, the server process and the client's connection use it; ``accepting`` is the server's end, ``dialing`` the
client's, ``wire`` what both have in common. Nothing here knows what the messages mean.
"""
