"""A conductor that plays nothing: it writes down what it is asked, and its state is what a test sets."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import structs

from hangd.client.control.conductor import Awaited, CommandRefused, ControlEvent, RoomVerb
from hangd.engine.playback import Description, PlayerCommand, SelectTrack, SetFullscreen, SetMute, SetVolume, Track

__all__ = ["CLIP", "TRACKS", "RecordingConductor"]

CLIP = "/films/clip one.mp4"
TRACKS = (Track("video", 0, "", True, frame_rate=30.0), Track("audio", 1, "", True))

HANG: dict[str, Any] = {
    "hang-version": "0.1.0",
    "hang-protocol": 1,
    "player/state": "paused",
    "room/members": [{"client_id": "a", "name": "Ann"}, {"client_id": "b"}],
    "sync/error": 0.0125,
}


class RecordingConductor:
    """See `Conductor`. ``calls`` holds what was asked, in order."""

    def __init__(self, path: str | None = None) -> None:
        self.calls: list[Any] = []
        self.paused = True
        self.path = path
        self.duration: float | None = 20.0 if path else None
        self.at: float | None = 0.0 if path else None
        self.speed = 1.0
        self.seeking = False
        self.ended = False
        self.volume = 100.0
        self.mute = False
        self.fullscreen = False
        self.tracks: tuple[Track, ...] = TRACKS if path else ()
        self.description = Description()
        self._entries = 1 if path else 0
        self.playlist_entry_id = self._entries or None
        self.hang = dict(HANG)
        self.forbidden: CommandRefused | None = None
        self.gate = asyncio.Event()
        """hang's own verbs, and settle, wait for this."""
        self.cancelled = 0
        self.sink: Callable[[ControlEvent], None] = lambda event: None
        self.changed: Callable[[frozenset[str]], None] = lambda names: None

    def _note(self, *call: Any) -> None:
        self.calls.append(call)
        if self.forbidden is not None:
            raise self.forbidden

    def tell(self, *names: str) -> None:
        self.changed(frozenset(names))

    def set_paused(self, paused: bool) -> None:
        self._note("set_paused", paused)
        self.paused = paused
        self.tell("pause")

    def seek(self, position: float) -> None:
        self._note("seek", position)
        self.at = position
        self.sink({"event": "seek"})

    def set_speed(self, rate: float) -> None:
        self._note("set_speed", rate)
        self.speed = rate
        self.tell("speed")

    def stop(self) -> None:
        self._note("stop")
        self.path = self.duration = self.at = self.playlist_entry_id = None
        self.tracks = ()
        self.tell("path", "track-list")

    def load(self, path: str) -> int:
        self._note("load", path)
        self.path, self.duration, self.at, self.tracks = path, 20.0, 0.0, TRACKS
        self._entries += 1
        self.playlist_entry_id = self._entries
        self.tell("path", "duration", "track-list")
        return self._entries

    def play_command(self, command: PlayerCommand) -> None:
        self._note(command)
        match command:
            case SetVolume(percent=percent):
                self.volume = percent
            case SetMute(mute=mute):
                self.mute = mute
            case SetFullscreen(fullscreen=fullscreen):
                self.fullscreen = fullscreen
            case SelectTrack(kind=kind, id=number):
                self.tracks = tuple(
                    structs.replace(track, selected=track.id == number) if track.kind == kind else track
                    for track in self.tracks
                )
        self.tell("volume", "mute", "fullscreen", "track-list")

    def quit(self) -> None:
        self._note("quit")

    def position(self) -> float | None:
        return self.at

    def hang_property(self, name: str) -> Any:
        if name not in self.hang:
            raise CommandRefused("property unavailable")
        return self.hang[name]

    async def room(self, verb: RoomVerb, arguments: Mapping[str, str]) -> Any:
        self._note(verb, dict(arguments))
        await self._wait()
        return {"room_id": "r"}

    async def debug_dump(self) -> str:
        self._note("debug_dump")
        return "/state/trace.jsonl"

    async def settle(self, awaited: Awaited) -> None:
        self._note("settle", awaited)
        await self._wait()

    async def _wait(self) -> None:
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise

    def subscribe(self, sink: Callable[[ControlEvent], None], changed: Callable[[frozenset[str]], None]) -> None:
        self.sink, self.changed = sink, changed
