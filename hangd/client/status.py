"""Read a viewer: hang's own properties of the control socket, and a snapshot of all readings that are announced."""

import time
from collections.abc import Callable
from typing import Any, Final, Protocol

import msgspec

from hangd.client.control.port import CommandRefused, ViewerPort
from hangd.client.follower.driver import FollowerDriver
from hangd.client.media.local_copy import LocalCopy
from hangd.client.player_supervisor import PlayerSupervisor
from hangd.client.playlist.base import ViewerPlaylist
from hangd.client.server.connection import Connection
from hangd.client.server.room_view import RoomView
from hangd.client.viewer_state import ViewerState
from hangd.engine.follower.clock import ClockFilter
from hangd.protocol.model import PROTOCOL


class Readings(ViewerPort, Protocol):
    """What is read of a viewer here: the port that control clients read, and the viewer's parts."""

    state: ViewerState
    driver: FollowerDriver
    connection: Connection
    copy: LocalCopy
    player: PlayerSupervisor

    @property
    def playlist(self) -> ViewerPlaylist: ...


def sync_state(viewer: Readings) -> str:
    """Return one word: alone, away (no connection), waiting (no clock yet), busy (seeking, starting), synced, off."""
    if viewer.state.room is None:
        return "alone"
    if not viewer.connection.is_up:
        return "away"
    follower = viewer.driver.follower
    if not follower.clock.locked:
        return "waiting"
    if follower.error is None:
        return "busy"
    return "synced" if abs(follower.error) <= follower.policies.follower.late_start_max else "off"


def _by_clock(viewer: Readings, read: Callable[[ClockFilter, float], float]) -> float | None:
    clock = viewer.driver.follower.clock
    return read(clock, time.monotonic()) if clock.locked else None


# A property whose function returns None has no value now.
_PROPERTIES: Final[dict[str, Callable[[Readings], Any]]] = {
    "hang-version": lambda viewer: viewer.state.version,
    "hang-protocol": lambda viewer: PROTOCOL,
    "server/url": lambda viewer: viewer.connection.url or viewer.state.server_url,
    "server/state": lambda viewer: viewer.connection.state.value,
    "server/rtt": lambda viewer: viewer.driver.follower.clock.round_trip if viewer.connection.is_up else None,
    "server/clock-offset": lambda viewer: _by_clock(viewer, ClockFilter.offset),
    "server/clock-error": lambda viewer: _by_clock(viewer, ClockFilter.bound),
    "sync/error": lambda viewer: viewer.driver.follower.error,
    "sync/state": sync_state,
    "media/hash": lambda viewer: viewer.copy.hash,
    "media/hash-progress": lambda viewer: viewer.copy.progress,
    "player/state": lambda viewer: viewer.driver.follower.picture.state.motion.value,
    "player/name": lambda viewer: viewer.player.name,
}
_ROOM_PROPERTIES: Final[dict[str, Callable[[RoomView], Any]]] = {
    "room": RoomView.as_dict,
    "room/id": lambda room: room.room_id,
    "room/name": lambda room: room.name,
    "room/role": lambda room: room.role,
    "room/members": lambda room: room.as_dict()["members"],
    "room/state": lambda room: room.timeline.gate or ("playing" if room.timeline.playing else "paused"),
    "room/timeline": lambda room: msgspec.to_builtins(room.timeline),
    "room/policy": lambda room: msgspec.to_builtins(room.policy),
    "room/invite": lambda room: room.invite,
}


def hang_property(viewer: Readings, name: str) -> Any:
    """Return one of hang's own properties as plain data; None where it has no value now.

    Raises CommandRefused: there is no such property.
    """
    if name in _PROPERTIES:
        return _PROPERTIES[name](viewer)
    if name not in _ROOM_PROPERTIES:
        raise CommandRefused.unknown_property()
    room = viewer.state.room
    return None if room is None else _ROOM_PROPERTIES[name](room)


def look(viewer: Readings) -> dict[str, Any]:
    """Return the readings that are announced when they change, by the property's name."""
    room = viewer.state.room
    return {
        "pause": viewer.paused,
        "path": viewer.path,
        "playlist": viewer.playlist.version,
        "duration": viewer.duration,
        "speed": viewer.speed,
        "seeking": viewer.seeking,
        "eof-reached": viewer.ended,
        "player/state": viewer.driver.follower.picture.state.motion,
        "volume": viewer.volume,
        "mute": viewer.mute,
        "fullscreen": viewer.fullscreen,
        "track-list": viewer.tracks,
        "metadata": viewer.description,
        "room": room and (room.room_id, room.policy, room.role, room.file_hash, tuple(room.members.values())),
        "room/timeline": room and room.timeline,
        "server/state": (viewer.connection.state, viewer.connection.url),
        "sync/state": sync_state(viewer),
        "sync/error": viewer.driver.follower.error,
        "media/hash": viewer.copy.hash,
        "media/hash-progress": viewer.copy.progress,
        "player/name": viewer.player.name,
    }
