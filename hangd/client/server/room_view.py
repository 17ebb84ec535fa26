"""RoomView: what this client knows of the room that it is in.

The membership gives it the server's messages; properties of the control socket are read from it. It decides and sends
nothing. `learn` returns the events that control clients get.
"""

from typing import Any, Final

import msgspec
from msgspec.structs import asdict, replace

from hangd.client.control.port import CommandRefused, ControlEvent, Refusal
from hangd.client.server import acts
from hangd.client.server.requests import WrongAnswer
from hangd.client.server.seeks import Seeks
from hangd.engine.queue import applied
from hangd.protocol.films import EntryChanged, FilmDescribed, MediaChanged, QueueChanged
from hangd.protocol.messages import (
    MemberChanged,
    MemberJoined,
    MemberLeft,
    MembersReported,
    PolicyChanged,
    Report,
    RoomState,
    Said,
    ServerMessage,
    StartChanged,
    SyncBroadcast,
)
from hangd.protocol.model import (
    MEMBERS_MAX,
    FileInfo,
    Member,
    PendingStart,
    Policy,
    Queue,
    QueueChange,
    Role,
    Room,
    Timeline,
)
from hangd.protocol.names import room_key
from hangd.urls import is_local, make_invite, page_link

_SILENT_SECONDS: Final = 5.0
_SILENT_AT_REST_SECONDS: Final = 40.0
_SILENT_SECONDS_PER_MEMBER: Final = 0.05
"""A member of which the room has heard nothing for so long is silent. Its player reports every 2 s, every 30 s while it
is at rest, and in large rooms the server tells reports less often."""
UNREACHED: Final = "the room's server cannot be reached now; trying again"


def check_control(room: "RoomView | None", refusal: Refusal, *, reachable: bool) -> None:
    """Raise CommandRefused if the room would refuse a request of this member, or cannot be asked now.

    Args:
        room: None: the viewer is in no room, and may do everything.
        refusal: mpv's word for what is refused.
        reachable: whether the connection to the room's server is up, and the server answers.
    """
    if room is None:
        return
    if not reachable:
        raise CommandRefused(refusal, "NotConnected", UNREACHED)
    if not room.may_control:
        raise CommandRefused(refusal, "Forbidden", room.who_may_control)


class RoomView:
    """One room, as one of its members knows it."""

    def __init__(self, room: Room, client_id: str, server: str, *, has_page: bool = False) -> None:
        self.client_id = client_id
        self.server = server
        """URL of the room's server for others, in its normal form."""
        self.has_page = has_page
        """Whether that server shows a page for browsers."""
        self.seeks = Seeks()
        self.host_secret: str | None = None
        self.password: str | None = None
        self.return_secret: str | None = None
        """Proves to the room, after an absence of any length, that this viewer was a member."""
        self.enter(room, client_id)

    def enter(self, room: Room, client_id: str) -> None:
        """Replace all that is known by this snapshot of the room."""
        self.client_id = client_id
        self.room_id = room.room_id
        self.name = room.name
        self.file_hash = room.file_hash
        self.file: FileInfo | None = room.file
        """The entry of the queue that is shown."""
        self.policy: Policy = room.policy
        self.members: dict[str, Member] = {member.client_id: member for member in room.members}
        self.timeline: Timeline = room.timeline
        self.queue: Queue = room.queue
        self.is_behind = False
        """Whether a change of the queue was missed: the room has to be asked for its state (GetRoom)."""
        self.start: PendingStart | None = room.start

    def is_named(self, name: str) -> bool:
        """Tell whether this is the room's id or its name."""
        return name == self.room_id or (self.name is not None and room_key(name) == room_key(self.name))

    @property
    def role(self) -> Role:
        own = self.members.get(self.client_id)
        return "viewer" if own is None else own.role

    @property
    def host(self) -> str:
        """The name of the room's host."""
        return next((member.name for member in self.members.values() if member.role == "host"), "somebody")

    @property
    def invite(self) -> str:
        return make_invite(self.server, self.name or self.room_id)

    @property
    def link(self) -> str | None:
        """The invite for browsers; None if the server shows no page."""
        return page_link(self.server, self.name or self.room_id) if self.has_page else None

    @property
    def invite_local(self) -> bool:
        """Whether the invite works on this machine only."""
        return is_local(self.server)

    @property
    def may_control(self) -> bool:
        """Whether this member may play, pause and seek."""
        return self._may_control(self.role)

    def _may_control(self, role: Role) -> bool:
        match self.policy.control:
            case "everyone":
                return True
            case "controllers":
                return role in ("host", "controller")
            case "host":
                return role == "host"

    @property
    def who_may_control(self) -> str:
        """The reason why a member may not, and what would help, as a sentence."""
        host = next((f"ask {member.name}" for member in self.members.values() if member.role == "host"), "ask the host")
        if self.policy.control == "host":
            return f"only the host may control this room: {host}"
        return f"only the host and the controllers may control this room: {host} to make you one of them"

    def reported(self, report: Report) -> None:
        """Take over this member's own report: the room tells it to the others only."""
        own = self.members.get(self.client_id)
        if own is not None:
            self.members[self.client_id] = replace(
                own,
                state=report.state,
                position=report.position,
                error=report.error,
                clock_error=report.clock_error,
                film=own.file is not None or report.state != "idle",
                apart=report.apart,
                heard_at=report.at,
            )

    def name_of(self, client_id: str) -> str:
        member = self.members.get(client_id)
        return "somebody" if member is None else member.name

    @property
    def names(self) -> acts.Names:
        return acts.Names(self.client_id, self.name_of)

    def pending_start(self) -> dict[str, Any] | None:
        """Return what the room waits for before it starts, as plain data; None: it does not wait."""
        start = self.start
        if start is None:
            return None
        return {
            "by": self.name_of(start.by),
            "waiting_for": [self.name_of(client_id) for client_id in start.waiting_for],
            "missing": start.missing,
            "self": self.client_id in start.waiting_for,
            **({} if start.at is None else {"at": start.at}),
            "text": acts.pending(self.names, start, self.policy.start),
        }

    @property
    def awaits_play(self) -> bool:
        """Whether the rule ``start`` would let the paused room start now, but nobody has asked for that."""
        awaited = [member for member in self.members.values() if member.film]
        ready, rule = sum(member.ready for member in awaited), self.policy.start
        if rule == "anyone" or self.start is not None or self.timeline.playing:
            return False
        return ready > 0 and ready >= (len(awaited) if rule == "ready" else rule)

    def _readied(self, client_id: str) -> ControlEvent:
        ready = self.members[client_id].ready
        return acts.readied(self.names, client_id, ready=ready, awaits_play=ready and self.awaits_play)

    def _put(self, member: Member) -> None:
        if member.client_id not in self.members and len(self.members) >= MEMBERS_MAX:
            raise WrongAnswer(f"the server names more than {MEMBERS_MAX} members of the room")
        self.members[member.client_id] = member

    def _member_changed(self, member: Member) -> list[ControlEvent]:
        events: list[ControlEvent] = []
        client_id = member.client_id
        known = self.members.get(client_id)
        self._put(member)
        if known is not None and known.ready != member.ready:
            events.append(self._readied(client_id))
        if known is not None and known.role != member.role:
            may_control = self._may_control(known.role), self._may_control(member.role)
            events.append(acts.role_changed(self.names, member, may_control))
        if known is not None and member.given_up and not known.given_up:
            events.append(acts.given_up(self.names, client_id))
        if known is None or _without_position(known) != _without_position(member):
            events.append({"event": "member-changed", "member": self.member(member)})
        if known is not None and known.film and not member.film and client_id != self.client_id:
            events.append(self.film_missing(client_id))
        return events

    def learn(self, message: ServerMessage) -> list[ControlEvent]:
        """Take one message of the server; return the events that control clients get because of it.

        Raises WrongAnswer where the room would have more members than any room may have.
        """
        events: list[ControlEvent] = []
        match message:
            case RoomState(room=room):
                self.enter(room, self.client_id)
            case SyncBroadcast(command=command, timeline=timeline):
                before, self.timeline = self.timeline, timeline
                self.seeks.learn(command, before, timeline)
                if timeline != before:  # else it answers a command that changed nothing
                    return _one(acts.commanded(self.names, message, before, self.policy.start))
            case StartChanged(start=start):
                waited, self.start = self.start, start
                if start is not None:  # else a command follows that says why
                    return [acts.start_changed(self.names, start, waited, self.policy.start)]
            case MemberJoined(member=member):
                self._put(member)
                return [{"event": "member-joined", "member": self.member(member)}]
            case MemberChanged(member=member):
                return self._member_changed(member)
            case MembersReported(reports=reports):
                for report in reports:
                    reporting = self.members.get(report.client_id)
                    if reporting is not None and report.client_id != self.client_id:
                        events += self._member_changed(replace(reporting, **asdict(report)))
            case MemberLeft(client_id=client_id, reason=reason):
                name, text = self.name_of(client_id), acts.left(self.names, client_id, reason)
                self.members.pop(client_id, None)
                return [{"event": "member-left", "client_id": client_id, "name": name, "reason": reason, "text": text}]
            case PolicyChanged(policy=policy, by=by):
                rules, self.policy = self.policy, policy
                if by is not None:
                    return [acts.policy_changed(self.names, by, rules, policy)]
            case MediaChanged(file_hash=file_hash, file=file, timeline=timeline, by=by):
                self._change_film(message)
                return [acts.film_changed(self.names, by, file, timeline.position)]
            case QueueChanged(change=change, by=by):
                edited = self.queue
                self._change_queue(change)
                if by is not None:
                    return [acts.queue_changed(self.names, by, edited, change)]
            case EntryChanged(entry=entry):
                entries = tuple(entry if other.id == entry.id else other for other in self.queue.entries)
                self.queue = replace(self.queue, entries=entries)
                if entry.id == self.queue.current:
                    self.file_hash, self.file = entry.file_hash, entry.file
            case FilmDescribed(file_hash=file_hash, file=file):
                self.file_hash, self.file = file_hash, file
            case Said(from_client=client_id, text=text):
                return [{"event": "said", "client_id": client_id, "name": self.name_of(client_id), "text": text}]
        return events

    def _change_film(self, message: MediaChanged) -> None:
        self._change_queue(message.change)
        if self.is_behind:
            self.queue = replace(self.queue, current=None)  # What is shown is not known to be one of these entries.
        self.file_hash, self.file, self.timeline = message.file_hash, message.file, message.timeline
        self.start = None
        self.seeks.forget()
        for client_id, member in self.members.items():
            file = member.file if client_id in message.copies else None
            verifying = client_id in message.verifying
            self.members[client_id] = replace(member, ready=False, film=True, file=file, verifying=verifying)

    def _change_queue(self, change: QueueChange) -> None:
        queue = applied(self.queue, change)
        if queue is None:
            self.is_behind = True
        else:
            self.queue = queue

    def film_missing(self, client_id: str) -> ControlEvent:
        """Return the event that tells people that this member has not got the film."""
        own = client_id == self.client_id
        return {"event": "film-missing", "client_id": client_id, "name": self.name_of(client_id), "self": own,
            "film": self.film}  # fmt: skip

    @property
    def film(self) -> dict[str, Any]:
        """The film that the room shows, as plain data. What is not known is None."""
        file = self.file
        return {
            "name": None if file is None else file.name,
            "size": None if file is None else file.size,
            "duration": None if file is None else file.duration,
            "file_hash": self.file_hash,
            "quick_hash": None if file is None else file.quick_hash,
        }

    def member(self, member: Member, server_time: float | None = None) -> dict[str, Any]:
        """Return a member as plain data; ``self`` says whether it is this client.

        ``server_time``: the time that it is now, if that is known and the data is to tell how old it is.
        """
        plain = msgspec.to_builtins(member)
        heard_at = plain.pop("heard_at", None)
        age = None if heard_at is None or server_time is None else max(0.0, server_time - heard_at)
        return {
            **plain,
            **({} if age is None else {"age": age}),
            "silent": age is not None and age > self._silent_after(member),
            "may_control": self._may_control(member.role),
            "state": member.state,
            "ready": member.ready,
            "verifying": member.verifying,
            "film": member.film,
            "apart": member.apart,
            "self": member.client_id == self.client_id,
        }

    def _silent_after(self, member: Member) -> float:
        at_rest = member.state in ("paused", "ended", "idle") and not member.apart
        seconds = _SILENT_AT_REST_SECONDS if at_rest else _SILENT_SECONDS
        return seconds + _SILENT_SECONDS_PER_MEMBER * len(self.members)

    def as_dict(self, server_time: float | None = None) -> dict[str, Any]:
        """Return the room as plain data: the property ``room``. ``server_time`` as for `member`."""
        return {
            "room_id": self.room_id,
            **({} if self.name is None else {"name": self.name}),
            "role": self.role,
            "may_control": self.may_control,
            "invite": self.invite,
            "invite_local": self.invite_local,
            **({} if (link := self.link) is None else {"link": link}),
            "policy": asdict(self.policy),
            "file_hash": self.file_hash,
            "film": self.film,
            **({} if self.start is None else {"start": self.pending_start()}),
            **({"awaits_play": acts.AWAITS_PLAY} if self.awaits_play else {}),
            "members": [self.member(member, server_time) for member in self.members.values()],
        }


def _one(event: ControlEvent | None) -> list[ControlEvent]:
    return [] if event is None else [event]


def _without_position(member: Member) -> Member:
    # Positions change all the time: they are a property to be read, and no event.
    return replace(member, position=None, error=None, clock_error=None, rtt=None, heard_at=None)
