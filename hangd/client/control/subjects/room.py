"""hang's own commands and properties: the room, the server, the window, and how exactly this machine follows."""

from typing import Final, get_args

from hangd.client.control.language.kinds import Choice, Double, Flag, Integer, Kind, Node, Phrase, Text
from hangd.client.control.port import Awaited, CommandRefused, RoomCommand
from hangd.client.control.tables.command import Command, Context, Parameter, Waiting, local_path
from hangd.client.control.tables.property import Property
from hangd.engine.player_messages import SetWindow


def _room_command(
    name: RoomCommand, about: str, required: str = "", optional: str = "", *, moves_film: bool = False
) -> Command:
    """Make the row for a command that the viewer carries out. Its parameters are strings."""

    def start(context: Context, **arguments: str) -> Waiting:
        # By position, an empty string leaves an optional argument out.
        strings = {key: value for key, value in arguments.items() if value or key in required.split()}
        for word, value in strings.items():
            if word != "file" and any("\ud800" <= letter <= "\udfff" for letter in value):
                raise CommandRefused.failed("NotUnicode", f"the {word} is not text in UTF-8")
        if "file" in strings:
            strings["file"] = local_path(strings["file"])
        return Waiting(context.viewer.room(name, strings))

    parameters = [Parameter(word, Phrase()) for word in required.split()]
    parameters += [Parameter(word, Phrase(), None) for word in optional.split()]
    return Command(name, about, parameters, start, moves_film=moves_film)


def _open_chat(context: Context) -> None:
    if not context.viewer.desktop.open_chat():
        raise CommandRefused.failed("NotSupported", "there is no window to write in; `hangctl say` sends a line too")


def _show_window(context: Context, **where: str) -> Waiting | None:
    answer = context.viewer.show_window(SetWindow(True, **where))
    return None if answer is None else Waiting(answer)


def _ask_to_leave(context: Context) -> Waiting | None:
    room = context.viewer.hang_property("room/id")
    if room is None:
        return Waiting(context.viewer.room("room-leave", {}))  # It may be on the way back into one.
    name = context.viewer.hang_property("room/name") or "the room"
    if not context.viewer.desktop.ask(f"Leave {name}?", lambda: context.run_text("room-leave", False)):
        raise CommandRefused.failed("NotSupported", "there is no window to ask in; `hangctl leave` leaves the room")
    return None


COMMANDS: Final = (
    _room_command("room-create", "create a room for this film and become its host; return the room's id and invitation",
        "file", "name password control wait match start stall leave loop access history"),
    _room_command("room-join", "join a room, with this file if it is the room's film", "room", "file password invite"),
    _room_command("room-leave", "leave the room; the film stays loaded"),
    _room_command("room-say", "send a chat message to the room", "text"),
    _room_command("room-ready", "say whether you are ready: yes, no or toggle; as host also whether this member is",
        optional="ready member"),
    _room_command("room-set", "change a rule of the room: control, match, wait, start, stall, leave, loop, and others",
        "key value"),
    _room_command("room-start", "start the film although not everybody is ready; only the host may", moves_film=True),
    _room_command("room-role", "make a member viewer, controller or host", "member role"),
    _room_command("room-kick", "remove a member from the room", "member", "ban reason"),
    _room_command("room-invite", "invite who gets invitations under this name, if there is anybody", "name"),
    _room_command("room-media", "change the room's film to this file", "file"),
    _room_command("room-list", "return the public rooms of the server"),
    _room_command("room-create-invite", "make a signed invite to the room; return it. expires is in seconds",
        optional="role expires uses"),
    _room_command("room-invites", "return the signed invites that can still be used: all for the host, else your own"),
    _room_command("room-revoke-invites", "let nobody in any more by this invite, by yours (mine), or by any (all)",
        optional="id mine all"),
    _room_command("room-bans", "return who is banned from the room; only the host may ask"),
    _room_command("room-unban", "let in again who was banned, by the id of the ban or by name", "ban"),
    _room_command("server-connect", "connect to this server, with the server's own password where it has one", "url",
        "password"),
    _room_command("server-login", "log in at the server, by name and password or by the code that server-pair returns",
        optional="url name password code"),
    _room_command("server-register", "make an account at the server, and log in", "name password", "invite url"),
    _room_command("server-logout", "end your login at the server, or all logins of your account (everywhere)",
        optional="everywhere"),
    _room_command("server-pair", "return a code with which another machine logs in as you"),
    _room_command("server-disconnect", "disconnect from the server"),
    Command("hang-wait", "answer when this state is reached; done: all is answered, or done here alone (data: away)",
        (Parameter("state", Choice(get_args(Awaited))),),
        lambda context, state: Waiting(context.viewer.settle(state), abandoned_with_client=True)),
    Command("window-show",
        "show the picture's window for this film and later ones; on this X display if there was none so far",
        (Parameter("display", Phrase(), None), Parameter("authority", Phrase(), None)),
        _show_window),
    Command("window-hide", "hide the picture's window, for this film and later ones", (),
        lambda context: context.viewer.play_command(SetWindow(False))),
    Command("window-close", "do what the window's close button does: hide it, and out of rooms pause", (),
        lambda context: context.viewer.close_window()),
    Command("window-open-chat", "let the viewer write a line to the room, on the picture", (), _open_chat),
    Command("window-leave-room", "ask on the picture whether to leave the room, and leave it then", (), _ask_to_leave),
    Command("hang-debug-dump", "write what this machine did recently to a file, and return its path", (),
        lambda context: Waiting(context.viewer.debug_dump())),
)  # fmt: skip


_MAY_LACK: Final = frozenset("name position error clock_error rtt age file duration quick_hash start at".split())


_IN_STEP: Final = 0.01
"""Seconds of which nobody sees that they lie between two pictures."""


def in_step(error: float) -> str:
    """Return for people how far the picture is from the room's."""
    if abs(error) < _IN_STEP:
        return "in step"
    return f"{abs(error):.2f} s {'ahead' if error > 0 else 'behind'}"


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
    _own(
        "room/members",
        "members of the room, each with name, role, state, position, and its age: how old they are",
        Node(),
    ),
    _own("room/state", "state of the room: playing, paused, or what it waits for", Text()),
    _own(
        "room/start",
        "the start that waits until members are ready: by, waiting_for, missing, self, at and text",
        Node(),
    ),
    _own("room/timeline", "position, server time, speed and whether the room plays", Node()),
    _own("room/policy", "settings of the room", Node()),
    _own("room/invite", "invitation to the room, which a friend can pass to hangctl join", Text()),
    _own("room/link", "the same for browsers; none if the server shows no page", Text()),
    _own("room/left", "the room that you are out of, why, and what to do; none while you are in a room", Node()),
    _own("server/url", "address of the server", Text()),
    _own("server/account", "name of the account that you are logged in as at the server; none: you are not", Text()),
    _own("server/features", "what the server can do beside the basics; none while there is no connection", Node()),
    _own("server/state", "state of the connection to the server", Text()),
    _own("server/reason", "why there is no connection to the server; none while there is one", Text()),
    _own("server/rtt", "duration of a round trip to the server, in seconds", Double()),
    _own("server/clock-offset", "server time minus local time, in seconds", Double()),
    _own("server/clock-error", "largest possible error of server/clock-offset, in seconds", Double()),
    _own("sync/error", "position minus the room's position, in seconds", Double(show=in_step)),
    _own("sync/state", "state of synchronization: alone, away, apart, waiting, busy, unknown, synced or off", Text()),
    _own("sync/away", "for how long the room has not been reached, in seconds", Double()),
    _own("media/hash", "SHA-256 hash of the film's file", Text()),
    _own("media/hash-progress", "part of the file that has been hashed, from 0 to 1", Double()),
    _own("media/missing", "the film that the room shows and of which there is no copy here", Node()),
    _own(
        "media/error", "why the last film could not be played: code and message; none once a film stands ready", Node()
    ),
    _own("player/picture", "whether the film is played here with a picture", Flag()),
    _own("player/picture-problem", "why the film is played here without a picture", Text()),
    _own("player/sound-problem", "why nothing can be heard here, or on another device than the chosen one", Text()),
    _own("window/shown", "whether the picture's window is on the display", Flag()),
    _own("player/state", "state of the player", Text()),
    _own("player/name", "name of the player", Text()),
)
