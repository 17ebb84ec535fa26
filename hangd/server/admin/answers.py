"""Answers: carry out what an administrator asks of the hub of a running server."""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any, assert_never

from hangd.log import counted, escape
from hangd.rooms.administration import Administration
from hangd.rooms.edge.base import Place
from hangd.rooms.edge.peer import Peer
from hangd.rooms.hosting.directory import Hosted
from hangd.server.admin import requests
from hangd.server.admin.requests import Answered
from hangd.server.trust.tags import network_of

_log = logging.getLogger(__name__)


class Answers:
    """Call it within the event loop. ``stop`` stops the server, as a signal does."""

    def __init__(self, administration: Administration, stop: Callable[[], None]) -> None:
        self._administration = administration
        self._stop = stop
        self._at_last: asyncio.TimerHandle | None = None
        """Stops a server that drains, although clients are left."""
        self._is_stopped = False

    def close(self) -> None:
        if self._at_last is not None:
            self._at_last.cancel()

    def answer(self, request: requests.Request) -> Answered:
        match request:
            case requests.Rooms():
                return Answered(rows=[_room_row(hosted) for hosted in self._administration.rooms])
            case requests.Clients(room=room):
                return self._clients(room)
            case requests.Kick(connection=connection, reason=reason):
                return self._kick(connection, reason)
            case requests.Close(room=room, reason=reason):
                return self._close(room, reason)
            case requests.Motd(text=text):
                return self._motd(text)
            case requests.Drain():
                return self._drain(request)
            case _:
                assert_never(request)

    def left(self) -> None:
        """A client has gone: the server may be done."""
        if self._administration.draining and not self._administration.peers and not self._is_stopped:
            _log.info("nobody is left: the server stops")
            self._is_stopped = True
            self._stop()

    def _time_is_up(self) -> None:
        count = len(self._administration.peers)
        left = f"{counted(count, 'client')} {'is' if count == 1 else 'are'} left"
        _log.info("the time of the drain is up: the server stops, though %s", left)
        self._is_stopped = True
        self._stop()

    def _clients(self, room: str | None) -> Answered:
        peers = sorted(self._administration.peers, key=lambda peer: (len(peer.connection), peer.connection))
        if room is not None:
            place = self._administration.find(room)
            if place is None:
                return _no_room(room)
            peers = [peer for peer in peers if peer.session.room_id == place.room_id]
        return Answered(rows=[_client_row(peer, self._administration.room_of(peer)) for peer in peers])

    def _kick(self, connection: str, reason: str | None) -> Answered:
        peer = next((peer for peer in self._administration.peers if peer.connection == connection), None)
        if peer is None:
            return Answered(error=f"there is no connection {connection!r} now: `hangd admin clients` lists them")
        _log.info("%s: is put out by the administrator%s", connection, _because(reason))
        self._administration.remove(peer, reason or "the administrator of this server ended your visit")
        visitor = peer.visitor
        keeps_out = []
        if visitor.address:
            keeps_out.append(f"`hangd ban {network_of(visitor.address)}` keeps its network out")
        if visitor.account is not None:
            keeps_out.append(f"`hangd ban --account {visitor.account}` keeps its account out")
        return Answered(said="; ".join([f"{connection} is out", *keeps_out]))

    def _close(self, room: str, reason: str | None) -> Answered:
        hosted = self._administration.rooms.find(room)
        if hosted is None:
            place = self._administration.find(room)
            if place is None or place.runs_at is None:
                return _no_room(room)
            return Answered(error=f"{_name(place)} runs at the node {place.runs_at}: close it there")
        members, present = hosted.room.attendance()
        _log.info("room %s is closed by the administrator%s", hosted.room.room_id, _because(reason))
        self._administration.close_room(hosted, reason or "the administrator of this server closed the room")
        return Answered(said=f"{_name(hosted)} is closed: {present} of {members} members were there")

    def _motd(self, text: str | None) -> Answered:
        if text == "":
            _log.info("clients are greeted with nothing any more by the administrator")
        elif text is not None:
            _log.info("clients are greeted with another text by the administrator: %s", escape(text))
        if text is not None:
            self._administration.motd = text or None
        return Answered(said=self._administration.motd or "")

    def _drain(self, request: requests.Drain) -> Answered:
        if self._at_last is not None:
            self._at_last.cancel()
            self._at_last = None
        if request.cancel:
            return self._cancel_drain()
        self._administration.drain(request.seconds)
        loop = asyncio.get_running_loop()
        loop.call_soon(self.left)
        count = len(self._administration.peers)
        if count == 0:
            _log.info("the server drains: nobody is in a room")
            return Answered(said="the server takes nobody in, and stops now: nobody is in a room")
        gone = f"its {count} clients in rooms are gone" if count > 1 else "its one client in a room is gone"
        if request.seconds is not None:
            self._at_last = loop.call_later(request.seconds, self._time_is_up)
            gone += f", or in {_span(request.seconds)} at the latest"
        _log.info("the server drains: it takes nobody in, until %s", gone)
        return Answered(said=f"the server takes nobody in, and stops when {gone}")

    def _cancel_drain(self) -> Answered:
        if not self._administration.draining:
            return Answered(said="the server was not draining: it takes clients in")
        self._administration.cancel_drain()
        _log.info("the server takes clients in again")
        return Answered(said="the server takes clients in again")


def _because(reason: str | None) -> str:
    return "" if reason is None else f": {escape(reason)}"


def _span(seconds: float) -> str:
    """Return a time as `hangd admin drain --within` takes it."""
    each, unit = next(((each, unit) for each, unit in ((3600, "h"), (60, "m")) if seconds % each == 0), (1, "s"))
    return f"{seconds / each:g}{unit}"


def _no_room(room: str) -> Answered:
    return Answered(error=f"there is no room {escape(room)!r} here: `hangd admin rooms` lists them")


def _name(place: Place) -> str:
    return place.alias or place.room_id


def _room_row(hosted: Hosted) -> dict[str, Any]:
    room = hosted.room.view()
    members, present = hosted.room.attendance()
    return {
        "id": room.room_id,
        "name": hosted.alias,
        "present": present,
        "away": members - present,
        "state": "playing" if hosted.room.timeline.playing else "paused" if present else "empty",
        "access": room.policy.access,
        "locked": room.policy.locked,
        "password": room.policy.has_password,
        "films": len(room.queue.entries),
    }


def _client_row(peer: Peer, place: Place | None) -> dict[str, Any]:
    visitor, rtt = peer.visitor, min(peer.latencies, default=None)
    return {
        "connection": peer.connection,
        "name": peer.session.name,
        "account": visitor.account,
        "network": network_of(visitor.address) if visitor.address else "this machine",
        "program": visitor.client or None,
        "room": None if place is None else _name(place),
        "since": round(time.time() - (time.monotonic() - peer.session.since), 3),
        "messages": peer.session.received,
        "limited": sum(peer.session.limited.values()),
        "rtt": None if rtt is None else round(rtt, 4),
        "waiting": peer.outbox.size,
    }
