"""What members see when servers, Redis and connections fail: one story each. `test_random` mixes all of it."""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from hangd.rooms.clustered.edge.place import EdgePlace
from tests.cluster.sim.party import SOON, Party
from tests.cluster.sim.people import Person
from tests.cluster.sim.world import Server, World, world


def epochs(person: Person, room_id: str) -> int:
    return len({epoch for epoch, _ in person._lines[room_id]})


def test_members_at_three_servers_see_the_same(party: Party) -> None:
    party.ada.command("Play", 3.0)
    party.bob.command("Seek", 60.0)
    party.cem.command("Pause", 61.0)
    line = party.bob.say()
    party.world.run(1.0)
    assert party.ada.heard[line] == party.bob.heard[line] == 1
    assert party.bob.view is not None
    assert not party.bob.view.timeline.playing
    party.finish()


def test_a_command_is_answered_within_four_and_a_half_seconds_when_the_owner_is_killed(party: Party) -> None:
    party.one.kill()
    assert party.answers(party.bob, 4.5) > 0.5
    assert epochs(party.bob, party.room_id) == 2
    party.finish()


def test_a_request_that_the_owner_dies_of_is_carried_out_once(party: Party) -> None:
    name = party.bob.queue()
    party.world.run(0.0065)
    party.one.kill()
    party.world.settle()
    room = party.world.room(party.room_id).room.view()
    assert [entry.file.name for entry in room.queue.entries].count(name) <= 1
    party.world.end()


def test_an_edge_that_is_killed_has_its_clients_back_in_their_places(party: Party) -> None:
    before = party.bob.client_id
    party.two.kill()
    party.world.until(lambda: party.bob.is_inside, 5.0)
    assert party.bob.client_id == before
    assert epochs(party.bob, party.room_id) == 1
    party.finish()


def test_an_owner_that_was_stopped_for_long_is_not_believed(party: Party) -> None:
    party.one.freeze()
    party.answers(party.bob, 4.5)
    party.world.run(2.0)
    party.one.wake()
    party.world.run(3.0)
    assert party.world.owner(party.room_id) is not party.one
    assert party.ada.connections == 1
    party.finish()


def test_an_owner_that_was_stopped_for_a_moment_stays_it(party: Party) -> None:
    party.one.freeze()
    party.world.run(1.5)
    party.one.wake()
    party.answers(party.bob, 2.0)
    assert party.world.owner(party.room_id) is party.one
    assert epochs(party.bob, party.room_id) == 1
    party.finish()


def test_an_owner_that_wakes_when_its_heir_has_died_goes_on_with_what_that_has_made_of_the_room(party: Party) -> None:
    party.one.freeze()
    party.answers(party.bob, 4.5)
    heir = next(server for server in party.world.servers if server.owned(party.room_id) and server is not party.one)
    heir.kill()
    party.world.run(3.5)
    party.one.wake()
    party.finish()


def test_an_owner_that_wakes_when_its_heir_is_lost_and_redis_is_empty_goes_on_with_the_room_as_it_knows_it(
    party: Party,
) -> None:
    party.one.freeze()
    party.answers(party.bob, 4.5)
    heir = next(server for server in party.world.servers if server.owned(party.room_id) and server is not party.one)
    party.world.empty_redis()
    heir.kill()
    party.world.run(3.5)
    party.one.wake()
    party.finish()


def test_an_owner_without_redis_is_replaced_and_keeps_its_clients_for_a_while(party: Party) -> None:
    party.one.cut()
    party.answers(party.bob, 4.5)
    assert party.ada.connections == 1
    party.world.until(lambda: party.ada.connections >= 2, 25.0)
    party.finish()


def test_clients_of_a_server_that_is_cut_off_go_room_by_room(cluster: World) -> None:
    """They would be a herd to the other servers if all went at one moment."""
    one, two, _ = cluster.servers
    rooms, couples = 20, []
    for number in range(rooms):
        maker = cluster.person(f"maker {number}", two)
        couple = [cluster.person(f"{who} {number}", one) for who in ("ada", "bob")]
        cluster.run(SOON)
        maker.create(f"films {number}")
        cluster.until(lambda maker=maker: maker.is_inside, 1.0)  # type: ignore[misc]
        for person in couple:
            person.join(f"films {number}")
        cluster.until(lambda couple=couple: all(person.is_inside for person in couple), 1.0)  # type: ignore[misc]
        couples.append(couple)
    cluster.run(SOON)
    members = [person for couple in couples for person in couple]
    one.cut()
    for person in members:
        person.say()  # So all begin to wait at one moment.
    cut, went = cluster.time.now, dict[str, float]()
    while len(went) < len(members):
        cluster.run(0.01)
        now = cluster.time.now - cut
        assert now < 21.0
        went |= {person.name: now for person in members if person.server is not one and person.name not in went}
    at = sorted(went.values())
    assert at[0] >= 15.0
    assert at[-1] - at[0] > 3.0
    assert max(sum(since <= one < since + 0.5 for one in at) for since in at) <= len(members) / 3
    # From then on the server sends them away one by one, whatever the rooms do.
    together = [couple for couple in couples if min(went[person.name] for person in couple) < 17.0]
    assert 3 <= len(together) < rooms
    assert all(went[ada.name] == went[bob.name] for ada, bob in together)
    cluster.settle()
    cluster.end()


def test_a_server_that_is_cut_off_for_a_moment_changes_nothing(party: Party) -> None:
    party.two.cut()
    party.bob.say()
    party.world.run(1.0)
    party.two.mend()
    party.answers(party.bob, 3.0)
    assert (party.bob.connections, epochs(party.bob, party.room_id)) == (1, 1)
    party.finish()


def test_commands_wait_while_redis_is_away(party: Party) -> None:
    party.world.redis_down()
    name = party.bob.queue()
    party.world.run(5.0)
    assert party.world.entries[name].answered_at is None
    party.world.redis_up()
    party.world.until(lambda: party.world.entries[name].answered_at is not None, 5.0)
    assert epochs(party.bob, party.room_id) == 1
    party.finish()


def test_rooms_are_written_back_when_redis_has_lost_everything(party: Party) -> None:
    party.answers(party.bob, 1.0)
    party.world.empty_redis()
    party.world.run(3.0)
    assert party.world.redis.memory.room(party.room_id) is not None
    party.answers(party.bob, 3.0)
    assert (party.bob.connections, epochs(party.bob, party.room_id)) == (1, 1)
    assert (party.cem.connections, party.cem.left) == (1, [])
    party.finish()


@pytest.mark.parametrize("seconds", [0.001, 0.05, 0.5])
def test_a_failover_that_loses_what_was_last_written_loses_nothing_for_members(party: Party, seconds: float) -> None:
    name = party.bob.queue()
    party.world.fail_over(seconds)
    party.world.until(lambda: party.world.entries[name].answered_at is not None, 6.0)
    party.answers(party.bob, 3.0)
    assert epochs(party.bob, party.room_id) <= 2
    assert (party.cem.connections, party.cem.left) == (1, [])
    party.finish()


def test_a_client_whose_coming_a_failover_has_lost_can_come_back_to_any_server(party: Party) -> None:
    """Redis has lost who came in last, and not that the server lives: so that learns of the loss only by the new
    connection."""
    before = party.world.redis.snapshot()
    dan = party.world.person("dan", party.two)
    party.world.until(lambda: dan.connections and dan.secret is not None, 1.0)
    dan.join("films")
    party.world.until(lambda: dan.client_id in party.world.redis.memory.clients, 1.0)
    party.world.run(SOON)  # Until its server knows that, too.
    party.world.lose_since(before)
    party.world.until(lambda: dan.client_id in party.world.redis.memory.clients, 3.0)
    was = dan.client_id
    dan.drop(to=party.three)
    party.world.until(lambda: dan.is_inside, 2.0)
    assert (dan.client_id, dan.server, dan.left) == (was, party.three, [])
    party.finish()


def test_all_rooms_that_a_failover_has_lost_are_written_back_with_the_new_connection(party: Party) -> None:
    before = party.world.redis.snapshot()
    made = []
    for number in range(60):
        person = party.world.person(f"maker {number}", party.one)
        party.world.until(lambda person=person: person.secret is not None, 1.0)  # type: ignore[misc]
        person.create()
        party.world.until(lambda person=person: person.is_inside, 1.0)  # type: ignore[misc]
        made.append(person.room_id)
    party.world.lose_since(before)
    assert {party.world.redis.memory.room(room_id or "") for room_id in made} == {None}
    party.world.until(lambda: all(party.world.redis.memory.room(room_id or "") for room_id in made), 2.0)
    party.finish()


def test_a_server_that_was_away_leaves_a_client_where_it_is_by_now(party: Party) -> None:
    """Its machine had no network, so nothing has told it that Bob's program has left it for another server."""
    party.two.cut()
    stale = party.bob.wire
    assert stale is not None
    party.bob.vanish()
    party.bob.connect(party.three)
    party.world.until(lambda: party.bob.is_inside, 8.0)
    party.world.run(5.0)
    connections = party.bob.connections
    party.two.mend()
    party.world.run(5.0)
    assert (party.bob.connections, party.bob.server) == (connections, party.three)
    party.two.process.arrive(lambda: stale.drop(party.two.process.time()))
    party.finish()


def test_a_server_of_an_older_version_does_not_lose_who_has_come_back_to_it(
    party: Party, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It does not tell since when its clients have their connections."""
    party.bob.drop(to=party.two)
    party.world.until(lambda: party.bob.is_inside, 2.0)
    party.world.run(SOON)
    place = party.two.rooms.get(party.room_id)
    assert isinstance(place, EdgePlace)
    attending = place.who
    monkeypatch.setattr(place, "who", lambda: tuple(replace(one, since=None) for one in attending()))
    connections = party.bob.connections
    party.two.cut()
    party.world.run(5.0)  # The owner believes that it has died.
    party.two.mend()
    party.answers(party.bob, 3.0)
    party.world.run(1.0)
    assert (party.bob.connections, party.bob.left) == (connections, [])
    assert party.world.room(party.room_id).room.is_present(party.bob.client_id)
    party.finish()


def test_terminating_all_servers_in_turn_costs_each_member_one_connection_at_a_time(party: Party) -> None:
    for number, server in enumerate(list(party.world.servers)):
        party.world.start(f"new{number}")
        party.world.run(2.0)
        counts = [person.connections for person in party.world.people]
        server.terminate()
        party.world.run(5.0)
        assert all(person.connections - count <= 1 for person, count in zip(party.world.people, counts, strict=True))
        party.answers(party.bob, 1.0)
    party.finish()


def test_rooms_are_handed_over_at_once_when_their_owner_ends(party: Party) -> None:
    party.one.terminate()
    party.world.run(0.1)
    assert party.answers(party.bob, 0.7) < 0.7
    party.finish()


def test_a_client_that_drops_comes_back_at_another_server_as_the_same_member(party: Party) -> None:
    before = party.bob.client_id
    party.bob.drop(to=party.three)
    party.world.until(lambda: party.bob.is_inside, 2.0)
    assert (party.bob.client_id, party.bob.server) == (before, party.three)
    party.finish()


def test_a_client_that_comes_back_while_redis_is_away_is_answered(party: Party) -> None:
    """Its end and its return arrive at the owner together: the room's answer to the second was dropped."""
    party.world.redis_down()
    party.world.run(3.0)
    party.bob.drop(to=party.two, after=0.02)
    party.world.run(2.0)
    party.world.redis_up()
    party.world.until(lambda: party.bob.is_inside, 5.0)
    party.finish()


def test_a_client_that_comes_back_to_a_server_that_cannot_ask_for_it_keeps_its_place(party: Party) -> None:
    """It was greeted as somebody new, and joined again as such."""
    before = party.bob.client_id
    party.three.cut()
    party.bob.drop(to=party.three)
    party.world.run(6.0)
    party.three.mend()
    party.world.until(lambda: party.bob.is_inside, 10.0)
    assert party.bob.client_id == before
    party.finish()


def test_two_returns_of_one_client_at_once_leave_one(party: Party) -> None:
    twin = party.world.person("bob", party.three)
    twin.quit()
    party.world.run(SOON)
    twin.client_id, twin.secret = party.bob.client_id, party.bob.secret
    party.bob.drop(to=party.one, after=0.01)
    party.world.time.after(0.01, lambda: twin.connect(party.three))
    party.world.until(lambda: sum(one.is_inside for one in (twin, party.bob)) == 1, 5.0)
    party.world.run(0.3)
    (twin if not twin.is_inside else party.bob).quit()
    party.finish()


@pytest.mark.parametrize("after", [0.0, 0.004, 0.006, 0.0075, 0.009, 0.012])
def test_a_client_that_goes_while_it_is_let_in_leaves_nothing(party: Party, after: float) -> None:
    dan = party.world.person("dan", party.three)
    party.world.run(SOON)
    dan.join("films")
    party.world.run(after)
    dan.quit()
    party.finish()


@pytest.mark.parametrize("after", [0.0, 0.004, 0.0055, 0.0065, 0.008, 0.3])
def test_a_place_that_is_deserted_can_be_entered_again_at_any_time(party: Party, after: float) -> None:
    party.bob.leave()
    party.world.run(0.005 + after)
    dan = party.world.person("dan", party.two)
    party.world.run(0.012)
    dan.join("films")
    party.world.until(lambda: dan.is_inside, 2.0)
    party.finish()


@pytest.mark.parametrize("after", [0.0052, 0.006, 0.0065, 0.007, 0.008])
@pytest.mark.parametrize("fault", [Server.kill, Server.cut])
def test_a_room_whose_maker_fails_leaves_no_name_taken(
    cluster: World, after: float, fault: Callable[[Server], Any]
) -> None:
    one = cluster.servers[0]
    ada = cluster.person("ada", one)
    cluster.run(SOON)
    ada.create("films")
    cluster.run(after)
    fault(one)
    cluster.run(22.0)
    cluster.heal()
    cluster.run(3.0)
    if not ada.is_inside:
        ada.create("films")
    cluster.until(lambda: ada.is_inside, 3.0)
    cluster.settle()
    cluster.end()


def making(cluster: World, one: Server, two: Server) -> tuple[Person, Person]:
    """Return ada, who has just asked one server for a room named films, and bob, who is connected to ``two``."""
    ada, bob = cluster.person("ada", one), cluster.person("bob", two)
    cluster.run(SOON)
    ada.create("films")
    return ada, bob


@pytest.mark.parametrize("after", [0.0052, 0.006, 0.0065, 0.008])
@pytest.mark.parametrize("away", [0.0, 1.0, 5.0, 17.0])
def test_a_room_whose_maker_goes_before_it_is_answered_leaves_no_name_taken(
    cluster: World, after: float, away: float
) -> None:
    """Wherever the making of the room is then: on its way, done in Redis, and in a room that runs already."""
    one, two, _ = cluster.servers
    ada, bob = making(cluster, one, two)
    cluster.run(after)
    assert not ada.is_inside
    if away:
        one.cut()
    ada.quit()
    cluster.run(away)
    cluster.heal()
    cluster.run(1.5)
    bob.create("films")
    cluster.until(lambda: bob.is_inside, 1.0)
    cluster.settle()
    cluster.end()


@pytest.mark.parametrize("after", [0.0052, 0.0065, 0.008])
@pytest.mark.parametrize("away", [0.0, 5.0])
def test_a_name_can_be_taken_at_once_whose_last_taker_has_gone_before_it_was_answered(
    cluster: World, after: float, away: float
) -> None:
    """The room that had it is not forgotten yet: Redis cannot be asked, or has not answered."""
    one = cluster.servers[0]
    ada, bob = making(cluster, one, one)
    cluster.run(after)
    if away:
        one.cut()
    ada.quit()
    bob.create("films")
    cluster.run(away)
    cluster.heal()
    cluster.until(lambda: bob.is_inside, 2.0)
    assert not bob.refusals
    cluster.settle()
    cluster.end()


@pytest.mark.parametrize("after", [0.0052, 0.006, 0.0065])
@pytest.mark.parametrize("end", [Server.kill, Server.terminate])
def test_a_name_can_be_taken_that_a_server_had_taken_when_it_ended(
    cluster: World, after: float, end: Callable[[Server], Any]
) -> None:
    """Nobody else would forget the room before somebody looks for rooms without owner, within a minute."""
    one, two, _ = cluster.servers
    ada, bob = making(cluster, one, two)
    cluster.run(after)
    ada.online, ada.wanted = False, None  # It does not come back.
    end(one)
    cluster.run(4.0)
    bob.create("films")
    cluster.until(lambda: bob.is_inside, 2.0)
    cluster.settle()
    cluster.end()


def test_a_room_whose_maker_goes_before_it_is_answered_stays_for_who_has_come_in(cluster: World) -> None:
    one, two, _ = cluster.servers
    ada, bob = making(cluster, one, two)
    cluster.until(lambda: one.hub.room_count and cluster.redis.memory.aliases, 1.0)
    room = next(iter(cluster.redis.memory.rooms))
    hosted = one.owned(room)
    assert hosted is not None
    bob.join("films")
    cluster.until(lambda: bob.client_id in hosted.where, 1.0)
    ada.quit()
    cluster.until(lambda: bob.is_inside, 1.0)
    cluster.settle()
    assert bob.room_id == room
    cluster.end()


def test_two_rooms_that_are_made_with_one_name_at_once_are_one(cluster: World) -> None:
    ada, bob = cluster.person("ada", cluster.servers[0]), cluster.person("bob", cluster.servers[1])
    cluster.run(SOON)
    ada.create("films")
    bob.create("films")
    cluster.run(SOON)
    assert [ada.is_inside, bob.is_inside].count(True) == 1
    cluster.settle()
    cluster.end()


def test_a_room_that_nobody_enters_after_its_owner_has_died_ends(cluster: World) -> None:
    one = cluster.servers[0]
    ada = cluster.person("ada", one)
    cluster.run(SOON)
    ada.create("films")
    cluster.run(SOON)
    ada.quit()
    cluster.run(SOON)
    one.kill()
    cluster.settle()
    cluster.end()


def test_redis_that_loses_its_memory_while_a_room_is_made_fails_nobody(cluster: World) -> None:
    ada = cluster.person("ada", cluster.servers[0])
    cluster.run(SOON)
    ada.create("films")
    cluster.run(0.0068)
    cluster.empty_redis()
    cluster.settle()
    cluster.end()


def test_a_client_that_is_sent_away_because_no_owner_is_found_can_come_back_to_the_same_server(party: Party) -> None:
    """It was believed to be in the room still, and then neither let in nor told why."""
    party.two.cut()
    party.bob.say()
    party.world.until(lambda: party.bob.connections == 2, 30.0)
    party.two.mend()
    party.world.run(3.0)
    party.bob.drop(to=party.two)
    party.world.until(lambda: party.bob.is_inside, 3.0)
    party.finish()


def test_a_line_that_an_edge_has_missed_is_said_again_by_the_next_owner(party: Party) -> None:
    """Redis had passed it on while the edge was cut off, and nobody but the owner that is lost then knew it."""
    party.two.cut()
    lines = [party.ada.say(), party.ada.say()]
    party.world.until(lambda: all(party.world.lines[line].answered_at is not None for line in lines), 1.0)
    party.one.kill()
    party.world.run(0.5)
    party.two.mend()
    party.answers(party.bob, 4.5)
    assert party.bob.connections == 1
    assert [party.bob.heard[line] for line in lines] == [1, 1]
    party.finish()


def test_a_line_that_is_said_again_is_not_told_to_who_has_heard_it_elsewhere_or_was_not_there(party: Party) -> None:
    four = party.world.start("four")
    party.world.run(2.0)
    dan = party.world.person("dan", four)
    party.world.run(SOON)
    party.three.cut()
    line = party.ada.say()
    party.world.until(lambda: party.bob.heard[line], 1.0)
    party.bob.drop(to=four)
    dan.join("films")
    party.world.until(lambda: party.bob.is_inside and dan.is_inside, 2.0)
    party.world.run(SOON)
    party.one.kill()
    party.world.run(0.5)
    party.three.mend()
    party.answers(party.bob, 6.0)
    party.answers(dan, 1.0)
    assert (party.bob.heard[line], dan.heard[line]) == (1, 0)
    party.finish()


@pytest.mark.parametrize("after", [0.0125, 0.0135, 0.0145, 0.0155, 0.0165])
def test_no_line_is_told_after_a_later_one(party: Party, after: float) -> None:
    """Who came back a moment before a line was said, and was greeted after it, was told it by the next owner."""
    four = party.world.start("four")
    party.world.run(2.0)
    dan = party.world.person("dan", party.one)
    party.world.run(SOON)
    dan.join("films")
    party.world.until(lambda: dan.is_inside, 2.0)
    party.world.run(SOON)
    party.three.cut()  # So the line is kept for its clients.
    party.bob.drop(to=four, after=0.01)
    party.world.run(after)  # The room has not heard yet that he is back.
    line = party.ada.say()
    party.world.until(lambda: party.bob.is_inside, 2.0)
    later = party.ada.say()
    party.world.until(lambda: party.bob.heard[later], 1.0)
    had_heard = party.bob.heard[line]
    party.one.kill()
    party.answers(party.bob, 6.0)
    assert party.bob.heard[line] == had_heard
    party.three.mend()
    party.finish()


def test_no_line_is_said_twice_however_many_there_were(party: Party) -> None:
    """Two edges miss what is said while all are away, and are told it later than others; one that is dead never is."""
    four = party.world.start("four")
    party.world.run(2.0)
    dan = party.world.person("dan", four)
    party.world.run(SOON)
    dan.join("films")
    party.world.until(lambda: dan.is_inside, 2.0)
    party.three.kill()
    for server in (party.two, four):
        server.cut()
    party.world.run(6.0)
    missed = [party.ada.say() for _ in range(20)]
    party.world.run(0.5)
    for server in (party.two, four):
        server.mend()
    party.world.until(lambda: all(one.heard[line] for one in (party.bob, dan) for line in missed), 5.0)
    for _ in range(190):
        party.ada.say()
        party.world.run(0.05)
    for speaker in (party.bob, dan):
        party.world.owner(party.room_id).kill()
        party.world.until(lambda speaker=speaker: speaker.is_inside, 10.0)  # type: ignore[misc]
        party.answers(speaker, 6.0)
        for _ in range(30):
            speaker.say()
            party.world.run(0.05)
    party.finish()


def test_lines_that_wait_in_redis_for_an_edge_are_bounded(party: Party) -> None:
    party.two.cut()
    lines = [party.ada.say() for _ in range(400)]
    party.world.until(lambda: party.world.lines[lines[-1]].answered_at is not None, 1.0)
    kept = party.world.redis.memory.room(party.room_id)
    assert kept is not None
    assert 2**15 < len(kept.fields["chat"]) < 2**16 + 1000
    party.two.mend()
    party.world.until(lambda: party.bob.heard[lines[-1]], 3.0)
    party.world.run(1.0)
    party.answers(party.ada, 1.0)
    party.world.run(SOON)
    assert "chat" not in kept.fields, "Redis has no line any more that all have heard"
    party.finish()


def test_where_a_client_is_is_kept_for_longer_while_it_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hangd.rooms.clustered.edge.whereabouts._RENEW_SECONDS", 10.0)
    with world() as cluster:
        party = Party(cluster)
        kept = cluster.redis.memory.clients._kept
        before = kept[party.bob.client_id][1]
        cluster.run(25.0)
        assert kept[party.bob.client_id][1] >= before + 10.0
        party.finish()


def test_a_room_that_redis_has_lost_without_a_sign_is_kept_again(party: Party) -> None:
    """Nothing changes in it, so nothing else would notice."""
    party.world.redis.memory.rooms.drop(party.room_id)
    assert party.room_id not in party.world.redis.memory.rooms
    party.world.run(60.0)
    assert party.world.owner(party.room_id) is party.one
    party.finish()


def test_a_member_that_does_not_log_in_where_it_must_is_put_out_also_by_an_owner_elsewhere(party: Party) -> None:
    before = party.bob.client_id
    (peer,) = [peer for peer in party.two.hub._peers if peer.client_id == before]
    peer.session._needs_account = True  # As after a resume without its token.
    party.world.run(50.0)
    assert party.bob.connections == 1
    party.world.run(20.0)
    assert party.bob.connections == 2
    assert party.bob.client_id != before
    members = {member.client_id for member in party.world.room(party.room_id).room.view().members}
    assert before not in members and party.ada.client_id in members
    party.finish()
