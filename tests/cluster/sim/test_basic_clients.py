"""Clients that say no Hello, when servers fail: one story each. They cannot prove who they are, and yet they stay."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.cluster.sim.party import SOON, Party
from tests.cluster.sim.people import Person
from tests.cluster.sim.world import Server, World


def hears_a_command(party: Party, basic: Person) -> None:
    """Assert that somebody who is basic is still in its place, and hears of what Bob does now."""
    before = len(party.world.told)
    party.bob.command("Seek", float(before))
    party.world.until(
        lambda: any(who == basic.name and f"timestamp={float(before)}" in what for _, who, what in party.world.told),
        4.5,
    )
    assert (basic.left, basic.connections) == ([], 1)


@pytest.mark.parametrize("fault", [Server.kill, Server.freeze, Server.cut, Server.terminate])
def test_a_basic_client_stays_in_a_room_that_changes_its_owner(party: Party, fault: Callable[[Server], Any]) -> None:
    before = party.cem.client_id
    fault(party.one)
    party.answers(party.bob, 4.5)
    assert party.two.owned(party.room_id) or party.three.owned(party.room_id)
    hears_a_command(party, party.cem)
    assert party.cem.client_id == before
    party.finish()


def test_a_basic_client_stays_in_a_room_that_changes_its_owner_twice(party: Party) -> None:
    """The second time before its server has heard of the first one."""
    four = party.world.start("four")
    party.world.until(lambda: not four.hub.why_apart, 10.0)
    dan = party.world.person("dan", four, full=False)
    dan.join("films")
    party.world.until(lambda: dan.is_inside, 1.0)
    party.world.run(SOON)
    heirs = (party.two, party.three)
    four.process.is_stopped = True
    party.one.kill()
    party.world.until(lambda: any(heir.owned(party.room_id) for heir in heirs), 5.0)
    next(heir for heir in heirs if heir.owned(party.room_id)).kill()
    four.wake()
    party.world.run(6.0)
    assert dan.client_id in {member.client_id for member in party.world.room(party.room_id).room.view().members}
    assert (dan.left, dan.connections) == ([], 1)
    party.finish()


def test_a_basic_client_whose_server_was_the_owner_leaves_no_ghost(party: Party) -> None:
    dan = party.world.person("dan", party.one, full=False)
    dan.join("films")
    party.world.until(lambda: dan.is_inside, 1.0)
    party.world.run(SOON)
    ghost = dan.client_id
    party.one.kill()
    party.answers(party.bob, 4.5)
    party.world.run(1.5)
    assert ghost not in {member.client_id for member in party.world.room(party.room_id).room.view().members}
    hears_a_command(party, party.cem)
    party.finish()


def test_a_basic_client_that_goes_while_there_is_no_owner_leaves_no_ghost(party: Party) -> None:
    ghost = party.cem.client_id
    party.one.kill()
    party.world.run(1.0)
    party.cem.drop(to=party.three)
    party.answers(party.bob, 4.5)
    party.world.until(lambda: party.cem.is_inside, 1.0)
    assert ghost not in {member.client_id for member in party.world.room(party.room_id).room.view().members}
    party.finish()


@pytest.mark.parametrize("after", [0.005, 0.0055, 0.006, 0.0065, 0.007, 0.0075, 0.008, 0.009])
def test_a_basic_client_that_comes_in_while_the_owner_dies_comes_in(party: Party, after: float) -> None:
    dan = party.world.person("dan", party.two, full=False)
    dan.join("films")
    party.world.run(after)
    party.one.kill()
    party.world.until(lambda: dan.is_inside, 5.0)
    assert dan.left == []
    party.finish()


def test_a_film_that_only_basic_clients_watch_goes_on_when_the_owner_is_killed(cluster: World) -> None:
    one, two, three = cluster.servers
    host, guest = cluster.person("host", one, full=False), cluster.person("guest", two, full=False)
    host.create("films")
    cluster.until(lambda: host.is_inside, 1.0)
    third = cluster.person("third", three, full=False)
    for basic in (guest, third):
        basic.join("films")
    cluster.until(lambda: guest.is_inside and third.is_inside, 1.0)
    host.command("Play", 3.0)
    cluster.run(SOON)
    assert guest.room_id is not None
    members = [member.client_id for member in cluster.room(guest.room_id).room.view().members]
    line = cluster.room(guest.room_id).room.timeline
    one.kill()
    cluster.run(5.0)
    after = cluster.room(guest.room_id).room
    assert after.timeline.playing
    assert after.timeline.at - line.at == pytest.approx(after.timeline.position - line.position)
    assert [member.client_id for member in after.view().members][:2] == members[1:], "in the order in which they came"
    assert after.host_id == members[1], "the host's server is lost, so the next one is host"
    assert (guest.left, guest.connections) == ([], 1)
    cluster.settle()
    cluster.end()


def test_a_basic_host_stays_host(cluster: World) -> None:
    one, two, _ = cluster.servers
    host, ada = cluster.person("host", two, full=False), cluster.person("ada", one)
    cluster.run(SOON)
    ada.create("films")
    cluster.until(lambda: ada.is_inside, 1.0)
    host.join("films")
    cluster.until(lambda: host.is_inside, 1.0)
    ada.leave()
    cluster.until(lambda: not ada.is_inside, 1.0)
    ada.join("films")
    cluster.until(lambda: ada.is_inside, 1.0)
    assert host.room_id is not None
    assert cluster.owner(host.room_id) is one
    assert cluster.room(host.room_id).room.host_id == host.client_id
    one.kill()
    cluster.run(8.0)
    assert cluster.room(host.room_id).room.host_id == host.client_id
    cluster.settle()
    cluster.end()
