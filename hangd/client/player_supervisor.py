"""PlayerSupervisor: keep a player running, and keep it as this viewer wants it.

Called by the viewer: with the follower's commands (`carry_out`), with what this viewer asks of the player alone (`do`),
and with every event of the player once the follower has had it (`heard`). It decides nothing about synchronization.

Theory of operation. `DesiredPlayer` holds what the player is wanted to be: volume, mute, full screen, aspect, delays.
`TrackChoices` holds which tracks and added files are wanted for the film that is open. When a player dies, another one
is made, and all of that is commanded again: what needs no film at once, tracks and files when the film is open again.
After `_REPLACEMENTS_MAX` deaths in a row the film is given up: it is then the film that kills players.

An *opening* begins with a Load and ends, whatever happens, in one way: the film stands ready, it failed, another film
or none took its place, or it was given up. `opened` waits for that end.

What mpv's clients hear of films that come and go ("start-file", "end-file", "playback-restart") is emitted here.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final

from hangd.client.control.port import CommandRefused
from hangd.client.desired_player import DesiredPlayer
from hangd.client.notices import Notices
from hangd.client.tracks.choices import TrackChoices
from hangd.client.tracks.memory import TrackMemory
from hangd.engine import player_messages as messages
from hangd.engine.player_facts import Description, Statistics, Track, TrackKind
from hangd.engine.player_messages import PlayerCommand, PlayerEvent, PlayerSetting
from hangd.engine.playlist.playlist import Open, Order, Rewind
from hangd.player.base import EventSink, Player, PlayerFactory
from hangd.tasks import Tasks

_log = logging.getLogger(__name__)

_REPLACEMENTS_MAX: Final = 3
_PICTURE_SECONDS: Final = 5.0
"""How long a display is waited for. The player says after three or four seconds that it does not answer."""


def refusal_code(code: messages.FailureCode) -> str:
    """Return a player's failure code as control clients know it: "NotFound" for "not-found"."""
    return "".join(word.capitalize() for word in code.split("-"))


class PlayerSupervisor:
    """See the module's docstring.

    Args:
        sink: gets every event of the player, and gives each back through `heard`.
        memory: which tracks were chosen in films before.
        is_listed: returns whether the playlist has this entry.
    """

    def __init__(
        self,
        make: PlayerFactory,
        sink: EventSink,
        notices: Notices,
        tasks: Tasks,
        memory: TrackMemory | None = None,
        is_listed: Callable[[int], bool] = lambda entry: False,
    ) -> None:
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
        self._starts_later = False
        """The film that is being opened does not begin at its beginning."""
        self._restarting = False
        """A "playback-restart" is due when the picture stands."""
        self._playing_file = False
        """An "end-file" is due when the film ends."""
        self._opening = False
        self._waiting: list[asyncio.Future[None]] = []
        """Callers of `opened`."""
        self._again: list[PlayerCommand] | None = None
        """What to command once the film is open again in a new player. None: the next Load opens another film."""
        self._for_output = False
        """The next Load opens the same film once more, because its picture needs another output."""
        self._loudness_due = False
        """The player has not told yet of the volume or mute that was commanded last."""
        self._is_listed = is_listed
        self.desired = DesiredPlayer()
        self.choices = TrackChoices(self._give, memory or TrackMemory(None, tasks))
        self.entry = 0
        """The id of the playlist's entry that was opened last."""
        self.description = Description()
        self.statistics = Statistics()
        self.sound = messages.SoundChanged(0, (), None)
        """On what the sound can be played, and why it is not, as the player told last."""
        self.picture_problem: str | None = None
        """Why the film that is open is played without a picture, as a sentence."""
        self._pictures_missed = 0
        """How often the player has said that there is no picture."""
        self.window_shown = False
        """Whether the picture's window is on the display."""
        self._warned: str | None = None
        """What has been logged of that last."""
        self.film_error: dict[str, str] | None = None
        """Why the last film could not be played (any further): code and message. None once a film stands ready."""

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
            case messages.Load() if self._for_output:
                # The film goes on for clients, which hear of it as of a seek.
                self._for_output, self._starts_later, self._restarting = False, False, True
            case messages.Load(path=path, entry=entry, start=start):
                self.end_file("stop")
                if self._again is None:  # else the same film is opened again, in a new player
                    self._end_opening(CommandRefused.failed("Replaced", "another file was opened meanwhile"))
                    self.choices.opening(path, follows=self._is_listed(self.entry))
                self._path, self.entry, self._starts_later = path, entry, start > 0
                self._film_gone()
                self._restarting = self._playing_file = self._opening = True
                self._notices.emit({"event": "start-file", "playlist_entry_id": self.entry})
                self.open()
            case messages.Unload():
                self._film_gone()
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
            case messages.SetDelay(kind="audio"):
                command = self.desired.sound_delay()
            case messages.AddSubtitleFile() | messages.AddAudioFile() if self._opening and not self.choices.are_known:
                self.choices.keep(command)
                return
        self._give(command)

    def choose_track(self, kind: TrackKind, number: int) -> None:
        """Play the track with this number: see `TrackChoices.choose`. Raises CommandRefused if there is no player."""
        if self._player is None and self.choices.are_known:
            raise CommandRefused.failed("NoPlayer", self._problem)
        self.choices.choose(kind, number)

    def _give(self, command: PlayerCommand) -> None:
        self.choices.take(command)
        self._pass_on(command)

    @property
    def tracks(self) -> tuple[Track, ...]:
        return self.choices.tracks

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

    def picture_answer(self) -> Coroutine[Any, Any, None] | None:
        """Return what waits until the player, which was to show the window, has answered; None: there is a picture.

        It raises CommandRefused if there is still none.
        """
        return None if self.picture_problem is None else self._picture_answered(self._pictures_missed)

    async def _picture_answered(self, missed: int) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_PICTURE_SECONDS):
                await self._notices.until(lambda: self.picture_problem is None or self._pictures_missed > missed)
        if self.picture_problem is not None:
            raise CommandRefused.failed("NoPicture", self.picture_problem)

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
                told: list[PlayerSetting] = [messages.SetVolume(percent), messages.SetMute(mute)]
                if not self._loudness_due or told == [self.desired.wanted(type(each)) for each in told]:
                    self._loudness_due = False
                    for each in told:
                        self.desired.take(each)
            case messages.SoundChanged():
                self._sound_changed(event)
            case messages.CommandFailed(command=command, message=message):
                _log.info("the player refused %s: %s", command, message)
            case _ if not current:
                pass
            case messages.Loaded(tracks=tracks, about=about):
                self.choices.tracks, self.description = tracks, about or Description()
                again, self._again = self._again, None
                for lasting in again or ():
                    self._pass_on(lasting)
                self.choices.told(again=again is not None)
                if self._opening:  # else the film goes on in another output
                    self._notices.emit({"event": "file-loaded"})
                if self._starts_later:
                    self._notices.emit({"event": "seek"})  # mpv opens a film at its beginning and seeks then
            case messages.TracksChanged(tracks=tracks):
                self.choices.tracks = tracks
            case messages.StatisticsChanged(statistics=statistics):
                self.statistics = statistics
            case messages.PictureChanged(message=problem):
                self._picture_changed(problem)
            case messages.WindowChanged(shown=shown):
                self.window_shown = shown
            case messages.OutputStale() if self._playing_file:
                self._for_output, self._again = True, self.choices.commands()
                self.picture_problem = None
            case messages.LoadFailed(code="list") if isinstance(order, Open) and order.inserted:
                self._again = None
                inserted = {"playlist_insert_id": order.entry.id, "playlist_insert_num_entries": order.inserted}
                self.end_file("redirect", inserted)
            case messages.LoadFailed(message=message, code=code):
                _log.warning("cannot play: %s", message)
                self._again = None
                details = {"code": code, "message": message}
                self._film_gone()
                self.film_error = details
                if code == "list":  # of nothing
                    self.end_file("redirect")
                else:
                    self.end_file("error", {"file_error": "loading failed", "details": details})
                self._end_opening(CommandRefused.failed(refusal_code(code), message))
                if not isinstance(order, Open):
                    self._notices.emit({"event": "idle"})
            case messages.Settled():
                self._deaths = 0
                self.film_error = None
                self._end_opening(None)
                if self._restarting:
                    self._restarting = False
                    self._notices.emit({"event": "playback-restart"})
            case messages.Ended() if not isinstance(order, Rewind):
                self.end_file("eof")

    def _film_gone(self) -> None:
        """Forget what the film said of itself: there is none any more, or another one is opened."""
        self.choices.gone()
        self.description, self.statistics = Description(), Statistics()
        self.picture_problem, self.window_shown = None, False

    def _picture_changed(self, problem: str | None) -> None:
        self.picture_problem = problem
        if problem is not None:
            self._pictures_missed += 1
            if problem != self._warned:
                _log.warning("%s", problem)
            self._notices.emit({"event": "no-picture", "text": problem})
        self._warned = problem

    def _sound_changed(self, event: messages.SoundChanged) -> None:
        before, self.sound = self.sound.message, event
        if event.message != before:
            text = event.message or "the sound is back"
            _log.log(logging.INFO if event.message is None else logging.WARNING, "%s", text)
            self._notices.emit({"event": "sound-changed", "text": text})

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
            if self._path is not None:
                self.film_error = {"code": death.code, "message": death.message}
            self._end_opening(CommandRefused.failed(refusal_code(death.code), death.message))
            return None
        if self.tracks or self._again is None:
            self._again = self.choices.commands()
        self.open()
        return self._path

    def _pass_on(self, command: PlayerCommand) -> None:
        if self._player is not None:
            self._player.do(command)
