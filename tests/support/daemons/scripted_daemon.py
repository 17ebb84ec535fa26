"""A scripted control socket: answers that a test defines, as JSON lines, without a player or a room."""

import json
import re
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

__all__ = ["ScriptedDaemon", "refusal"]

_PROPERTY = re.compile(r"\$\{=?([\w/-]+)(?::([^}]*))?\}")

Answer = Mapping[str, Any]
Reaction = Callable[[Any], Answer | None]


def refusal(code: str, message: str, error: str = "error running command") -> dict[str, Any]:
    """Return the reply to a command that fails."""
    return {"error": error, "details": {"code": code, "message": message}}


class ScriptedDaemon:
    """A context manager that listens on ``path`` and answers every command.

    Commands in ``answers`` get that answer; None closes the connection. ``get_property`` reads ``properties``. Every
    other command succeeds. ``received`` holds the commands in order. Set ``properties`` before the socket listens
    if a client may already be waiting for it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.properties: dict[str, Any] = {}
        self.answers: dict[str, Answer | Reaction] = {}
        self.received: list[Any] = []
        self.writes: list[bytes] = []
        """The bytes of each recv(): commands that were written at once are in one item."""
        self._listener = socket.socket(socket.AF_UNIX)
        self._connections: list[socket.socket] = []
        self._observers: list[tuple[socket.socket, int, str]] = []
        self._lock = threading.Lock()

    def __enter__(self) -> "ScriptedDaemon":
        self._listener.bind(str(self.path))
        self._listener.listen(8)
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        # close() alone would leave the thread blocked in accept(), and the kernel listening.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.hang_up()
        self.path.unlink(missing_ok=True)

    def hang_up(self) -> None:
        with self._lock:
            for connection in self._connections:
                self._end(connection)
            self._connections.clear()
            self._observers.clear()

    def emit(self, event: Mapping[str, Any]) -> None:
        """Send an event to every connection."""
        with self._lock:
            for connection in self._connections:
                self._send(connection, event)

    def change(self, name: str, value: Any) -> None:
        """Set a property and send the change to its observers."""
        self.properties[name] = value
        with self._lock:
            for connection, number, observed in self._observers:
                if observed == name:
                    self._send(connection, {"event": "property-change", "id": number, "name": name, "data": value})

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self._connections.append(connection)
            threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        rest = b""
        while True:
            try:
                data = connection.recv(65536)
            except OSError:
                return
            if not data:
                return
            self.writes.append(data)
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                request = json.loads(line)
                self.received.append(request["command"])
                answer = self._answer(request["command"])
                if answer is None:
                    self._end(connection)
                    return
                with self._lock:
                    self._send(connection, {**answer, "request_id": request.get("request_id", 0)})
                    self._observe(connection, request["command"])

    def _answer(self, command: Any) -> Answer | None:
        name = command["_name"] if isinstance(command, dict) else command[0]
        known = self.answers.get(name)
        if callable(known):
            return known(command)
        if known is not None:
            return known
        if name == "get_property":
            if command[1] not in self.properties:
                return {"error": "property unavailable"}
            return {"data": self.properties[command[1]], "error": "success"}
        if name == "expand-text":
            return {"data": _PROPERTY.sub(self._expanded, command[1]), "error": "success"}
        return {"data": None, "error": "success"}

    def _expanded(self, found: re.Match[str]) -> str:
        """Return what stands for ``${=name}`` or ``${name:fallback}`` in a text, of the forms that hangctl uses."""
        name, fallback = found.groups()
        if name not in self.properties:
            return fallback or ""
        value = self.properties[name]
        if isinstance(value, bool):
            return "yes" if value else "no"
        return value if isinstance(value, str) else json.dumps(value)

    def _observe(self, connection: socket.socket, command: Any) -> None:
        if isinstance(command, list) and command[0] == "observe_property":
            _, number, name = command
            self._observers.append((connection, number, name))
            value = {"data": self.properties[name]} if name in self.properties else {}
            self._send(connection, {"event": "property-change", "id": number, "name": name, **value})

    @staticmethod
    def _end(connection: socket.socket) -> None:
        # close() alone would leave the thread blocked in recv(), and the connection open.
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
        connection.close()

    @staticmethod
    def _send(connection: socket.socket, message: Mapping[str, Any]) -> None:
        with suppress(OSError):  # the client may have gone
            connection.sendall(json.dumps(message).encode() + b"\n")
