"""Connections between clients and the room server: the port (``base``), and its implementation over WebSocket.

The hub, the server process and the client's connection use it; ``websocket`` listens and dials, ``wire`` is what both
ends of a WebSocket have in common. Nothing here knows what the messages mean.
"""
