"""What every client of a service is promised, whatever happens to its servers: checked as it arrives.

::

    async with promises(people) as kept:
        ...                         # the fault
    print(await kept.checked())

While the block runs, every member says numbered lines, and one of each room adds films to its queue. Promised is:

- Within an epoch the number of a room's timeline never falls, and no client sees an epoch again that has gone by.
- What was answered is in every later state: each film that was added with an answer is in the queue, once and in order.
- Each line of chat is told once to each, in the order in which it was said. Who was in the room without a break misses
  none that was answered: what is said while a client has no connection, or no place, it does not hear.
"""

import asyncio
import contextlib
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

from hangd.protocol import messages
from hangd.protocol.films import QueueChanged
from hangd.protocol.messages import ClientMessage, ServerMessage
from hangd.protocol.model import FileInfo, QueueItem, Room
from hangd.tasks import Tasks
from tests.support.crowds.crowd import Crowd, Group
from tests.support.crowds.fan import PATIENCE, Fan, Refused

__all__ = ["Adder", "Ears", "Kept", "promises"]

_LINE_SECONDS: Final = 0.5
_FILM_SECONDS: Final = 0.1
_FILMS_MAX: Final = 100
"""In a queue: then they are taken out again, as it may have 500 at the most."""
_ADDED: Final = "added-"


class Ears:
    """What one client is told, from now on. ``problems`` are promises that were broken."""

    def __init__(self, fan: Fan) -> None:
        self.fan = fan
        self.problems: list[str] = []
        self.epochs: list[str] = []
        self.lines: defaultdict[str, list[int]] = defaultdict(list)
        """The numbers of the lines of each member, by its name, in the order in which they were told."""
        self.stays: list[defaultdict[str, list[int]]] = [defaultdict(list)]
        """The same, for each time that the client was in the room without a break."""
        self.losses = len(fan.lost)
        self.put_out = 0
        """How often the client was put out of its room."""
        self.acknowledged: list[str] = []
        """Ids of entries that this client has added with an answer, and so must see in every state from then on."""
        self._rev = -1
        self._breaks = self.losses
        if fan.view is not None:
            self._timeline(fan.view.timeline.epoch, fan.view.timeline.rev)
        fan.observer = self.told

    @property
    def stayed(self) -> bool:
        """Whether the client has had one connection all the time."""
        return len(self.fan.lost) == self.losses

    @property
    def was_there(self) -> bool:
        """Whether the client has been in its room all the time."""
        return self.stayed and not self.put_out

    def told(self, message: ServerMessage) -> None:
        """Take a message, and note what is wrong with it."""
        room: Room | None = getattr(message, "room", None)
        timeline = getattr(message, "timeline", None) if room is None else room.timeline
        if timeline is not None:
            self._timeline(timeline.epoch, timeline.rev)
        if isinstance(message, messages.Pong) and message.epoch is not None and message.rev is not None:
            self._timeline(message.epoch, message.rev)
        if room is not None:
            self._queue([entry.id for entry in room.queue.entries])
        if isinstance(message, messages.RoomLeft):
            self.put_out += 1
        if isinstance(message, messages.Said):
            self._line(message.text)

    def _timeline(self, epoch: str, rev: int) -> None:
        if not self.epochs or epoch != self.epochs[-1]:
            if epoch in self.epochs:
                self._wrong(f"epoch {epoch} is back, after {self.epochs[-1]}")
            self.epochs.append(epoch)
        elif rev < self._rev:
            self._wrong(f"rev {rev} after {self._rev}, in epoch {epoch}")
        self._rev = rev

    def _queue(self, entries: Sequence[str]) -> None:
        missing = [entry for entry in self.acknowledged if entry not in entries]
        if missing:
            self._wrong(f"{len(missing)} films are gone that were added with an answer, the first is {missing[0]}")

    def _line(self, text: str) -> None:
        name, colon, number = text.rpartition(":")
        if not colon or not number.isdecimal():
            return
        told = self.lines[name]
        if told and int(number) <= told[-1]:
            how = "twice" if int(number) in told else "late"
            self._wrong(f"line {number} of {name} is told {how}, after {told[-1]}")
        told.append(int(number))
        if (breaks := len(self.fan.lost) + self.put_out) != self._breaks:
            self._breaks = breaks
            self.stays.append(defaultdict(list))
        self.stays[-1][name].append(int(number))

    def gaps(self, name: str, said: set[int]) -> list[int]:
        """Return which lines of a member, of these, were not told between two that were told in one stay."""
        found: set[int] = set()
        for stay in self.stays:
            if told := stay.get(name):
                found |= {one for one in said if told[0] < one < told[-1]} - set(told)
        return sorted(found)

    def _wrong(self, sentence: str) -> None:
        self.problems.append(f"{self.fan.name}: {sentence}")


class Adder:
    """One of a room adds films, each when the one before is answered, and goes on after its connection ends.

    It is not the host, if there is somebody else who may: the host has made the room, and so is often at the node that
    owns it.
    """

    def __init__(self, group: Group, ears: dict[str, Ears]) -> None:
        self.group = group
        self.fan = group.members[1] if len(group.members) > 2 else group.host
        self.answers: list[tuple[float, float]] = []
        """When each request was made, and when it was answered, by local time."""
        self.names: list[str] = []
        """Of the films that were added with an answer, and have to be there."""
        self.count = 0
        """How many films were added with an answer, in all."""
        self.refused: list[str] = []
        self._ears = ears[self.fan.name]
        self._made = 0

    async def go_on(self) -> None:
        while True:
            if len(self.names) >= _FILMS_MAX:
                await self._clear()
            self._made += 1
            name = f"{_ADDED}{self._made}.mkv"
            item = QueueItem(file=FileInfo(size=1, duration=60.0, name=name), file_hash="cd" * 32)
            changed = await self._ask(messages.QueueInsert("end", (item,)), QueueChanged)
            if changed is not None:
                self.count += 1
                self.names.append(name)
                self._ears.acknowledged.append(changed.change.inserted[0].id)
            await asyncio.sleep(_FILM_SECONDS)

    async def _clear(self) -> None:
        """Take all films out that were added. From the first attempt on, none of them need be there."""
        ids = tuple(self._ears.acknowledged)
        self.names.clear()
        self._ears.acknowledged.clear()
        while await self._ask(messages.QueueRemove(ids), QueueChanged | messages.Done) is None:
            pass

    async def _ask(self, request: ClientMessage, answer: Any) -> Any:
        """Return the answer to a request. None: it was refused, or the connection ended first, and there is another."""
        asked = time.monotonic()
        try:
            answered = await self.fan.ask(request, answer)
        except Refused as refused:
            self.refused.append(str(refused))
            await asyncio.sleep(_FILM_SECONDS)
            return None
        except ConnectionError:
            await self.fan.until(lambda: self.fan.is_up and self.fan.view is not None, "a return")
            return None
        self.answers.append((asked, time.monotonic()))
        return answered

    def silence(self, since: float) -> float:
        """Return the seconds from ``since`` until the first answer to what was asked afterwards or waited then."""
        return next((answered for _, answered in self.answers if answered > since), float("inf")) - since

    def slowest(self) -> float:
        return max((answered - asked for asked, answered in self.answers), default=0.0)

    def problems(self, room: Room) -> list[str]:
        """Return what is wrong with the queue in the end."""
        there = [entry.file.name or "" for entry in room.queue.entries]
        added = [name for name in there if name.startswith(_ADDED)]
        found = [f"{name} is there {added.count(name)} times" for name in {*added} if added.count(name) > 1]
        found += [f"{name} was added with an answer, and is not there" for name in self.names if name not in added]
        if [int(name[len(_ADDED) : -4]) for name in added] != sorted(int(name[len(_ADDED) : -4]) for name in added):
            found.append("films are not in the order in which they were added")
        return [f"room {self.group.number}: {line}" for line in found]


class Kept:
    """What was seen until now of all members. Made by `promises`."""

    def __init__(self, people: Crowd) -> None:
        self.ears = {fan.name: Ears(fan) for fan in people.members}
        self.adders = [Adder(group, self.ears) for group in people.groups]
        self.said: defaultdict[str, list[int]] = defaultdict(list)
        """The numbers of the lines of each member to which it got an answer."""
        self.problems: list[str] = []
        self._people = people
        self._tasks = Tasks()
        self._goes_on = True

    def start(self) -> None:
        for adder in self.adders:
            self._tasks.start(adder.go_on(), name="adds films")
        for fan in self._people.members:
            self._tasks.start(self._talk(fan), name="talks")

    async def stop(self) -> None:
        """Let nobody say anything more."""
        self._goes_on = False
        await self._tasks.cancel()

    async def _talk(self, fan: Fan) -> None:
        number = 0
        while self._goes_on:
            number += 1
            try:
                await fan.ask(messages.Say(text=f"{fan.name}:{number}"), messages.Said)
                self.said[fan.name].append(number)
            except (ConnectionError, Refused):
                pass
            except TimeoutError:
                self.problems.append(f"{fan.name}: line {number} was never answered, over one connection")
            await asyncio.sleep(_LINE_SECONDS)

    def silence(self, since: float) -> list[float]:
        """Return for each room the seconds from ``since`` until a command was answered there again."""
        return [adder.silence(since) for adder in self.adders]

    def epochs(self) -> int:
        """Return how often an epoch changed for a client, at the most."""
        return max(len(ears.epochs) for ears in self.ears.values()) - 1

    async def checked(self) -> str:
        """Assert that all promises were kept, when nothing is under way any more. Returns a line with figures."""
        problems = self.problems + [problem for ears in self.ears.values() for problem in ears.problems]
        for adder in self.adders:
            for fan in adder.group.members:
                problems += adder.problems(await fan.look())
        for group in self._people.groups:
            problems += await self._missing(group)
        assert not problems, "\n".join(problems[:20])
        films, lines = sum(one.count for one in self.adders), sum(map(len, self.said.values()))
        stayed = sum(ears.stayed for ears in self.ears.values())
        slowest = max((adder.slowest() for adder in self.adders), default=0.0)
        refused = sum(len(adder.refused) for adder in self.adders)
        return (
            f"{films} films added (slowest answer {slowest:.2f} s, {refused} refused) and {lines} lines said with an "
            f"answer; {stayed} of {len(self.ears)} clients kept their connection; "
            f"{self.epochs()} changes of epoch at the most"
        )

    async def _missing(self, group: Group) -> list[str]:
        """Return the lines that were answered and not told to a member that was there."""
        found: list[str] = []
        for fan in group.members:
            ears = self.ears[fan.name]
            for speaker in group.members:
                wanted = {*self.said[speaker.name]}
                if ears.was_there:
                    with contextlib.suppress(AssertionError):  # what is missing is said below, by its number
                        await fan.until(lambda: wanted <= {*ears.lines[speaker.name]}, "all lines", PATIENCE / 6)  # noqa: B023
                    gone = sorted(wanted - {*ears.lines[speaker.name]})
                else:
                    gone = ears.gaps(speaker.name, wanted)
                if gone:
                    found.append(f"{fan.name}: {len(gone)} lines of {speaker.name} are missing, the first is {gone[0]}")
        return found


@contextlib.asynccontextmanager
async def promises(people: Crowd) -> AsyncIterator[Kept]:
    """Let everybody talk and add films while the block runs, and check what everybody is told."""
    kept = Kept(people)
    kept.start()
    try:
        yield kept
    finally:
        await kept.stop()
