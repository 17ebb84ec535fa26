"""Every request is answered, whatever is lost between the room and the client: one story each."""

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
