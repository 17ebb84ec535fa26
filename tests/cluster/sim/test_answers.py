"""Every request is answered, whatever is lost between the room and the client: one story each."""

import pytest

from hangd.protocol.messages import Report
from tests.cluster.sim.party import SOON, Party
from tests.cluster.sim.people import Person


def test_a_request_of_a_member_that_is_just_being_put_out_is_answered(party: Party) -> None:
    party.bob.look()
    party.ada._ask("Kick", {"client_id": party.bob.client_id})
    party.bob.wanted = None
    party.world.until(lambda: not party.bob.pending and not party.ada.pending, 1.0)
    assert party.bob.left == ["kicked"]
    party.finish()


def let_in_without_a_word(party: Party) -> Person:
    """Return a client at the second server that the room has let in, while what it is told is on its way."""
    party.two.cluster.slowness = 0.1
    dan = party.world.person("dan", party.two)
    party.world.run(SOON)
    dan.join("films")
    view = party.ada.view
    assert view is not None
    party.world.until(lambda: any(member.name == "dan" for member in view.members.values()), 1.0)
    party.world.run(0.01)
    assert not dan.is_inside
    return dan


def test_a_client_that_is_let_in_and_not_told_so_is_told_by_the_next_session(party: Party) -> None:
    """Redis is away for so long that the owner gives up what the edge has not heard."""
    dan = let_in_without_a_word(party)
    party.world.redis_down()
    party.world.run(12.0)
    party.world.redis_up()
    party.world.until(lambda: dan.is_inside, 5.0)
    party.finish()


def test_a_client_that_is_let_in_and_not_told_so_is_told_by_the_next_owner(party: Party) -> None:
    dan = let_in_without_a_word(party)
    party.one.kill()
    party.two.cluster.cut()
    party.two.cluster.mend()
    party.world.until(lambda: dan.is_inside, 6.0)
    party.finish()


@pytest.mark.parametrize("kind", ["reports", "commands of a basic member", "what a basic member announces"])
def test_nobody_waits_for_what_has_no_answer(party: Party, kind: str) -> None:
    world, here = party.world, {"reports": (party.bob, party.two)}.get(kind, (party.cem, party.three))
    person, server = here
    for number in range(300):
        match kind:
            case "reports":
                report = {"state": "paused", "position": 0.0, "at": world.time.now, "rev": 0}
                person._ask(Report.__name__, report)
            case "commands of a basic member":
                person.command("Seek", float(number))
            case _:
                person._ask("SetReady", {"ready": bool(number % 2)})
    world.run(2.0)
    person.pending.clear()
    place = server.rooms._places[party.room_id]
    assert not any(place.unanswered._numbers.values())
    party.one.kill()
    world.run(10.0)
    assert not person.refusals
    party.finish()


@pytest.mark.parametrize("asks", ["join", "create"])
def test_who_asks_to_come_into_a_room_that_is_just_being_closed_is_refused(party: Party, asks: str) -> None:
    world, dan = party.world, party.world.person("dan", party.two)
    world.run(SOON)
    dan.password = "a guess"
    if asks == "create":
        dan.create("more films")
        world.until(lambda: list(party.two.rooms.owned), 1.0)
        (hosted,) = party.two.rooms.owned
    else:
        party.ada.set_password("secret")
        party.cem.quit()  # A basic client that is put out is taken for a fault.
        world.run(SOON)
        dan.join("films")
        hosted = world.room(party.room_id)
        world.until(lambda: hosted.room._data.pending, 1.0)
        party.ada.wanted = party.bob.wanted = None
    owner = world.owner(hosted.room_id)
    owner.process.arrive(lambda: owner.rooms.owned.close(hosted))
    world.until(lambda: not dan.pending, 1.0)
    assert [refusal.partition(":")[0] for refusal in dan.refusals] == ["RoomNotFound"]
    assert not dan.left
    party.finish()
