"""A viewer without a player: it records requests, and tests set its state. And helpers for requests and refusals."""

import asyncio
import itertools
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any, Literal, TypeVar

import pytest
from msgspec import structs

from hangd.client.control.commands import prepare
from hangd.client.control.port import (
    Awaited,
    CommandRefused,
    ControlEvent,
    FileOptionsPort,
    ListedFilm,
    NoDesktop,
    Refusal,
    RoomCommand,
)
from hangd.client.control.properties import Properties
from hangd.client.control.tables.command import Context, Waiting
from hangd.client.desired_player import DesiredPlayer
from hangd.engine.player_facts import AudioDevice, Description, Statistics, Track, TrackKind
from hangd.engine.player_messages import (
    PlayerCommand,
    PlayerSetting,
    SelectTrack,
    SetFullscreen,
    SetMute,
    SetVolume,
    SetWindow,
)
from hangd.engine.playlist.playlist import Close, Film, KeepOpen, Loading, Open, Order, Playlist, PlaylistRefused

_Setting = TypeVar("_Setting", bound=PlayerSetting)

__all__ = ["CLIP", "TRACKS", "RecordingViewer", "command_refusal", "do", "property_refusal", "run"]

CLIP = "/films/clip one.mp4"
TRACKS = (Track("video", 0, "", True, frame_rate=30.0), Track("audio", 1, "", True))

HANG: dict[str, Any] = {
    "hang-version": "0.1.0",
    "hang-protocol": 1,
    "player/state": "paused",
    "room/members": [{"client_id": "a", "name": "Ann"}, {"client_id": "b"}],
    "sync/error": 0.0125,
}


class RecordingHistory:
    """What was watched: one film, which `clear` forgets."""

    def __init__(self, record: Callable[[tuple[Any, ...]], None]) -> None:
        self._record = record

    async def read(self, since: float, limit: int) -> list[dict[str, Any]]:
        self._record(("history", since, limit))
        return [{"film": "clip one.mp4", "path": CLIP}]

    async def clear(self) -> int:
        self._record(("history-clear",))
        return 1


class RecordingPlaylist:
    """The playlist outside rooms, with a player that opens every file."""

    def __init__(self, viewer: "RecordingViewer") -> None:
        self._viewer = viewer
        self.list = Playlist(itertools.count(1).__next__, Random(4).shuffle)

    def entries(self) -> list[ListedFilm]:
        return [ListedFilm(entry.id, entry.path, entry.title) for entry in self.list.entries]

    @property
    def current(self) -> int:
        return self.list.index(self.list.current)

    @property
    def playing(self) -> int:
        return self.list.index(self.list.playing)

    @property
    def loop_file(self) -> int:
        return self.list.loop_file

    @property
    def loop_playlist(self) -> int:
        return self.list.loop_playlist

    @property
    def keep_open(self) -> KeepOpen:
        return self.list.keep_open

    def keep_films_open(self, which: KeepOpen) -> None:
        self._viewer.note("keep_films_open", which)
        self.list.keep_open = which

    @property
    def shuffle(self) -> bool:
        return self.list.shuffle

    def load(self, films: Sequence[Film], how: Loading) -> list[int]:
        self._viewer.note("load", [film.path for film in films], how)
        entries, order = self.list.load(films, how)
        self._carry_out(order)
        return [entry.id for entry in entries]

    def step(self, direction: Literal[1, -1], *, force: bool) -> None:
        self._change("step", direction, force=force)

    def play(self, index: int) -> None:
        self._change("play", index)

    def make_current(self, index: int) -> None:
        self._change("make_current", index)

    def remove(self, index: int | None) -> None:
        self._change("remove", index)

    def move(self, index: int, to: int) -> None:
        self._change("move", index, to)

    def clear(self) -> None:
        self._change("clear")

    def mix(self) -> None:
        self._change("mix")

    def unmix(self) -> None:
        self._change("unmix")

    def stop(self, *, keep: bool) -> None:
        self._change("stop", keep=keep)

    def play_stopped(self) -> bool:
        self._viewer.note("play_stopped")
        return False

    def repeat_film(self, times: int) -> None:
        self._viewer.note("repeat_film", times)
        self.list.loop_file = times

    def repeat_list(self, times: int) -> None:
        self._viewer.note("repeat_list", times)
        self.list.loop_playlist = times

    def shuffle_lists(self, shuffle: bool) -> None:
        self._viewer.note("shuffle_lists", shuffle)
        self.list.shuffle = shuffle

    def _change(self, method: str, *arguments: Any, **named: Any) -> None:
        self._viewer.note(method, *arguments, *named.values())
        try:
            self._carry_out(getattr(self.list, method)(*arguments, **named))
        except PlaylistRefused:
            raise CommandRefused.failed() from None

    def _carry_out(self, order: Order | None) -> None:
        self._viewer.obey(order)
        self._viewer.tell("playlist")


class RecordingDesktop(NoDesktop):
    """A desktop which notes what is to be drawn."""

    def __init__(self) -> None:
        self.shown: list[Any] = []
        self.is_there = False
        """Whether there is a window."""

    def _note(self, *call: Any) -> bool:
        self.shown.append(call)
        return self.is_there

    def show_message(self, text: str, seconds: float) -> bool:
        return self._note("message", text)

    def show_text(self, text: str, seconds: float) -> bool:
        return self._note("text", text)

    def show_property(self, name: str) -> bool:
        return self._note("property", name)

    def show_progress(self) -> bool:
        return self._note("progress")

    def show_keys(self, bindings: Sequence[tuple[str, str]]) -> bool:
        return self._note("keys", *bindings)

    def open_chat(self) -> bool:
        return self._note("chat")

    def close_window(self) -> bool:
        return self._note("close")

    def ask(self, question: str, then: Callable[[], None]) -> bool:
        return self._note("ask", question, then)


class RecordingViewer:
    """A `ViewerPort`. ``calls`` holds the requests in their order."""

    def __init__(self, path: str | None = None) -> None:
        self.calls: list[Any] = []
        self.paused = True
        self.path = path
        self.duration: float | None = 20.0 if path else None
        self.at: float | None = 0.0 if path else None
        self.speed = 1.0
        self.seeking = False
        self.ended = False
        self.desired = DesiredPlayer()
        self.audio_devices: tuple[AudioDevice, ...] = ()
        self.tracks: tuple[Track, ...] = TRACKS if path else ()
        self.chosen: dict[TrackKind, int] = {}
        self.preferred: dict[TrackKind, tuple[str, ...]] = {}
        self.description = Description()
        self.statistics = Statistics()
        self.playlist_entry_id: int | None = 1 if path else None
        self.playlist = RecordingPlaylist(self)
        if path:
            self.playlist.list.show(path)
        self.hang = dict(HANG)
        self.forbidden: CommandRefused | None = None
        self.gate = asyncio.Event()
        """hang's own commands and `settle` wait for this."""
        self.before_seek: float | None = None
        self.offsets: dict[str, float] = {}
        self.desktop = RecordingDesktop()
        self.history = RecordingHistory(lambda call: self.note(*call))
        self.cancelled = 0
        self.sink: Callable[[ControlEvent], None] = lambda event: None
        self.changed: Callable[[frozenset[str]], None] = lambda names: None

    def note(self, *call: Any) -> None:
        self.calls.append(call)
        if self.forbidden is not None:
            raise self.forbidden

    def tell(self, *names: str) -> None:
        self.changed(frozenset(names))

    def check_control(self, refusal: Refusal) -> None:
        if self.forbidden is not None:
            raise self.forbidden

    def set_paused(self, paused: bool) -> None:
        self.note("set_paused", paused)
        self.paused = paused
        self.tell("pause")

    def seek(self, position: float) -> None:
        self.note("seek", position)
        self.at = position
        self.sink({"event": "seek"})

    def set_speed(self, rate: float) -> None:
        self.note("set_speed", rate)
        self.speed = rate
        self.tell("speed")

    def load(self, path: str) -> None:
        """Load this film into the playlist in place of all others."""
        self.playlist.load([Film(path)], Loading())

    def obey(self, order: Order | None) -> None:
        """Carry out what the playlist orders."""
        match order:
            case Open(entry=entry):
                self.path, self.duration, self.at, self.tracks = entry.path, 20.0, 0.0, TRACKS
                self.playlist_entry_id = entry.id
                self.tell("path", "duration", "track-list")
            case Close():
                self.path = self.duration = self.at = self.playlist_entry_id = None
                self.tracks = ()
                self.tell("path", "track-list")

    def play_command(self, command: PlayerCommand) -> None:
        self.note(command)
        self.desired.take(command)
        match command:
            case SelectTrack(kind=kind, id=number):
                self.tracks = tuple(
                    structs.replace(track, selected=track.id == number) if track.kind == kind else track
                    for track in self.tracks
                )
        self.tell("volume", "mute", "fullscreen", "sub-codepage", "sub-scale", "audio-device", "track-list")

    def wanted(self, kind: type[_Setting]) -> _Setting:
        return self.desired.wanted(kind)

    @property
    def volume(self) -> float:
        return self.wanted(SetVolume).percent

    @property
    def mute(self) -> bool:
        return self.wanted(SetMute).mute

    @property
    def fullscreen(self) -> bool:
        return self.wanted(SetFullscreen).fullscreen

    def languages(self, kind: TrackKind) -> tuple[str, ...]:
        return self.preferred.get(kind, ())

    def prefer_languages(self, kind: TrackKind, languages: Sequence[str]) -> None:
        self.note("prefer_languages", kind, languages)
        self.preferred[kind] = tuple(languages)
        self.tell("alang", "slang")

    def chosen_track(self, kind: TrackKind) -> int:
        if self.path is None:
            return self.chosen.get(kind, -1)
        tracks = [track for track in self.tracks if track.kind == kind]
        return next((number for number, track in enumerate(tracks, start=1) if track.selected), 0)

    def choose_track(self, kind: TrackKind, number: int) -> None:
        if self.path is None:
            self.chosen[kind] = number
            return
        tracks = [track for track in self.tracks if track.kind == kind]
        if number == -1:
            number = min(1, len(tracks))
        if not 0 <= number <= len(tracks):
            raise ValueError
        self.play_command(SelectTrack(kind, tracks[number - 1].id if number else None))

    def end_film(self) -> bool:
        self.note("end_film")
        return False

    def set_file_options(self, options: FileOptionsPort) -> None:
        self.file_options = options

    def set_offset(self, part: str, seconds: float) -> None:
        self.note("set_offset", part, seconds)
        self.offsets[part] = seconds
        self.tell(f"{part}-offset")

    def offset(self, part: str) -> float:
        return self.offsets.get(part, 0.0)

    def show_window(self, command: SetWindow) -> None:
        self.note(command)

    def close_window(self) -> None:
        self.note("close_window")

    def quit(self) -> None:
        self.note("quit")

    def position(self) -> float | None:
        return self.at

    def requested_position(self) -> float | None:
        return self.at

    def position_before_seek(self) -> float | None:
        return self.before_seek

    def hang_property(self, name: str) -> Any:
        return self.hang.get(name)

    async def room(self, verb: RoomCommand, arguments: Mapping[str, str]) -> Any:
        self.note(verb, dict(arguments))
        await self._wait()
        return {"room_id": "r"}

    async def screenshot(self, name: str | None) -> str:
        self.note("screenshot", name)
        return "/pictures/shot.png"

    async def debug_dump(self) -> str:
        self.note("debug_dump")
        return "/state/trace.jsonl"

    async def settle(self, awaited: Awaited) -> None:
        self.note("settle", awaited)
        await self._wait()

    async def _wait(self) -> None:
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise

    def subscribe(self, sink: Callable[[ControlEvent], None], changed: Callable[[frozenset[str]], None]) -> None:
        self.sink, self.changed = sink, changed


def run(context: Context, name: str, arguments: Sequence[Any] | Mapping[str, Any], *, expanding: bool = False) -> Any:
    """Carry out a command. Returns the data of the reply, or a Waiting."""
    return prepare(name, arguments, expanding=expanding)(context)


async def do(context: Context, name: str, *arguments: Any) -> Any:
    """Carry out a command and return the data of its reply."""
    outcome = run(context, name, arguments)
    return await outcome.coroutine if isinstance(outcome, Waiting) else outcome


async def command_refusal(context: Context, name: str, *arguments: Any) -> CommandRefused:
    """Return the refusal of a command that is expected to be refused."""
    with pytest.raises(CommandRefused) as caught:
        await do(context, name, *arguments)
    return caught.value


def property_refusal(properties: Properties, name: str, value: Any = ...) -> str:
    """Return the error of reading, or where a value is given of writing, a property."""
    with pytest.raises(CommandRefused) as caught:
        properties.read(name) if value is ... else properties.write(name, value)
    return caught.value.error
