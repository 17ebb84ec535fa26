"""RoomView: what this client knows of the room that it is in.

The membership gives it the server's messages; properties of the control socket are read from it. It decides and sends
nothing. `learn` returns the events that control clients get.
"""

from typing import Any
from urllib.parse import quote, urlsplit

import msgspec
from msgspec.structs import replace

from hangd.client.control.port import CommandRefused, ControlEvent, Refusal
from hangd.protocol.messages import (
    MediaChanged,
    MemberChanged,
    MemberJoined,
    MemberLeft,
    PolicyChanged,
    Report,
    RoomState,
    Said,
    ServerMessage,
    SyncBroadcast,
)
from hangd.protocol.model import FileInfo, Member, Policy, Role, Room, Timeline


def invite_url(server: str, room: str) -> str:
    """Return the invite to a room: ``hang://host:port/room`` for a ``ws://`` server, ``hangs://`` for ``wss://``."""
    parts = urlsplit(server)
    scheme = "hangs" if parts.scheme == "wss" else "hang"
    return f"{scheme}://{parts.netloc}/{quote(room, safe='')}"


def check_control(room: "RoomView | None", refusal: Refusal, *, connected: bool) -> None:
    """Raise CommandRefused if the room would refuse a request of this member, or cannot be asked now.

    Args:
        room: None: the viewer is in no room, and may do everything.
        refusal: mpv's word for what is refused.
        connected: whether the connection to the room's server is up.
    """
    if room is None:
        return
    if not connected:
        raise CommandRefused(refusal, "NotConnected", "not connected to the room's server now; trying again")
    if not room.may_control:
        raise CommandRefused(refusal, "Forbidden", room.who_may_control)


class RoomView:
    """One room, as one of its members knows it."""

    def __init__(self, room: Room, client_id: str, server: str) -> None:
        self.client_id = client_id
        self.server = server
        self.host_secret: str | None = None
        self.password: str | None = None
        self.enter(room, client_id)

    def enter(self, room: Room, client_id: str) -> None:
        """Replace all that is known by this snapshot of the room."""
        self.client_id = client_id
        self.room_id = room.room_id
        self.name = room.name
        self.file_hash = room.file_hash
        self.file: FileInfo | None = room.file
        self.policy: Policy = room.policy
        self.members: dict[str, Member] = {member.client_id: member for member in room.members}
        self.timeline: Timeline = room.timeline

    @property
    def role(self) -> Role:
        own = self.members.get(self.client_id)
        return "viewer" if own is None else own.role

    @property
    def invite(self) -> str:
        return invite_url(self.server, self.name or self.room_id)

    @property
    def may_control(self) -> bool:
        """Whether this member may play, pause and seek."""
        match self.policy.control:
            case "everyone":
                return True
            case "controllers":
                return self.role in ("host", "controller")
            case "host":
                return self.role == "host"

    @property
    def who_may_control(self) -> str:
        """The reason why a member may not, as a sentence."""
        who = "the host" if self.policy.control == "host" else "the host and controllers"
        return f"only {who} may control this room"

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
            )

    def name_of(self, client_id: str) -> str:
        member = self.members.get(client_id)
        return "somebody" if member is None else member.name

    def learn(self, message: ServerMessage) -> list[ControlEvent]:
        """Take one message of the server; return the events that control clients get because of it."""
        match message:
            case RoomState(room=room):
                self.enter(room, self.client_id)
            case SyncBroadcast(timeline=timeline):
                self.timeline = timeline
            case MemberJoined(member=member):
                self.members[member.client_id] = member
                return [{"event": "member-joined", "member": self.member(member)}]
            case MemberChanged(member=member):
                before = self.members.get(member.client_id)
                self.members[member.client_id] = member
                if before is None or _without_position(before) != _without_position(member):
                    return [{"event": "member-changed", "member": self.member(member)}]
            case MemberLeft(client_id=client_id, reason=reason):
                name = self.name_of(client_id)
                self.members.pop(client_id, None)
                return [{"event": "member-left", "client_id": client_id, "name": name, "reason": reason}]
            case PolicyChanged(policy=policy):
                self.policy = policy
            case MediaChanged(file_hash=file_hash, file=file, timeline=timeline):
                self.file_hash, self.file, self.timeline = file_hash, file, timeline
            case Said(from_client=client_id, text=text):
                return [{"event": "said", "client_id": client_id, "name": self.name_of(client_id), "text": text}]
        return []

    def member(self, member: Member) -> dict[str, Any]:
        """Return a member as plain data; ``self`` says whether it is this client."""
        return {
            **msgspec.to_builtins(member),
            "state": member.state,
            "ready": member.ready,
            "verifying": member.verifying,
            "self": member.client_id == self.client_id,
        }

    def as_dict(self) -> dict[str, Any]:
        """Return the room as plain data: the property ``room``."""
        return {
            "room_id": self.room_id,
            **({} if self.name is None else {"name": self.name}),
            "role": self.role,
            "invite": self.invite,
            "policy": msgspec.to_builtins(self.policy),
            "file_hash": self.file_hash,
            "members": [self.member(member) for member in self.members.values()],
        }


def _without_position(member: Member) -> Member:
    # Positions change all the time: they are a property to be read, and no event.
    return replace(member, position=None, error=None, clock_error=None, rtt=None)
