"""ServerCommands: the control socket's commands that ask something of the server and wait for its answer.

Each is a coroutine that ends with the server's answer. It raises CommandRefused, with the server's error code or with
one of hang's own, if it is refused. Arguments arrive as strings and are checked here, once.
"""

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeVar

import msgspec

from hangd.client.control.port import CommandRefused, RoomCommand
from hangd.client.media.files import MediaFiles
from hangd.client.media.local_copy import LocalCopy
from hangd.client.membership import Membership
from hangd.client.notices import Notices
from hangd.client.player_supervisor import PlayerSupervisor, refusal_code
from hangd.client.server.connection import Connection, NotConnected, ServerRefused
from hangd.client.server.room_view import RoomView
from hangd.client.viewer_state import ViewerState
from hangd.engine.follower.picture import Picture
from hangd.engine.link.link import LinkState
from hangd.player.files import MediaUnusable
from hangd.protocol import messages
from hangd.protocol.messages import ClientMessage
from hangd.protocol.model import CAPACITY_MAX, FileHash, PolicyChange
from hangd.protocol.validation import explain

_YES: Final = frozenset({"yes", "true", "on", "1"})
_NO: Final = frozenset({"no", "false", "off", "0"})

_Message = TypeVar("_Message", messages.CreateRoom, messages.JoinRoom)


class ServerCommands:
    """See the module's docstring.

    Args:
        picture: the follower's.
        open_file: opens a file in the player, whatever the room plays: its path, and its whole hash if it is another
            film than the room's.
    """

    def __init__(
        self,
        state: ViewerState,
        connection: Connection,
        membership: Membership,
        media: MediaFiles,
        copy: LocalCopy,
        player: PlayerSupervisor,
        picture: Picture,
        notices: Notices,
        open_file: Callable[[str, FileHash | None], None],
    ) -> None:
        self._state = state
        self._connection = connection
        self._membership = membership
        self._media = media
        self._copy = copy
        self._player = player
        self._picture = picture
        self._notices = notices
        self._open_file = open_file

    async def carry_out(self, command: RoomCommand, arguments: Mapping[str, str]) -> Any:
        """Carry out one command and return what its reply says. Raises CommandRefused."""
        commands: dict[RoomCommand, Callable[[Mapping[str, str]], Awaitable[Any]]] = {
            "room-create": self._create,
            "room-join": self._join,
            "room-leave": self._leave,
            "room-say": self._say,
            "room-ready": self._ready,
            "room-set": self._set,
            "room-role": self._role,
            "room-kick": self._kick,
            "room-media": self._media_command,
            "room-list": self._list,
            "server-connect": self._connect,
            "server-disconnect": self._disconnect,
        }
        # A path may be any bytes (PEP 383). Everything else is text for the server.
        arguments = {
            key: value if key == "file" else value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
            for key, value in arguments.items()
        }
        try:
            return await commands[command](arguments)
        except MediaUnusable as error:
            raise CommandRefused.failed(refusal_code(error.code), str(error)) from error
        except ServerRefused as error:
            raise CommandRefused.failed(error.code, error.message) from error
        except NotConnected as error:
            raise CommandRefused.failed("NotConnected", str(error)) from error
        except TimeoutError as error:
            raise CommandRefused.failed("TimedOut", "the server did not answer in time") from error
        except msgspec.ValidationError as error:
            where, why = explain(error)
            raise CommandRefused.invalid(f"{where.lstrip('.') or command} {why}") from error

    # ---- the server -----------------------------------------------------------------------------------------------

    async def _connect(self, arguments: Mapping[str, str]) -> None:
        url = arguments["url"]
        if self._connection.url == url and self._connection.is_up:
            return
        if self._state.room is not None:
            raise CommandRefused.failed("AlreadyInRoom", "leave the room before you go to another server")
        await self._connected(url)
        self._state.server_url = url

    async def _disconnect(self, arguments: Mapping[str, str]) -> None:
        if self._state.room is not None:
            await self._leave({})
        self._connection.unwant()

    async def _connected(self, url: str | None = None) -> None:
        """Wait for a connection: the one that is there, or one to ``url``. Raises CommandRefused if there is none."""
        connection = self._connection
        url = url or connection.url or self._state.server_url
        if connection.is_up and connection.url == url:
            return
        if connection.state in (LinkState.DOWN, LinkState.WAITING) or connection.url != url:
            connection.want(url)
        trying = (LinkState.DIALING, LinkState.GREETING)
        await self._notices.until(lambda: connection.state not in trying)
        if not connection.is_up:
            reason = connection.reason or "there is no connection to a server"
            if self._state.room is None:
                connection.unwant()
            raise CommandRefused.failed("NotConnected", reason)

    async def _request(self, message: ClientMessage) -> None:
        """Send a request whose answer says nothing beyond that it was granted."""
        await self._connection.request(message, object)

    # ---- entering and leaving -------------------------------------------------------------------------------------

    async def _create(self, arguments: Mapping[str, str]) -> dict[str, Any]:
        self._check_alone()
        path = arguments["file"]
        policy = msgspec.convert(
            {key: arguments[key] for key in ("control", "wait", "match") if key in arguments}, PolicyChange
        )
        await self._connected()
        info = await self._media.quick(path)
        duration = await self._opened(path)
        whole = await self._copy.read(path)
        self._copy.identify(whole)
        message = _checked(
            messages.CreateRoom(
                file_hash=whole,
                file=self._copy.shared(info, duration),
                name=arguments.get("name"),
                password=arguments.get("password"),
                policy=policy,
            )
        )

        def arrived(answer: messages.RoomCreated, now: float) -> None:
            view = self._membership.enter(answer.room, answer.client_id, now, path)
            view.host_secret, view.password = answer.host_secret, message.password

        await self._connection.request(message, messages.RoomCreated, arrived=arrived)
        return self._entered(self._room(), host=True)

    async def _join(self, arguments: Mapping[str, str]) -> dict[str, Any]:
        self._check_alone()
        path = arguments.get("file") or self._picture.state.path
        if path is None:
            raise CommandRefused.failed("NoMedia", "which file? name your copy of the film")
        info = await self._media.quick(path)
        whole = await self._media.cached_hash(path)
        await self._connected()
        message = _checked(
            messages.JoinRoom(
                room_id=arguments["room"],
                file_hash=whole,
                file=self._copy.shared(info, self._picture.state.duration if path == self._picture.open_path else None),
                password=arguments.get("password"),
            )
        )

        def arrived(answer: messages.RoomJoined, now: float) -> None:
            self._copy.identify(whole)
            self._membership.enter(answer.room, answer.client_id, now, path).password = message.password

        answer = await self._connection.request(message, messages.RoomJoined, arrived=arrived)
        view = self._room()
        try:
            await self._opened(path)
        except CommandRefused:
            # A room in which nothing can be shown here is of no use. The caller wants to know why it cannot be shown.
            await self._leave({})
            raise
        if whole is None:
            self._copy.prove(path, view)
        return self._entered(view, host=answer.is_host, verifying=whole is None)

    async def _leave(self, arguments: Mapping[str, str]) -> dict[str, Any]:
        view = self._room()
        if self._connection.is_up:
            await self._connection.request(messages.LeaveRoom(), messages.RoomLeft)
        # The answer has made this viewer leave. Without a connection there is none.
        self._membership.leave("left", time.monotonic())
        return {"room_id": view.room_id}

    def _check_alone(self) -> None:
        if self._state.room is not None:
            raise CommandRefused.failed("AlreadyInRoom", "already in a room: leave it first")

    def _room(self) -> RoomView:
        if self._state.room is None:
            raise CommandRefused.failed("NotInRoom", "not in a room")
        return self._state.room

    def _entered(self, view: RoomView, *, host: bool, verifying: bool | None = None) -> dict[str, Any]:
        return {
            "room_id": view.room_id,
            **({} if view.name is None else {"name": view.name}),
            "invite": view.invite,
            "host": host,
            **({} if verifying is None else {"verifying": verifying}),
        }

    # ---- in the room ----------------------------------------------------------------------------------------------

    async def _say(self, arguments: Mapping[str, str]) -> None:
        self._room()
        await self._request(msgspec.convert({"text": arguments["text"]}, messages.Say))

    async def _ready(self, arguments: Mapping[str, str]) -> None:
        self._room()
        await self._request(messages.SetReady(ready=_flag("ready", arguments.get("ready", "yes"))))

    async def _set(self, arguments: Mapping[str, str]) -> None:
        self._room()
        key, value = arguments["key"], arguments["value"]
        converted: object = value
        if key == "locked":
            converted = _flag(key, value)
        elif key == "capacity":
            if not value.isdecimal():
                raise CommandRefused.invalid(f"capacity is a number from 1 to {CAPACITY_MAX}, not {value[:40]!r}")
            converted = int(value)
        elif key not in ("control", "password", "match", "wait"):
            raise CommandRefused.invalid(
                f"there is no room setting {key[:40]!r}: control, password, match, wait, capacity, locked"
            )
        await self._request(msgspec.convert({key: converted}, messages.SetPolicy))

    async def _role(self, arguments: Mapping[str, str]) -> None:
        client_id = self._member(arguments["member"])
        await self._request(msgspec.convert({"client_id": client_id, "role": arguments["role"]}, messages.SetRole))

    async def _kick(self, arguments: Mapping[str, str]) -> None:
        message = {"client_id": self._member(arguments["member"]), "ban": _flag("ban", arguments.get("ban", "no"))}
        if "reason" in arguments:
            message["reason"] = arguments["reason"]
        await self._request(msgspec.convert(message, messages.Kick))

    def _member(self, given: str) -> str:
        """Return the id of the member that ``given`` names: its id, or its name where only one has it."""
        members = self._room().members
        if given in members:
            return given
        found = [member.client_id for member in members.values() if member.name == given]
        if len(found) != 1:
            problem = f"there is no member {given[:40]!r} here" if not found else f"{given[:40]!r} is not unique"
            raise CommandRefused.invalid(problem)
        return found[0]

    async def _list(self, arguments: Mapping[str, str]) -> list[dict[str, Any]]:
        await self._connected()
        answer = await self._connection.request(messages.ListRooms(), messages.Rooms)
        return [
            {**msgspec.to_builtins(room), "locked": room.locked, "has_password": room.has_password}
            for room in answer.rooms
        ]

    # ---- files ----------------------------------------------------------------------------------------------------

    async def _opened(self, path: str, file_hash: FileHash | None = None) -> float | None:
        """Open ``path`` in the player and return its duration in seconds. Raises CommandRefused with the reason."""
        picture = self._picture
        if picture.open_path != path or picture.state.duration is None:
            self._open_file(path, file_hash)
            await self._player.opened()
        return picture.state.duration

    async def _media_command(self, arguments: Mapping[str, str]) -> None:
        """Open this file here if it is the room's film; else ask the room to move on to it."""
        view, path = self._room(), arguments["file"]
        info = await self._media.quick(path)
        whole = await self._copy.read(path)
        if whole == view.file_hash:
            self._open_file(path, None)
            self._copy.tell(path, info, whole)
            return
        if not view.may_control:
            raise CommandRefused.failed("Forbidden", view.who_may_control)
        shown, known = self._picture.open_path, self._copy.hash
        duration = await self._opened(path, whole)
        self._copy.identify(whole)
        try:
            await self._request(messages.SetMedia(file_hash=whole, file=self._copy.shared(info, duration)))
        except ServerRefused:
            self._copy.identify(known)
            if shown is not None:
                self._open_file(shown, None)
            raise


def _checked(message: _Message) -> _Message:
    """Return the same message, held to the protocol's limits. Raises msgspec.ValidationError in the limits' words."""
    return msgspec.convert(msgspec.to_builtins(message), type(message))


def _flag(name: str, value: str) -> bool:
    if value.lower() in _YES:
        return True
    if value.lower() in _NO:
        return False
    raise CommandRefused.invalid(f"{name} is yes or no, not {value[:40]!r}")
