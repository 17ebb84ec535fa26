"""Membership: this viewer as a member of a room, or of none.

It listens to the connection: what the server says goes into the `RoomView`, to the follower as inputs, and to the
room's playlist. It enters rooms, leaves them, and comes back after an absence. Called by the connection, by the
follower's driver (requests and reports to the room) and by the server commands.

Coming back. A server that kept this member's place says so in its Welcome. Otherwise `rejoin` asks to be let in again,
with the password and the host's secret of before. What passes (a full room, a server that is still starting) is tried
again; a refusal that does not pass means that the room is lost.
"""

import asyncio
import logging
import time
from typing import Final

from hangd.client.control.port import Refusal
from hangd.client.follower.driver import FollowerDriver
from hangd.client.media.files import MediaFiles
from hangd.client.media.local_copy import LocalCopy
from hangd.client.notices import Notices
from hangd.client.playlist.playlists import Playlists
from hangd.client.server.connection import Connection, NotConnected, ServerRefused
from hangd.client.server.room_view import RoomView, check_control
from hangd.client.viewer_state import ViewerState
from hangd.engine.follower.inputs import ClockFlushed, LeftRoom, Pinged, RoomRefused, TimelineReceived
from hangd.engine.link.link import LinkState
from hangd.log import escape
from hangd.player.files import MediaUnusable
from hangd.protocol import messages
from hangd.protocol.messages import RequestId, ServerMessage
from hangd.protocol.model import LeftReason, Room
from hangd.tasks import Tasks

_log = logging.getLogger(__name__)

_REJOIN_PAUSES: Final = (0.2, 0.5, 1.0, 2.0)
"""Seconds between tries to get back into a room that refuses for now."""


class Membership:
    """See the module's docstring. It alone writes ``state.room``."""

    def __init__(
        self,
        state: ViewerState,
        driver: FollowerDriver,
        connection: Connection,
        media: MediaFiles,
        copy: LocalCopy,
        playlists: Playlists,
        notices: Notices,
        tasks: Tasks,
    ) -> None:
        self._state = state
        self._driver = driver
        self._connection = connection
        self._media = media
        self._copy = copy
        self._playlists = playlists
        self._notices = notices
        self._tasks = tasks
        self._unanswered: set[RequestId] = set()
        """Ids of the follower's requests to the room."""

    @property
    def is_asking(self) -> bool:
        """Whether a request of the follower's has no answer yet."""
        return bool(self._unanswered)

    def check_control(self, refusal: Refusal) -> None:
        """Raise CommandRefused if the room would refuse this member's request, or cannot be asked now."""
        check_control(self._state.room, refusal, connected=self._connection.is_up)

    # ---- what the follower orders ---------------------------------------------------------------------------------

    def send_request(self, command: messages.SyncCommand) -> bool:
        """Ask the room for this. Returns False if there is no connection now."""
        request_id = command.command_id
        try:
            self._connection.send(command, request_id)
        except NotConnected:
            return False
        if request_id is not None:
            self._unanswered.add(request_id)
        return True

    def send_report(self, report: messages.Report) -> None:
        """Tell the room where this member's picture is, unless it is not known yet whether there is one to show."""
        room = self._state.room
        if room is not None and self._connection.is_up and not self._playlists.room.is_searching:
            self._connection.send(report)
            room.reported(report)

    # ---- entering and leaving -------------------------------------------------------------------------------------

    def enter(self, room: Room, client_id: str, now: float, path: str) -> RoomView:
        """Be a member of this room from now on. ``path``: this machine's copy of its film."""
        view = RoomView(room, client_id, self._connection.url or self._state.server_url)
        self._state.room = view
        self._entered(room, now, path, again=False)
        return view

    def enter_again(self, room: Room, client_id: str, now: float) -> None:
        """Be back in the room of before, after an absence."""
        view = self._state.room
        if view is None:
            return
        view.enter(room, client_id)
        self._entered(room, now, self._driver.follower.picture.open_path, again=True)
        if self._copy.hash not in (None, room.file_hash):
            self._playlists.room.catch_up(room)

    def _entered(self, room: Room, now: float, path: str | None, *, again: bool) -> None:
        self._notices.emit({"event": "room-joined", "room_id": room.room_id})
        self._driver.tell(TimelineReceived(room.timeline, entering=True), now)
        self._playlists.enter(room, path, again=again)

    def leave(self, reason: LeftReason, now: float) -> None:
        """Be in no room from now on. The film goes on, alone."""
        room, self._state.room = self._state.room, None
        if room is None:
            return
        self._unanswered.clear()
        if reason == "mismatch":
            self._notices.emit({"event": "media-mismatch", "room_id": room.room_id})
        self._notices.emit({"event": "room-left", "room_id": room.room_id, "reason": reason})
        self._driver.tell(LeftRoom(), now)
        self._playlists.leave()

    def say_goodbye(self) -> None:
        """Tell the server that this member leaves for good, so that its place is not kept. The daemon is ending."""
        if self._state.room is not None and self._connection.is_up:
            self._connection.send(messages.LeaveRoom())

    async def rejoin(self) -> None:
        """Get back into the room after an absence for which the server did not keep this member's place."""
        view, path = self._state.room, self._driver.follower.picture.open_path
        if view is None:
            return
        try:
            info = None if path is None else self._copy.shared(await self._media.quick(path))
        except MediaUnusable:
            info = None  # The file is gone. The room says what follows from that.
        for pause in (*_REJOIN_PAUSES, None):
            if self._state.room is not view:
                return  # The viewer has left it meanwhile.
            message = messages.JoinRoom(
                room_id=view.room_id,
                file_hash=self._copy.hash,
                file=info,
                password=view.password,
                host_secret=view.host_secret,
            )
            try:
                await self._connection.request(message, messages.RoomJoined, arrived=self._rejoined)
                return
            except NotConnected:
                return  # The next connection's Welcome leads here again.
            except (ServerRefused, TimeoutError) as error:
                if pause is not None and (isinstance(error, TimeoutError) or error.retry):
                    await asyncio.sleep(pause)
                    continue
                reason = "the server does not answer" if isinstance(error, TimeoutError) else error.message
                _log.warning("the room is lost: %s", escape(reason))
                self.leave("lost", time.monotonic())
                return

    def _rejoined(self, answer: messages.RoomJoined, now: float) -> None:
        self.enter_again(answer.room, answer.client_id, now)

    # ---- ConnectionListener ---------------------------------------------------------------------------------------

    def welcomed(self, welcome: messages.Welcome, now: float) -> None:
        if self._state.room is None:
            return
        if welcome.room is not None:
            self.enter_again(welcome.room, welcome.client_id, now)
        else:
            self._tasks.start(self.rejoin(), name="rejoin")

    def received(self, message: ServerMessage, re: RequestId | None, now: float) -> None:
        if re is not None and re in self._unanswered:
            self._unanswered.discard(re)
            if isinstance(message, messages.Error):
                self._notices.refuse(message.code, message.message)
                self._driver.tell(RoomRefused(), now)
        room = self._state.room
        if room is not None and not isinstance(message, messages.Error):
            for event in room.learn(message):
                self._notices.emit(event)
            match message:
                case messages.SyncBroadcast(command=command, timeline=timeline):
                    self._driver.tell(TimelineReceived(timeline, stop=isinstance(command, messages.Stop)), now)
                case messages.RoomState(room=snapshot):
                    self._driver.tell(TimelineReceived(snapshot.timeline), now)
                case messages.RoomLeft(reason=reason):
                    self.leave(reason, now)
        self._playlists.room.received(message, re)
        self._notices.announce()

    def link_changed(self, state: LinkState, reason: str | None) -> None:
        _log.info("server: %s%s", state.value, f" ({escape(reason)})" if reason else "")
        self._notices.emit({"event": "server-state", "state": state.value, **({"reason": reason} if reason else {})})
        if state is not LinkState.UP:
            self._playlists.room.disconnected()
            if self._unanswered:
                self._unanswered.clear()
                self._notices.refuse("NotConnected", reason or "the connection broke off")
                self._driver.tell(RoomRefused())
        if state is LinkState.DOWN:
            self.leave("lost", time.monotonic())
        self._notices.announce()

    def ponged(self, t0: float, t1: float, t2: float, t3: float) -> None:
        self._driver.tell(Pinged(t0, t1, t2, t3), t3)

    def clock_replaced(self, now: float) -> None:
        self._driver.tell(ClockFlushed(), now)
