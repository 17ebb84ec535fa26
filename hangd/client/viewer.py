"""Viewer: one person's end of it all. Player, connection and control clients meet here, and the `Follower` decides.

Whatever happens is one input to the follower (`hangd.engine.follower.inputs`), told through the recorder, and a list
of effects, carried out at once by ``_do``, the one interpreter. Nothing is polled: the follower's deadline arms one
timer, and whoever waits for a state (`settle`) is looked at whenever something has happened.

What it lends to control clients is the `ViewerPort` port; hang's own verbs are in ``verbs``.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from hangd.client.control.port import Awaited, CommandRefused, ControlEvent, Refusal, RoomCommand
from hangd.client.learned_store import LearnedStore
from hangd.client.media.files import MediaFiles
from hangd.client.media.local_copy import LocalCopy
from hangd.client.notices import Notices
from hangd.client.player_supervisor import PlayerSupervisor
from hangd.client.playlist.playlist import PlaylistKeeper
from hangd.client.screenshots import Screenshots
from hangd.client.server.commands import ServerCommands
from hangd.client.server.connection import Connection, NotConnected
from hangd.client.server.room_view import RoomView
from hangd.client.settings import ClientSettings
from hangd.client.shown import Shown
from hangd.client.status import hang_property, look, sync_state
from hangd.client.suspend import SuspendWatch
from hangd.client.trace_files import write_trace
from hangd.client.trace_recorder import Recorder
from hangd.engine.follower.drift import Correction, Hold, Resync, Trim
from hangd.engine.follower.effects import AnnounceCorrection, AnnounceSeek, FollowerEffect, SendReport, SendRequest
from hangd.engine.follower.inputs import (
    AbsenceEnded,
    ClockFlushed,
    DeadlineReached,
    FileClosed,
    FileOpened,
    FollowerInput,
    LeftRoom,
    OffsetSet,
    PauseRequested,
    Pinged,
    PlayerSaid,
    RoomRefused,
    SeekRequested,
    SpeedRequested,
    StopRequested,
    TimelineReceived,
    TimingsRecalled,
)
from hangd.engine.follower.learned import LearnedTimings
from hangd.engine.follower.memory import Policies
from hangd.engine.follower.picture import Motion
from hangd.engine.link.link import LinkState
from hangd.engine.player_messages import Load, LoadFailed, PlayerCommand, PlayerDied, PlayerEvent, Settled, Unload
from hangd.engine.trace.trace import FORMAT, Header, encode
from hangd.log import escape
from hangd.paths import pictures_dir, state_dir
from hangd.player.base import PlayerFactory
from hangd.protocol.messages import (
    Error,
    LeaveRoom,
    RequestId,
    RoomLeft,
    ServerMessage,
    Stop,
    SyncBroadcast,
    Welcome,
)
from hangd.protocol.messages import RoomState as RoomStateMessage
from hangd.protocol.model import LeftReason, Room, Timeline
from hangd.tasks import DeadlineTimer, Tasks

__all__ = ["Viewer"]

_log = logging.getLogger(__name__)

_AT_END: Final = 2.0
"""Seconds. A film that is so near to its end when the room moves on has come to its end."""


class Viewer(Shown):
    """See the module's docstring. Make it inside a running loop; ``close`` it before the loop ends."""

    def __init__(
        self,
        settings: ClientSettings,
        player_factory: PlayerFactory,
        media: MediaFiles,
        *,
        version: str,
        quit: Callable[[], None],
        habits: Path | None = None,
    ) -> None:
        self.settings = settings
        self.media = media
        self.tasks = Tasks()
        self.notices = Notices()
        self.policies = Policies()
        self.follower = self.policies.make_follower()
        self._recorder = Recorder(self.follower)
        self.connection = Connection(self, self.tasks, name=settings.name, client=f"hangd {version}")
        self.server_url = settings.server
        self.room_view: RoomView | None = None
        self.copy = LocalCopy(self)
        self.verbs = ServerCommands(self)
        self.playlist = PlaylistKeeper(self)
        self.version = version
        self._plays_next = True
        self._quit = quit
        self._timer = DeadlineTimer(self._expire)
        self._asked: set[RequestId] = set()
        self._player = PlayerSupervisor(player_factory, self._player_said, self.notices, self.tasks)
        self._screenshots = Screenshots(self._player.do)
        self._habits = None if habits is None else LearnedStore(habits, self.tasks, self._know_habits)
        self._waking = SuspendWatch(self._woke)
        self._offset()
        self._player.open()

    # ---- what happens to it ---------------------------------------------------------------------------------------

    def _offset(self) -> None:
        self._tell(OffsetSet(self.settings.video_offset_ms / 1000))
        self._player.delay_sound(-self.settings.audio_offset_ms / 1000)

    def renew(self, settings: ClientSettings) -> None:
        """Go by other settings from now on. A name, a server, a player and a socket are for the next start."""
        before, self.settings = self.settings, settings
        self._offset()
        later = [
            name
            for name in ("socket", "control_tcp", "name", "server", "player", "vlc_options")
            if getattr(before, name) != getattr(settings, name)
        ]
        _log.info("settings read anew%s", f"; for the next start: {', '.join(later)}" if later else "")

    def _woke(self, now: float) -> None:
        _log.info("this machine, or this process, stood still for a while")
        self._tell(AbsenceEnded())
        self.connection.ask_the_time(now)

    def _know_habits(self, habits: LearnedTimings) -> None:
        self._tell(TimingsRecalled(habits))

    def _player_said(self, event: PlayerEvent) -> None:
        now = time.monotonic()
        current = event.generation == self.follower.picture.generation
        position, playing = self.follower.position(now), not self.follower.paused
        effects = self._recorder.tell(PlayerSaid(event), now)
        order = self.playlist.hear(event) if current and self.room_view is None else None
        self._player.heard(event, current=current, order=order)
        self._screenshots.heard(event)
        given_up = False
        match event:
            case LoadFailed(message=message, code=code) if current:
                self.copy.load_ended(code, message)
            case Settled() if current:
                self.copy.load_ended(None, "")
                if self._habits is not None:
                    self._habits.learned(self.follower.habits)
            case PlayerDied():
                path = self._player.replace(event)
                given_up = path is None and current and self.room_view is None
                if path is not None:
                    effects += self._recorder.tell(FileOpened(path, position or 0.0), time.monotonic())
                elif current:
                    self.copy.load_ended(event.code, event.message)
        self._do(effects, more=order is not None)
        if order is not None:
            self.playlist.obey(order, play=playing)
        elif given_up:
            self.playlist.given_up()

    def _expire(self, now: float) -> None:
        self._tell(DeadlineReached(), now)

    def _tell(self, input: FollowerInput, now: float | None = None) -> None:
        """Tell the follower what happened (at ``now``, or just now), and do what it orders."""
        self._do(self._recorder.tell(input, time.monotonic() if now is None else now))

    # ---- carrying out ---------------------------------------------------------------------------------------------

    def _do(self, effects: list[FollowerEffect], *, more: bool = False) -> None:
        """Carry the follower's effects out, arm its timer, and tell whoever watches or waits.

        ``more``: something follows at once, and what is so until then is no news.
        """
        for effect in effects:
            match effect:
                case SendRequest(command=command):
                    mark = command.command_id
                    try:
                        self.connection.send(command, mark)
                    except NotConnected:
                        effects.extend(self._recorder.tell(RoomRefused(), time.monotonic()))
                    else:
                        if mark is not None:
                            self._asked.add(mark)
                case SendReport() if self.playlist.room.searching:
                    pass  # Whether there is something to show is not known yet.
                case SendReport(report=report):
                    if self.connection.is_up and self.room_view is not None:
                        self.connection.send(report)
                        self.room_view.reported(report)
                case AnnounceCorrection(correction=correction):
                    self._corrected(correction)
                case AnnounceSeek():
                    self._player.seek_began()
                case Load(path=path) if (entry := self.playlist.reloading(path)) is not None:
                    self._player.next_entry = entry
                    self._player.carry_out(effect)
                case _:
                    self._player.carry_out(effect)
        self._timer.arm(self.follower.deadline())
        if not more:
            self.announce()

    def _corrected(self, correction: Correction) -> None:
        match correction:
            case Trim(rate=rate, seconds=seconds):
                what: dict[str, Any] = {"action": "trim", "rate": rate, "seconds": seconds}
            case Hold(seconds=seconds):
                what = {"action": "hold", "seconds": seconds}
            case Resync():
                what = {"action": "resync"}
        _log.info("%.1f ms off: %s (%s)", correction.error * 1000, what["action"], correction.reason)
        self.notices.emit(
            {
                "event": "sync-corrected",
                **what,
                "error": correction.error,
                "bound": self.follower.clock.bound(time.monotonic()),
                "reason": correction.reason,
            }
        )

    # ---- what the server says -------------------------------------------------------------------------------------

    def welcomed(self, welcome: Welcome, now: float) -> None:
        """The connection is up again: back into the room, if there is one to be in."""
        if self.room_view is None:
            return
        if welcome.room is not None:
            self.enter_room(welcome.room, welcome.client_id, now, again=True)
        else:
            self.tasks.start(self.verbs.rejoin(), name="rejoin")

    def received(self, message: ServerMessage, re: RequestId | None, now: float) -> None:
        """Take what the server said: into the room's view, to the follower, and to whoever asked."""
        refused = isinstance(message, Error)
        if re is not None and re in self._asked:
            self._asked.discard(re)
            if isinstance(message, Error):
                self.notices.refuse(message.code, message.message)
                self._tell(RoomRefused(), now)
        room = self.room_view
        if room is None or refused:
            self.playlist.room.received(message, re)
            self.announce()
            return
        for event in room.learn(message):
            self.notices.emit(event)
        match message:
            case SyncBroadcast(command=command, timeline=timeline):
                self._tell(TimelineReceived(timeline, stop=isinstance(command, Stop)), now)
            case RoomStateMessage(room=snapshot):
                self._tell(TimelineReceived(snapshot.timeline), now)
            case RoomLeft(reason=reason):
                self.leave_room(reason, now)
        self.playlist.room.received(message, re)
        self.announce()

    def link_changed(self, state: LinkState, reason: str | None) -> None:
        _log.info("server: %s%s", state.value, f" ({escape(reason)})" if reason else "")
        self.notices.emit({"event": "server-state", "state": state.value, **({"reason": reason} if reason else {})})
        if state is not LinkState.UP:
            self.playlist.room.unanswered()
        if state is not LinkState.UP and self._asked:
            self._asked.clear()
            self.notices.refuse("NotConnected", reason or "the connection broke off")
            self._tell(RoomRefused())
        if state is LinkState.DOWN and self.room_view is not None:
            self.leave_room("lost", time.monotonic())
        self.announce()

    def ponged(self, t0: float, t1: float, t2: float, t3: float) -> None:
        self._tell(Pinged(t0, t1, t2, t3), t3)

    def clock_replaced(self, now: float) -> None:
        self._tell(ClockFlushed(), now)

    def enter_room(
        self, room: Room, client_id: str, now: float, *, path: str | None = None, again: bool = False
    ) -> RoomView:
        """Be a member of this room from now on: a new one, or (``again``) ours after an absence.

        ``path``: this machine's copy of its film.
        """
        if self.room_view is not None and again:
            self.room_view.enter(room, client_id)
        else:
            self.room_view = RoomView(room, client_id, self.connection.url or self.server_url)
        self.notices.emit({"event": "room-joined", "room_id": room.room_id})
        self._tell(TimelineReceived(room.timeline, entering=True), now)
        self.playlist.entered(room, self.path if again else path, again=again)
        if again and room.file is not None and self.copy.hash not in (None, room.file_hash):
            # The room has moved on meanwhile.
            self.playlist.room.show(room.file_hash, room.file, None)
        return self.room_view

    def leave_room(self, reason: LeftReason, now: float) -> None:
        """Be in no room from now on; the film goes on alone."""
        room, self.room_view = self.room_view, None
        if room is None:
            return
        self._asked.clear()
        if reason == "mismatch":
            self.notices.emit({"event": "media-mismatch", "room_id": room.room_id})
        self.notices.emit({"event": "room-left", "room_id": room.room_id, "reason": reason})
        self._tell(LeftRoom(), now)
        self.playlist.left()

    # ---- ViewerPort: requests --------------------------------------------------------------------------------------

    def may(self, refusal: Refusal) -> None:
        """Refuse at once what the room would refuse, or what can not reach it."""
        room = self.room_view
        if room is None:
            return
        if not self.connection.is_up:
            raise CommandRefused(refusal, "NotConnected", "not connected to the room's server now; trying again")
        if not room.may_control:
            raise CommandRefused(refusal, "Forbidden", room.who_may_control)

    def _needs_media(self, refusal: Refusal) -> None:
        if self.room_view is None and self.follower.picture.path is None:
            raise CommandRefused(refusal, "NoMedia", "no file is loaded")

    def set_paused(self, paused: bool) -> None:
        self.may("error accessing property")
        if self.room_view is None:
            self._plays_next = not paused
        if paused or not self.ended or not self.playlist.play_on():
            self._tell(PauseRequested(paused))

    def seek(self, position: float) -> None:
        self._needs_media("error running command")
        self.may("error running command")
        self._tell(SeekRequested(position))

    def set_speed(self, rate: float) -> None:
        self.may("error accessing property")
        self._tell(SpeedRequested(rate))

    def stop_playing(self) -> None:
        self.may("error running command")
        self._plays_next = self.plays_next
        self._tell(StopRequested())

    # ---- films ------------------------------------------------------------------------------------------------------

    def load_file(self, path: str, file_hash: str | None = None) -> None:
        """Play this file here, whatever the room plays; ``file_hash`` is given if it is not the room's film."""
        self._player.next_entry = self.playlist.loading(path, file_hash)
        self._prepare(path)
        self._tell(FileOpened(path))

    def open_film(self, path: str, entry: int, *, play: bool) -> None:
        """Out of a room: open this file, and play it or stand on its beginning."""
        self.copy.hash = None
        self._player.next_entry = entry
        self._prepare(path)
        self._tell(FileOpened(path))
        if play:
            self.play_on()

    def play_on(self) -> None:
        """Let the film play on; from its end, from the beginning."""
        self._tell(PauseRequested(False))

    def drop_file(self) -> None:
        """Show nothing."""
        self._player.forget()
        self._tell(FileClosed())

    def change_film(self, path: str | None, entry: int, timeline: Timeline | None) -> None:
        """The room shows another film: this file, or (None) one that is not here, from this timeline on.

        All of it is one step. The old film is not sent to the new one's place, nor is a player stopped that is to play
        on, and the room hears only what came of it.
        """
        now = time.monotonic()
        if path is not None and path == self.path and entry == self.playing_entry:
            if timeline is not None:
                self._tell(TimelineReceived(timeline), now)
            return
        picture = self.follower.picture
        if picture.is_at_end(picture.position(now), _AT_END):
            self._player.ends_as = "eof"
        effects = self._recorder.tell(FileClosed(), now)
        if timeline is not None:
            effects += self._recorder.tell(TimelineReceived(timeline), now)
        if path is None:
            self._player.forget()
        else:
            self._player.next_entry = entry
            self._prepare(path)
            effects += self._recorder.tell(FileOpened(path), now)
            last = max((n for n, effect in enumerate(effects) if isinstance(effect, SendReport)), default=-1)
            effects = [
                effect for n, effect in enumerate(effects) if n == last or not isinstance(effect, (Unload, SendReport))
            ]
        self._do(effects)

    def _prepare(self, path: str) -> None:
        self._player.asked_anew()
        if self._habits is not None:
            self._habits.opened(path)

    def play_command(self, command: PlayerCommand) -> None:
        self._player.do(command)
        self.announce()

    def quit(self) -> None:
        if not self.settings.allow_quit:
            raise CommandRefused("error running command", "Forbidden", "this daemon's config does not allow quit")
        self._quit()

    # ---- ViewerPort: reading ---------------------------------------------------------------------------------------

    def hang_property(self, name: str) -> Any:
        return hang_property(self, name)

    # ---- ViewerPort: waiting and telling ---------------------------------------------------------------------------

    async def room(self, verb: RoomCommand, arguments: Mapping[str, str]) -> Any:
        return await self.verbs.carry_out(verb, arguments)

    async def settle(self, awaited: Awaited) -> None:
        conditions: dict[Awaited, Callable[[], bool]] = {
            "joined": lambda: self.room_view is not None,
            "playing": lambda: self.follower.picture.motion is Motion.RUNNING and not self.paused,
            "paused": lambda: self.follower.picture.motion is Motion.STANDING and self.paused,
            "ended": lambda: self.ended,
            "synced": lambda: sync_state(self) == "synced",
            "done": self._is_done,
        }
        await self.notices.until(conditions[awaited])

    async def screenshot(self, name: str | None) -> str:
        folder = self.settings.screenshot_dir
        return await self._screenshots.take(pictures_dir() if folder is None else Path(folder), name)

    async def debug_dump(self) -> str:
        now = datetime.now(UTC)
        header = Header(
            format=FORMAT,
            hangd=self.version,
            policies=self.policies,
            player=self.player_name,
            date=now.isoformat(timespec="seconds"),
        )
        lines = [encode(header), *self._recorder.lines()]
        try:
            return str(await asyncio.to_thread(write_trace, state_dir() / "traces", lines, now))
        except OSError as error:
            raise CommandRefused("error running command", "NotWritten", f"can not write a trace: {error}") from error

    def _is_done(self) -> bool:
        if self._asked or self.follower.is_asking or self.playlist.room.is_asking:
            return False
        busy = (Motion.LOADING, Motion.SEEKING, Motion.PAUSING, Motion.STARTING)
        return self.follower.in_room or self.follower.picture.motion not in busy

    def subscribe(self, sink: Callable[[ControlEvent], None], changed: Callable[[frozenset[str]], None]) -> None:
        self.notices.subscribe(sink, changed)

    def announce(self) -> None:
        """Tell what has changed since the last time, and wake whoever waited for it."""
        self.notices.announce(look(self))

    async def close(self) -> None:
        """Leave the room, the server and the player, each with a deadline of its own."""
        self._timer.arm(None)
        self._waking.close()
        if self.room_view is not None and self.connection.is_up:
            # Said aloud, so that the others do not keep a place for somebody who does not come back.
            self.connection.send(LeaveRoom())
        await self.connection.close()
        await self.tasks.cancel()
        await self._player.close()
