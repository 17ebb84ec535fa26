"""PlayerSupervisor: keep a player running, and keep it as this viewer wants it.

Called by the viewer: with the follower's commands (`carry_out`), with what this viewer asks of the player alone (`do`),
and with every event of the player once the follower has had it (`heard`). It decides nothing about synchronization.

Theory of operation. `DesiredPlayer` holds what the player is wanted to be: volume, mute, full screen, aspect, delays,
and, for the film that is open, the chosen tracks and the added files. When a player dies, another one is made, and all
of that is commanded again: what needs no film at once, tracks and files when the film is open again. After
`_REPLACEMENTS_MAX` deaths in a row the film is given up: it is then the film that kills players.

An *opening* begins with a Load and ends, whatever happens, in one way: the film stands ready, it failed, another film
or none took its place, or it was given up. `opened` waits for that end.

What mpv's clients hear of films that come and go ("start-file", "end-file", "playback-restart") is emitted here.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct, field, structs

from hangd.client.control.port import CommandRefused
from hangd.client.notices import Notices
from hangd.engine import player_messages as messages
from hangd.engine.player_messages import PlayerCommand, PlayerEvent, PlayerSetting, Track, TrackKind
from hangd.engine.playlist.playlist import Open, Order, Rewind
from hangd.player.base import EventSink, Player, PlayerFactory
from hangd.tasks import Tasks

_log = logging.getLogger(__name__)

_REPLACEMENTS_MAX: Final = 3


def refusal_code(code: messages.FailureCode) -> str:
    """Return a player's failure code as control clients know it: "NotFound" for "not-found"."""
    return "".join(word.capitalize() for word in code.split("-"))


class DesiredPlayer(Struct):
    """What the player is wanted to be, by this viewer and this machine's settings. Not what it is."""

    volume: float = 100.0
    """Per cent."""
    mute: bool = False
    fullscreen: bool = False
    aspect: float | None = None
    deinterlace: bool = False
    audio_delay: float = 0.0
    """Seconds that the viewer wants the sound to come later: the property ``audio-delay``."""
    audio_offset: float = 0.0
    """Seconds by which this machine's sound is to come later (setting ``audio_offset_ms``). Added to the viewer's."""
    subtitle_delay: float = 0.0
    chosen: set[TrackKind] = field(default_factory=set)
    """The kinds of track of which the viewer chose one, or none, for the film that is open."""
    added: list[messages.AddSubtitleFile | messages.AddAudioFile] = field(default_factory=list)
    """The files that the viewer added to the film that is open, in order."""

    def take(self, command: PlayerCommand) -> None:
        """Remember what ``command`` wants, if it is of a kind that is to last."""
        match command:
            case messages.SetVolume(percent=percent):
                self.volume = percent
            case messages.SetMute(mute=mute):
                self.mute = mute
            case messages.SetFullscreen(fullscreen=fullscreen):
                self.fullscreen = fullscreen
            case messages.SetAspect(ratio=ratio):
                self.aspect = ratio
            case messages.SetDeinterlace(deinterlace=deinterlace):
                self.deinterlace = deinterlace
            case messages.SetDelay(kind="audio", seconds=seconds):
                self.audio_delay = seconds
            case messages.SetDelay(kind="subtitle", seconds=seconds):
                self.subtitle_delay = seconds
            case messages.SelectTrack(kind=kind):
                self.chosen.add(kind)
            case messages.AddSubtitleFile() | messages.AddAudioFile():
                self.added.append(command)
                if command.select:
                    self.chosen.add(_kind_of(command))

    def sound_delay(self) -> messages.SetDelay:
        """Return the one delay that the player is given for its sound."""
        return messages.SetDelay("audio", self.audio_delay + self.audio_offset)

    def commands(self) -> list[PlayerCommand]:
        """Return what makes a new player so, as far as no film is needed for it."""
        return [
            messages.SetVolume(self.volume),
            messages.SetMute(self.mute),
            messages.SetFullscreen(self.fullscreen),
            messages.SetAspect(self.aspect),
            messages.SetDeinterlace(self.deinterlace),
            self.sound_delay(),
            messages.SetDelay("subtitle", self.subtitle_delay),
        ]

    def film_commands(self, tracks: tuple[Track, ...]) -> list[PlayerCommand]:
        """Return what makes the film so again once another player has opened it. ``tracks``: those it had before.

        Files are added anew, and their tracks get new ids: one that was playing is selected as it is added.
        """
        left = Counter((track.kind, track.file) for track in tracks if track.file is not None)
        playing = {(track.kind, track.file): track.id for track in tracks if track.selected}
        added: list[messages.AddSubtitleFile | messages.AddAudioFile] = []
        for file in self.added:
            if left[_kind_of(file), file.path] > 0:  # else it was refused, or taken away again
                left[_kind_of(file), file.path] -= 1
                added.append(structs.replace(file, select=False))
        last: dict[tuple[TrackKind, str | None], int] = {
            (_kind_of(file), file.path): number for number, file in enumerate(added)
        }
        for key in playing.keys() & last.keys():
            added[last[key]] = structs.replace(added[last[key]], select=True)
        replaying = {_kind_of(file) for file in added if file.select}
        chosen = [messages.SelectTrack(kind, playing.get((kind, None))) for kind in sorted(self.chosen - replaying)]
        return [*added, *chosen]

    def forget_film(self) -> None:
        """Another film is opened, or the same one afresh: tracks and added files were the old one's."""
        self.chosen, self.added = set(), []


class PlayerSupervisor:
    """See the module's docstring. ``sink`` gets every event of the player, and gives each back through `heard`."""

    def __init__(self, make: PlayerFactory, sink: EventSink, notices: Notices, tasks: Tasks) -> None:
        self._make = make
        self._sink = sink
        self._notices = notices
        self._tasks = tasks
        self._player: Player | None = None
        self._problem: str | None = None
        """Why no player opens, for as long as none does."""
        self._deaths = 0
        """Players that died in a row, without a film standing ready in between."""
        self._path: str | None = None
        self._restarting = False
        """A "playback-restart" is due when the picture stands."""
        self._playing_file = False
        """An "end-file" is due when the film ends."""
        self._opening = False
        self._waiting: list[asyncio.Future[None]] = []
        """Callers of `opened`."""
        self._again: list[PlayerCommand] | None = None
        """What to command once the film is open again in a new player. None: the next Load opens another film."""
        self._loudness_due = False
        """The player has not told yet of the volume or mute that was commanded last."""
        self.desired = DesiredPlayer()
        self.entry = 0
        """The id of the playlist's entry that was opened last."""
        self.tracks: tuple[Track, ...] = ()
        self.description = messages.Description()

    @property
    def name(self) -> str | None:
        """The player and its version; None where there is no player."""
        return None if self._player is None else self._player.name

    def open(self) -> None:
        """Make a player if there is none. It opens by itself; if it cannot, the daemon goes on without one."""
        if self._player is not None:
            return
        self._loudness_due = False
        self._player = self._make(self._receive)
        default = DesiredPlayer().commands()
        for command, plain in zip(self.desired.commands(), default, strict=True):
            if command != plain:
                self._player.do(command)

    def _receive(self, event: PlayerEvent) -> None:
        """Pass an event on to the sink. That there is no player fails the film that is being opened, if one is."""
        match event:
            case messages.PlayerOpened():
                self._problem = None
            case messages.PlayerDied(generation=generation, code="no-player", message=message):
                if self._problem is None:
                    _log.warning("no player: %s", message)
                self._problem = message
                lost, self._player = self._player, None
                if lost is not None:
                    self._tasks.start(lost.close(), name="player-close")
                if not self._opening:
                    return
                event = messages.LoadFailed(generation, "no-player", message)
        self._sink(event)

    async def close(self) -> None:
        """End the player. Callers of `opened` are refused."""
        self._end_opening(CommandRefused.failed("NoPlayer", "the daemon is ending"))
        if self._player is not None:
            await self._player.close()

    # ---- commands -------------------------------------------------------------------------------------------------

    def carry_out(self, command: PlayerCommand) -> None:
        """Do what the follower orders."""
        match command:
            case messages.Load(path=path, entry=entry):
                self.end_file("stop")
                if self._again is None:  # else the same film is opened again, in a new player
                    self._end_opening(CommandRefused.failed("Replaced", "another file was opened meanwhile"))
                    self.desired.forget_film()
                self._path, self.entry = path, entry
                self.tracks, self.description = (), messages.Description()
                self._restarting = self._playing_file = self._opening = True
                self._notices.emit({"event": "start-file", "playlist_entry_id": self.entry})
                self.open()
            case messages.Unload():
                self._end_opening(CommandRefused.failed("Closed", "the file was closed again"))
                self.end_file("stop")
                self._notices.emit({"event": "idle"})
        self._pass_on(command)

    def do(self, command: PlayerCommand) -> None:
        """Do what this viewer wants of the player alone. What lasts is kept for players to come.

        Raises CommandRefused if there is no player and the command is about what it shows.
        """
        if self._player is None and not isinstance(command, PlayerSetting):
            raise CommandRefused.failed("NoPlayer", self._problem)
        self.desired.take(command)
        match command:
            case messages.SetVolume() | messages.SetMute():
                self._loudness_due = True
            case messages.SelectTrack(kind=kind, id=number):
                # The player says so in a moment. A client that reads what it has just written reads that.
                if number is None or any((track.kind, track.id) == (kind, number) for track in self.tracks):
                    self.tracks = tuple(
                        structs.replace(track, selected=track.id == number) if track.kind == kind else track
                        for track in self.tracks
                    )
            case messages.SetDelay(kind="audio"):
                command = self.desired.sound_delay()
        self._pass_on(command)

    def set_audio_offset(self, seconds: float) -> None:
        """Let this machine's sound come later by this much, beside what the viewer wants."""
        self.desired.audio_offset = seconds
        self._pass_on(self.desired.sound_delay())

    def seek_began(self) -> None:
        """The picture is about to jump."""
        self._restarting = True
        self._notices.emit({"event": "seek"})

    def reset_deaths(self) -> None:
        """A file is asked for: forget how many players died of what was played before."""
        self._deaths = 0

    def forget(self) -> None:
        """Show nothing, and open nothing again if the player dies."""
        self._path = None

    def end_file(self, reason: str, more: Mapping[str, Any] | None = None) -> None:
        """Emit the film's "end-file", unless that has been done. ``reason``: mpv's word for it."""
        if self._playing_file:
            self._playing_file = False
            self._notices.emit({"event": "end-file", "reason": reason, "playlist_entry_id": self.entry, **(more or {})})

    # ---- openings -------------------------------------------------------------------------------------------------

    async def opened(self) -> None:
        """Wait until the film that is being opened stands ready. Raises CommandRefused if it cannot be opened."""
        if self._opening:
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(future)
            await future

    def _end_opening(self, refusal: CommandRefused | None) -> None:
        self._opening = False
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if future.done():
                continue
            if refusal is None:
                future.set_result(None)
            else:
                future.set_exception(refusal)

    # ---- events ---------------------------------------------------------------------------------------------------

    def heard(self, event: PlayerEvent, *, current: bool, order: Order | None = None) -> None:
        """Take an event of the player.

        Args:
            current: the event belongs to the film that is open now.
            order: what the playlist lets follow it. A film that is played again, or followed by another one, is told
                otherwise to mpv's clients.
        """
        match event:
            case messages.VolumeChanged(percent=percent, mute=mute):
                # Until the player has carried out the last command it tells of earlier ones.
                if not self._loudness_due or (percent, mute) == (self.desired.volume, self.desired.mute):
                    self.desired.volume, self.desired.mute, self._loudness_due = percent, mute, False
            case messages.CommandFailed(command=command, message=message):
                _log.info("the player refused %s: %s", command, message)
            case _ if not current:
                pass
            case messages.Loaded(tracks=tracks, about=about):
                self.tracks, self.description = tracks, about or messages.Description()
                again, self._again = self._again, None
                for lasting in again or ():
                    self._pass_on(lasting)
                self._notices.emit({"event": "file-loaded"})
            case messages.TracksChanged(tracks=tracks):
                self.tracks = tracks
            case messages.LoadFailed(message=message, code=code):
                _log.warning("cannot play: %s", message)
                self._again = None
                details = {"code": code, "message": message}
                self.end_file("error", {"file_error": "loading failed", "details": details})
                self._end_opening(CommandRefused.failed(refusal_code(code), message))
                if not isinstance(order, Open):
                    self._notices.emit({"event": "idle"})
            case messages.Settled():
                self._deaths = 0
                self._end_opening(None)
                if self._restarting:
                    self._restarting = False
                    self._notices.emit({"event": "playback-restart"})
            case messages.Ended() if not isinstance(order, Rewind):
                self.end_file("eof")

    def replace(self, death: messages.PlayerDied) -> str | None:
        """Put another player in the dead one's place. Returns the file to open again, if that is worth a try."""
        _log.error("the player is lost: %s", death.message)
        lost, self._player = self._player, None
        if lost is not None:
            self._tasks.start(lost.close(), name="player-close")
        self._deaths += 1
        self.end_file("error")
        if self._path is None or self._deaths > _REPLACEMENTS_MAX:
            self._again = None
            self._end_opening(CommandRefused.failed(refusal_code(death.code), death.message))
            return None
        if self.tracks or self._again is None:
            self._again = self.desired.film_commands(self.tracks)
        self.open()
        return self._path

    def _pass_on(self, command: PlayerCommand) -> None:
        if self._player is not None:
            self._player.do(command)


def _kind_of(file: messages.AddSubtitleFile | messages.AddAudioFile) -> TrackKind:
    return "subtitle" if isinstance(file, messages.AddSubtitleFile) else "audio"
