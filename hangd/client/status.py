"""Read a viewer: hang's own properties of the control socket, and a snapshot of all readings that are announced."""

import time
from collections.abc import Callable
from typing import Any, Final, Protocol, get_args

import msgspec

from hangd.client.account.account import Account
from hangd.client.control.port import CommandRefused, ViewerPort
from hangd.client.follower.driver import FollowerDriver
from hangd.client.media.local_copy import LocalCopy
from hangd.client.player_supervisor import PlayerSupervisor
from hangd.client.playlist.base import ViewerPlaylist
from hangd.client.server.connection import Connection
from hangd.client.server.room_view import RoomView
from hangd.client.viewer_state import ViewerState
from hangd.engine.follower.clock import ClockFilter
from hangd.engine.player_facts import TrackKind
from hangd.engine.player_messages import (
    SetAudioDevice,
    SetFullscreen,
    SetMute,
    SetPicture,
    SetSubtitleEncoding,
    SetSubtitleLook,
    SetVolume,
)
from hangd.protocol.model import PROTOCOL


class Readings(ViewerPort, Protocol):
    """What is read of a viewer here: the port that control clients read, and the viewer's parts."""

    state: ViewerState
    driver: FollowerDriver
    account: Account
    connection: Connection
    copy: LocalCopy
    player: PlayerSupervisor

    @property
    def missing_film(self) -> dict[str, Any] | None: ...

    @property
    def playlist(self) -> ViewerPlaylist: ...


def sync_state(viewer: Readings) -> str:
    """Return one word: alone, away (the room cannot be reached), apart (paused by the viewer while the room goes on),
    waiting (no clock yet), busy (seeking, starting), unknown (the player cannot tell what it shows), synced, off."""
    follower = viewer.driver.follower
    if viewer.state.room is None:
        return "alone"
    if not follower.on_own.reaches_room:
        return "away"
    if follower.on_own.left is not None:
        return "apart"
    if not follower.clock.locked:
        return "waiting"
    if follower.error is None:
        return "unknown" if follower.picture.state.looked else "busy"
    return "synced" if abs(follower.error) <= follower.policies.follower.late_start_max else "off"


def _room_state(room: RoomView) -> str:
    """Return one word: playing, paused, or what the room waits for: seeking, buffering, ready (members), countdown."""
    if room.start is not None:
        return "ready" if room.start.missing else "countdown"
    return room.timeline.gate or ("playing" if room.timeline.playing else "paused")


def _away_for(viewer: Readings) -> float | None:
    since = viewer.driver.follower.state.on_own.since
    return None if since is None else time.monotonic() - since


def _by_clock(viewer: Readings, read: Callable[[ClockFilter, float], float]) -> float | None:
    clock = viewer.driver.follower.clock
    return read(clock, time.monotonic()) if clock.locked else None


def _error(viewer: Readings) -> float | None:
    """Return how far the picture is from where the room is. That is not known while the room cannot be reached."""
    follower = viewer.driver.follower
    in_reach = viewer.state.room is None or follower.on_own.reaches_room
    return follower.error if in_reach else None


def _round_trip(viewer: Readings) -> float | None:
    return viewer.driver.follower.clock.round_trip if viewer.connection.is_up else None


def _has_picture(viewer: Readings) -> bool | None:
    tracks = viewer.player.tracks
    has_video = any(track.kind == "video" for track in tracks)
    return has_video and viewer.player.picture_problem is None if viewer.path is not None and tracks else None


def _room(viewer: Readings) -> dict[str, Any] | None:
    room = viewer.state.room
    if room is None:
        return None
    plain = room.as_dict(_by_clock(viewer, ClockFilter.to_server))
    in_reach = viewer.driver.follower.on_own.reaches_room
    for member in plain["members"]:
        if member["self"]:
            # The server tells its own measurements to the others only: what it told at the beginning is old.
            member.pop("rtt", None)
            # Nor does it tell a member that it has logged in or out.
            member.pop("account", None)
            if (account := viewer.account.name) is not None:
                member["account"] = account
            if in_reach and (rtt := _round_trip(viewer)) is not None:
                member["rtt"] = rtt
            if not in_reach:
                member.pop("error", None)
                member.pop("clock_error", None)
    return plain


# A property whose function returns None has no value now.
_PROPERTIES: Final[dict[str, Callable[[Readings], Any]]] = {
    "hang-version": lambda viewer: viewer.state.version,
    "hang-protocol": lambda viewer: PROTOCOL,
    "server/url": lambda viewer: viewer.connection.url or viewer.state.server_url,
    "server/state": lambda viewer: viewer.connection.state.value,
    "server/reason": lambda viewer: None if viewer.connection.is_up else viewer.connection.reason,
    "server/account": lambda viewer: viewer.account.name,
    "server/features": lambda viewer: list(viewer.connection.features) if viewer.connection.is_up else None,
    "server/rtt": _round_trip,
    "server/clock-offset": lambda viewer: _by_clock(viewer, ClockFilter.offset),
    "server/clock-error": lambda viewer: _by_clock(viewer, ClockFilter.bound),
    "sync/error": _error,
    "sync/state": sync_state,
    "room": _room,
    "room/members": lambda viewer: (_room(viewer) or {}).get("members"),
    "room/left": lambda viewer: None if viewer.state.departure is None else viewer.state.departure.as_dict(),
    "sync/away": _away_for,
    "media/hash": lambda viewer: viewer.copy.hash,
    "media/hash-progress": lambda viewer: viewer.copy.progress,
    "media/missing": lambda viewer: viewer.missing_film,
    "media/error": lambda viewer: viewer.player.film_error,
    "player/picture": _has_picture,
    "player/picture-problem": lambda viewer: viewer.player.picture_problem,
    "player/sound-problem": lambda viewer: viewer.player.sound.message,
    "window/shown": lambda viewer: viewer.player.window_shown,
    "player/state": lambda viewer: viewer.driver.follower.picture.state.motion.value,
    "player/name": lambda viewer: viewer.player.name,
}
_ROOM_PROPERTIES: Final[dict[str, Callable[[RoomView], Any]]] = {
    "room/id": lambda room: room.room_id,
    "room/name": lambda room: room.name,
    "room/role": lambda room: room.role,
    "room/state": _room_state,
    "room/start": RoomView.pending_start,
    "room/timeline": lambda room: msgspec.to_builtins(room.timeline),
    "room/policy": lambda room: msgspec.structs.asdict(room.policy),
    "room/invite": lambda room: room.invite,
    "room/link": lambda room: room.link,
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
        "volume": viewer.wanted(SetVolume),
        "mute": viewer.wanted(SetMute),
        "fullscreen": viewer.wanted(SetFullscreen),
        "brightness": viewer.wanted(SetPicture),
        "sub-codepage": viewer.wanted(SetSubtitleEncoding),
        "sub-scale": viewer.wanted(SetSubtitleLook),
        "audio-device": viewer.wanted(SetAudioDevice),
        "audio-device-list": viewer.audio_devices,
        "alang": viewer.languages("audio"),
        "slang": viewer.languages("subtitle"),
        "video-offset": viewer.offset("video"),
        "audio-offset": viewer.offset("audio"),
        "track-list": viewer.tracks,
        "aid": [viewer.chosen_track(kind) for kind in get_args(TrackKind)],
        "metadata": viewer.description,
        "current-vo": viewer.statistics,
        "room": room
        and (room.room_id, room.policy, room.role, room.file_hash, room.start, tuple(room.members.values())),
        "room/left": viewer.state.departure,
        "room/timeline": room and room.timeline,
        "server/reason": viewer.connection.reason,
        "server/state": (viewer.connection.state, viewer.connection.url, viewer.account.name),
        "sync/state": sync_state(viewer),
        "sync/error": _error(viewer),
        "media/hash": viewer.copy.hash,
        "media/hash-progress": viewer.copy.progress,
        "media/missing": viewer.missing_film,
        "media/error": viewer.player.film_error,
        "player/picture": _has_picture(viewer),
        "player/picture-problem": viewer.player.picture_problem,
        "player/sound-problem": viewer.player.sound.message,
        "window/shown": viewer.player.window_shown,
        "player/name": viewer.player.name,
        "osd/messages": viewer.desktop.shown_messages(),
    }
