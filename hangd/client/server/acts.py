"""Say who did what in the room, as the event ``acted``: for control clients, for terminals and for the picture.

`RoomView` calls this with each message of the server. The text of an event is a sentence for people, and this is the
one place that knows the words. It says "you" of this viewer. What the room does by itself it says with the reason.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

from msgspec import Struct, structs

from hangd.client.clock import clock
from hangd.client.control.port import ControlEvent
from hangd.protocol.messages import Pause, Play, Seek, Speed, Stop, SyncBroadcast
from hangd.protocol.model import (
    ROOM_ITSELF,
    FileInfo,
    Gate,
    LeftReason,
    Member,
    PendingStart,
    Policy,
    Queue,
    QueueChange,
    Start,
    Timeline,
)

_NAMES_SHOWN: Final = 5
"""How many members a sentence names. A room may have a thousand."""
_STEP_MAX: Final = 0.15
"""Seconds. A change of a pause by less than this is a step of a frame or two."""

AWAITS_PLAY: Final = "press play to start"
"""What a paused room waits for when its members are ready and nobody has asked for a start."""


class Names(Struct, frozen=True):
    """How members are called in a sentence."""

    own: str
    """This viewer's client id."""
    of: Callable[[str], str]
    """Returns a member's name by its client id."""

    def subject(self, client_id: str) -> str:
        """Return "you", "ann" or "the room"."""
        if client_id == ROOM_ITSELF:
            return "the room"
        return "you" if client_id == self.own else self.of(client_id)

    def owner(self, client_id: str) -> str:
        """Return "your" or "ann's"."""
        return "your" if client_id == self.own else f"{self.of(client_id)}'s"

    def event(self, client_id: str, action: str, text: str, **fields: Any) -> ControlEvent:
        """Return the event that this member, or the room itself, did this. Fields that are None are left out."""
        given = {name: value for name, value in fields.items() if value is not None}
        name = "the room" if client_id == ROOM_ITSELF else self.of(client_id)
        who = {"client_id": client_id, "name": name, "self": client_id == self.own}
        return {"event": "acted", **who, "action": action, **given, "text": text}


def commanded(names: Names, message: SyncBroadcast, before: Timeline, start: Start) -> ControlEvent | None:
    """Return the event for a command that took effect; None for what is no news to people.

    ``before`` is the timeline before, ``start`` the room's policy of that name.
    """
    if message.from_client == ROOM_ITSELF:
        return _by_the_room(names, message, before.gate, start)
    who = names.subject(message.from_client)
    match message.command:
        case Play(timestamp=position):
            action, text, fields = "play", f"started at {clock(position)}", {"position": position}
        case Pause(timestamp=position):
            action, text, fields = "pause", f"paused at {clock(position)}", {"position": position}
        case Seek(timestamp=position):
            is_step = not (before.playing or before.gate) and abs(position - before.position) <= _STEP_MAX
            part = f".{int(position * 100) % 100:02}" if is_step else ""
            did = f"{'stepped' if is_step else 'went'} to {clock(position)}{part}"
            action, text, fields = "seek", did, {"position": position}
        case Speed(rate=rate):
            action, text = "speed", f"set the speed to {rate:.3g}"
            fields = {"position": message.timeline.position, "rate": rate}
        case Stop():
            action, text, fields = "stop", "stopped the film", {"position": 0.0}
    return names.event(message.from_client, action, f"{who} {text}", **fields)


def _by_the_room(names: Names, message: SyncBroadcast, gate_before: Gate | None, start: Start) -> ControlEvent | None:
    line, about, position = message.timeline, message.about or ROOM_ITSELF, clock(message.timeline.position)
    match message.reason, message.command:
        case None, Pause() if gate_before == "seeking":
            action, text = "pause", f"paused at {position}: nobody has the film yet"
        case "waiting", _:
            return None  # StartChanged says what it waits for.
        case (("settled" | None), Play()):
            if gate_before != "buffering":
                return None  # The second half of a seek, which has been told.
            action, text = "play", f"going on at {position}"
        case "ready", _:
            ready = "everybody is ready" if start == "ready" else "enough members are ready"
            action, text = "play", f"started at {position}: {ready}"
        case "stall", _:
            did = f"paused at {position}" if line.gate is None else "waiting"
            action, text = "pause", f"{did}: {names.owner(about)} player stalls"
        case "left", _:
            action, text = "pause", f"paused at {position}: {names.subject(about)} is gone"
        case "apart", _:
            action, text = "pause", f"paused at {position}: everybody has paused"
        case "ended", Seek():
            action, text = "seek", "the film has ended and begins again"
        case "ended", _:
            action, text = "pause", "the film has ended"
        case _, command:
            action, text = type(command).__name__.lower(), f"the room changed to {position}"
    fields = {"position": line.position, "reason": message.reason, "about": message.about}
    return names.event(ROOM_ITSELF, action, text, **fields)


def pending(names: Names, start: PendingStart, policy: Start) -> str:
    """Return what the room waits for before it starts, as a sentence. ``policy``: the room's policy ``start``."""
    if not start.missing:
        return "starting in a moment"
    missing = [names.subject(client_id) for client_id in start.waiting_for]
    if policy == "ready":
        return f"waiting for {_listed(missing) if missing else 'a member that has the film'} to be ready"
    if start.missing <= len(missing):
        some = f"{start.missing} of " if start.missing < len(missing) else ""
        return f"waiting for {some}{_listed(missing)} to be ready"
    return f"waiting for {start.missing} more to be ready"


def start_changed(names: Names, start: PendingStart, before: PendingStart | None, policy: Start) -> ControlEvent:
    """Return the event for a start that was asked for and has to wait, for what it waits for now, or for its countdown.

    ``before``: what it waited for before. None: somebody has just asked for it.
    """
    if not start.missing:
        ready = "everybody is ready: " if policy == "ready" else ""
        return names.event(ROOM_ITSELF, "countdown", f"{ready}starting in 3 s")
    text = pending(names, start, policy)
    if before is not None or start.by == ROOM_ITSELF:
        return names.event(ROOM_ITSELF, "wait", text)
    wants = "want" if start.by == names.own else "wants"
    return names.event(start.by, "wait", f"{names.subject(start.by)} {wants} to start: {text}")


def readied(names: Names, client_id: str, *, ready: bool, awaits_play: bool = False) -> ControlEvent:
    """Return the event for a member that is ready, or not any more, whoever said so.

    ``awaits_play``: the room waits for nobody else, and for somebody who plays.
    """
    are = "are" if client_id == names.own else "is"
    text = f"{names.subject(client_id)} {are} {'ready' if ready else 'not ready any more'}"
    if awaits_play:
        text += f": {AWAITS_PLAY}"
    return names.event(client_id, "ready" if ready else "unready", text)


def role_changed(names: Names, after: Member, may_control: tuple[bool, bool]) -> ControlEvent:
    """Return the event for a member's other role. ``may_control``: whether it could control the room, and can now."""
    own = after.client_id == names.own
    match may_control:
        case _ if after.role == "host" or may_control[0] == may_control[1]:
            is_now = f"{'are' if own else 'is'} {'the host' if after.role == 'host' else f'a {after.role}'} now"
        case _, True:
            is_now = "may control the room now"
        case _:
            is_now = "may not control the room any more"
    return names.event(after.client_id, "role", f"{names.subject(after.client_id)} {is_now}")


def given_up(names: Names, client_id: str) -> ControlEvent:
    """Return the event for a member for whose stalls the room does not wait any more."""
    text = f"not waiting for {names.owner(client_id)} player any more: it stalls too often"
    return names.event(ROOM_ITSELF, "play", text, about=client_id)


def left(names: Names, client_id: str, reason: LeftReason) -> str:
    """Return that this member is out of the room, and why, as a sentence."""
    name = names.of(client_id)
    sentences: dict[LeftReason, str] = {
        "left": f"{name} has left",
        "kicked": f"{name} was removed by the host",
        "banned": f"{name} was banned by the host",
        "removed": f"{name} was removed by the server's administrator",
        "ended": f"{name} was removed by the server",
        "closed": f"{name} is out of the room: the server closed it",
        "mismatch": f"{name}'s file is not the room's film",
        "lost": f"{name}'s connection was lost",
    }
    return sentences[reason]


def film_changed(names: Names, by: str | None, file: FileInfo, position: float) -> ControlEvent:
    """Return the event for another film."""
    film = file.name or "another film"
    text = f"the next film: {film}" if by is None else f"{names.subject(by)} moved on to {film}"
    return names.event(by or ROOM_ITSELF, "media", text, position=position)


def queue_changed(names: Names, by: str, before: Queue, change: QueueChange) -> ControlEvent:
    """Return the event for an edit of the queue ``before``."""
    if change.inserted:
        did = f"added {_films([entry.file.name for entry in change.inserted])} to the queue"
    elif change.removed:
        old = {entry.id: entry.file.name for entry in before.entries}
        did = f"took {_films([old.get(id) for id in change.removed])} out of the queue"
    else:
        did = "changed the order of the queue"
    return names.event(by, "queue", f"{names.subject(by)} {did}")


def policy_changed(names: Names, by: str, before: Policy, after: Policy) -> ControlEvent:
    """Return the event for a change of the room's rules."""
    old, words = structs.asdict(before), {True: "yes", False: "no"}
    changes = [
        f"{name.removeprefix('has_')} {words[value] if isinstance(value, bool) else value}"
        for name, value in structs.asdict(after).items()
        if value != old[name]
    ]
    did = f"changed the rules: {', '.join(changes)}" if changes else "set the rules anew"
    return names.event(by, "policy", f"{names.subject(by)} {did}")


def _films(names: Sequence[str | None]) -> str:
    return (names[0] or "a film") if len(names) == 1 else f"{len(names)} films"


def _listed(names: Sequence[str]) -> str:
    """Return "ann", "ann and bob", "ann, bob and cy", or the first few and how many others."""
    shown = list(names[:_NAMES_SHOWN])
    if len(names) > len(shown):
        shown.append(f"{len(names) - len(shown)} others")
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
