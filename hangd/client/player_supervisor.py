"""PlayerSupervisor: a player for as long as one is needed. It is made when there is a film, and made anew when it dies.

It also keeps what a player says of itself and nobody decides by: tracks, volume, full screen. What mpv's clients are
told of a film's coming and going ("start-file", "end-file", "playback-restart") is told here.
"""

import logging
from collections.abc import Mapping
from typing import Any, Final

from msgspec import structs

from hangd.client.control.port import CommandRefused
from hangd.client.notices import Notices
from hangd.engine.player_messages import (
    CommandFailed,
    Description,
    Ended,
    Load,
    Loaded,
    LoadFailed,
    PlayerCommand,
    PlayerDied,
    PlayerEvent,
    PlayerOpened,
    SelectTrack,
    SetDelay,
    SetFullscreen,
    SetMute,
    Settled,
    SetVolume,
    Track,
    TracksChanged,
    Unload,
    VolumeChanged,
)
from hangd.engine.playlist.playlist import Open, Order, Rewind
from hangd.player.base import EventSink, Player, PlayerFactory
from hangd.tasks import Tasks

__all__ = ["PlayerSupervisor"]

_log = logging.getLogger(__name__)

_REPLACEMENTS_MAX: Final = 3
"""Players that may die in a row before the file is given up: it is then the file that kills them."""


class PlayerSupervisor:
    """``sink`` hears every event of the player's, and gives each to ``heard`` once the follower has had it."""

    def __init__(self, make: PlayerFactory, sink: EventSink, notices: Notices, tasks: Tasks) -> None:
        self._make = make
        self._sink = sink
        self._notices = notices
        self._tasks = tasks
        self._player: Player | None = None
        self._problem: str | None = None
        """Why no player opens, for as long as none does."""
        self._loading: int | None = None
        """The generation of the newest Load; None after an Unload."""
        self._deaths = 0
        self._path: str | None = None
        self._restarting = False
        self._begun = False
        """Whether a film's end is still to be told."""
        self._sound_delay = 0.0
        self.entry = 0
        """The number of the film that was opened last, in the playlist."""
        self.next_entry = 0
        """The number that it has when it is opened the next time."""
        self.ends_as = "stop"
        """Why the film ends if another one is opened instead: mpv's word for it."""
        self.tracks: tuple[Track, ...] = ()
        self.description = Description()
        self.volume, self.mute, self.fullscreen = 100.0, False, False
        self._loudness_due = False

    @property
    def name(self) -> str | None:
        """What plays, and which version; None where nothing does."""
        return None if self._player is None else self._player.name

    def open(self) -> None:
        """Make a player if there is none. It opens by itself; if it cannot, the daemon lives on without one."""
        if self._player is None:
            self._player = self._make(self._said)
            self._player.do(SetDelay("audio", self._sound_delay))

    def _said(self, event: PlayerEvent) -> None:
        """Pass on what the player says, except that there is no player: then what is being loaded cannot be played."""
        match event:
            case PlayerOpened():
                self._problem = None
            case PlayerDied(code="no-player", message=message):
                if self._problem is None:
                    _log.warning("no player: %s", message)
                self._problem = message
                lost, self._player = self._player, None
                if lost is not None:
                    self._tasks.start(lost.close(), name="player-close")
                if self._loading is None:
                    return
                event = LoadFailed(self._loading, "no-player", message)
        self._sink(event)

    async def close(self) -> None:
        if self._player is not None:
            await self._player.close()

    # ---- commands -------------------------------------------------------------------------------------------------

    def carry_out(self, command: PlayerCommand) -> None:
        """Do what the follower orders."""
        match command:
            case Load(path=path, generation=generation):
                self._end_file(self.ends_as)
                self._path, self.entry, self.ends_as = path, self.next_entry, "stop"
                self.tracks, self.description = (), Description()
                self._restarting = self._begun = True
                self._notices.emit({"event": "start-file", "playlist_entry_id": self.entry})
                self._loading = generation
                self.open()
            case Unload():
                self._loading = None
                self._end_file("stop")
                self._notices.emit({"event": "idle"})
        self._pass_on(command)

    def do(self, command: PlayerCommand) -> None:
        """Do what somebody at this machine wants. Raises CommandRefused where there is no player."""
        match command:
            case SetFullscreen(fullscreen=fullscreen):
                self.fullscreen = fullscreen
            case SetVolume(percent=percent):
                self.volume = percent
                self._loudness_due = True
            case SetMute(mute=mute):
                self.mute = mute
                self._loudness_due = True
            case SelectTrack(kind=kind, id=number):
                # Told so by the player in a moment; who reads what was just written, reads that.
                self.tracks = tuple(
                    structs.replace(track, selected=track.id == number) if track.kind == kind else track
                    for track in self.tracks
                )
        if self._player is None:
            raise CommandRefused("error running command", "NoPlayer", self._problem)
        self._player.do(command)

    def delay_sound(self, seconds: float) -> None:
        """Let the sound come later than the picture by this much: this player's, and its successors'."""
        self._sound_delay = seconds
        self._pass_on(SetDelay("audio", seconds))

    def seek_began(self) -> None:
        self._restarting = True
        self._notices.emit({"event": "seek"})

    def asked_anew(self) -> None:
        """Somebody wants a file: whatever became of players before, they are tried for again."""
        self._deaths = 0

    def forget(self) -> None:
        """Show nothing, and open nothing again if the player dies."""
        self._path = None

    # ---- events ---------------------------------------------------------------------------------------------------

    def heard(self, event: PlayerEvent, *, current: bool, order: Order | None = None) -> None:
        """Take an event, for what it says of the player itself.

        ``current``: it is of the load that plays now. ``order``: what the playlist lets follow it.
        """
        match event:
            case VolumeChanged(percent=percent, mute=mute):
                # Until the player has come to what was asked last, it tells what was asked before: old news.
                if not self._loudness_due or (percent, mute) == (self.volume, self.mute):
                    self.volume, self.mute, self._loudness_due = percent, mute, False
            case CommandFailed(command=command, message=message):
                _log.info("the player refused %s: %s", command, message)
            case _ if not current:
                pass
            case Loaded(tracks=tracks, about=about):
                self.tracks, self.description = tracks, about or Description()
                self._notices.emit({"event": "file-loaded"})
            case TracksChanged(tracks=tracks):
                self.tracks = tracks
            case LoadFailed(message=message, code=code):
                _log.warning("can not play: %s", message)
                details = {"code": code, "message": message}
                self._end_file("error", {"file_error": "loading failed", "details": details})
                if not isinstance(order, Open):
                    self._notices.emit({"event": "idle"})
            case Settled():
                self._deaths = 0
                if self._restarting:
                    self._restarting = False
                    self._notices.emit({"event": "playback-restart"})
            case Ended() if not isinstance(order, Rewind):
                self._end_file("eof")

    def replace(self, death: PlayerDied) -> str | None:
        """Put another player in the dead one's place. Returns the file to open again, if that is worth a try."""
        _log.error("the player is lost: %s", death.message)
        lost, self._player = self._player, None
        if lost is not None:
            self._tasks.start(lost.close(), name="player-close")
        self._deaths += 1
        self._loudness_due = False
        self._end_file("error")
        if self._path is None or self._deaths > _REPLACEMENTS_MAX:
            return None
        self.open()
        self._pass_on(SetVolume(self.volume))
        self._pass_on(SetMute(self.mute))
        return self._path

    def _pass_on(self, command: PlayerCommand) -> None:
        if self._player is not None:
            self._player.do(command)

    def _end_file(self, reason: str, more: Mapping[str, Any] | None = None) -> None:
        if self._begun:
            self._begun = False
            self._notices.emit({"event": "end-file", "reason": reason, "playlist_entry_id": self.entry, **(more or {})})
