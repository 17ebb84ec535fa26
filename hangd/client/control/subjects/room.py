"""hang's own commands and properties: the room, the server, and how exactly this machine follows the room."""

from typing import Final, get_args

from hangd.client.control.language.kinds import Choice, Double, Integer, Kind, Node, Phrase, Text
from hangd.client.control.port import Awaited, RoomCommand
from hangd.client.control.tables.command import Command, Context, Parameter, Waiting, local_path
from hangd.client.control.tables.property import Property


def _room_command(name: RoomCommand, about: str, required: str = "", optional: str = "") -> Command:
    """Make the row for a command that the viewer carries out. Its parameters are strings."""

    def start(context: Context, **arguments: str) -> Waiting:
        # By position, an empty string leaves an optional argument out.
        strings = {key: value for key, value in arguments.items() if value or key in required.split()}
        if "file" in strings:
            strings["file"] = local_path(strings["file"])
        return Waiting(context.viewer.room(name, strings))

    parameters = [Parameter(word, Phrase()) for word in required.split()]
    return Command(name, about, parameters + [Parameter(word, Phrase(), None) for word in optional.split()], start)


COMMANDS: Final = (
    _room_command("room-create", "create a room for this film and become its host; return the room's id and invitation",
        "file", "name password control wait match"),
    _room_command("room-join", "join a room, with this file if it is the room's film", "room", "file password"),
    _room_command("room-leave", "leave the room; the film stays loaded"),
    _room_command("room-say", "send a chat message to the room", "text"),
    _room_command("room-ready", "tell the room whether you are ready", optional="ready"),
    _room_command("room-set", "change a setting of the room: control, wait, match, capacity, locked or password",
        "key value"),
    _room_command("room-role", "make a member viewer, controller or host", "member role"),
    _room_command("room-kick", "remove a member from the room", "member", "ban reason"),
    _room_command("room-media", "change the room's film to this file", "file"),
    _room_command("room-list", "return the public rooms of the server"),
    _room_command("server-connect", "connect to this server", "url"),
    _room_command("server-disconnect", "disconnect from the server"),
    Command("hang-wait", "answer when this state is reached; done: when all requests so far are answered",
        (Parameter("state", Choice(get_args(Awaited))),),
        lambda context, state: Waiting(context.viewer.settle(state), abandoned_with_client=True)),
    Command("hang-debug-dump", "write what this machine did recently to a file, and return its path", (),
        lambda context: Waiting(context.viewer.debug_dump())),
)  # fmt: skip


_MAY_LACK: Final = frozenset("name position error clock_error rtt file duration quick_hash".split())


def _own(name: str, about: str, kind: Kind) -> Property:
    """Make the row for a property that the viewer reads."""

    return Property(name, about, kind, lambda p: p.viewer.hang_property(name),
        topic=name.partition("/")[0], may_lack=_MAY_LACK)  # fmt: skip


PROPERTIES: Final = (
    _own("hang-version", "version of hangd", Text()),
    _own("hang-protocol", "version of the protocol between hangd and the server", Integer()),
    _own("room", "everything that is known of the room", Node()),
    _own("room/id", "id of the room", Text()),
    _own("room/name", "name of the room", Text()),
    _own("room/role", "your role in the room: viewer, controller or host", Text()),
    _own("room/members", "members of the room, each with name, role, state and position", Node()),
    _own("room/state", "state of the room: playing, paused, or what it waits for", Text()),
    _own("room/timeline", "position, server time, speed and whether the room plays", Node()),
    _own("room/policy", "settings of the room", Node()),
    _own("room/invite", "invitation to the room, which a friend can pass to hangctl join", Text()),
    _own("server/url", "address of the server", Text()),
    _own("server/state", "state of the connection to the server", Text()),
    _own("server/rtt", "duration of a round trip to the server, in seconds", Double()),
    _own("server/clock-offset", "server time minus local time, in seconds", Double()),
    _own("server/clock-error", "largest possible error of server/clock-offset, in seconds", Double()),
    _own("sync/error", "position minus the room's position, in seconds", Double()),
    _own("sync/state", "state of synchronization: alone, away, waiting, busy, synced or off", Text()),
    _own("media/hash", "SHA-256 hash of the film's file", Text()),
    _own("media/hash-progress", "part of the file that has been hashed, from 0 to 1", Double()),
    _own("player/state", "state of the player", Text()),
    _own("player/name", "name of the player", Text()),
)
