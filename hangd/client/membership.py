"""Membership: this viewer as a member of a room, or of none.

It listens to the connection: what the server says goes into the `RoomView`, to the follower as inputs, and to the
room's playlist. It enters rooms, leaves them, and comes back after an absence. Called by the connection, by the
follower's driver (requests and reports to the room) and by the server commands.

Coming back. A server that kept this member's place says so in its Welcome. Otherwise `rejoin` asks to be let in again,
with the password and the host's secret of before. What passes (a full room, a server that is still starting) is tried
again; a refusal that does not pass means that the room is lost. There is one `rejoin` at a time: that of the last
Welcome.

Leaving. The server has this client in a room until it has heard LeaveRoom. It does not take that while it lets the
client in, and it may let in a client that waits for that no more. So whoever is in a room at the server, and in none
here, says LeaveRoom, but never once more while another one has no answer: that would take the viewer out of the room
that it has asked for since.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from functools import partial
from typing import Final, TypeVar

from hangd.client.account.account import Account
from hangd.client.control.port import Refusal
from hangd.client.follower.driver import FollowerDriver
from hangd.client.media.files import MediaFiles
from hangd.client.media.local_copy import LocalCopy
from hangd.client.notices import Notices
from hangd.client.playlist.playlists import Playlists
from hangd.client.server.connection import Connection
from hangd.client.server.departure import Departure, departure, not_let_in
from hangd.client.server.requests import NotConnected, ServerRefused
from hangd.client.server.room_view import RoomView, check_control
from hangd.client.viewer_state import ViewerState
from hangd.engine.follower.inputs import (
    ClockFlushed,
    LeftRoom,
    LinkLost,
    PauseRequested,
    Pinged,
    RoomRefused,
    TimelineReceived,
)
from hangd.engine.link.link import LinkState
from hangd.log import escape
from hangd.player.files import MediaUnusable
from hangd.protocol import messages
from hangd.protocol.messages import RequestId, ServerMessage
from hangd.protocol.model import MOTD_MAX, LeftReason, Room
from hangd.tasks import Tasks

_log = logging.getLogger(__name__)

_ASK_AGAIN_SECONDS: Final = 2.0
"""How long after a refusal the room is asked for its state again, while a change of its queue is missing."""

_REPORT_AGAIN_SECONDS: Final = 2.0
"""How long after a report that could not be sent it is tried again."""

_REJOIN_PAUSES: Final = (0.2, 0.5, 1.0, 2.0)
"""Seconds between tries to get back into a room that refuses for now."""

_LEAVING: Final = "leave"
"""The id of each LeaveRoom."""

_Entered = TypeVar("_Entered", messages.RoomCreated, messages.RoomJoined)


class Membership:
    """See the module's docstring. It alone writes ``state.room`` and ``state.departure``.

    Args:
        show: draws a line of text on the picture.
        returns: tells whether this daemon goes back into its room when it is started anew.
    """

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
        show: Callable[[str], None],
        returns: Callable[[], bool],
        account: Account,
    ) -> None:
        self._state = state
        self._driver = driver
        self._connection = connection
        self._media = media
        self._copy = copy
        self._playlists = playlists
        self._notices = notices
        self._tasks = tasks
        self._show = show
        self._returns = returns
        self._account = account
        self._is_ending = False
        self.resumed: Callable[[messages.Welcome, float], None] | None = None
        """Called with a Welcome that comes while the viewer is in no room. Set by `Returning`."""
        self._unanswered: set[RequestId] = set()
        """Ids of the follower's requests to the room."""
        self._motds: dict[str, str] = {}
        """The message of the day that was told last, by the server's URL."""
        self._caught_up: tuple[str | None, int | None] | None = None
        """Epoch and rev of the room's timeline for which the room was asked last, because they were not known."""
        self._unsent_report: asyncio.TimerHandle | None = None
        """Tries a report again that could not be sent."""
        self._asking_room: asyncio.Task[None] | None = None
        """Asks for the room's state, because a change of its queue is missing here."""
        self._rejoining: asyncio.Task[None] | None = None
        """The last `rejoin`."""
        self._leaves_unanswered = 0
        """How many LeaveRoom this connection's server has not answered yet."""

    @property
    def is_asking(self) -> bool:
        """Whether a request of the follower's has no answer yet."""
        return bool(self._unanswered)

    @property
    def reaches_room(self) -> bool:
        """Whether the room can be asked and, as far as it is known, answers."""
        return self._driver.follower.on_own.reaches_room

    def check_control(self, refusal: Refusal) -> None:
        """Raise CommandRefused if the room would refuse this member's request. On its own a player obeys its viewer."""
        if not self._driver.follower.on_own.obeys_viewer:
            check_control(self._state.room, refusal, reachable=True)

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
        """Tell the room where this member's picture is, once it is known whether there is one to show.

        What cannot be told now is told some seconds later: the follower believes that the room knows it, and of a
        player at rest it makes no other report for half a minute.
        """
        if self._unsent_report is not None:
            self._unsent_report.cancel()
            self._unsent_report = None
        room = self._state.room
        if room is None:
            return
        if not self._playlists.room.is_searching:
            room.reported(report)
            if not self._connection.is_up:
                return  # With the next connection the follower reports anew.
            if self._account.is_settled and self._driver.follower.on_own.reaches_room:
                self._connection.send(report)
                return
        self._unsent_report = asyncio.get_running_loop().call_later(
            _REPORT_AGAIN_SECONDS, self._send_report_again, room, report
        )

    def _send_report_again(self, room: RoomView, report: messages.Report) -> None:
        if self._state.room is room:
            self.send_report(report)

    # ---- entering and leaving -------------------------------------------------------------------------------------

    def enter(
        self,
        room: Room,
        client_id: str,
        now: float,
        path: str | None,
        *,
        password: str | None,
        host_secret: str | None,
        return_secret: str | None,
    ) -> RoomView:
        """Be a member of this room from now on. ``path``: this machine's copy of its film, if it is known by now."""
        if path is None:
            self._driver.close_file()  # What is open is another film, and must not follow this room.
        view = RoomView(room, client_id, self._server(), has_page=self._connection.has_page)
        view.password, view.host_secret, view.return_secret = password, host_secret, return_secret
        self._state.room, self._state.departure = view, None
        self._entered(room, now, path, again=False)
        return view

    def enter_again(self, room: Room, client_id: str, now: float) -> None:
        """Be back in the room of before, after an absence."""
        view = self._state.room
        if view is None:
            return
        view.server, view.has_page = self._server(), self._connection.has_page
        view.enter(room, client_id)
        self._entered(room, now, self._driver.follower.picture.open_path, again=True)
        self._copy.again()
        self._playlists.room.films.catch_up()

    def _server(self) -> str:
        """Return the URL by which others reach the server."""
        return self._connection.public_url or self._connection.url or self._state.server_url

    def _entered(self, room: Room, now: float, path: str | None, *, again: bool) -> None:
        self._notices.emit({"event": "room-joined", "room_id": room.room_id})
        self._driver.tell(TimelineReceived(room.timeline, entering=True), now)
        self._playlists.enter(room, path, again=again)

    def leave(self, reason: LeftReason, now: float, said: str | None = None, code: str | None = None) -> None:
        """Be in no room from now on, and tell why. Arguments as for `departure`.

        The film goes on, alone. If it is not the room's film it is paused, because what is watched is not what the
        others watch, and the viewer is to notice that.
        """
        if self._is_ending:
            return
        room, self._state.room = self._state.room, None
        if room is None:
            return
        self._unanswered.clear()
        has_account, access = self._account.name is not None, room.policy.access
        self.tell_departure(
            departure(room.room_id, room.name, reason, said, code, has_account=has_account, access=access)
        )
        self._driver.tell(LeftRoom(), now)
        self._playlists.leave()
        if reason == "mismatch":
            self._driver.tell(PauseRequested(True), now)

    def tell_departure(self, why: Departure) -> None:
        """Tell control clients, the log and the viewer that, and why, they are out of the room."""
        self._state.departure = why
        if why.reason == "mismatch":
            self._notices.emit({"event": "media-mismatch", "room_id": why.room_id})
        named = {} if why.name is None else {"name": why.name}
        event = {"event": "room-left", "room_id": why.room_id, **named, "reason": why.reason, "detail": why.detail}
        self._notices.emit(event)
        if not why.is_own_wish:
            _log.warning("%s", why.detail)
        self._show(why.what)

    def note_departure(self, why: Departure | None) -> None:
        """Have it shown why the viewer is in no room; None: there is nothing to say."""
        self._state.departure = why
        self._notices.announce()

    def leave_for_good(self, now: float) -> None:
        """Leave the room at once. The server is told as soon as it can be, and does not have to answer."""
        self.say_goodbye()
        self.leave("left", now)

    def say_goodbye(self) -> None:
        """Tell the server that this member leaves for good, so that its place is not kept."""
        if self._state.room is not None and self._connection.is_up:
            self._leave_at_server()

    def _leave_at_server(self) -> None:
        """Have the server count this client as a member of no room. Raises NotConnected."""
        self._connection.send(messages.LeaveRoom(), _LEAVING)
        self._leaves_unanswered += 1

    def end(self) -> None:
        """The daemon is ending: say goodbye, unless the next one goes back into the room. Its place is kept then."""
        if not self._returns():
            self.say_goodbye()
        self._is_ending = True

    async def ask_in(
        self,
        message: messages.CreateRoom | messages.JoinRoom,
        answer: type[_Entered],
        arrived: Callable[[_Entered, float], None],
    ) -> _Entered:
        """Ask to be let into a room, while the viewer is in none. Arguments and errors as for `Connection.request`."""
        try:
            return await self._connection.request(message, answer, arrived=arrived)
        except ServerRefused as error:
            if error.code != "AlreadyInRoom" or self._state.room is not None:
                raise
        # It has not heard of the leaving, or has let this client in when nobody waited for that any more.
        if not self._leaves_unanswered:
            self._leave_at_server()
        return await self._connection.request(message, answer, arrived=arrived)

    async def rejoin(self) -> None:
        """Get back into the room after an absence for which the server did not keep this member's place."""
        view, path = self._state.room, self._driver.follower.picture.open_path
        if view is None:
            return
        try:
            duration = self._driver.follower.picture.state.duration
            info = None if path is None else self._copy.shared(await self._media.quick(path), duration)
        except MediaUnusable:
            info = None  # The file is gone. The room says what follows from that.
        await self._account.settled()  # A room may be for people with an account only.
        for pause in (*_REJOIN_PAUSES, None):
            if self._state.room is not view:
                return  # The viewer has left it meanwhile.
            message = messages.JoinRoom(
                room_id=view.room_id,
                file_hash=None if info is None else self._copy.hash,
                file=info,
                password=view.password,
                host_secret=view.host_secret,
                return_secret=view.return_secret,
            )
            try:
                await self._connection.request(message, messages.RoomJoined, arrived=partial(self._rejoined, view))
                return
            except NotConnected:
                return  # The next connection's Welcome leads here again.
            except (ServerRefused, TimeoutError) as refused:
                error = refused
            code = error.code if isinstance(error, ServerRefused) else None
            if code == "FileHashMismatch" and info is not None:
                info = None  # The room has moved on to another film. Its copy is looked for once it is known.
            elif code == "AlreadyInRoom" and pause is not None:
                # An earlier request was granted after all.
                if await self._is_inside(view):
                    return
            elif pause is not None and (isinstance(error, TimeoutError) or error.retry):
                await asyncio.sleep(pause)
            else:
                break
        if self._state.room is not view:
            return
        self.say_goodbye()  # The server may let this client in later, or may have done so.
        if isinstance(error, TimeoutError):
            self.leave("lost", time.monotonic(), "it does not answer", "Internal")
        else:
            self.leave("lost", time.monotonic(), error.message, error.code)

    def _rejoined(self, view: RoomView, answer: messages.RoomJoined, now: float) -> None:
        if self._state.room is view:  # else the viewer has left it before this answer
            self.enter_again(answer.room, answer.client_id, now)
            view.return_secret = answer.return_secret

    async def _is_inside(self, view: RoomView) -> bool:
        """Be back in this room if the server has this client in it already. Return whether nothing is left to do."""

        def arrived(answer: messages.RoomState, now: float) -> None:
            if self._state.room is view and answer.room.room_id == view.room_id:
                self.enter_again(answer.room, self._connection.client_id or view.client_id, now)
                entered.append(view)

        entered: list[RoomView] = []
        try:
            await self._connection.request(messages.GetRoom(), messages.RoomState, arrived=arrived)
            if not entered and self._state.room is view:
                self._leave_at_server()  # It is another room.
        except NotConnected:
            return True  # The next connection's Welcome leads to `rejoin` again.
        except (ServerRefused, TimeoutError):
            return False
        return bool(entered)

    # ---- ConnectionListener ---------------------------------------------------------------------------------------

    def welcomed(self, welcome: messages.Welcome, now: float) -> None:
        self._tell_motd(welcome.motd)
        if self._rejoining is not None:
            self._rejoining.cancel()  # Two would both be granted, and the later one be refused as in the room already.
            self._rejoining = None
        if self._state.room is None:
            if self._state.departure is not None and self._state.departure.until_welcome:
                self.note_departure(None)  # The ban is lifted, the password is right.
            if self.resumed is not None:
                self.resumed(welcome, now)
            elif welcome.room is not None:
                # The server could not be told when the viewer left, or kept the place of somebody it did not let in.
                self._leave_at_server()
            return
        if welcome.room is not None:
            self.enter_again(welcome.room, welcome.client_id, now)
        else:
            self._rejoining = self._tasks.start(self.rejoin(), name="rejoin")

    def _tell_motd(self, motd: str | None) -> bool:
        """Tell what the server says to people, unless that has been told already. Returns whether it has not."""
        server, motd = self._connection.url or "", (motd or "").strip()[:MOTD_MAX]
        if not motd or self._motds.get(server) == motd:
            return False
        self._motds[server] = motd
        self._notices.emit({"event": "motd", "text": motd})
        return True

    def received(self, message: ServerMessage, re: RequestId | None, now: float) -> None:
        answer = re is not None and re in self._unanswered
        if answer:
            self._unanswered.discard(re)
            if isinstance(message, messages.Error):
                self._notices.refuse(message.code, message.message)
                self._driver.tell(RoomRefused(), now)
        if isinstance(message, messages.Notice) and self._tell_motd(message.text):
            self._show(message.text)
        if re == _LEAVING:
            self._leaves_unanswered = max(0, self._leaves_unanswered - 1)
            return  # Here the room was left before.
        room = self._state.room
        if room is None:
            if isinstance(message, messages.RoomCreated | messages.RoomJoined) and not self._leaves_unanswered:
                self._leave_at_server()  # Nobody waits for that any more.
            return  # The viewer has left it, which the server did not know yet.
        if isinstance(message, messages.RoomState) and message.room.room_id != room.room_id:
            return
        shown = room.queue.current
        if isinstance(message, messages.Error):
            if message.code == "FileHashMismatch" and re is None and room.role == "host":
                self._lack_film(room, message.message)  # Others are put out, and hear of that.
        else:
            for event in room.learn(message):
                self._notices.emit(event)
                if event["event"] == "film-missing":
                    self._show(f"{event['name']} has not got this film")
            match message:
                case messages.SyncBroadcast(command=command, timeline=timeline):
                    stop, answer = isinstance(command, messages.Stop), answer and not self._unanswered
                    self._driver.tell(TimelineReceived(timeline, stop=stop, answer=answer), now)
                case messages.RoomState(room=snapshot):
                    self._driver.tell(TimelineReceived(snapshot.timeline), now)
                case messages.RoomLeft(reason=reason, detail=detail):
                    if (refusal := self._connection.refusal) is not None:
                        self.leave("lost", now, refusal.message, not_let_in(refusal))
                    else:
                        self.leave(reason, now, detail)
        self._playlists.room.received(message, re)
        if isinstance(message, messages.RoomState) and room.queue.current != shown:
            self._playlists.room.films.catch_up()  # A change to another film was missed.
        if room.is_behind and (self._asking_room is None or self._asking_room.done()):
            self._asking_room = self._tasks.start(self._ask_what_is_missing(room), name="ask for the room's state")
        self._notices.announce()

    def _lack_film(self, room: RoomView, why: str) -> None:
        """Tell people that the host's file is not the film that its room shows. The host stays."""
        self._notices.emit({"event": "media-mismatch", "room_id": room.room_id})
        _log.warning("your file is not the room's film: %s", why)
        self._show("Your file is not the room's film")

    async def _ask_what_is_missing(self, room: RoomView) -> None:
        """Ask for the room's state until no change of its queue is missing here."""
        while self._state.room is room and room.is_behind:
            try:
                await self._connection.request(messages.GetRoom(), messages.RoomState)
            except NotConnected:
                return  # When the viewer is back, it is told the state unasked.
            except (ServerRefused, TimeoutError):
                await asyncio.sleep(_ASK_AGAIN_SECONDS)

    def link_changed(self, state: LinkState, reason: str | None) -> None:
        _log.info("server: %s%s", state.value, f" ({escape(reason)})" if reason else "")
        self._notices.emit({"event": "server-state", "state": state.value, **({"reason": reason} if reason else {})})
        if state is not LinkState.UP:
            self._playlists.room.disconnected()
            self._unanswered.clear()
            self._leaves_unanswered = 0
            if self._state.room is not None:
                self._driver.tell(LinkLost())
        if state is LinkState.DOWN:
            refusal = self._connection.refusal
            self.leave("lost", time.monotonic(), reason, None if refusal is None else not_let_in(refusal))
        self._notices.announce()

    def ponged(self, pong: messages.Pong, now: float) -> None:
        self._driver.tell(Pinged(pong.t0, pong.t1, pong.t2, now), now)
        newest = (pong.epoch, pong.rev)
        if self._state.room is None or pong.epoch is None or pong.rev is None or newest == self._caught_up:
            return
        if not self._account.is_settled:
            return
        known = self._state.room.timeline
        if pong.epoch != known.epoch or pong.rev > known.rev:
            self._caught_up = newest
            self._connection.send(messages.GetRoom())

    def clock_replaced(self, now: float) -> None:
        self._driver.tell(ClockFlushed(), now)
