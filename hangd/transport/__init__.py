"""Connections: the port that the hub sees (``base``), in process (``memory``), and over WebSocket (``websocket``)."""
