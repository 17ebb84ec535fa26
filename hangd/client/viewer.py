"""Viewer: one person's end of it all. It makes the client's parts, joins them, and is what control clients speak to.

The parts, each with its own state: the `FollowerDriver` (synchronization), the `PlayerSupervisor`, the `Connection` and
the `Membership` (the room), the `LocalCopy` (the film's file), the playlists, the `ServerCommands`. What all of them
may read is the `ViewerState`. The viewer implements the `ViewerPort`: requests of control clients, readings, waiting.
It hands the player's events on, in the order in which the parts have to hear them.
"""

import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from hangd.client.control.port import Awaited, CommandRefused, ControlEvent, RoomCommand
from hangd.client.follower.driver import FollowerDriver
from hangd.client.follower.trace_files import write_trace
from hangd.client.media.files import MediaFiles
from hangd.client.media.local_copy import LocalCopy
from hangd.client.membership import Membership
from hangd.client.notices import Notices
from hangd.client.player_supervisor import PlayerSupervisor
from hangd.client.playlist.base import ViewerPlaylist
from hangd.client.playlist.playlists import Playlists
from hangd.client.screenshots import Screenshots
from hangd.client.server.connection import Connection
from hangd.client.server.room_view import RoomView
from hangd.client.server_commands import ServerCommands
from hangd.client.settings import ClientSettings
from hangd.client.status import hang_property, look, sync_state
from hangd.client.viewer_state import ViewerState
from hangd.engine.follower.follower import Follower
from hangd.engine.follower.inputs import (
    FileOpened,
    OffsetSet,
    PauseRequested,
    PlayerSaid,
    SeekRequested,
    SpeedRequested,
)
from hangd.engine.follower.picture import Motion
from hangd.engine.player_messages import (
    Description,
    PlayerCommand,
    PlayerDied,
    PlayerEvent,
    Settled,
    Track,
)
from hangd.engine.trace.trace import FORMAT, Header, encode
from hangd.paths import pictures_dir, state_dir
from hangd.player.base import PlayerFactory
from hangd.protocol.model import FileHash
from hangd.tasks import Tasks, in_thread

_log = logging.getLogger(__name__)

_BUSY: Final = (Motion.LOADING, Motion.SEEKING, Motion.PAUSING, Motion.STARTING)
_AT_NEXT_START: Final = ("socket", "control_tcp", "name", "server", "player", "vlc_options")
"""Settings that count from the next start of the daemon on."""
_TRACE_SECONDS: Final = 30.0


class Viewer:
    """See the module's docstring. Make it inside a running loop; await `close` before the loop ends."""

    def __init__(
        self,
        settings: ClientSettings,
        player_factory: PlayerFactory,
        media: MediaFiles,
        *,
        version: str,
        quit: Callable[[], None],
        learned: Path | None = None,
    ) -> None:
        self._quit = quit
        self.state = ViewerState(settings, version, settings.server)
        self.media = media
        self.tasks = Tasks()
        self.notices = Notices(lambda: look(self))
        self.player = PlayerSupervisor(player_factory, self._player_said, self.notices, self.tasks)
        self.driver = FollowerDriver(
            self.player,
            self.notices,
            self.tasks,
            send_request=lambda command: self.membership.send_request(command),
            send_report=lambda report: self.membership.send_report(report),
            reopened=lambda path: self.playlist.reopened(path),
            woken=lambda now: self.connection.ask_the_time(now),
            learned=learned,
        )
        picture = self.driver.follower.picture
        self.connection = Connection(self.tasks, name=settings.name, client=f"hangd {version}")
        self.copy = LocalCopy(self.state, media, picture, self.connection, self.notices, self.tasks)
        self.playlists = Playlists(self.state, self.driver, self.connection, media, self.copy, self.notices, self.tasks)
        self.membership = Membership(
            self.state,
            self.driver,
            self.connection,
            media,
            self.copy,
            self.playlists,
            self.notices,
            self.tasks,
        )
        self.connection.listener = self.membership
        self._commands = ServerCommands(
            self.state,
            self.connection,
            self.membership,
            media,
            self.copy,
            self.player,
            picture,
            self.notices,
            self._open_file,
        )
        self._screenshots = Screenshots(self.player.do)
        self._apply_offsets()
        self.player.open()

    # ---- settings -------------------------------------------------------------------------------------------------

    def renew(self, settings: ClientSettings) -> None:
        """Go by other settings from now on. Those of `_AT_NEXT_START` count from the next start on."""
        before, self.state.settings = self.state.settings, settings
        self._apply_offsets()
        later = [name for name in _AT_NEXT_START if getattr(before, name) != getattr(settings, name)]
        _log.info("settings read anew%s", f"; for the next start: {', '.join(later)}" if later else "")

    def _apply_offsets(self) -> None:
        settings = self.state.settings
        self.driver.tell(OffsetSet(settings.video_offset_ms / 1000))
        self.player.set_audio_offset(-settings.audio_offset_ms / 1000)

    # ---- the player's events --------------------------------------------------------------------------------------

    def _player_said(self, event: PlayerEvent) -> None:
        follower, now = self.follower, time.monotonic()
        current = event.generation == follower.picture.state.generation
        position, playing = follower.position(now), not follower.paused
        effects = self.driver.decide(PlayerSaid(event), now)
        order = self.playlist.hear(event) if current else None
        self.player.heard(event, current=current, order=order)
        self._screenshots.heard(event)
        given_up = False
        match event:
            case Settled() if current:
                self.copy.film_ready()
                self.driver.film_ready()
            case PlayerDied():
                path = self.player.replace(event)
                given_up = path is None and current
                if path is not None:
                    effects += self.driver.decide(FileOpened(path, position or 0.0, self.player.entry))
        self.driver.carry_out(effects, announce=order is None)
        if order is not None:
            self.playlist.obey(order, play=playing)
        elif given_up:
            self.playlist.given_up()

    def _open_file(self, path: str, file_hash: FileHash | None) -> None:
        self.driver.open_file(path, self.playlist.opening(path, file_hash))

    # ---- ViewerPort: requests -------------------------------------------------------------------------------------

    def set_paused(self, paused: bool) -> None:
        self.membership.check_control("error accessing property")
        if self.room_view is None:
            self.state.plays_next = not paused
        if paused or not self.ended or not self.playlist.play_on():
            self.driver.tell(PauseRequested(paused))

    def seek(self, position: float) -> None:
        if self.room_view is None and self.follower.picture.state.path is None:
            raise CommandRefused.failed("NoMedia", "no file is loaded")
        self.membership.check_control("error running command")
        self.driver.tell(SeekRequested(position))

    def set_speed(self, rate: float) -> None:
        self.membership.check_control("error accessing property")
        self.driver.tell(SpeedRequested(rate))

    def play_command(self, command: PlayerCommand) -> None:
        self.player.do(command)
        self.announce()

    def quit(self) -> None:
        if not self.state.settings.allow_quit:
            raise CommandRefused.failed("Forbidden", "this daemon's config does not allow quit")
        self._quit()

    async def room(self, command: RoomCommand, arguments: Mapping[str, str]) -> Any:
        return await self._commands.carry_out(command, arguments)

    async def screenshot(self, name: str | None) -> str:
        folder = self.state.settings.screenshot_dir
        return await self._screenshots.take(pictures_dir() if folder is None else Path(folder), name)

    async def debug_dump(self) -> str:
        now = datetime.now(UTC)
        header = Header(
            format=FORMAT,
            hangd=self.state.version,
            policies=self.follower.policies,
            player=self.player_name,
            date=now.isoformat(timespec="seconds"),
        )
        lines = [encode(header), *self.driver.recorder.lines()]
        folder = state_dir() / "traces"
        try:
            path = await in_thread(write_trace, folder, lines, now, deadline=_TRACE_SECONDS, doing="writing a trace")
        except OSError as error:
            raise CommandRefused.failed("NotWritten", f"cannot write a trace: {error}") from error
        return str(path)

    # ---- ViewerPort: readings -------------------------------------------------------------------------------------

    @property
    def playlist(self) -> ViewerPlaylist:
        return self.playlists.current

    @property
    def follower(self) -> Follower:
        return self.driver.follower

    @property
    def settings(self) -> ClientSettings:
        return self.state.settings

    @property
    def room_view(self) -> RoomView | None:
        return self.state.room

    @property
    def paused(self) -> bool:
        if self.follower.picture.state.path is None and self.room_view is None:
            return not self.state.plays_next
        return self.follower.paused

    @property
    def path(self) -> str | None:
        return self.follower.picture.open_path

    @property
    def player_name(self) -> str | None:
        return self.player.name

    @property
    def duration(self) -> float | None:
        return self.follower.picture.state.duration

    def position(self) -> float | None:
        return self.follower.position(time.monotonic())

    def requested_position(self) -> float | None:
        return self.follower.requested_position(time.monotonic())

    @property
    def speed(self) -> float:
        return self.follower.rate

    @property
    def seeking(self) -> bool:
        return self.follower.picture.state.motion in (Motion.LOADING, Motion.SEEKING)

    @property
    def ended(self) -> bool:
        return self.follower.picture.state.motion is Motion.ENDED

    @property
    def volume(self) -> float:
        return self.player.desired.volume

    @property
    def mute(self) -> bool:
        return self.player.desired.mute

    @property
    def fullscreen(self) -> bool:
        return self.player.desired.fullscreen

    @property
    def tracks(self) -> tuple[Track, ...]:
        return self.player.tracks

    @property
    def description(self) -> Description:
        return self.player.description

    @property
    def playlist_entry_id(self) -> int | None:
        return None if self.path is None else self.player.entry

    def hang_property(self, name: str) -> Any:
        return hang_property(self, name)

    # ---- ViewerPort: waiting and telling --------------------------------------------------------------------------

    async def settle(self, awaited: Awaited) -> None:
        conditions: dict[Awaited, Callable[[], bool]] = {
            "joined": lambda: self.room_view is not None,
            "playing": lambda: self.follower.picture.state.motion is Motion.RUNNING and not self.paused,
            "paused": lambda: self.follower.picture.state.motion is Motion.SETTLED and self.paused,
            "ended": lambda: self.ended,
            "synced": lambda: sync_state(self) == "synced",
            "done": self._is_done,
        }
        await self.notices.until(conditions[awaited])

    def _is_done(self) -> bool:
        if self.membership.is_asking or self.follower.has_unsent_request or self.playlists.room.is_asking:
            return False
        return self.room_view is not None or self.follower.picture.state.motion not in _BUSY

    def subscribe(self, sink: Callable[[ControlEvent], None], changed: Callable[[frozenset[str]], None]) -> None:
        self.notices.subscribe(sink, changed)

    def announce(self) -> None:
        self.notices.announce()

    # ---- the end --------------------------------------------------------------------------------------------------

    async def close(self) -> None:
        """Leave the room, the server and the player. Each part is closed, though another one fails."""
        await _all_of(
            self.driver.close,
            self.membership.say_goodbye,
            self.connection.close,
            self.tasks.cancel,
            self.player.close,
        )


async def _all_of(*steps: Callable[[], Awaitable[None] | None]) -> None:
    """Run all of these steps, one after the other. A failure is logged and ends that step only."""
    for step in steps:
        try:
            awaitable = step()
            if awaitable is not None:
                await awaitable
        except Exception:
            _log.exception("ending: %s failed", getattr(step, "__qualname__", step))
