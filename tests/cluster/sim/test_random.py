"""Three servers, and whatever may happen to them: hypothesis makes stories, `World.settle` asserts what must hold then.

``HANG_CLUSTER_STORIES``: how many new stories, instead of a few that are always the same.
"""

import os
from random import Random
from typing import Final, Literal

import hypothesis
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import Struct

from tests.cluster.sim.people import Person
from tests.cluster.sim.world import Server, World, world

STORIES: Final = int(os.environ.get("HANG_CLUSTER_STORIES", "0"))
VOLUMES: Final = 10
"""Each is a test of its own, so that several can be told side by side, and none takes minutes."""

Act = Literal["create", "create a named one", "join", "leave", "play", "pause", "seek", "say", "queue", "drop", "quit"]
ACTS: Final[tuple[Act, ...]] = (
    "create",
    "create a named one",
    "join",
    "join",
    "leave",
    "play",
    "pause",
    "seek",
    "say",
    "say",
    "queue",
    "drop",
    "quit",
)
Fault = Literal[
    "kill", "freeze", "wake", "cut", "mend", "slow", "quick", "terminate", "start", "redis down", "redis up", "empty",
    "fail over",
]  # fmt: skip
FAULTS: Final[tuple[Fault, ...]] = (
    "kill",
    "freeze",
    "wake",
    "wake",
    "cut",
    "mend",
    "mend",
    "slow",
    "quick",
    "terminate",
    "start",
    "redis down",
    "redis up",
    "redis up",
    "empty",
    "fail over",
)


class Step(Struct, frozen=True):
    seconds: float
    what: Act | Fault
    who: int
    """Which person, or server."""
    where: int
    """Which room, or server."""


steps = st.lists(
    st.builds(
        Step,
        seconds=st.sampled_from([0.0, 0.0, 0.001, 0.003, 0.02, 0.1, 0.5, 1.0, 3.2, 6.0, 17.0]),
        what=st.one_of(st.sampled_from(ACTS), st.sampled_from(ACTS), st.sampled_from(FAULTS)),
        who=st.integers(0, 7),
        where=st.integers(0, 2),
    ),
    max_size=40,
)


def act(world: World, person: Person, what: str, where: int) -> None:
    """Let a person do this, if it can."""
    name = f"room {where}"
    match what:
        case _ if not person.online:
            person.connect()
        case "drop":
            person.drop(to=world.servers[where % len(world.servers)], after=(0.0, 0.2, 3.0)[where])
        case "quit":
            person.quit()
        case _ if (
            person.wire is None
            or (person.full and not person.client_id)
            or any(
                request.kind in ("Hello", "JoinRoom", "CreateRoom", "LeaveRoom") for request in person.pending.values()
            )
        ):
            pass
        case "create" | "create a named one" | "join" if person.view is None and person.wanted is None:
            if what == "join":
                others = [other.room_id for other in world.people if other.room_id is not None]
                person.join(others[where % len(others)] if others and where else name)
            else:
                person.create(name if what != "create" else None)
        case _ if person.view is None:
            pass
        case "leave":
            person.leave()
        case "play" | "pause" | "seek":
            person.command(what.capitalize(), float(len(world.told)))
        case "say" if person.full:
            person.say()
        case "queue" if person.full:
            person.queue()


def fail(world: World, server: Server, what: str) -> None:
    """Let this happen to a server, or to Redis."""
    running = [other for other in world.servers if other.accepts]
    match what:
        case "kill" if len(world.servers) > 1:
            server.kill()
        case "freeze" if server.process.runs:
            server.freeze()
        case "wake":
            for stopped in world.servers:
                stopped.wake()
        case "cut":
            server.cut()
        case "mend":
            for cut in world.servers:
                cut.mend()
        case "slow":
            server.slow_down(0.4)
        case "quick":
            server.cluster.slowness = 0.0
        case "terminate" if server in running and len(running) > 1:
            server.terminate()
        case "start" if len(world.servers) < 4:
            world.start(f"more{len(world.time.processes)}")
        case "redis down":
            world.redis_down()
        case "redis up":
            world.redis_up()
        case "empty":
            world.empty_redis()
        case "fail over":
            world.fail_over()


def tell(story: list[Step], seed: int, slowest: float, *, guests: int = 0) -> None:
    """Tell a story of six people, one of whom is basic, and assert what must hold at its end.

    Args:
        seed: of what chance decides.
        slowest: so many seconds a thing takes at most between a server and Redis.
        guests: so many more basic clients are in the room from the beginning, each at another server.
    """

    def delay(random: Random) -> float:
        return random.choice((0.0002, 0.001, slowest))

    with world(seed, delay) as told:
        for name in ("ada", "bob", "cem", "dan", "eve"):
            told.person(name, told.servers[len(told.people) % 3])
        told.person("basic", full=False)
        told.run(0.1)
        told.people[0].create("room 0")
        told.run(0.1)
        for person in told.people[1:4]:
            person.join("room 0")
        for number in range(guests):
            guest = told.person(f"guest {number}", told.servers[(number + 1) % 3], full=False)
            guest.join("room 0")
        told.run(0.1)
        for step in story:
            told.run(step.seconds)
            if not told.servers:
                pass  # All have just failed to join, and are about to be started again.
            elif step.what in FAULTS:
                fail(told, told.servers[step.who % len(told.servers)], step.what)
            else:
                act(told, told.people[step.who % len(told.people)], step.what, step.where)
        told.settle()
        told.end()


@pytest.mark.parametrize("volume", range(VOLUMES))
def test_whatever_happens_the_servers_agree_again(volume: int) -> None:
    @given(story=steps, seed=st.integers(0, 2**32), slowest=st.sampled_from([0.001, 0.02, 0.3]))
    @settings(max_examples=-(-(STORIES or 250) // VOLUMES), database=None, suppress_health_check=list(HealthCheck))
    def tell_them(story: list[Step], seed: int, slowest: float) -> None:
        tell(story, seed, slowest, guests=2)

    if not STORIES:
        tell_them = hypothesis.seed(volume)(tell_them)
    tell_them()


def steps_of(*story: tuple[float, Act | Fault, int, int]) -> list[Step]:
    return [Step(seconds=seconds, what=what, who=who, where=where) for seconds, what, who, where in story]


def test_a_late_word_of_an_older_connection_puts_nobody_out() -> None:
    """A client drops at one server, and the word of that comes after it has come back at another one."""
    story = steps_of(
        (3.2, "wake", 1, 1),
        (0.003, "create", 1, 0),
        (6.0, "create a named one", 1, 2),
        (0.02, "redis up", 4, 1),
        (17.0, "play", 0, 1),
        (0.02, "mend", 0, 2),
        (0.0, "terminate", 0, 1),
        (0.5, "seek", 3, 0),
        (0.003, "leave", 5, 0),
        (0.0, "start", 2, 1),
    )
    tell(story, 44, 0.3)


def test_a_client_that_has_left_while_it_came_back_is_not_kept() -> None:
    """Where it was is found just before it is forgotten, and its return kept it again."""
    story = steps_of(
        (0.003, "leave", 0, 1),
        (0.1, "play", 3, 2),
        (0.5, "create", 1, 2),
        (0.1, "join", 2, 2),
        (0.0, "mend", 1, 2),
        (0.02, "redis up", 4, 2),
        (17.0, "play", 0, 1),
        (0.0, "leave", 2, 1),
        (0.0, "queue", 3, 2),
        (1.0, "drop", 2, 0),
        (0.001, "drop", 3, 2),
        (0.02, "start", 1, 2),
        (6.0, "redis up", 3, 1),
        (0.0, "mend", 5, 2),
        (17.0, "mend", 4, 1),
        (0.001, "quick", 1, 2),
    )
    tell(story, 2679939197, 0.3, guests=2)
