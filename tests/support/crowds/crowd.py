"""A crowd in several rooms, and what must be true of these rooms: to see what a fault of their server does to them.

::

    async with crowd(server.url, rooms=20, members=10) as people:
        before = await people.snapshots()
        ...                                     # the fault
        await people.returned(since, within=10.0)
        people.compare(before, await people.snapshots())
        await people.rooms_work()

`Crowd.compare` is the one function that compares what is with what must be.
"""

import asyncio
import contextlib
import secrets
import statistics
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any, Final

from msgspec import Struct, structs

from hangd.engine.room.saved import SavedRoom
from hangd.engine.timeline import position_at
from hangd.protocol import messages
from hangd.protocol.accounts import Register, Tokens
from hangd.protocol.films import QueueChanged
from hangd.protocol.invites import Bans, CreateInvite, GetBans, GetInvites, InviteCreated, Invites
from hangd.protocol.model import FileInfo, Policy, QueueItem, Room
from hangd.tasks import Tasks
from tests.support.crowds.fan import HASH, PATIENCE, Fan, Refused
from tests.support.servers.server_process import ServerProcess

__all__ = ["CONTINUOUS", "Crowd", "Snapshot", "crowd"]

CONTINUOUS: Final = 0.2
"""Seconds of media time by which a timeline may differ from what it must be."""

_TOGETHER: Final = 16
"""Clients that enter at the same time."""


class Place(Struct, frozen=True):
    """What must stay true of a member."""

    name: str
    role: str
    ready: bool
    verifying: bool
    film: bool
    apart: bool
    file: FileInfo | None
    account: str | None


class Snapshot(Struct, frozen=True):
    """What must stay true of a room."""

    room_id: str
    name: str | None
    film: tuple[str | None, FileInfo | None]
    policy: Policy
    members: dict[str, Place]
    away: frozenset[str]
    """Who of them is away. Nobody may be after a return."""
    queue: tuple[str, ...]
    """Id and file name of each entry, in order."""
    current: str | None
    lists: tuple[str, ...]
    """Bans and invites, as the host is told."""
    rev: int
    """Of its timeline, in this run of the server."""
    motion: tuple[bool, float, str | None]
    """Whether it plays, its rate, and its gate."""
    position: float
    at: float
    """Local time at which the room was at ``position``."""

    @classmethod
    def of(cls, room: Room, position: float, at: float, lists: tuple[str, ...] = ()) -> "Snapshot":
        line, queue = room.timeline, room.queue
        return cls(
            room_id=room.room_id,
            name=room.name,
            film=(room.file_hash, room.file),
            policy=room.policy,
            members={
                one.client_id: Place(
                    one.name, one.role, one.ready, one.verifying, one.film, one.apart, one.file, one.account
                )
                for one in room.members
            },
            away=frozenset(one.name for one in room.members if one.state == "away"),
            queue=tuple(f"{entry.id} {entry.file.name}" for entry in queue.entries),
            current=queue.current,
            lists=lists,
            rev=line.rev,
            motion=(line.playing, line.rate, line.gate),
            position=position,
            at=at,
        )

    def is_in(self, saved: SavedRoom) -> bool:
        """Tell whether all of it is in what the store keeps of the room."""
        queue = saved.queue
        return (
            (saved.policy, saved.timeline.rev, queue.current) == (self.policy, self.rev, self.current)
            and tuple(f"{entry.id} {entry.file.name}" for entry in queue.entries) == self.queue
            and len(saved.bans) + len(saved.invites) >= len(self.lists)
            and {member.client_id for member in saved.members} == set(self.members)
        )

    def must_be_at(self, at: float) -> float:
        """Return where the film must be at this local time."""
        playing, rate, gate = self.motion
        return self.position + (at - self.at) * rate if playing and gate is None else self.position

    def differences(self, after: "Snapshot") -> list[str]:
        """Return a line for each thing that is not as it must be, ``self`` being what must be."""
        found = [
            f"{name}: {getattr(after, name)!r}, and must be {getattr(self, name)!r}"
            for name in ("room_id", "name", "film", "policy", "queue", "current", "motion", "lists")
            if getattr(self, name) != getattr(after, name)
        ]
        for client_id, place in self.members.items():
            if (now := after.members.get(client_id)) != place:
                found.append(f"member {place.name}: {now!r}, and must be {place!r}")
        found += [f"member {place.name} is new" for one, place in after.members.items() if one not in self.members]
        found += [f"member {name} is away" for name in sorted(after.away - self.away)]
        if abs(self.jump(after)) > CONTINUOUS:
            found.append(f"the film is at {after.position:.3f}, and must be at {self.must_be_at(after.at):.3f}")
        return [f"room {self.name or self.room_id}: {line}" for line in found]

    def jump(self, after: "Snapshot") -> float:
        """Return the seconds of media by which the film is further than it must be."""
        return after.position - self.must_be_at(after.at)


class Group:
    """One room of the crowd: its host, its members, and who was banned from it."""

    def __init__(self, number: int, members: list[Fan]) -> None:
        self.number = number
        self.members = members
        self.host = members[0]
        self.banned: Fan | None = None
        self.room_id = ""
        self.password: str | None = None
        self.invite: str | None = None
        """A token that lets one more in, of two; the room is for the invited alone."""


class Crowd:
    """See the module's docstring."""

    def __init__(self, url: str, tasks: Tasks, *, registers: bool = False) -> None:
        self.url = url
        self._registers = registers
        self.refresh: dict[str, str] = {}
        """The refresh token of each member that has an account, by its name."""
        self.groups: list[Group] = []
        self._evenings = 0
        self._tasks = tasks
        self._extras: list[Fan] = []

    @property
    def members(self) -> list[Fan]:
        return [fan for group in self.groups for fan in group.members]

    def fan(self, name: str) -> Fan:
        """Return a new client, which is not connected yet."""
        fan = Fan(name, self.url, self._tasks, device=secrets.token_urlsafe(32))
        self._extras.append(fan)
        return fan

    async def register(self, fan: Fan) -> None:
        """Make an account for a client that is connected."""
        await fan.greeted()
        tokens = await fan.ask(Register(name=fan.name, password="correct horse"), Tokens)
        fan.token, self.refresh[fan.name] = tokens.access, tokens.refresh

    def leave_all(self) -> None:
        """Let everybody go, so that `gather` can begin again."""
        for fan in self._extras:
            fan.leave()

    # ---- coming together --------------------------------------------------------------------------------------------

    async def gather(self, rooms: int, members: int) -> None:
        """Make the rooms, each a little different, and let their films play."""
        self.groups = [
            Group(number, [self.fan(f"ann-{number}-{one}") for one in range(members)]) for number in range(rooms)
        ]
        gate = asyncio.Semaphore(_TOGETHER)

        async def make(group: Group) -> None:
            async with gate:
                await self._make(group)

        await asyncio.gather(*(make(group) for group in self.groups))
        await self.settled()
        for fan in self._extras:
            fan.gives_up = True

    async def _make(self, group: Group) -> None:
        number, host = group.number, group.host
        group.password = "sesame" if number % 10 == 9 else None
        self._evenings += number % 2 == 0
        named = {"name": f"evening {self._evenings}"} if number % 2 == 0 else {}
        given = {} if group.password is None else {"password": group.password}
        for fan in group.members if self._registers else ():
            fan.connect()
            await self.register(fan)
        host.connect()
        group.room_id = (await host.create(**named, **given)).room_id
        for fan in group.members[1:]:
            fan.connect()
            await fan.join(group.room_id, **given)
        if len(group.members) > 2:
            controller = _id(group.members[1])
            await host.ask(messages.SetRole(client_id=controller, role="controller"), messages.MemberChanged)
        for fan in group.members[::2]:
            await fan.ask(messages.SetReady(ready=True), messages.MemberChanged)
        entries = tuple(
            QueueItem(file=FileInfo(size=1000 + one, duration=60.0, name=f"short-{one}.mkv"), file_hash=f"{one:064x}")
            for one in range(number % 4)
        )
        if entries:
            await host.ask(messages.QueueInsert(after="end", entries=entries), QueueChanged)
        if number % 3 == 0:
            await self._ban(group)
        if number % 5 == 2 and not group.banned:  # whose network may not come in either
            await self._invite(group)
        policy = messages.SetPolicy(
            control="controllers" if number % 2 else "everyone",
            locked=number % 5 == 4,
            loop="queue",
            access="invited" if group.invite else "anyone",
        )
        await host.ask(policy, messages.PolicyChanged)
        if number % 4 == 3:
            await host.ask(messages.Speed(rate=1.25), messages.SyncBroadcast)
        if number % 7 == 6:
            await host.ask(messages.Seek(timestamp=600.0), messages.SyncBroadcast)
        else:
            await host.ask(messages.Play(timestamp=10.0 * number), messages.SyncBroadcast)

    async def _ban(self, group: Group) -> None:
        group.banned = banned = self.fan(f"bad-{group.number}")
        banned.connect()
        if self._registers:
            await self.register(banned)
        given = {} if group.password is None else {"password": group.password}
        await banned.join(group.room_id, **given)
        group.host.say(messages.Kick(client_id=_id(banned), ban=True))
        await banned.until(lambda: banned.put_out is not None, "the ban")

    async def _invite(self, group: Group) -> None:
        """Make an invite for two, which one uses at once."""
        created = await group.host.ask(CreateInvite(role="controller", uses=2), InviteCreated)
        group.invite = created.token
        guest = self.fan(f"guest-{group.number}")
        guest.connect()
        await guest.join(group.room_id, invite=group.invite)
        await guest.ask(messages.LeaveRoom(), messages.RoomLeft)

    async def edit(self, number: int) -> float:
        """Let each room have one film more and another rule. Returns the seconds of the slowest answer."""
        slowest = 0.0
        for group in self.groups:
            item = QueueItem(file=FileInfo(size=number, duration=60.0, name=f"more-{number}.mkv"), file_hash="cd" * 32)
            for request in (messages.QueueInsert("end", (item,)), messages.SetPolicy(capacity=20 + number)):
                began = time.monotonic()
                await group.host.ask(request, QueueChanged | messages.PolicyChanged)  # type: ignore[arg-type]
                slowest = max(slowest, time.monotonic() - began)
        return slowest

    async def settled(self) -> None:
        """Wait until every member knows the server's clock, and no room waits for a seek or a scheduled start."""

        def moves(fan: Fan) -> bool:
            if not fan.clock.locked or fan.view is None:
                return False
            line = fan.view.timeline
            return line.gate is None and fan.server_time(time.monotonic()) > line.at

        for fan in self.members:
            await fan.until(lambda fan=fan: moves(fan), "an open gate")  # type: ignore[misc]

    # ---- what is, and what must be ----------------------------------------------------------------------------------

    async def snapshots(self) -> list[Snapshot]:
        """Ask every member for its room, and return one snapshot of each room. All members must be told the same."""

        async def ask(fan: Fan) -> Snapshot:
            room = await fan.look()
            now = time.monotonic()
            return Snapshot.of(room, position_at(room.timeline, fan.server_time(now)), now)

        async def all_of(group: Group) -> Snapshot:
            first, *others = await asyncio.gather(*(ask(fan) for fan in group.members))
            for other in others:
                assert not (said := first.differences(other)), said
            return structs.replace(first, lists=await self._lists(group.host))

        return [await all_of(group) for group in self.groups]

    async def _lists(self, host: Fan) -> tuple[str, ...]:
        bans = (await host.ask(GetBans(), Bans)).bans
        invites = (await host.ask(GetInvites(), Invites)).invites
        return (
            *(f"ban {ban.id} of {ban.name} by {ban.by}: {', '.join(ban.kinds)}" for ban in bans),
            *(f"invite {invite.id} as {invite.role} by {invite.by}, {invite.uses} uses left" for invite in invites),
        )

    def compare(self, before: Sequence[Snapshot], after: Sequence[Snapshot]) -> str:
        """Assert that each room is what it must be. Returns a line with the largest jump of a film."""
        found = [line for one, other in zip(before, after, strict=True) for line in one.differences(other)]
        assert not found, "\n".join(found[:20])
        jumps = [abs(one.jump(other)) for one, other in zip(before, after, strict=True)]
        return f"timelines differ by {max(jumps) * 1000:.1f} ms of media at the most"

    async def returned(self, since: float, *, within: float = PATIENCE) -> str:
        """Wait until each member was greeted after ``since`` (local time) and is in its old place.

        Returns a line that says when they came, in seconds after ``since``.
        """
        for fan in self.members:
            left = since + within - time.monotonic()
            await fan.until(
                lambda fan=fan: fan.welcomes[-1].at > since and fan.is_up,  # type: ignore[misc]
                f"its return ({fan.link.reason})",
                max(left, 0.0),
            )
        last = [fan.welcomes[-1] for fan in self.members]
        strangers = [fan.name for fan in self.members if not (fan.welcomes[-1].resumed and fan.welcomes[-1].in_room)]
        assert not strangers, f"they came back as others than they were: {strangers}"
        jumps = [abs(welcome.jump) for welcome in last if welcome.jump is not None]
        at = sorted(welcome.at - since for welcome in last)
        most, median = max(_in_window(at, 0.1), default=0), statistics.median(at)
        return (
            f"{len(at)} back after {at[0]:.2f} to {at[-1]:.2f} s (median {median:.2f} s), at most {most} of "
            f"them in one tenth of a second; a film jumped by {max(jumps, default=0.0) * 1000:.1f} ms at the most"
        )

    async def survive_a_kill(
        self, server: ServerProcess, must_be: Sequence[Snapshot], *, within: float = PATIENCE
    ) -> tuple[float, str]:
        """Kill the server and start it again, wait for all, and compare each room with what it must be.

        Returns the seconds that the start took, and what `returned` and `compare` have said.
        """
        await self.kept(server, must_be)
        killed = time.monotonic()
        server.kill()
        start = await server.start()
        came = await self.returned(killed, within=within)
        return start, f"{came}; {self.compare(must_be, await self.snapshots())}"

    async def kept(self, server: ServerProcess, must_be: Sequence[Snapshot]) -> None:
        """Wait until the server's file has these rooms, if it has one: a kill loses the last moment (docs/store.md)."""
        async with asyncio.timeout(PATIENCE):
            while (rooms := server.kept_rooms()) is not None:
                saved = {room.room_id: room for room in rooms}
                if all(one.room_id in saved and one.is_in(saved[one.room_id]) for one in must_be):
                    return
                await asyncio.sleep(0.05)

    async def rooms_work(self) -> None:
        """Check that each room does what it is for: a command reaches everybody, who is banned stays out, and an invite
        lets in as many as it has left."""

        async def check(group: Group) -> None:
            line = group.host.view.timeline if group.host.view is not None else None
            assert line is not None
            await group.host.ask(messages.Pause(timestamp=100.0), messages.SyncBroadcast)
            for fan in group.members:
                await fan.until(
                    lambda fan=fan: fan.view.timeline.position == 100.0 and not fan.view.timeline.playing,  # type: ignore[misc]
                    "the pause",
                )
            if len(group.members) > 2:
                await self._refused(group.members[2], messages.SetPolicy(locked=False), "Forbidden")
            if group.invite is not None:
                await self._lets_in_one_more(group)
            if group.banned is not None:
                await group.banned.greeted()
                await self._refused(
                    group.banned, messages.JoinRoom(room_id=group.room_id, file_hash=HASH, password="sesame"), "Banned"
                )

        await asyncio.gather(*(check(group) for group in self.groups))

    async def _lets_in_one_more(self, group: Group) -> None:
        for name in ("second", "third"):
            fan = self.fan(f"{name}-{group.number}")
            fan.connect()
            await fan.greeted()
            if name == "third":
                await self._refused(fan, messages.JoinRoom(group.room_id, HASH, invite=group.invite), "InvalidInvite")
                return
            await self._refused(fan, messages.JoinRoom(group.room_id, HASH), "InvalidInvite")
            joined = await fan.join(group.room_id, invite=group.invite)
            assert [one.role for one in joined.room.members if one.name == fan.name] == ["controller"]

    async def _refused(self, fan: Fan, message: Any, code: str) -> None:
        try:
            answer = await fan.ask(message, object)
        except Refused as refused:
            assert refused.code == code, refused
        else:
            raise AssertionError(f"{fan.name}: {message} is granted: {answer}")

    async def close(self) -> None:
        for fan in self._extras:
            fan.close()
        await self._tasks.cancel()


@contextlib.asynccontextmanager
async def crowd(url: str, *, rooms: int, members: int, registers: bool = False) -> AsyncIterator[Crowd]:
    """Let ``rooms`` rooms of ``members`` each come together at this server, and play. They leave at the end.

    ``registers``: each makes an account first.
    """
    people = Crowd(url, Tasks(), registers=registers)
    try:
        await people.gather(rooms, members)
        yield people
    finally:
        await people.close()


def _id(fan: Fan) -> str:
    assert fan.view is not None
    return fan.view.client_id


def _in_window(at: Sequence[float], seconds: float) -> Iterable[int]:
    """Yield for each moment how many there are from it on, within so many seconds. ``at`` is sorted."""
    last = 0
    for first, moment in enumerate(at):
        while last < len(at) and at[last] < moment + seconds:
            last += 1
        yield last - first


def changed(snapshot: Snapshot, **fields: Any) -> Snapshot:
    """Return what must be true of a room after these changes to it."""
    return structs.replace(snapshot, **fields)
