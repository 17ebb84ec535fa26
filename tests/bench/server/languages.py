"""What clients say to hang, to plain WebSocket servers, and to a Syncplay server."""

import json
import struct
from collections.abc import Sequence
from typing import Any, Final

from tests.bench.server.clients import Client

__all__ = ["PING", "FullHang", "Hang", "Relay", "Syncplay", "masked"]

_TEXT: Final = 0x81
_PING: Final = 0x89
_PONG: Final = 0x8A
_FILM: Final = "a" * 64


def masked(payload: bytes, opcode: int = _TEXT) -> bytes:
    """Return a client's frame. The mask is zero, so the payload is sent as it is."""
    length = len(payload)
    head = struct.pack("!BB", opcode, 0x80 | length) if length < 126 else struct.pack("!BBH", opcode, 0xFE, length)
    return head + bytes(4) + payload


def _message(type: str, **payload: Any) -> bytes:
    return masked(json.dumps({"type": type, "payload": payload}).encode())


PING: Final = _message("Ping", t0=12345.678901)
"""A question for the server's time."""


class _WebSocket:
    def take(self, client: Client, data: bytes) -> tuple[int, int]:
        if not client.is_in and data.startswith(b"HTTP/"):
            end = data.find(b"\r\n\r\n") + 4
            if end < 4:
                return 0, 0
            if not data.startswith(b"HTTP/1.1 101"):
                raise ConnectionError(f"there is no WebSocket: {data[:200]!r}")
            return end, 1
        at, texts, length = 0, 0, len(data)
        while length - at >= 2:
            opcode, size = data[at], data[at + 1]
            start = at + 2
            if size == 126:
                if length - at < 4:
                    break
                size = data[at + 2] << 8 | data[at + 3]
                start = at + 4
            elif size == 127:
                if length - at < 10:
                    break
                (size,) = struct.unpack_from("!Q", data, at + 2)
                start = at + 10
            if start + size > length:
                break
            at = start + size
            if opcode == _TEXT:
                texts += self.text(client, data[start:at])
            elif opcode == _PING:
                client.send(masked(data[start:at], _PONG))
        if b'"type":"Error"' in data:
            raise ConnectionError(f"the server refuses: {data[:300]!r}")
        return at, texts

    def text(self, client: Client, payload: bytes) -> bool:
        """Return whether a text message counts."""
        return True

    def heard_by(self, members: int) -> int:
        return members - 1


def _upgrade(path: str) -> bytes:
    return (
        f"GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    ).encode()


class Hang(_WebSocket):
    """Basic clients of hang."""

    def opening(self, name: str, room: str, *, first: bool) -> Sequence[bytes]:
        if first:
            return _upgrade("/ws"), _message("CreateRoom", name=room, file_hash=_FILM)
        return _upgrade("/ws"), _message("JoinRoom", room_id=room, file_hash=_FILM)

    def command(self, client: Client, number: int) -> bytes:
        return _message("SyncCommand", action="Pause", timestamp=float(number))


class FullHang(Hang):
    """Full clients of hang, which keep what proves who they were."""

    def __init__(self) -> None:
        self.secrets: dict[str, Any] = {}
        """What each client may resume with, by its name."""

    def opening(self, name: str, room: str, *, first: bool) -> Sequence[bytes]:
        upgrade, entry = super().opening(name, room, first=first)
        return upgrade, self.hello(name), entry

    def hello(self, name: str) -> bytes:
        resume = {"resume": self.secrets[name]} if name in self.secrets else {}
        return _message("Hello", protocol=1, name=name, client="bench", **resume)

    def resuming(self, name: str) -> Sequence[bytes]:
        """Return what a client says that comes back into its room."""
        return _upgrade("/ws"), self.hello(name)

    def text(self, client: Client, payload: bytes) -> bool:
        if client.is_in:
            return payload.startswith(b'{"type":"SyncBroadcast"')
        if payload.startswith(b'{"type":"Welcome"'):
            welcome = json.loads(payload)["payload"]
            if client.name in self.secrets and not (welcome["resumed"] and "room" in welcome):
                raise ConnectionError(f"{client.name} comes back as somebody else")
            self.secrets[client.name] = {"client_id": welcome["client_id"], "secret": welcome["resume_secret"]}
        return True

    def heard_by(self, members: int) -> int:
        return members


class Relay(Hang):
    """Clients of a server that tells the other members what one says. The path is the room."""

    def opening(self, name: str, room: str, *, first: bool) -> Sequence[bytes]:
        return (_upgrade(f"/{room}"),)


class Syncplay:
    """Clients of a Syncplay server (https://syncplay.pl/about/development/), each of which says that it is ready."""

    def opening(self, name: str, room: str, *, first: bool) -> Sequence[bytes]:
        features = {"sharedPlaylists": True, "chat": True, "featureList": True, "readiness": True, "managedRooms": True}
        hello = {"username": name, "room": {"name": room}, "version": "1.2.255", "realversion": "1.6.9"}
        return (_line({"Hello": hello | {"features": features}}),)

    def command(self, client: Client, number: int) -> bytes:
        return _line({"Set": {"ready": {"isReady": number % 2 == 0, "manuallyInitiated": True}}})

    def heard_by(self, members: int) -> int:
        return members

    def take(self, client: Client, data: bytes) -> tuple[int, int]:
        end = data.rfind(b"\r\n") + 2
        if end < 2:
            return 0, 0
        lines = data[:end].split(b"\r\n")
        for line in lines:
            if line.startswith(b'{"State"'):
                client.send(self._answer(json.loads(line)["State"]))
            elif line.startswith(b'{"Error"'):
                raise ConnectionError(f"the server refuses: {line!r}")
        if not client.is_in:
            return end, sum(line.startswith(b'{"Hello"') for line in lines)
        # Others' coming in is told in a like line, which was not "manually initiated".
        return end, sum(b'"manuallyInitiated": true' in line for line in lines)

    def _answer(self, state: Any) -> bytes:
        """Answer the server's state as the player's, each second, or the server ends the connection."""
        play, ping = state["playstate"], state["ping"]
        answer = {
            "playstate": {"position": play["position"], "paused": play["paused"]},
            "ping": {"latencyCalculation": ping["latencyCalculation"], "clientLatencyCalculation": 0, "clientRtt": 0},
        }
        if "ignoringOnTheFly" in state:
            answer["ignoringOnTheFly"] = state["ignoringOnTheFly"]
        return _line({"State": answer})


def _line(message: Any) -> bytes:
    return json.dumps(message).encode() + b"\r\n"
