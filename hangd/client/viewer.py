"""Viewer: one person's end of it all. It makes the client's parts, joins them, and is what control clients speak to.

The parts, each with its own state: the `FollowerDriver` (synchronization), the `PlayerSupervisor`, the `Connection` and
the `Membership` (the room), the `LocalCopy` (the film's file), the playlists, the `ServerCommands`. What all of them
may read is the `ViewerState`. The viewer implements the `ViewerPort`: requests of control clients, readings, waiting.
It hands the player's events on, in the order in which the parts have to hear them.
"""

import logging
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

from hangd.client.account.account import Account
from hangd.client.account.credentials import CredentialsFile
from hangd.client.commands.reaching import Reaching
from hangd.client.control.port import (
    Awaited,
    CommandRefused,
    ControlEvent,
    DesktopPort,
    FileOptionsPort,
    NoDesktop,
    Refusal,
    RoomCommand,
)
from hangd.client.follower.driver import FollowerDriver
from hangd.client.follower.trace_files import dump_trace
from hangd.client.history.history import History, scene
from hangd.client.kept_rooms import KeptRooms
from hangd.client.media.files import MediaFiles
from hangd.client.media.local_copy import LocalCopy
from hangd.client.membership import Membership
from hangd.client.notices import Notices
from hangd.client.osd import PictureText
from hangd.client.player_settings import apply
from hangd.client.player_supervisor import PlayerSupervisor
from hangd.client.playlist.base import ViewerPlaylist
from hangd.client.playlist.playlists import Playlists
from hangd.client.returning import Returning
from hangd.client.screenshots import THUMBNAIL_WIDTH, Screenshots
from hangd.client.server.connection import Connection
from hangd.client.server.room_view import RoomView
from hangd.client.server_commands import ServerCommands
from hangd.client.settings import ClientSettings
from hangd.client.status import hang_property, look, sync_state
from hangd.client.tracks.memory import TrackMemory
from hangd.client.viewer_state import ViewerState
from hangd.client.window_closing import WindowClosing
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
from hangd.engine.player_facts import AudioDevice, Description, Statistics, Track, TrackKind
from hangd.engine.player_messages import (
    PlayerCommand,
    PlayerDied,
    PlayerEvent,
    PlayerSetting,
    Settled,
    SetWindow,
    ShowText,
    SoundChanged,
    StatisticsChanged,
)
from hangd.engine.playlist.playlist import Rewind
from hangd.paths import pictures_dir
from hangd.player.base import PlayerFactory
from hangd.protocol.messages import Report
from hangd.protocol.model import QueueItem
from hangd.tasks import Tasks, all_of

_log = logging.getLogger(__name__)
_Setting = TypeVar("_Setting", bound=PlayerSetting)

_BUSY: Final = (Motion.LOADING, Motion.SEEKING, Motion.PAUSING, Motion.STARTING)
_AT_NEXT_START: Final = (
    "socket", "control_tcp", "server", "tls_ca", "proxy", "name", "player", "vlc_options", "mpris",
)  # fmt: skip
"""Settings that count from the next start of the daemon on."""
_SHOWN_SECONDS: Final = 10.0
"""How long a sentence stands on the picture: long enough to be read twice."""


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
        rooms: Path | None = None,
        credentials: Path | None = None,
        device: Path | None = None,
        history: Path | None = None,
    ) -> None:
        self._quit = quit
        self.state = ViewerState(settings, version, settings.server)
        self.media = media
        self.desktop: DesktopPort = NoDesktop()
        self.tasks = Tasks()
        self.notices = Notices(lambda: look(self))
        self._kept = KeptRooms(rooms, self.tasks)
        self.player = PlayerSupervisor(
            player_factory,
            self._player_said,
            self.notices,
            self.tasks,
            TrackMemory(learned, self.tasks),
            lambda entry: any(listed.id == entry for listed in self.playlist.entries()),
        )
        self.driver = FollowerDriver(
            self.player,
            self.notices,
            self.tasks,
            send_request=lambda command: self.membership.send_request(command),
            send_report=lambda report: self._report(report),
            reopened=lambda path: self.playlist.reopened(path),
            woken=lambda now: self.connection.ask_the_time(now),
            learned=learned,
        )
        picture = self.driver.follower.picture
        self.account = Account(
            CredentialsFile(credentials),
            device,
            self.tasks,
            self.notices,
            lambda: self.connection.url or self.state.server_url,
            lambda text: self._picture_text.show(text, _SHOWN_SECONDS),
        )
        self.history = History(history, self.tasks, lambda: scene(self.state, picture))
        self.connection = Connection(
            self.tasks,
            name=settings.name,
            client=f"hangd {version}",
            tls_ca=settings.tls_ca,
            proxy=settings.proxy,
            introduction=self.account,
        )
        self.account.connection = self.connection
        self.copy = LocalCopy(self.state, media, picture, self.connection, self.notices, self.tasks)
        self.playlists = Playlists(
            self.state, self.driver, self.player, self.connection, media, self.copy, self.notices, self.tasks
        )
        self.membership = Membership(
            self.state,
            self.driver,
            self.connection,
            media,
            self.copy,
            self.playlists,
            self.notices,
            self.tasks,
            lambda text: self._picture_text.show(text, _SHOWN_SECONDS),
            lambda: self._kept.lasting and self.settings.rejoin > 0,
            self.account,
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
            self.playlists.room.films,
            self._open_file,
            self.playlists.own.remember,
            self._kept,
            lambda command, arguments: self._returning.give_way(command, arguments),
            Reaching(self.state, self.connection, self.account, self.membership, self.notices),
            self.account,
        )
        self._returning = Returning(
            self.state,
            self._kept,
            self.connection,
            self.membership,
            media,
            picture,
            self.notices,
            self.tasks,
            self._commands.carry_out,
            self.playlists.room.films,
        )
        self.subscribe(lambda event: None, self._returning.note)
        self.subscribe(self.history.heard, self.history.changed)
        self._screenshots = Screenshots(self.player.do)
        self._picture_text = PictureText(lambda: self.state.settings.osd, lambda: self.desktop, self._draw)
        self.notices.subscribe(self._picture_text.heard, lambda names: None)
        self._window_closing = WindowClosing(self)
        self.notices.subscribe(self._window_closing.heard, lambda names: None)
        self._apply()
        self.player.open()

    def begin(self) -> None:
        """Go back into the room in which the daemon before this one was. Call it once control clients are answered."""
        self._returning.begin()
        if self.connection.url is None:
            self.tasks.start(self.account.look(), name="read-login")

    # ---- settings -------------------------------------------------------------------------------------------------

    def renew(self, settings: ClientSettings) -> None:
        """Go by other settings from now on. Those of `_AT_NEXT_START` count from the next start on."""
        before, self.state.settings = self.state.settings, settings
        self._apply(before)
        self._returning.note(frozenset({"room"}))
        later = [name for name in _AT_NEXT_START if getattr(before, name) != getattr(settings, name)]
        _log.info("settings read anew%s", f"; for the next start: {', '.join(later)}" if later else "")

    def _apply(self, before: ClientSettings | None = None) -> None:
        self.player.choices.remembers = self.settings.remember_tracks
        apply(self, self.settings, before)

    # ---- the player's events --------------------------------------------------------------------------------------

    def _player_said(self, event: PlayerEvent) -> None:
        follower, now = self.follower, time.monotonic()
        current = event.generation == follower.picture.state.generation
        match event:  # These say nothing of where the picture is, so the follower and its traces do without them.
            case StatisticsChanged() | SoundChanged():
                self.player.heard(event, current=current)
                return self.announce()
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
                    if playing and self.room_view is None:  # A room has its own timeline.
                        effects += self.driver.decide(PauseRequested(False))
        self.driver.carry_out(effects, announce=order is None)
        if order is not None:
            self.playlist.obey(order, play=playing)
        elif given_up:
            self.playlist.given_up()

    def _report(self, report: Report) -> None:
        self.history.reported(report)
        self.membership.send_report(report)

    def _open_file(self, path: str, film: QueueItem | None) -> None:
        self.driver.open_file(path, self.playlist.opening(path, film))

    def _draw(self, text: str, seconds: float) -> None:
        """Let VLC draw a line of text on the picture, if there is one."""
        if self.position() is not None and self.player.name is not None:
            self.player.do(ShowText(text, seconds))

    # ---- ViewerPort: requests -------------------------------------------------------------------------------------

    def check_control(self, refusal: Refusal) -> None:
        self.membership.check_control(refusal)

    def set_paused(self, paused: bool) -> None:
        if self.room_view is None:
            self.state.plays_next = not paused
            if self.follower.picture.state.path is None:
                self.announce()
                return
        if paused or not self.ended or not self.playlist.play_on():
            self.driver.tell(PauseRequested(paused))

    def seek(self, position: float) -> None:
        if self.room_view is None and self.follower.picture.state.path is None:
            raise CommandRefused.failed("NoMedia", "no file is loaded")
        self.driver.tell(SeekRequested(position))

    def end_film(self) -> bool:
        order = self.playlist.run_out()
        if order is None:
            return False
        if isinstance(order, Rewind):
            self.driver.tell(SeekRequested(0.0))
        else:
            self.player.end_file("eof")
            self.playlist.obey(order, play=not self.paused)
        return True

    def set_speed(self, rate: float) -> None:
        self.driver.tell(SpeedRequested(rate))

    def play_command(self, command: PlayerCommand) -> None:
        if isinstance(command, SetWindow):
            self._window_closing.is_closed = False
        self.player.do(command)
        self.announce()

    def show_window(self, command: SetWindow) -> Coroutine[Any, Any, None] | None:
        self.play_command(command)
        return self.player.picture_answer()

    def close_window(self) -> None:
        self._window_closing.close()

    def set_file_options(self, options: FileOptionsPort) -> None:
        self.driver.file_options = options

    def set_offset(self, part: Literal["video", "audio"], seconds: float) -> None:
        if part == "video":
            self.driver.tell(OffsetSet(seconds))
        else:
            self.player.set_audio_offset(-seconds)
        self.announce()

    def quit(self) -> None:
        if not self.state.settings.allow_quit:
            raise CommandRefused.failed("Forbidden", "this daemon's config does not allow quit")
        self._quit()

    async def room(self, command: RoomCommand, arguments: Mapping[str, str]) -> Any:
        return await self._commands.asked(command, arguments)

    async def screenshot(self, name: str | None) -> str:
        folder = self.state.settings.screenshot_dir
        return await self._screenshots.take(pictures_dir() if folder is None else Path(folder), name)

    async def thumbnail(self, folder: Path, name: str) -> str:
        """Write a small copy of the picture that is shown into ``folder``. As `Screenshots.take`."""
        return await self._screenshots.take(folder, name, THUMBNAIL_WIDTH)

    async def debug_dump(self) -> str:
        return await dump_trace(self.driver, self.state.version, self.player_name)

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
    def missing_film(self) -> dict[str, Any] | None:
        """The film that the room shows and that is not here; None: it is here, or may still be found."""
        room = self.state.room
        return room.film if room is not None and self.playlists.room.films.is_missing else None

    @property
    def paused(self) -> bool:
        if self.follower.picture.state.path is None and self.room_view is None:
            return not self.state.plays_next
        # Where the room waits until members are ready it goes on by itself, as at a gate: to pause ends the waiting.
        waits = self.room_view is not None and self.room_view.start is not None
        return self.follower.paused and not (waits and not self.follower.on_own.obeys_viewer)

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

    def position_before_seek(self) -> float | None:
        return None if self.room_view is None else self.room_view.seeks.position_before

    @property
    def speed(self) -> float:
        return self.follower.rate

    @property
    def seeking(self) -> bool:
        return self.follower.picture.state.motion in (Motion.LOADING, Motion.SEEKING)

    @property
    def ended(self) -> bool:
        return self.follower.picture.state.motion is Motion.ENDED

    def wanted(self, kind: type[_Setting]) -> _Setting:
        return self.player.desired.wanted(kind)

    @property
    def audio_devices(self) -> tuple[AudioDevice, ...]:
        return self.player.sound.devices

    def offset(self, part: Literal["video", "audio"]) -> float:
        return self.follower.state.video_offset if part == "video" else -self.player.desired.audio_offset

    @property
    def tracks(self) -> tuple[Track, ...]:
        return self.player.tracks

    def chosen_track(self, kind: TrackKind) -> int:
        return self.player.choices.number(kind)

    def languages(self, kind: Literal["audio", "subtitle"]) -> tuple[str, ...]:
        return self.player.choices.languages[kind]

    def prefer_languages(self, kind: Literal["audio", "subtitle"], languages: Sequence[str]) -> None:
        self.player.choices.languages[kind] = tuple(languages)
        self.announce()

    def choose_track(self, kind: TrackKind, number: int) -> None:
        self.player.choose_track(kind, number)
        self.announce()

    @property
    def description(self) -> Description:
        return self.player.description

    @property
    def statistics(self) -> Statistics:
        return self.player.statistics

    @property
    def playlist_entry_id(self) -> int | None:
        return None if self.path is None else self.player.entry

    def hang_property(self, name: str) -> Any:
        return hang_property(self, name)

    # ---- ViewerPort: waiting and telling --------------------------------------------------------------------------

    async def settle(self, awaited: Awaited) -> Any:
        conditions: dict[Awaited, Callable[[], bool]] = {
            "joined": lambda: self.room_view is not None,
            "playing": lambda: self.follower.picture.state.motion is Motion.RUNNING and not self.paused,
            "paused": lambda: self.follower.picture.state.motion is Motion.SETTLED and self.paused,
            "ended": lambda: self.ended,
            "synced": lambda: sync_state(self) == "synced",
            "done": self._is_done,
        }
        await self.notices.until(conditions[awaited])
        return {"away": True} if awaited == "done" and not self.membership.reaches_room else None

    def _is_done(self) -> bool:
        state = self.follower.state
        asking = self.membership.is_asking and self.membership.reaches_room
        if asking or self.follower.has_unsent_request or self.playlists.room.is_asking:
            return False
        return state.follows or state.picture.motion not in _BUSY

    def subscribe(self, sink: Callable[[ControlEvent], None], changed: Callable[[frozenset[str]], None]) -> None:
        self.notices.subscribe(sink, changed)

    def announce(self) -> None:
        self.notices.announce()

    # ---- the end --------------------------------------------------------------------------------------------------

    async def close(self) -> None:
        """Leave the server and the player, and keep the room. Each part is closed, though another one fails."""
        await all_of(
            self.history.close,
            self._returning.close,
            self.driver.close,
            self.membership.end,
            self.connection.close,
            self.tasks.cancel,
            self.player.close,
        )
