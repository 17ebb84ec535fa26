"""hang's own verbs (control.md): what a control client asks of the room as such, and waits for.

Each is a coroutine that ends with the server's answer, and raises CommandRefused with the server's code, or with one of
hang's own, where it is refused. Arguments arrive as strings and are checked here, once.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, Protocol, TypeVar

import msgspec

from hangd.client.control.port import CommandRefused, RoomCommand
from hangd.client.media.files import MediaUnusable
from hangd.client.media.local_copy import CopyHolder, LocalCopy, file_code
from hangd.client.server.connection import NotConnected, ServerRefused
from hangd.client.server.room_view import RoomView
from hangd.engine.follower.follower import Follower
from hangd.engine.link.link import LinkState
from hangd.protocol.messages import (
    ClientMessage,
    CreateRoom,
    JoinRoom,
    Kick,
    LeaveRoom,
    ListRooms,
    RoomCreated,
    RoomJoined,
    Rooms,
    Say,
    ServerMessage,
    SetMedia,
    SetPolicy,
    SetReady,
    SetRole,
)
from hangd.protocol.model import CAPACITY_MAX, LeftReason, PolicyChange, Room
from hangd.protocol.validation import explain

__all__ = ["Patron", "ServerCommands"]

_log = logging.getLogger(__name__)

_REJOIN_PAUSES: Final = (0.2, 0.5, 1.0, 2.0)
"""Seconds between tries to get back into a room that refuses for now (full, or its server still starting)."""

_Checked = TypeVar("_Checked", CreateRoom, JoinRoom)

_YES: Final = frozenset({"yes", "true", "on", "1"})
_NO: Final = frozenset({"no", "false", "off", "0"})


def _refusal(code: str, message: str) -> CommandRefused:
    return CommandRefused("error running command", code, message)


def _invalid(message: str) -> CommandRefused:
    return CommandRefused("invalid parameter", "InvalidMessage", message)


def _checked(message: _Checked) -> _Checked:
    """Return the same message, held to the protocol's own limits. Raises msgspec.ValidationError, in its own words."""
    return msgspec.convert(msgspec.to_builtins(message), type(message))


class Patron(CopyHolder, Protocol):
    """Whose verbs these are: what they need of the viewer."""

    follower: Follower
    copy: LocalCopy
    server_url: str

    def enter_room(
        self, room: Room, client_id: str, now: float, *, path: str | None = None, again: bool = False
    ) -> RoomView: ...

    def leave_room(self, reason: LeftReason, now: float) -> None: ...


class ServerCommands:
    """The verbs of one viewer."""

    def __init__(self, viewer: Patron) -> None:
        self._viewer = viewer

    async def carry_out(self, verb: RoomCommand, arguments: Mapping[str, str]) -> Any:
        """Carry out one verb and return what its reply says. Raises CommandRefused."""
        verbs: dict[RoomCommand, Callable[[Mapping[str, str]], Awaitable[Any]]] = {
            "room-create": self._create,
            "room-join": self._join,
            "room-leave": self._leave,
            "room-say": self._say,
            "room-ready": self._ready,
            "room-set": self._set,
            "room-role": self._role,
            "room-kick": self._kick,
            "room-media": self._media,
            "room-list": self._list,
            "server-connect": self._connect,
            "server-disconnect": self._disconnect,
        }
        # A path may be any bytes (PEP 383); all else is text for the server.
        arguments = {
            key: value if key == "file" else value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
            for key, value in arguments.items()
        }
        try:
            return await verbs[verb](arguments)
        except MediaUnusable as error:
            raise _refusal(file_code(error.code), str(error)) from error
        except ServerRefused as error:
            raise _refusal(error.code, error.message) from error
        except NotConnected as error:
            raise _refusal("NotConnected", str(error)) from error
        except TimeoutError as error:
            raise _refusal("TimedOut", "the server did not answer in time") from error
        except msgspec.ValidationError as error:
            where, why = explain(error)
            raise _invalid(f"{where.lstrip('.') or verb} {why}") from error

    # ---- the server -----------------------------------------------------------------------------------------------

    async def _connect(self, arguments: Mapping[str, str]) -> None:
        url = arguments["url"]
        connection = self._viewer.connection
        if connection.url == url and connection.is_up:
            return
        if self._viewer.room_view is not None:
            raise _refusal("AlreadyInRoom", "leave the room before you go to another server")
        await self._connected(url)
        self._viewer.server_url = url

    async def _disconnect(self, arguments: Mapping[str, str]) -> None:
        if self._viewer.room_view is not None:
            await self._leave({})
        self._viewer.connection.unwant()

    async def _connected(self, url: str | None = None) -> None:
        """Have a connection: the one that is there, or one to ``url``. Raises CommandRefused where there is none."""
        connection = self._viewer.connection
        url = url or connection.url or self._viewer.server_url
        if connection.is_up and connection.url == url:
            return
        if connection.state in (LinkState.DOWN, LinkState.WAITING) or connection.url != url:
            connection.want(url)
        trying = (LinkState.DIALING, LinkState.GREETING)
        await self._viewer.notices.until(lambda: connection.state not in trying)
        if not connection.is_up:
            reason = connection.reason or "there is no connection to a server"
            if self._viewer.room_view is None:
                connection.unwant()
            raise _refusal("NotConnected", reason)

    async def _request(self, message: ClientMessage) -> ServerMessage:
        return await self._viewer.connection.request(message)

    # ---- coming and going -----------------------------------------------------------------------------------------

    async def _create(self, arguments: Mapping[str, str]) -> dict[str, Any]:
        viewer = self._viewer
        if viewer.room_view is not None:
            raise _refusal("AlreadyInRoom", "already in a room: leave it first")
        path = arguments["file"]
        policy = msgspec.convert(
            {key: arguments[key] for key in ("control", "wait", "match") if key in arguments}, PolicyChange
        )
        await self._connected()
        info = await viewer.media.quick(path)
        whole, duration = await asyncio.gather(viewer.copy.read_film(path), viewer.copy.opened(path))
        info = viewer.copy.told(msgspec.structs.replace(info, duration=duration))
        message = _checked(
            CreateRoom(
                file_hash=whole,
                file=info,
                name=arguments.get("name"),
                password=arguments.get("password"),
                policy=policy,
            )
        )
        answer = await self._request(message)
        assert isinstance(answer, RoomCreated)
        view = viewer.enter_room(answer.room, answer.client_id, time.monotonic(), path=path)
        view.host_secret, view.password = answer.host_secret, message.password
        return self._entered(view, host=True)

    async def _join(self, arguments: Mapping[str, str]) -> dict[str, Any]:
        viewer = self._viewer
        if viewer.room_view is not None:
            raise _refusal("AlreadyInRoom", "already in a room: leave it first")
        path = arguments.get("file") or viewer.follower.picture.path
        if path is None:
            raise _refusal("NoMedia", "which file? name your copy of the film")
        info = await viewer.media.quick(path)
        if path == viewer.path and viewer.duration is not None:
            info = msgspec.structs.replace(info, duration=viewer.duration)
        whole = await viewer.media.cached_hash(path)
        await self._connected()
        message = _checked(
            JoinRoom(
                room_id=arguments["room"],
                file_hash=whole,
                file=viewer.copy.told(info),
                password=arguments.get("password"),
            )
        )
        answer = await self._request(message)
        assert isinstance(answer, RoomJoined)
        viewer.copy.hash = whole
        view = viewer.enter_room(answer.room, answer.client_id, time.monotonic(), path=path)
        view.password = message.password
        try:
            await viewer.copy.opened(path)
        except CommandRefused:
            # A room in which nothing can be shown here is none to be in; why, is what was asked.
            await self._leave({})
            raise
        if whole is None:
            viewer.copy.prove(path, view)
        return self._entered(view, host=answer.is_host, verifying=whole is None)

    async def rejoin(self) -> None:
        """Get back into the room after an absence for which the server did not keep our place."""
        viewer = self._viewer
        view, path = viewer.room_view, viewer.path
        if view is None:
            return
        try:
            info = None if path is None else viewer.copy.told(await viewer.media.quick(path))
        except MediaUnusable:
            info = None  # The room's file is not here any more; the room says what it makes of that.
        for pause in (*_REJOIN_PAUSES, None):
            message = JoinRoom(
                room_id=view.room_id,
                file_hash=viewer.copy.hash,
                file=info,
                password=view.password,
                host_secret=view.host_secret,
            )
            try:
                answer = await self._request(message)
            except (NotConnected, TimeoutError):
                return  # The link comes back by itself, and we with it.
            except ServerRefused as error:
                if pause is not None and error.retry:
                    await asyncio.sleep(pause)
                    continue
                _log.warning("the room is lost: %s", error)
                viewer.leave_room("lost", time.monotonic())
                return
            assert isinstance(answer, RoomJoined)
            viewer.enter_room(answer.room, answer.client_id, time.monotonic(), again=True)
            return

    async def _leave(self, arguments: Mapping[str, str]) -> dict[str, Any]:
        view = self._in_room()
        if self._viewer.connection.is_up:
            await self._request(LeaveRoom())
        # The answer, RoomLeft, has made the viewer leave; without a connection it leaves by itself.
        self._viewer.leave_room("left", time.monotonic())
        return {"room_id": view.room_id}

    def _in_room(self) -> RoomView:
        if self._viewer.room_view is None:
            raise _refusal("NotInRoom", "not in a room")
        return self._viewer.room_view

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
        self._in_room()
        await self._request(msgspec.convert({"text": arguments["text"]}, Say))

    async def _ready(self, arguments: Mapping[str, str]) -> None:
        self._in_room()
        await self._request(SetReady(ready=self._flag("ready", arguments.get("ready", "yes"))))

    async def _set(self, arguments: Mapping[str, str]) -> None:
        self._in_room()
        key, value = arguments["key"], arguments["value"]
        converted: object = value
        if key == "locked":
            converted = self._flag(key, value)
        elif key == "capacity":
            if not value.isdecimal():
                raise _invalid(f"capacity is a number from 1 to {CAPACITY_MAX}, not {value[:40]!r}")
            converted = int(value)
        elif key not in ("control", "password", "match", "wait"):
            raise _invalid(f"there is no room setting {key[:40]!r}: control, password, match, wait, capacity, locked")
        await self._request(msgspec.convert({key: converted}, SetPolicy))

    async def _role(self, arguments: Mapping[str, str]) -> None:
        client_id = self._member(arguments["member"])
        await self._request(msgspec.convert({"client_id": client_id, "role": arguments["role"]}, SetRole))

    async def _kick(self, arguments: Mapping[str, str]) -> None:
        message = {"client_id": self._member(arguments["member"]), "ban": self._flag("ban", arguments.get("ban", "no"))}
        if "reason" in arguments:
            message["reason"] = arguments["reason"]
        await self._request(msgspec.convert(message, Kick))

    def _member(self, given: str) -> str:
        """Return the id of the member that ``given`` names: its id, or its name where only one has it."""
        members = self._in_room().members
        if given in members:
            return given
        found = [member.client_id for member in members.values() if member.name == given]
        if len(found) != 1:
            raise _invalid(f"there is no member {given[:40]!r} here" if not found else f"{given[:40]!r} is not unique")
        return found[0]

    async def _list(self, arguments: Mapping[str, str]) -> list[dict[str, Any]]:
        await self._connected()
        answer = await self._request(ListRooms())
        assert isinstance(answer, Rooms)
        return [
            {**msgspec.to_builtins(room), "locked": room.locked, "has_password": room.has_password}
            for room in answer.rooms
        ]

    @staticmethod
    def _flag(name: str, value: str) -> bool:
        if value.lower() in _YES:
            return True
        if value.lower() in _NO:
            return False
        raise _invalid(f"{name} is yes or no, not {value[:40]!r}")

    # ---- files ----------------------------------------------------------------------------------------------------

    async def _media(self, arguments: Mapping[str, str]) -> None:
        self._in_room()
        await self._move_to(arguments["file"])

    async def _move_to(self, path: str) -> None:
        """Show this file here if it is the room's; else ask the room to move on to it."""
        view, copy = self._in_room(), self._viewer.copy
        info = await self._viewer.media.quick(path)
        whole = await copy.read(path)
        if whole == view.file_hash:
            self._viewer.load_file(path)
            copy.tell(path, info, whole)
            return
        if not view.may_control:
            raise _refusal("Forbidden", view.who_may_control)
        shown, known = self._viewer.path, copy.hash
        duration = await copy.opened(path, whole)
        copy.hash = whole
        info = copy.told(msgspec.structs.replace(info, duration=duration))
        try:
            await self._request(SetMedia(file_hash=whole, file=info))
        except ServerRefused:
            copy.hash = known
            if shown is not None:
                self._viewer.load_file(shown)
            raise
