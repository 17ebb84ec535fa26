"""Read a viewer: hang's own properties of the control socket, and a snapshot of all readings that are announced."""

import time
from typing import Any, Protocol

import msgspec

from hangd.client.control.port import CommandRefused, ViewerPort
from hangd.client.follower.driver import FollowerDriver
from hangd.client.media.local_copy import LocalCopy
from hangd.client.player_supervisor import PlayerSupervisor
from hangd.client.playlist.base import ViewerPlaylist
from hangd.client.server.connection import Connection
from hangd.client.server.room_view import RoomView
from hangd.client.viewer_state import ViewerState
from hangd.protocol.model import PROTOCOL


class Readings(ViewerPort, Protocol):
    """What is read of a viewer here: what control clients read anyhow, and its parts."""

    state: ViewerState
    driver: FollowerDriver
    connection: Connection
    copy: LocalCopy
    player: PlayerSupervisor

    @property
    def playlist(self) -> ViewerPlaylist: ...


def hang_property(viewer: Readings, name: str) -> Any:
    """Return one of hang's own properties as plain data; None where it has no value now."""
    return _room_value(viewer.state.room, name) if name.partition("/")[0] == "room" else _value(viewer, name)


def _room_value(room: RoomView | None, name: str) -> Any:
    if room is None:
        return None
    match name:
        case "room":
            return room.as_dict()
        case "room/id":
            return room.room_id
        case "room/name":
            return room.name
        case "room/role":
            return room.role
        case "room/members":
            return room.as_dict()["members"]
        case "room/state":
            return room.timeline.gate or ("playing" if room.timeline.playing else "paused")
        case "room/timeline":
            return msgspec.to_builtins(room.timeline)
        case "room/policy":
            return msgspec.to_builtins(room.policy)
        case "room/invite":
            return room.invite
    raise CommandRefused.unknown_property()


def _value(viewer: Readings, name: str) -> Any:
    clock, now = viewer.driver.follower.clock, time.monotonic()
    match name:
        case "hang-version":
            return viewer.state.version
        case "hang-protocol":
            return PROTOCOL
        case "server/url":
            return viewer.connection.url or viewer.state.server_url
        case "server/state":
            return viewer.connection.state.value
        case "server/rtt":
            return clock.round_trip if viewer.connection.is_up else None
        case "server/clock-offset":
            return clock.offset(now) if clock.locked else None
        case "server/clock-error":
            return clock.bound(now) if clock.locked else None
        case "sync/error":
            return viewer.driver.follower.error
        case "sync/state":
            return sync_state(viewer)
        case "media/hash":
            return viewer.copy.hash
        case "media/hash-progress":
            return viewer.copy.progress
        case "player/state":
            return viewer.driver.follower.picture.motion.value
        case "player/name":
            return viewer.player.name
    raise CommandRefused.unknown_property()


def sync_state(viewer: Readings) -> str:
    """Return one word: alone, away (no connection), waiting (no clock yet), busy (seeking, starting), synced, off."""
    if viewer.state.room is None:
        return "alone"
    if not viewer.connection.is_up:
        return "away"
    if not viewer.driver.follower.clock.locked:
        return "waiting"
    error = viewer.driver.follower.error
    if error is None:
        return "busy"
    return "synced" if abs(error) <= viewer.driver.follower.policies.follower.late_start_max else "off"


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
        "player/state": viewer.driver.follower.picture.motion,
        "volume": viewer.volume,
        "mute": viewer.mute,
        "fullscreen": viewer.fullscreen,
        "track-list": viewer.tracks,
        "metadata": viewer.description,
        "room": None
        if room is None
        else (room.room_id, room.policy, room.role, room.file_hash, tuple(room.members.values())),
        "room/timeline": None if room is None else room.timeline,
        "server/state": (viewer.connection.state, viewer.connection.url),
        "sync/state": sync_state(viewer),
        "sync/error": viewer.driver.follower.error,
        "media/hash": viewer.copy.hash,
        "media/hash-progress": viewer.copy.progress,
        "player/name": viewer.player.name,
    }
