"""Commands at the rate of people, and when the last member has heard of each."""

import random
import time
from collections.abc import Callable, Sequence

from tests.bench.server.clients import Client, Clients
from tests.support.figures import percentile

__all__ = ["anybody", "give_commands", "latencies"]


class _Waiting:
    """A command of which some have not heard yet."""

    def __init__(self, left: int) -> None:
        self.left = left
        self.given = time.monotonic()


def anybody(members: Sequence[Client]) -> Sequence[Client]:
    """Return all of a room's members."""
    return members


def give_commands(
    clients: Clients,
    seconds: float,
    gap: float,
    *,
    seed: int = 1,
    speakers: Callable[[Sequence[Client]], Sequence[Client]] = anybody,
) -> list[float]:
    """Give one command about each ``gap`` seconds, in a random room of those that have heard of their last one.

    ``speakers``: returns those of a room's members of which one gives it.

    Returns the seconds until the last member of the room had heard of each. The gaps are as random as those between
    people who know nothing of each other. A command of whose room a client comes in again does not count.
    """
    draw = random.Random(seed)
    waiting: dict[int, _Waiting] = {}
    taken: list[float] = []
    disturbed: set[int] = set()
    """Rooms that are left alone from then on."""

    def heard(client: Client, count: int) -> None:
        if client.room in disturbed:
            return
        one = waiting[client.room]
        one.left -= count
        if not one.left:
            taken.append(time.monotonic() - one.given)
            del waiting[client.room]

    def ended(client: Client) -> None:
        disturbed.add(client.room)
        waiting.pop(client.room, None)

    clients.heard, clients.ended = heard, ended
    due = began = time.monotonic()
    number = 0
    while (now := time.monotonic()) < began + seconds:
        if now >= due:
            due += draw.expovariate(1 / gap)
            room = draw.randrange(len(clients.rooms))
            if room not in waiting and room not in disturbed:
                number += 1
                members = clients.rooms[room]
                client = draw.choice(speakers(members))
                waiting[room] = _Waiting(clients.language.heard_by(len(members)))
                client.send(clients.language.command(client, number))
        clients.turn(0)
    clients.wait(lambda: not waiting, "all have heard of the last commands", spin=True)
    return taken


def latencies(taken: list[float]) -> tuple[float, float]:
    """Return the median and the 99th percentile in milliseconds."""
    return 1000 * percentile(taken, 0.5), 1000 * percentile(taken, 0.99)
