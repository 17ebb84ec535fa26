"""ServerCommands: the control socket's commands that ask something of the server and wait for its answer.

Each is a coroutine that ends with the server's answer. It raises CommandRefused, with the server's error code or with
one of hang's own, if it is refused. Arguments arrive as strings and are checked here, once.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple, TypeVar

import msgspec

from hangd.client.account.account import Account
from hangd.client.commands.accounts import AccountCommands
from hangd.client.commands.guests import GuestCommands
from hangd.client.commands.reaching import Reaching
from hangd.client.control.port import CommandRefused, RoomCommand
from hangd.client.kept_rooms import KeptRooms
from hangd.client.media.files import MediaFiles
from hangd.client.media.local_copy import LocalCopy
from hangd.client.membership import Membership
from hangd.client.notices import Notices
from hangd.client.player_supervisor import PlayerSupervisor, refusal_code
from hangd.client.playlist.room_films import RoomFilms
from hangd.client.server.connection import Connection
from hangd.client.server.requests import NotConnected, ServerRefused
from hangd.client.server.room_view import UNREACHED, RoomView
from hangd.client.server.rules import flag, rule_value
from hangd.client.viewer_state import ViewerState
from hangd.engine.film import is_copy
from hangd.engine.follower.picture import Picture
from hangd.player.files import MediaUnusable
from hangd.protocol import messages
from hangd.protocol.messages import ClientMessage
from hangd.protocol.model import FileHash, FileInfo, PolicyChange, QueueItem, RoomSummary
from hangd.protocol.names import matching
from hangd.protocol.validation import explain

_RULES_AT_CREATION: Final = ("control", "wait", "match", "start", "stall", "leave", "loop", "access", "history")
"""The rules that ``room-create`` takes. Its password is an argument of its own."""

_INSTEAD_OF_RETURNING: Final = ("room-create", "room-join", "room-leave", "server-connect", "server-disconnect")

_SEARCH_SECONDS: Final = 5.0
"""How long the answer to a join waits for the search of a copy, which goes on by itself."""


_PAGES_MAX: Final = 50
"""Of the server's list of rooms: some 10,000 rooms, and fewer requests than a server grants in a minute."""

_NAMED: Final = 8
"""How many members a sentence names."""


class _Open(NamedTuple):
    """A file that is open in the player when a room is entered."""

    path: str
    info: FileInfo
    whole: FileHash | None


_Message = TypeVar("_Message", messages.CreateRoom, messages.JoinRoom)


class ServerCommands:
    """See the module's docstring.

    Args:
        picture: the follower's.
        films: the copies of the room's films.
        open_file: opens a file in the player, whatever the room plays: its path, and what it is if it is another film
            than the room's.
        remember: returns a function that makes this machine's own playlist, and what is open, what they are now.
        kept: the secrets of rooms that this daemon was in.
        give_way: ends the way back into the room of the daemon before this one, as `Returning.give_way` says.
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
        films: RoomFilms,
        open_file: Callable[[str, QueueItem | None], None],
        remember: Callable[[], Callable[[], None]],
        kept: KeptRooms,
        give_way: Callable[[RoomCommand, Mapping[str, str]], str | None],
        reaching: Reaching,
        account: Account,
    ) -> None:
        self._state = state
        self._connection = connection
        self._membership = membership
        self._media = media
        self._copy = copy
        self._player = player
        self._picture = picture
        self._notices = notices
        self._films = films
        self._open_file = open_file
        self._remember = remember
        self._kept = kept
        self._give_way = give_way
        self._reaching = reaching
        self._more = {
            **AccountCommands(state, connection, account, reaching).commands,
            **GuestCommands(connection, self._room).commands,
        }

    async def asked(self, command: RoomCommand, arguments: Mapping[str, str]) -> Any:
        """Carry out a command of the viewer's, which counts more than a way back into a room that is under way."""
        if command in _INSTEAD_OF_RETURNING:
            room_id = self._give_way(command, arguments)
            if room_id is not None and command == "room-leave":
                return {"room_id": room_id}
        return await self.carry_out(command, arguments)

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
            "room-start": self._start,
            "room-list": self._list,
            "server-connect": self._connect,
            "server-disconnect": self._disconnect,
            **self._more,
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
            raise CommandRefused.failed(error.code, error.message, error.details) from error
        except NotConnected as error:
            raise CommandRefused.failed("NotConnected", str(error)) from error
        except TimeoutError as error:
            raise CommandRefused.failed("TimedOut", "the server did not answer in time") from error
        except msgspec.ValidationError as error:
            where, why = explain(error)
            raise CommandRefused.invalid(f"{where.lstrip('.') or command} {why}") from error

    # ---- the server -----------------------------------------------------------------------------------------------

    async def _connect(self, arguments: Mapping[str, str]) -> None:
        await self._reaching.go_to(arguments["url"], arguments.get("password"))

    async def _disconnect(self, arguments: Mapping[str, str]) -> None:
        self._reaching.part()

    async def _request(self, message: ClientMessage) -> None:
        """Send a request to the room whose answer says nothing beyond that it was granted."""
        if not self._membership.reaches_room:
            raise NotConnected(UNREACHED)
        await self._connection.request(message, object)

    # ---- entering and leaving -------------------------------------------------------------------------------------

    async def _create(self, arguments: Mapping[str, str]) -> dict[str, Any]:
        self._check_alone()
        path = arguments["file"]
        policy = msgspec.convert(
            {key: rule_value(key, arguments[key]) for key in _RULES_AT_CREATION if key in arguments}, PolicyChange
        )
        await self._reaching.connected()
        info = await self._media.quick(path)
        whole = await self._media.cached_hash(path)
        message = _checked(
            messages.CreateRoom(
                file_hash=whole,
                file=self._copy.shared(info),
                name=arguments.get("name"),
                password=arguments.get("password"),
                policy=policy,
            )
        )
        duration: float | None = None

        def arrived(answer: messages.RoomCreated, now: float) -> None:
            self._membership.enter(
                answer.room,
                answer.client_id,
                now,
                path,
                password=message.password,
                host_secret=answer.host_secret,
                return_secret=answer.return_secret,
            )
            self._films.bind(path, info, whole, brought=True)
            self._copy.told(path, info, whole, brought=True, duration=duration)

        with self._going_back(path):
            duration = await self._opened(path)
            message = _checked(msgspec.structs.replace(message, file=self._copy.shared(info, duration)))
            await self._membership.ask_in(message, messages.RoomCreated, arrived)
        return self._entered(self._room(), host=True, verifying=whole is None)

    async def _join(self, arguments: Mapping[str, str]) -> dict[str, Any]:
        """Enter a room with this file; without one, as a member without the film, whose copy is then looked for."""
        view = self._state.room
        if (
            view is not None
            and view.is_named(arguments["room"])
            and arguments.get("file") in (None, self._picture.open_path)
        ):
            # A daemon that was started anew may have come back before its viewer asked for it.
            return self._entered(view, host=view.role == "host")
        self._check_alone()
        named = arguments.get("file")
        path = named or self._picture.open_path
        info = whole = duration = None
        if named is not None:
            info, whole = await self._media.quick(named), await self._media.cached_hash(named)
        elif path is not None:
            with contextlib.suppress(MediaUnusable):
                info, whole = await self._media.quick(path), await self._media.cached_hash(path)
        await self._reaching.connected()
        with self._going_back(path):
            if path is not None and info is not None:
                duration = await self._opened(path)
            open = None if path is None or info is None else _Open(path, self._copy.shared(info, duration), whole)
            keys = self._kept.keys(self._connection.url or self._state.server_url, arguments["room"])
            message = _checked(
                messages.JoinRoom(
                    room_id=arguments["room"],
                    file_hash=None if named is None else whole,
                    file=None if named is None or open is None else open.info,
                    password=arguments.get("password"),
                    invite=arguments.get("invite"),
                    host_secret=None if keys is None else keys.host_secret,
                    return_secret=None if keys is None else keys.return_secret,
                )
            )

            def arrived(answer: messages.RoomJoined, now: float) -> None:
                room, own = answer.room, open
                if open is not None and named is None:
                    copy = is_copy(room.policy.match, room.file_hash, room.file, open.whole, open.info)
                    own = open if copy else None
                elif not _has_taken_file(answer):
                    own = None
                is_same = keys is not None and keys.room_id == answer.room_id
                self._membership.enter(
                    room,
                    answer.client_id,
                    now,
                    None if own is None else own.path,
                    password=message.password,
                    host_secret=message.host_secret if is_same else None,
                    return_secret=answer.return_secret,
                )
                if own is None:
                    if open is not None:
                        self._films.look_beside(open.path)
                    self._films.show(None)
                    return
                self._films.bind(own.path, own.info, own.whole)
                if named is None:
                    self._copy.tell(own.path, own.info, own.whole)
                else:
                    self._copy.told(own.path, own.info, own.whole, duration=own.info.duration)

            answer = await self._membership.ask_in(message, messages.RoomJoined, arrived)
        is_taken = named is not None and _has_taken_file(answer)
        entered = self._entered(self._room(), host=answer.is_host, verifying=is_taken and whole is None)
        return entered if is_taken else {**entered, **await self._found_copy()}

    async def _found_copy(self) -> dict[str, Any]:
        """Wait until a copy of the room's film is found and open, or is not; not for long. Return what came of it."""
        films = self._films
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_SEARCH_SECONDS):
                await self._notices.until(lambda: not films.is_looking)
                await self._player.opened()
        view = self._state.room
        if view is None or not (films.is_missing or films.is_looking):
            return {"file": self._picture.open_path, **self._no_picture()}
        return {"searching" if films.is_looking else "missing": view.film}

    async def _leave(self, arguments: Mapping[str, str]) -> dict[str, Any]:
        view = self._room()
        self._membership.leave_for_good(time.monotonic())
        return {"room_id": view.room_id}

    def _check_alone(self) -> None:
        if self._state.room is not None:
            room = self._state.room
            raise CommandRefused.failed(
                "AlreadyInRoom", f"already in the room {room.name or room.room_id}: leave it first"
            )

    def _room(self) -> RoomView:
        if self._state.room is None:
            why = self._state.departure
            because = "" if why is None or why.is_own_wish else f": {why.detail}"
            raise CommandRefused.failed("NotInRoom", f"not in a room{because}")
        return self._state.room

    def _entered(self, view: RoomView, *, host: bool, verifying: bool | None = None) -> dict[str, Any]:
        return {
            "room_id": view.room_id,
            **({} if view.name is None else {"name": view.name}),
            "invite": view.invite,
            "invite_local": view.invite_local,
            **({} if (link := view.link) is None else {"link": link}),
            "host": host,
            **({} if verifying is None else {"verifying": verifying}),
            **self._no_picture(),
        }

    def _no_picture(self) -> dict[str, Any]:
        problem = self._player.picture_problem
        return {} if problem is None else {"no_picture": problem}

    # ---- in the room ----------------------------------------------------------------------------------------------

    async def _say(self, arguments: Mapping[str, str]) -> None:
        self._room()
        await self._request(msgspec.convert({"text": arguments["text"]}, messages.Say))

    async def _ready(self, arguments: Mapping[str, str]) -> None:
        room = self._room()
        member = self._member(arguments["member"]) if "member" in arguments else None
        known = room.members.get(member or room.client_id)
        if (word := arguments.get("ready", "yes")) == "toggle":
            ready = known is None or not known.ready
        else:
            ready = flag("ready", word)
        await self._request(messages.SetReady(ready=ready, client_id=member))

    async def _start(self, arguments: Mapping[str, str]) -> None:
        """Play from where the room stands, although not everybody is ready."""
        timeline = self._room().timeline
        if not timeline.playing:
            await self._request(messages.Play(timestamp=timeline.position, force=True))

    async def _set(self, arguments: Mapping[str, str]) -> None:
        self._room()
        key = arguments["key"]
        await self._request(msgspec.convert({key: rule_value(key, arguments["value"])}, messages.SetPolicy))

    async def _role(self, arguments: Mapping[str, str]) -> None:
        client_id = self._member(arguments["member"])
        await self._request(msgspec.convert({"client_id": client_id, "role": arguments["role"]}, messages.SetRole))

    async def _kick(self, arguments: Mapping[str, str]) -> None:
        message = {"client_id": self._member(arguments["member"]), "ban": flag("ban", arguments.get("ban", "no"))}
        if "reason" in arguments:
            message["reason"] = arguments["reason"]
        await self._request(msgspec.convert(message, messages.Kick))

    def _member(self, given: str) -> str:
        """Return the id of the member that ``given`` names: its id, its name, or a name that looks alike."""
        members = self._room().members
        if given in members:
            return given
        found = matching(given, {member.client_id: member.name for member in members.values()})
        if not found:
            here = ", ".join(repr(member.name) for member in list(members.values())[:_NAMED])
            more = f" and {len(members) - _NAMED} more" if len(members) > _NAMED else ""
            raise CommandRefused.invalid(f"there is no member {given[:40]!r} here: there are {here}{more}")
        if len(found) > 1:
            several = " and ".join(f"{members[client_id].name!r} ({client_id})" for client_id in found)
            raise CommandRefused.invalid(f"{given[:40]!r} is the name of {several}: name one of them by its id")
        return found[0]

    async def _list(self, arguments: Mapping[str, str]) -> list[dict[str, Any]]:
        await self._reaching.connected()
        rooms: list[RoomSummary] = []
        after = None
        for _ in range(_PAGES_MAX):
            answer = await self._connection.request(messages.ListRooms(after), messages.Rooms)
            rooms += answer.rooms
            after = answer.next
            if after is None:
                break
        return [
            {**msgspec.to_builtins(room), "locked": room.locked, "has_password": room.has_password} for room in rooms
        ]

    # ---- files ----------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _going_back(self, path: str | None) -> Iterator[None]:
        """Where what is done within is refused, open again what is open now instead of ``path``.

        Not if the viewer has opened another file, or closed it, in the meantime.
        """
        go_back = self._remember()
        try:
            yield
        except Exception as refused:
            if isinstance(refused, CommandRefused):
                stays = refused.code in ("Replaced", "Closed")
            else:
                stays = self._picture.open_path != path
            if not stays and self._state.room is None:
                go_back()
            raise

    async def _opened(self, path: str, film: QueueItem | None = None) -> float | None:
        """Open ``path`` in the player and return its duration in seconds. Raises CommandRefused with the reason."""
        picture = self._picture
        if picture.open_path != path or picture.state.duration is None:
            self._open_file(path, film)
            await self._player.opened()
        return picture.state.duration

    async def _media_command(self, arguments: Mapping[str, str]) -> dict[str, Any]:
        """Open this file here if it is a copy of the room's film; else ask the room to move on to it."""
        view, path, films = self._room(), arguments["file"], self._films
        info, whole = await self._media.quick(path), await self._media.cached_hash(path)
        is_copy = films.is_copy(whole, info, None)
        try:
            duration = await films.measure(path) if is_copy is None else None
            if is_copy or films.is_copy(whole, info, duration):
                await films.take(path, info, whole)
                return {"moved": False}
            if not view.may_control:
                raise CommandRefused.failed(
                    "Forbidden", f"it is another film than the room's, and {view.who_may_control}"
                )
            duration = await self._opened(path, QueueItem(self._copy.shared(info), whole))
            await self._request(messages.SetMedia(file_hash=whole, file=self._copy.shared(info, duration)))
        except (CommandRefused, ServerRefused):
            if self._state.room is not None:
                films.show(None)  # what was shown before
            raise
        return {"moved": True, "film": info.name}


def _checked(message: _Message) -> _Message:
    """Return the same message, held to the protocol's limits. Raises msgspec.ValidationError in the limits' words."""
    return msgspec.convert(msgspec.to_builtins(message), type(message))


def _has_taken_file(answer: messages.RoomJoined) -> bool:
    """Tell whether the room has taken the file that was named. The room's owner is let in with another film, too."""
    return any(one.file is not None for one in answer.room.members if one.client_id == answer.client_id)
