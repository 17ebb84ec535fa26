"""Rooms with passwords: whoever breaks off while a password is compared or hashed keeps nobody else out."""

from random import Random
from typing import Final, Literal

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from hangd.engine.cluster.effects import PostToEdge
from hangd.rooms.clustered.owning.owned_room import OwnedRoom
from tests.cluster.sim.people import Person
from tests.cluster.sim.test_random import fail
from tests.cluster.sim.world import HASH_SECONDS, Server, World, world

SOON: Final = 0.3
RIGHT: Final = "open sesame"
GUESSES: Final = 10
"""Wrong passwords that a room takes at once."""
GUESS_AGAIN: Final = 5.0
"""Seconds until it takes another one."""


def guarded(cluster: World, where: int = 0) -> tuple[Person, str]:
    """Return the host of a room with a password, who is at this server, and the room."""
    host = cluster.person("ada", cluster.servers[where])
    host.password = RIGHT
    cluster.run(SOON)
    host.create("films", RIGHT)
    cluster.until(lambda: host.is_inside, 2.0)
    cluster.run(SOON)
    assert host.room_id is not None
    return host, host.room_id


def comes_in(cluster: World, server: Server, name: str = "bob") -> Person:
    """Return somebody who knows the password, and is inside within a moment."""
    person = cluster.person(name, server)
    person.password = RIGHT
    cluster.run(SOON)
    person.join("films")
    cluster.until(lambda: person.is_inside, 2.0)
    return person


def breaks_off(cluster: World, server: Server, name: str, after: float) -> None:
    """Let somebody guess a password, and go after so many seconds."""
    guest = cluster.person(name, server)
    guest.password = "wrong"
    cluster.run(SOON)
    guest.join("films")
    cluster.run(after)
    guest.quit()
    cluster.run(SOON)


@pytest.mark.parametrize("stays", [False, True])
@pytest.mark.parametrize("where", [0, 1])
@pytest.mark.parametrize("after", [0.0055, 0.0065, 0.008, 0.012, HASH_SECONDS])
def test_joins_that_are_broken_off_keep_nobody_out(cluster: World, where: int, after: float, stays: bool) -> None:
    guarded(cluster)
    server = cluster.servers[where]
    if stays:  # So the server keeps its place in the room when the others go.
        comes_in(cluster, server, "cem")
    for number in range(GUESSES + 2):
        breaks_off(cluster, server, f"mallory {number}", after)
    cluster.run(GUESS_AGAIN)
    comes_in(cluster, cluster.servers[2])
    cluster.settle()
    cluster.end()


def test_a_join_that_is_broken_off_counts_as_a_guess(cluster: World) -> None:
    _, room_id = guarded(cluster)
    for number in range(GUESSES):
        breaks_off(cluster, cluster.servers[1], f"mallory {number}", 0.012)
    left = cluster.room(room_id).room._data.wrong_passwords.left(cluster.time.now)
    assert left < GUESSES * SOON * 2.5 / GUESS_AGAIN


def test_those_who_wait_for_a_comparison_that_is_lost_get_their_turn(cluster: World) -> None:
    guarded(cluster)
    guests = [cluster.person(f"mallory {number}", cluster.servers[1]) for number in range(GUESSES)]
    bob = cluster.person("bob", cluster.servers[2])
    cluster.run(SOON)
    for guest in guests:
        guest.password = "wrong"
        guest.join("films")
    bob.password = RIGHT
    cluster.run(0.003)
    bob.join("films")
    cluster.run(0.02)
    assert not bob.is_inside
    cluster.servers[1].kill()
    for guest in guests:
        guest.quit()
    # The guesses count, so bob waits for as long as a room does that has had so many.
    cluster.until(lambda: bob.is_inside, 15.0)
    cluster.settle()
    cluster.end()


@pytest.mark.parametrize("with_others", [False, True])
@pytest.mark.parametrize("to", [1, 2])
def test_a_host_whose_connection_breaks_while_it_sets_a_password_can_set_another(
    cluster: World, to: int, with_others: bool
) -> None:
    host, room_id = guarded(cluster, 1)
    if with_others:
        comes_in(cluster, cluster.servers[1])
    host.set_password("new")
    cluster.run(0.02)
    assert cluster.room(room_id).room._data.hashing is not None
    host.drop(to=cluster.servers[to], after=0.2)
    cluster.run(3.0)
    assert host.is_inside
    # A server that goes on hashing for a room still tells it, as a server does that is alone.
    expected = "hash of new" if with_others else f"hash of {RIGHT}"
    assert cluster.room(room_id).room._data.password_hash == expected
    host.set_password(RIGHT)
    cluster.run(1.0)
    assert not host.refusals and not host.pending
    assert cluster.room(room_id).room._data.password_hash == f"hash of {RIGHT}"
    cluster.settle()
    cluster.end()


def test_a_host_that_leaves_while_its_password_is_hashed_has_set_it(cluster: World) -> None:
    host, room_id = guarded(cluster, 1)
    comes_in(cluster, cluster.servers[1])
    host.set_password("new")
    cluster.run(0.02)
    host.leave()
    cluster.run(1.0)
    assert cluster.room(room_id).room._data.password_hash == "hash of new"
    cluster.settle()
    cluster.end()


def end_sessions(server: Server, hosted: OwnedRoom) -> None:
    """Let the owner of a room give up what its edges have not heard, as it does when that is too much."""
    relay = hosted.relay
    detached = [PostToEdge(link.edge, relay._cut(id, link, server.process.time())) for id, link in relay._links.items()]
    server.rooms.owned._obey(hosted, detached)


@pytest.mark.parametrize("lost_with", ["server", "session"])
def test_an_order_to_hash_that_is_lost_is_not_waited_for(cluster: World, lost_with: str) -> None:
    host, room_id = guarded(cluster)
    one, two, _ = cluster.servers
    bob = comes_in(cluster, two)
    host._ask("SetRole", {"client_id": bob.client_id, "role": "host"})
    cluster.run(SOON)
    two.cluster.slowness = 0.1
    bob.set_password("new")
    hosted = cluster.room(room_id)
    cluster.until(lambda: hosted.room._data.hashing, 1.0)
    two.cut()
    if lost_with == "server":
        cluster.run(10.0)
    else:
        one.process.arrive(lambda: end_sessions(one, hosted))
        cluster.run(0.5)
    two.slow_down(0.0)
    two.mend()
    cluster.run(5.0)
    assert hosted.room._data.hashing is None and not bob.pending
    assert hosted.room._data.password_hash == f"hash of {RIGHT}"
    bob.set_password("newer")
    cluster.run(1.0)
    assert hosted.room._data.password_hash == "hash of newer"
    cluster.settle()
    cluster.end()


Step = tuple[float, Literal["guess", "come", "break off", "set", "drop", "leave", "fail"], int, int, str]

steps = st.lists(
    st.tuples(
        st.sampled_from([0.0, 0.001, 0.003, 0.008, 0.02, 0.06, 0.5, 3.2]),
        st.sampled_from(["guess", "come", "break off", "break off", "set", "drop", "leave", "fail"]),
        st.integers(0, 7),
        st.integers(0, 2),
        st.sampled_from(
            ["kill", "freeze", "wake", "cut", "mend", "slow", "quick", "terminate", "redis down", "redis up"]
        ),
    ),
    max_size=30,
)


@pytest.mark.parametrize("volume", range(4))
def test_whatever_is_broken_off_a_room_waits_for_nothing_in_the_end(volume: int) -> None:
    """What must hold at rest is in `World.check`."""

    @seed(volume)
    @given(story=steps, chance=st.integers(0, 2**32), slowest=st.sampled_from([0.001, 0.02, 0.3]))
    @settings(max_examples=20, database=None, suppress_health_check=list(HealthCheck))
    def tell_them(story: list[Step], chance: int, slowest: float) -> None:
        tell(story, chance, slowest)

    tell_them()


def tell(story: list[Step], chance: int, slowest: float) -> None:
    """Tell a story of a room with a password, of its members, and of some who do not know it."""

    def delay(random: Random) -> float:
        return random.choice((0.0002, 0.001, slowest))

    with world(chance, delay) as told:
        host = told.person("ada", told.servers[0])
        people = [host, *(told.person(name, told.servers[len(told.people) % 3]) for name in ("bob", "cem"))]
        strangers = [told.person(f"mallory {number}", told.servers[number % 3]) for number in range(5)]
        for person in people:
            person.password = RIGHT
        told.run(1.0)
        host.create("films", RIGHT)
        told.until(lambda: host.is_inside, 5.0)
        for seconds, what, who, where, fault in story:
            told.run(seconds)
            if not told.servers:
                continue
            member, stranger = people[who % len(people)], strangers[who % len(strangers)]
            match what:
                case "fail":
                    fail(told, told.servers[where % len(told.servers)], fault)
                case "break off":
                    stranger.quit()
                case "guess" if not stranger.online:
                    stranger.connect(told.any_server())
                case "guess" if stranger._greeted and not stranger.pending:
                    stranger.password = RIGHT if fault == "mend" else "wrong"
                    stranger.join("films")
                case "come" if member._greeted and not member.pending and member.view is None:
                    member.join("films")
                case "set" if member.view is not None:
                    member.set_password(RIGHT)
                case "drop":
                    member.drop(to=told.servers[where % len(told.servers)], after=(0.0, 0.2, 3.0)[where])
                case "leave" if member.view is not None and not member.pending:
                    member.leave()
                case _:
                    pass
        for stranger in strangers:
            stranger.quit()
        told.run(GUESSES * GUESS_AGAIN)
        told.settle()
        room_id = next((person.room_id for person in people if person.room_id is not None), None)
        if room_id is not None:
            comer = told.person("eve")
            comer.password = RIGHT
            told.run(1.0)
            comer.join(room_id)
            told.until(lambda: comer.is_inside, 5.0)
        told.settle()
        told.end()
