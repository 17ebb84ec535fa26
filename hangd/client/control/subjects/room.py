"""hang's own: the room, the server, how well they are kept together. The viewer answers; the names stand here."""

from collections.abc import Sequence
from typing import Any, Final

from hangd.client.control.language.kinds import Choice, Double, Integer, Kind, Node, Phrase, Text
from hangd.client.control.port import Awaited, RoomCommand
from hangd.client.control.tables.command import Arguments, Command, Context, Parameter, Waiting, file_named
from hangd.client.control.tables.property import Property, PropertyTable

__all__ = ["COMMANDS", "PROPERTIES"]


# ---- commands -------------------------------------------------------------------------------------------------------


def _verb(name: RoomCommand, about: str, required: str = "", optional: str = "") -> Command:
    """A row for one of hang's own verbs; its parameters are all strings."""

    def start(context: Context, arguments: Arguments) -> Waiting:
        # By position, an empty string is how to leave one out.
        strings = {key: value for key, value in arguments.items() if value or key in required.split()}
        if "file" in strings:
            strings["file"] = file_named(strings["file"])
        return Waiting(context.viewer.room(name, strings))

    parameters = [Parameter(word, Phrase()) for word in required.split()]
    return Command(name, about, parameters + [Parameter(word, Phrase(), None) for word in optional.split()], start)


def _hang_wait(context: Context, arguments: Arguments) -> Waiting:
    state: Awaited = arguments["state"]
    return Waiting(context.viewer.settle(state), abandoned_with_client=True)


def _hang_debug_dump(context: Context, arguments: Arguments) -> Waiting:
    return Waiting(context.viewer.debug_dump())


_STATES: Final[Sequence[Awaited]] = ("joined", "playing", "paused", "ended", "synced", "done")

COMMANDS: Final = (
    _verb(
        "room-create",
        "make a room for this film, under these rules, and be its host; return its id and invite",
        "file",
        "name password control wait match",
    ),
    _verb("room-join", "go into a room, with this file if it is the room's film", "room", "file password"),
    _verb("room-leave", "leave the room; the film goes on alone"),
    _verb("room-say", "say something to the room", "text"),
    _verb("room-ready", "say that you are ready, or not yet", optional="ready"),
    _verb(
        "room-set", "change one of the room's rules: control, wait, match, capacity, locked or password", "key value"
    ),
    _verb("room-role", "make a member viewer, controller or host", "member role"),
    _verb("room-kick", "put a member out of the room", "member", "ban reason"),
    _verb("room-media", "let the room play another film", "file"),
    _verb("room-list", "return the server's public rooms"),
    _verb("server-connect", "connect to this server", "url"),
    _verb("server-disconnect", "leave the server"),
    Command(
        "hang-wait",
        "answer when it is so; done: when all that was asked has its answer",
        (Parameter("state", Choice(_STATES)),),
        _hang_wait,
    ),
    Command(
        "hang-debug-dump",
        "write down what this machine was told and did of late; return the file",
        (),
        _hang_debug_dump,
    ),
)


# ---- properties -----------------------------------------------------------------------------------------------------


_MAY_LACK: Final = frozenset("name position error clock_error rtt file duration quick_hash".split())


def _own(name: str, about: str, kind: Kind) -> Property:
    def read(properties: PropertyTable) -> Any:
        return properties.viewer.hang_property(name)

    return Property(name, about, kind, read, topic=name.partition("/")[0], may_lack=_MAY_LACK)


PROPERTIES: Final = (
    _own("hang-version", "hangd's version", Text()),
    _own("hang-protocol", "the version of the protocol with the server", Integer()),
    _own("room", "all that is known of the room", Node()),
    _own("room/id", "the room's id", Text()),
    _own("room/name", "the room's name", Text()),
    _own("room/role", "what you are in the room: viewer, controller or host", Text()),
    _own("room/members", "who is in the room, each with where they are", Node()),
    _own("room/state", "playing, paused, or what the room waits for", Text()),
    _own("room/timeline", "what the room plays: from where, since when, how fast", Node()),
    _own("room/policy", "the room's rules", Node()),
    _own("room/invite", "what to send to a friend", Text()),
    _own("server/url", "the server", Text()),
    _own("server/state", "how the connection to the server stands", Text()),
    _own("server/rtt", "how long the server takes to answer, in seconds", Double()),
    _own("server/clock-offset", "how far the server's clock is from this machine's, in seconds", Double()),
    _own("server/clock-error", "how wrong that offset can be, in seconds", Double()),
    _own("sync/error", "how far the picture is from the room's, in seconds", Double()),
    _own("sync/state", "alone, away, waiting, busy, synced or off", Text()),
    _own("media/hash", "what the film's file is known by", Text()),
    _own("media/hash-progress", "how much of the file is read for that, from 0 to 1", Double()),
    _own("player/state", "what the player does", Text()),
    _own("player/name", "which player it is", Text()),
)
